"""OpenAI's Realtime over a real socket, in its GA words; and its `audio/speech`, for what is said word for word."""

from __future__ import annotations

import asyncio
import json
from base64 import b64decode, b64encode
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from aiohttp import web
from aiohttp.test_utils import TestServer

from tests.processors.stand_ins.openai_sound import KEY, STATUS, OpenAiSound

SECONDS_A_CHARACTER = 0.06
BYTES_A_SECOND = {"audio/pcm": 48000, "audio/pcmu": 8000, "audio/pcma": 8000}
TRANSCRIPTION = "conversation.item.input_audio_transcription."
Script = str | dict[str, Any] | list[str | dict[str, Any]]


@dataclass
class Item:
    """A line of the service's memory."""

    id: str
    shown: dict[str, Any]
    seconds: float = 0.0
    """Of sound that it has made."""
    kept: float | None = None
    """Seconds, once it was truncated."""


@dataclass
class Realtime:
    """`fault` is what goes wrong from now on: one of STATUS, hang, mute, reset, cut, garbage, reported, failed, odd."""

    base_url: str = ""
    fault: str = ""
    lines: list[str] = field(default_factory=lambda: ["i would like a table for two"])
    """What stretches of speech are taken for, in turn."""
    answers: list[Script] = field(default_factory=lambda: ["We open at nine. Is that fine with you?"])
    """In turn, the last one for ever. A mapping is a function call; a list, several of them in one response."""
    halves: asyncio.Event = field(default_factory=asyncio.Event)
    """Cleared: only half of each answer's sound is made."""
    asked: list[dict[str, Any]] = field(default_factory=list)
    """Every message, but sound."""
    heard: bytearray = field(default_factory=bytearray)
    conversations: list[list[Item]] = field(default_factory=list)
    """One for each connection."""
    refused: list[str] = field(default_factory=list)
    """Codes of errors that the client was told."""
    sockets: list[web.WebSocketResponse] = field(default_factory=list)
    open: int = 0
    speech: OpenAiSound = field(default_factory=OpenAiSound)
    turns: Iterator[int] = field(default_factory=count)
    said: Iterator[int] = field(default_factory=count)

    def params(self, **more: Any) -> dict[str, Any]:
        return {"api_key": KEY, "base_url": self.base_url, **more}

    def kinds(self) -> list[str]:
        return [event["type"] for event in self.asked]

    def texts(self) -> list[tuple[str, str]]:
        """Who says what, as the service remembers it on its last connection."""
        return [(_role(item), _text(item)) for item in self.conversations[-1]]

    def script(self) -> Script:
        return self.answers[min(next(self.said), len(self.answers) - 1)]

    async def drop(self) -> None:
        """The last connection breaks."""
        assert self.sockets[-1]._req is not None
        transport = self.sockets[-1]._req.transport
        assert transport is not None
        transport.abort()

    async def serve(self, request: web.Request) -> web.StreamResponse:
        if status := STATUS.get(self.fault, 0 if request.headers.get("Authorization") == f"Bearer {KEY}" else 401):
            return web.json_response({"error": {"message": "secret detail"}}, status=status)
        assert request.query["model"]
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        self.sockets.append(socket)
        self.conversations.append([])
        self.open += 1
        try:
            async with asyncio.TaskGroup() as tasks:
                await _Connection(self, socket, self.conversations[-1], tasks).serve()
        finally:
            self.open -= 1
        return socket


