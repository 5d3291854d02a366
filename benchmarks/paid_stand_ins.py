"""A language model and a voice that take as long as services over the internet do, on OpenAI's wire.

What the model says is the embedded script's; the voice is the embedded one. Only the waiting is made up.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web
from aiohttp.test_utils import TestServer

from pipeline.audio import Resampler
from processors.llm import embedded as mind
from processors.ports import Message, Tool, ToolCall
from processors.tts.embedded import EmbeddedTts, Options

FIRST_TOKEN = 0.35
"""Seconds from the question to the first word, as small hosted models have it on a good day."""
BETWEEN_TOKENS = 0.015
"""Seconds between words: 65 a second."""
FIRST_SOUND = 0.15
"""Seconds from a phrase to its first sound."""
VOICE_RATE = 24000
CHUNK = 4800
"""Bytes of sound that are sent at once."""


class StandIns:
    def __init__(self, script: str) -> None:
        self._mind = mind.create(mind.Options(script=script), None)  # type: ignore[arg-type] # it needs no network
        self._voice = EmbeddedTts(Options())
        self.asked = 0
        """Questions to the model."""
        self.spoken = 0
        """Phrases for the voice."""
        self.base_url = ""

    async def complete(self, request: web.Request) -> web.StreamResponse:
        self.asked += 1
        asked = await request.json()
        await asyncio.sleep(FIRST_TOKEN)
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        calls = 0
        tools = [Tool(tool["function"]["name"], "") for tool in asked.get("tools", ())]
        async for piece in self._mind.reply([_message(line) for line in asked["messages"]], tools):
            if isinstance(piece, ToolCall):
                function = {"name": piece.name, "arguments": json.dumps(dict(piece.arguments))}
                await _send(response, {"tool_calls": [{"index": calls, "id": piece.id, "function": function}]})
                calls += 1
                continue
            for word in piece.replace(" ", " \0").split("\0"):
                await _send(response, {"content": word})
                await asyncio.sleep(BETWEEN_TOKENS)
        await _send(response, {}, "tool_calls" if calls else "stop")
        await response.write(b"data: [DONE]\n\n")
        return response

    async def speak(self, request: web.Request) -> web.StreamResponse:
        self.spoken += 1
        text = (await request.json())["input"]
        response = web.StreamResponse(headers={"Content-Type": "audio/pcm"})
        await asyncio.sleep(FIRST_SOUND)
        await response.prepare(request)
        resampler = Resampler(self._voice.rate, VOICE_RATE)
        async for sound in self._voice.speak(_once(text)):
            pcm = resampler.push(sound.pcm)
            for at in range(0, len(pcm), CHUNK):
                await response.write(pcm[at : at + CHUNK])
        await response.write(resampler.flush())
        return response


@asynccontextmanager
async def stand_ins(script: str) -> AsyncIterator[StandIns]:
    both = StandIns(script)
    app = web.Application()
    app.router.add_post("/v1/chat/completions", both.complete)
    app.router.add_post("/v1/audio/speech", both.speak)
    server = TestServer(app, host="127.0.0.1")
    await server.start_server()
    both.base_url = str(server.make_url("/v1"))
    try:
        yield both
    finally:
        await server.close()


def _message(line: dict[str, Any]) -> Message:
    calls = tuple(ToolCall(call["id"], call["function"]["name"], {}) for call in line.get("tool_calls") or ())
    return Message(line["role"], line["content"] or "", calls)


async def _once(text: str) -> AsyncIterator[str]:
    yield text


async def _send(response: web.StreamResponse, delta: dict[str, Any], finish: str | None = None) -> None:
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    about = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": "stand-in"}
    await response.write(b"data: " + json.dumps({**about, "choices": [choice]}).encode() + b"\n\n")
