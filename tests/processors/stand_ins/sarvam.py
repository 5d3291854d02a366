"""Sarvam as far as a call needs it: both recognition sockets and the voices', over real sockets."""

from __future__ import annotations

import asyncio
import json
from base64 import b64decode, b64encode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import cycle
from typing import Any, ClassVar

import numpy as np
from aiohttp import WSMsgType, web
from aiohttp.test_utils import TestServer

KEY = "sarvam-secret-4711"
STATUS = {
    "unauthorized": web.HTTPForbidden,
    "rate_limited": web.HTTPTooManyRequests,
    "broken": web.HTTPInternalServerError,
}
SECONDS_A_CHARACTER = 0.06
BOTH = ("en", "hi", "bn", "kn", "ml", "mr", "pa", "ta", "te", "gu")
REALTIME_LANGUAGES = {"auto", *(f"{code}-IN" for code in [*BOTH, "or"])}
STREAMING_LANGUAGES = {"unknown", *(f"{code}-IN" for code in [*BOTH, "od"])}


class Sarvam:
    """`fault` is what goes wrong from now on: one of STATUS, hang, reset, cut, garbage, reported."""

    def __init__(self) -> None:
        self.base_url = ""
        self.fault = ""
        self.door = asyncio.Event()
        """Cleared: whoever connects waits outside."""
        self.door.set()
        self.go_on = asyncio.Event()
        """Cleared: of a text only half is spoken."""
        self.go_on.set()
        self.lines = ["मुझे एक मेज़ चाहिए"]
        """What stretches of speech are taken for, in turn."""
        self.language = "hi-IN"
        self.stale: set[int] = set()
        """Connections, counted from 1, that break when something is said to them."""
        self.utterance_seconds = 0.0
        """The streaming recogniser of its own accord ends an utterance that is so long; 0: never."""
        self.slow = asyncio.Event()
        """Cleared: texts of speech wait."""
        self.slow.set()
        self.queries: list[dict[str, str]] = []
        self.frames: list[dict[str, Any]] = []
        """All that clients sent, but for their sound."""
        self.heard = bytearray()
        self.sockets: list[web.WebSocketResponse] = []
        self.opened = 0
        """Sockets, ever."""
        self.open = 0
        """Of them, now."""

    def params(self, **more: Any) -> dict[str, Any]:
        return {"api_key": KEY, "base_url": self.base_url, **more}

    async def accept(self, request: web.Request) -> web.WebSocketResponse:
        await self.door.wait()
        if request.headers.get("api-subscription-key") != KEY:
            raise web.HTTPForbidden
        if self.fault in STATUS:
            raise STATUS[self.fault](text='{"error": {"message": "secret detail", "code": "x"}}')
        self.queries.append(dict(request.query))
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        self.sockets.append(socket)
        self.opened += 1
        self.open += 1
        return socket

    async def speak(self, request: web.Request) -> web.WebSocketResponse:
        socket = await self.accept(request)
        return await self._served(_Speaker(self, request, socket, self.opened))

    async def listen(self, request: web.Request) -> web.WebSocketResponse:
        return await self._served(_Streaming(self, request, await self.accept(request)))

    async def listen_realtime(self, request: web.Request) -> web.WebSocketResponse:
        return await self._served(_Realtime(self, request, await self.accept(request)))

    async def _served(self, session: _Session) -> web.WebSocketResponse:
        try:
            await session.serve()
        finally:
            self.open -= 1
        return session.socket