class _Connection:
    def __init__(
        self, server: Realtime, socket: web.WebSocketResponse, items: list[Item], tasks: asyncio.TaskGroup
    ) -> None:
        self._server, self._socket, self._items, self._tasks = server, socket, items, tasks
        self._sound = bytearray()
        self._ids = count()
        self._form = "audio/pcm"
        self._active: asyncio.Task[None] | None = None

    async def serve(self) -> None:
        if self._server.fault != "hang":
            await self._tell("session.created", session={})
        async for message in self._socket:
            event = json.loads(message.data)
            pcm = b64decode(event.pop("audio", ""))
            self._server.asked.append(event)
            if self._server.fault != "hang":
                await self._take(event, pcm)
        if self._active is not None:
            self._active.cancel()

    async def _take(self, event: dict[str, Any], pcm: bytes) -> None:
        match event["type"]:
            case "session.update":
                assert event["session"]["type"] == "realtime"
                if audio := event["session"].get("audio"):
                    assert audio["input"]["turn_detection"] is None
                    assert audio["input"]["transcription"]["model"]
                    self._form = audio["output"]["format"]["type"]
                await self._tell("session.updated", session=event["session"])
            case "input_audio_buffer.append":
                self._sound += pcm
                self._server.heard += pcm
            case "input_audio_buffer.commit":
                await self._commit()
            case "conversation.item.create":
                await self._create(event)
            case "conversation.item.delete":
                found = self._find(event["item_id"])
                if found is None:
                    await self._refuse(event, "item_delete_invalid_item_id")
                else:
                    self._items.remove(found)
            case "conversation.item.truncate":
                found = self._find(event["item_id"])
                if found is None or not 0 < event["audio_end_ms"] <= found.seconds * 1000:
                    await self._refuse(event, "invalid_value")
                else:
                    found.kept = event["audio_end_ms"] / 1000
            case "response.create":
                if self._active is not None and not self._active.done():
                    await self._refuse(event, "conversation_already_has_active_response")
                else:
                    self._active = self._tasks.create_task(self._respond())
            case "response.cancel":
                if self._active is None or self._active.done():
                    await self._refuse(event, "response_cancel_not_active")
                else:
                    self._active.cancel()
            case other:
                raise AssertionError(other)

    async def _create(self, event: dict[str, Any]) -> None:
        item = event["item"]
        made = Item(item.get("id") or f"item_{next(self._ids)}", item)
        before = event.get("previous_item_id")
        found = None if before in (None, "root") else self._find(before)
        if before == "root":
            self._items.insert(0, made)
        elif before is None:
            self._items.append(made)
        elif found is None:
            await self._refuse(event, "item_create_invalid_previous_item_id")
        else:
            self._items.insert(self._items.index(found) + 1, made)

    async def _commit(self) -> None:
        if len(self._sound) < BYTES_A_SECOND[self._form] / 10:
            await self._refuse({}, "input_audio_buffer_commit_empty")
            return
        self._sound.clear()
        text = self._server.lines[next(self._server.turns) % len(self._server.lines)]
        item = Item(f"item_{next(self._ids)}", {"type": "message", "role": "user", "transcript": text})
        self._items.append(item)
        await self._tell("input_audio_buffer.committed", item_id=item.id, previous_item_id=None)
        for word in text.split():
            await self._tell(f"{TRANSCRIPTION}delta", item_id=item.id, content_index=0, delta=f"{word} ")
        await self._tell(f"{TRANSCRIPTION}completed", item_id=item.id, content_index=0, transcript=text)

    async def _respond(self) -> None:
        response = f"resp_{next(self._ids)}"
        status, details = "completed", None
        await self._tell("response.created", response={"id": response, "status": "in_progress"})
        try:
            match self._server.fault:
                case "mute":
                    await asyncio.Event().wait()
                case "reset":
                    await self._server.drop()
                case "garbage":
                    await self._socket.send_str("secret {detail")
                case "reported":
                    error = {"type": "x", "code": "server_error", "message": "secret detail", "event_id": None}
                    await self._tell("error", error=error)
                case "odd":
                    await self._tell("response.output_audio.delta", response_id=response, item_id="i", delta="%")
                case "failed":
                    status, details = "failed", {"error": {"code": "rate_limit_exceeded", "message": "secret detail"}}
                case _:
                    script = self._server.script()
                    for part in script if isinstance(script, list) else [script]:
                        await self._answer(response, part)
        except asyncio.CancelledError:
            status = "cancelled"
        if not self._socket.closed:
            about = {"id": response, "status": status, "status_details": details, "usage": {}}
            await self._tell("response.done", response=about)
            await self._tell("rate_limits.updated", rate_limits=[])

    async def _answer(self, response: str, script: str | dict[str, Any]) -> None:
        item = Item(f"item_{next(self._ids)}", {"type": "message", "role": "assistant", "transcript": ""})
        if not isinstance(script, str):
            item.shown = {"type": "function_call", "call_id": f"call_{item.id}", **script}
            self._items.append(item)
            whole = {**item.shown, "id": item.id}
            await self._tell("response.output_item.done", response_id=response, item=whole)
            return
        self._items.append(item)
        of = {"response_id": response, "item_id": item.id, "output_index": 0, "content_index": 0}
        half = len(script) // 2
        for part in (script[:half], script[half:]):
            await self._tell("response.output_audio_transcript.delta", **of, delta=part)
            item.shown["transcript"] += part
            seconds = round(len(part) * SECONDS_A_CHARACTER, 3)
            item.seconds += seconds
            sound = b"\x07\x00" * round(seconds * BYTES_A_SECOND[self._form] / 2)
            for start in range(0, len(sound), 4801):  # in the middle of a sample
                delta = b64encode(sound[start : start + 4801]).decode()
                await self._tell("response.output_audio.delta", **of, delta=delta)
            if self._server.fault == "cut":
                await self._server.drop()
                return
            await self._server.halves.wait()

    def _find(self, item: str) -> Item | None:
        return next((each for each in self._items if each.id == item), None)

    async def _refuse(self, event: dict[str, Any], code: str) -> None:
        self._server.refused.append(code)
        told = {"type": "invalid_request_error", "code": code, "message": "secret", "event_id": event.get("event_id")}
        await self._tell("error", error=told)

    async def _tell(self, kind: str, **more: Any) -> None:
        if not self._socket.closed:
            await self._socket.send_json({"type": kind, "event_id": "e", **more})


def _role(item: Item) -> str:
    return str(item.shown.get("role") or item.shown["type"])


def _text(item: Item) -> str:
    shown = item.shown
    if content := shown.get("content"):
        return str(content[0]["text"])
    return str(shown.get("transcript") or shown.get("output") or shown.get("name") or "")


@asynccontextmanager
async def running() -> AsyncIterator[Realtime]:
    stand_in = Realtime()
    stand_in.halves.set()
    app = web.Application()
    app.router.add_post("/v1/audio/speech", stand_in.speech.speak)
    app.router.add_get("/v1/realtime", stand_in.serve)
    server = TestServer(app, host="127.0.0.1")
    await server.start_server()
    stand_in.base_url = str(server.make_url("/v1"))
    try:
        yield stand_in
    finally:
        await server.close()
