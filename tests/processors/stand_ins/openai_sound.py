"""OpenAI's `audio/speech` and its realtime transcription session, over real HTTP and real sockets."""

from __future__ import annotations

import asyncio
import json
from base64 import b64decode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import count
from typing import Any

import numpy as np
from aiohttp import web
from aiohttp.test_utils import TestServer

KEY = "sk-secret-4711"
STATUS = {"unauthorized": 401, "rate_limited": 429, "broken": 500}
SECONDS_A_CHARACTER = 0.06
_RATE = 24000


class OpenAiSound:
    """`fault` is what goes wrong from now on: one of STATUS, no_credit, hang, reset, cut, garbage, reported."""

    def __init__(self) -> None:
        self.base_url = ""
        self.fault = ""
        self.odd: list[dict[str, Any]] = []
        """What the recogniser says first."""
        self.lines = ["i would like a table for two"]
        """What stretches of speech are taken for, in turn."""
        self.go_on = asyncio.Event()
        """Cleared: of a phrase only half is spoken."""
        self.go_on.set()
        self.shortest = 0.1
        """Seconds; a stretch that is shorter is refused."""
        self.swapped = False
        """Of two stretches the text of the second comes first."""
        self.asked: list[dict[str, Any]] = []
        """Requests for speech, and all of the listening sessions' messages but their sound."""
        self.heard = bytearray()
        self.open = 0
        """Requests and sockets."""

    def params(self, **more: Any) -> dict[str, Any]:
        return {"api_key": KEY, "base_url": self.base_url, **more}

    def _admit(self, request: web.Request) -> web.Response | None:
        signed = request.headers.get("Authorization") == f"Bearer {KEY}"
        status = STATUS.get(self.fault, 429 if self.fault == "no_credit" else 0 if signed else 401)
        if not status:
            return None
        code = {"no_credit": "insufficient_quota"}.get(self.fault, "x")
        return web.json_response({"error": {"message": "secret detail", "code": code}}, status=status)

    async def speak(self, request: web.Request) -> web.StreamResponse:
        if refusal := self._admit(request):
            return refusal
        asked = await request.json()
        self.asked.append(asked)
        assert asked["response_format"] == "pcm"
        assert 0 < len(asked["input"]) <= 4096
        self.open += 1
        try:
            return await self._spoken(request, asked["input"])
        finally:
            self.open -= 1

    async def _spoken(self, request: web.Request, text: str) -> web.StreamResponse:
        if self.fault == "hang":
            await asyncio.Event().wait()
        if self.fault == "garbage":
            return web.Response(text="<html>secret detail</html>", content_type="text/html")
        response = web.StreamResponse(headers={"Content-Type": "audio/pcm"})
        response.enable_chunked_encoding()
        if self.fault != "reset":
            await response.prepare(request)
            pcm = np.full(round(len(text) * SECONDS_A_CHARACTER * _RATE), 7, "<i2").tobytes()
            half = len(pcm) // 4 * 2 + 1  # in the middle of a sample
            await response.write(pcm[:half])
        if self.fault in ("reset", "cut"):
            assert request.transport is not None
            request.transport.abort()
            return response
        await self.go_on.wait()
        await response.write(pcm[half:])
        await response.write_eof()
        return response

    async def listen(self, request: web.Request) -> web.StreamResponse:
        if refusal := self._admit(request):
            return refusal
        assert request.query == {"intent": "transcription"}
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        self.open += 1
        try:
            await _Session(self, request, socket).serve()
        finally:
            self.open -= 1
        return socket


class _Session:
    def __init__(self, server: OpenAiSound, request: web.Request, socket: web.WebSocketResponse) -> None:
        self._server = server
        self._request = request
        self._socket = socket
        self._sound = bytearray()
        self._items = (f"item_{number}" for number in count())
        self._item = next(self._items)
        self._lines = (server.lines[turn % len(server.lines)] for turn in count())
        self._withheld: tuple[str, str] | None = None

    async def serve(self) -> None:
        if self._server.fault == "hang":
            async for _ in self._socket:
                pass
            return
        await self._tell("session.created", session={})
        for odd in self._server.odd:
            await self._socket.send_json(odd)
        async for message in self._socket:
            event = json.loads(message.data)
            pcm = b64decode(event.pop("audio", ""))
            self._server.asked.append(event)
            await self._take(event, pcm)

    async def _take(self, event: dict[str, Any], pcm: bytes) -> None:
        kind = event["type"]
        if kind == "session.update":
            assert event["session"]["type"] == "transcription"
            assert event["session"]["audio"]["input"]["turn_detection"] is None
            await self._tell("session.updated", session=event["session"])
        elif self._server.fault in ("reset", "cut") and (self._server.fault == "reset" or kind.endswith("commit")):
            assert self._request.transport is not None
            self._request.transport.abort()
        elif self._server.fault == "garbage":
            await self._socket.send_str("secret {detail")
        elif self._server.fault == "reported":
            await self._tell("error", error={"type": "x", "code": "insufficient_quota", "message": "secret detail"})
        elif kind == "input_audio_buffer.append":
            self._sound += pcm
            self._server.heard += pcm
            if any(pcm):
                await self._transcription("delta", self._item, delta="i ")
        elif kind == "input_audio_buffer.commit":
            await self._commit()

    async def _commit(self) -> None:
        if len(self._sound) < self._server.shortest * 2 * _RATE:
            error = {"type": "x", "code": "input_audio_buffer_commit_empty", "message": "secret detail"}
            await self._tell("error", error=error)
            return
        item, text = self._item, next(self._lines) if any(self._sound) else ""
        await self._tell("input_audio_buffer.committed", item_id=item, previous_item_id=None)
        self._sound.clear()
        self._item = next(self._items)
        if self._server.swapped and self._withheld is None:
            self._withheld = (item, text)
            return
        await self._transcription("completed", item, transcript=text)
        if self._withheld is not None:
            await self._transcription("completed", self._withheld[0], transcript=self._withheld[1])
            self._withheld = None

    async def _transcription(self, kind: str, item: str, **more: Any) -> None:
        await self._tell(f"conversation.item.input_audio_transcription.{kind}", item_id=item, content_index=0, **more)

    async def _tell(self, kind: str, **more: Any) -> None:
        await self._socket.send_json({"type": kind, "event_id": "e", **more})


@asynccontextmanager
async def running() -> AsyncIterator[OpenAiSound]:
    stand_in = OpenAiSound()
    app = web.Application()
    app.router.add_post("/v1/audio/speech", stand_in.speak)
    app.router.add_get("/v1/realtime", stand_in.listen)
    server = TestServer(app, host="127.0.0.1")
    await server.start_server()
    stand_in.base_url = str(server.make_url("/v1"))
    try:
        yield stand_in
    finally:
        await server.close()