class _Session:
    error: ClassVar[dict[str, Any]]

    def __init__(self, server: Sarvam, request: web.Request, socket: web.WebSocketResponse) -> None:
        self.server, self.request, self.socket = server, request, socket
        self.query = request.query

    async def serve(self) -> None:
        async for message in self.socket:
            if message.type is not WSMsgType.TEXT:
                return
            frame = json.loads(message.data)
            pcm = b64decode(self.sound_of(frame))
            self.server.heard += pcm
            self.server.frames.append(frame)
            match self.server.fault:
                case "hang":
                    continue
                case "reset":
                    self.abort()
                case "cut" if self.is_end(frame):
                    await self.half()
                    self.abort()
                case "garbage":
                    await self.socket.send_str("secret {detail")
                case "reported":
                    await self.socket.send_json(self.error)
                case _:
                    await self.take(frame, pcm)

    def sound_of(self, frame: dict[str, Any]) -> str:
        return ""

    def is_end(self, frame: dict[str, Any]) -> bool:
        raise NotImplementedError

    async def half(self) -> None:
        """What is still told before the line is cut."""

    async def take(self, frame: dict[str, Any], pcm: bytes) -> None:
        raise NotImplementedError

    def abort(self) -> None:
        assert self.request.transport is not None
        self.request.transport.abort()


class _Speaker(_Session):
    error: ClassVar = {
        "type": "error",
        "data": {"message": "secret detail", "code": 422, "details": {}, "request_id": "r"},
    }

    def __init__(self, server: Sarvam, request: web.Request, socket: web.WebSocketResponse, number: int) -> None:
        super().__init__(server, request, socket)
        self._number = number
        self._rate = 0
        self._text = ""

    def is_end(self, frame: dict[str, Any]) -> bool:
        if frame["type"] == "text":
            self._text += frame["data"]["text"]
        return bool(frame["type"] == "flush")

    async def half(self) -> None:
        await self._sound(self._text[: len(self._text) // 2])

    async def take(self, frame: dict[str, Any], pcm: bytes) -> None:
        if frame["type"] == "ping":
            return
        if frame["type"] == "config":
            about = frame["data"]
            assert about["target_language_code"].endswith("-IN")
            assert (about["output_audio_codec"], about["model"]) == ("linear16", self.query["model"])
            assert about["speaker"]
            self._rate = about["speech_sample_rate"]
            return
        assert self._rate, "the first message must be the configuration"
        if not self.is_end(frame):
            assert 0 < len(self._text) <= 2500
            if self._number in self.server.stale:
                self.abort()
            return
        text, self._text = self._text, ""
        await self._sound(text[: len(text) // 2])
        await self.server.go_on.wait()
        await self._sound(text[len(text) // 2 :])
        if self.query.get("send_completion_event") == "true":
            final = {"event_type": "final", "message": "done", "timestamp": "2026-01-01T00:00:00Z"}
            await self.socket.send_json({"type": "event", "data": final})

    async def _sound(self, text: str) -> None:
        """Each connection has a sound of its own. Its pieces are cut anywhere, also in the middle of a sample."""
        pcm = np.full(round(len(text) * SECONDS_A_CHARACTER * self._rate), self._number, "<i2").tobytes()
        for piece in (pcm[:101], pcm[101:]):
            data = {"content_type": "audio/x-raw", "audio": b64encode(piece).decode(), "request_id": "r"}
            await self.socket.send_json({"type": "audio", "data": data})


class _Streaming(_Session):
    error: ClassVar = {"type": "error", "data": {"error": "secret detail", "code": "insufficient_quota_error"}}

    def __init__(self, server: Sarvam, request: web.Request, socket: web.WebSocketResponse) -> None:
        super().__init__(server, request, socket)
        assert self.query["language-code"] in STREAMING_LANGUAGES
        assert self.query["input_audio_codec"] == "pcm_s16le"
        assert self.query["flush_signal"] == "true"
        self._lines = cycle(server.lines)
        self._sound = bytearray()

    def sound_of(self, frame: dict[str, Any]) -> str:
        return str(frame["audio"].pop("data")) if "audio" in frame else ""

    def is_end(self, frame: dict[str, Any]) -> bool:
        return frame.get("type") == "flush"

    async def take(self, frame: dict[str, Any], pcm: bytes) -> None:
        if self.is_end(frame):
            await self._tell()
            return
        assert frame["audio"]["sample_rate"] == int(self.query["sample_rate"])
        if any(pcm) and not self._sound:
            await self._event("START_SPEECH")
        self._sound += pcm if self._sound or any(pcm) else b""
        longest = self.server.utterance_seconds
        if longest and len(self._sound) >= longest * 2 * int(self.query["sample_rate"]):
            await self._event("END_SPEECH")
            await self._tell()

    async def _event(self, signal: str) -> None:
        data = {"signal_type": signal, "occured_at": 1763700000.1}
        await self.socket.send_json({"type": "events", "data": data})

    async def _tell(self) -> None:
        """Nothing, if there was nothing to hear."""
        if self._sound:
            self._sound.clear()
            text = next(self._lines)
            await self.server.slow.wait()
            metrics = {"audio_duration": 1.8, "processing_latency": 0.21}
            language = {"language_code": self.server.language, "language_probability": 0.98}
            data = {"request_id": "r", "transcript": text, **language, "metrics": metrics}
            await self.socket.send_json({"type": "data", "data": data})


class _Realtime(_Session):
    error: ClassVar = {
        "event": "error",
        "code": "insufficient_quota_error",
        "is_fatal": True,
        "message": "secret detail",
        "status_code": 429,
    }

    def __init__(self, server: Sarvam, request: web.Request, socket: web.WebSocketResponse) -> None:
        super().__init__(server, request, socket)
        self._lines = cycle(server.lines)
        self._sound = bytearray()
        self._speaking = False
        self._utterance = 0

    def sound_of(self, frame: dict[str, Any]) -> str:
        return str(frame.pop("audio", ""))

    def is_end(self, frame: dict[str, Any]) -> bool:
        return bool(frame["event"] == "speech_end")

    async def serve(self) -> None:
        if self.query["language_code"] not in REALTIME_LANGUAGES or self.query["sample_rate"] not in ("8000", "16000"):
            await self.socket.close(code=4000, message=b"secret detail")
            return
        assert (self.query["endpointing"], self.query["encoding"]) == ("manual", "linear16")
        if self.server.fault != "hang":
            await self.socket.send_json({"event": "session.begin", "request_id": "r", "config": {}})
        await super().serve()

    async def take(self, frame: dict[str, Any], pcm: bytes) -> None:
        match frame["event"]:
            case "ping":
                await self.socket.send_json({"event": "pong"})
            case "speech_start":
                assert not self._speaking
                self._speaking = True
            case "audio_input":
                assert self._speaking, "sound outside of speech is lost"
                self._sound += pcm
                if any(pcm):
                    text = self.server.lines[0][: len(self._sound) // 6400]
                    partial = {"event": "transcript.partial", "utterance_idx": self._utterance, "text": text}
                    await self.socket.send_json(partial)
            case "speech_end":
                assert self._speaking
                await self._tell()

    async def _tell(self) -> None:
        text = next(self._lines) if any(self._sound) else ""
        language = {"language": self.server.language, "language_confidence": 0.97}
        await self.server.slow.wait()
        final = {"event": "transcript.final", "utterance_idx": self._utterance, "text": text, **language}
        await self.socket.send_json({**final, "start_s": 0.2, "end_s": 1.0})
        self._sound.clear()
        self._speaking, self._utterance = False, self._utterance + 1


@asynccontextmanager
async def running() -> AsyncIterator[Sarvam]:
    stand_in = Sarvam()
    app = web.Application()
    app.router.add_get("/text-to-speech/ws", stand_in.speak)
    app.router.add_get("/speech-to-text/ws", stand_in.listen)
    app.router.add_get("/speech-to-text-realtime/ws", stand_in.listen_realtime)
    server = TestServer(app, host="127.0.0.1")
    await server.start_server()
    stand_in.base_url = str(server.make_url("/")).rstrip("/")
    try:
        yield stand_in
    finally:
        await server.close()
