"""ElevenLabs as far as a call needs it: multi-context voices and the realtime recogniser, over real sockets."""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import numpy as np
from aiohttp import WSMsgType, web
from aiohttp.test_utils import TestServer

KEY = "xi-secret-4711"
STATUS = {
    "unauthorized": web.HTTPUnauthorized,
    "rate_limited": web.HTTPTooManyRequests,
    "broken": web.HTTPInternalServerError,
}
SECONDS_A_CHARACTER = 0.06


class ElevenLabs:
    """`fault` is what goes wrong from now on: one of STATUS, hang, reset, cut, garbage, refused, reported, deaf."""

    def __init__(self) -> None:
        self.base_url = ""
        self.fault = ""
        self.late = False
        """A context that is closed early sends one more piece of sound, as a slow line would bring it."""
        self.aligned = True
        self.longest = 0.0
        """Seconds of sound after which the recogniser commits of its own accord; 0: never."""
        self.odd: list[dict[str, Any]] = []
        """What the recogniser says first."""
        self.lines = ["i would like a table for two"]
        """What stretches of speech are taken for, in turn."""
        self.queries: list[dict[str, str]] = []
        self.frames: list[dict[str, Any]] = []
        """All that clients sent, but for their sound."""
        self.heard = bytearray()
        self.open = 0
        """Sockets."""

    def params(self, **more: Any) -> dict[str, Any]:
        return {"api_key": KEY, "base_url": self.base_url, **more}

    async def accept(self, request: web.Request) -> web.WebSocketResponse:
        if request.headers.get("xi-api-key") != KEY:
            raise web.HTTPUnauthorized
        if self.fault in STATUS:
            raise STATUS[self.fault](text='{"detail": {"status": "x", "message": "secret detail"}}')
        self.queries.append(dict(request.query))
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        self.open += 1
        return socket

    async def speak(self, request: web.Request) -> web.WebSocketResponse:
        socket = await self.accept(request)
        try:
            await _Speaker(self, request, socket).serve()
        finally:
            self.open -= 1
        return socket

    async def listen(self, request: web.Request) -> web.WebSocketResponse:
        socket = await self.accept(request)
        try:
            await _Listener(self, request, socket).serve()
        finally:
            self.open -= 1
        return socket


class _Speaker:
    def __init__(self, server: ElevenLabs, request: web.Request, socket: web.WebSocketResponse) -> None:
        self._server = server
        self._request = request
        self._socket = socket
        self._rate = int(request.query["output_format"].removeprefix("pcm_"))
        self._contexts: dict[str, list[str]] = {}
        """Those that are open, with what each has not spoken yet."""
        self._numbers: dict[str, int] = {}
        """Each context's, from 1: the value of all its samples."""

    async def serve(self) -> None:
        async for message in self._socket:
            if message.type is not WSMsgType.TEXT:
                return
            frame = json.loads(message.data)
            self._server.frames.append(frame)
            if self._server.fault == "hang":
                continue
            if self._server.fault == "refused":
                await self._socket.close(code=1008, message=b"secret detail")
                return
            if not await self._take(frame):
                await self._socket.close(code=1008, message=b"policy")
                return

    async def _take(self, frame: dict[str, Any]) -> bool:
        """False if the documents do not allow it."""
        name, text = frame.get("context_id"), frame.get("text")
        if name is None:
            return frame == {"text": ""}
        if "voice_settings" in frame or name not in self._contexts:
            if name in self._contexts or text != " " or len(self._contexts) == 5:
                return False
            self._numbers[name] = len(self._numbers) + 1
            self._contexts[name] = []
        elif text:
            if not text.endswith(" "):
                return False
            await self._say(name, text)
        elif frame.get("flush"):
            self._contexts[name].clear()
        elif frame.get("close_context"):
            left = self._contexts.pop(name)
            if left and self._server.late:
                await self._sound(name, "late ")
                await self._socket.send_json({"error": "secret detail", "contextId": name})
            await self._socket.send_json({"isFinal": True, "contextId": name})
        return True

    async def _say(self, name: str, text: str) -> None:
        self._contexts[name].append(text)
        half = len(text) // 2
        await self._sound(name, text[:half])
        if self._server.fault in ("reset", "cut"):
            assert self._request.transport is not None
            self._request.transport.abort()
        elif self._server.fault == "garbage":
            await self._socket.send_str("secret {detail")
        elif self._server.fault == "reported":
            await self._socket.send_json({"error": "quota_exceeded", "message": "secret detail", "code": 1008})
        else:
            await self._sound(name, text[half:])

    async def _sound(self, name: str, text: str) -> None:
        if self._server.fault == "reset":
            return
        each = round(SECONDS_A_CHARACTER * 1000)
        pcm = np.full(round(len(text) * SECONDS_A_CHARACTER * self._rate), self._numbers[name], "<i2").tobytes()
        told = {
            "chars": list(text),
            "charStartTimesMs": [each * place for place in range(len(text))],
            "charDurationsMs": [each] * len(text),
        }
        alignment = told if self._server.aligned else None
        sound = {"audio": b64encode(pcm).decode(), "isFinal": False, "contextId": name}
        await self._socket.send_json({**sound, "alignment": alignment, "normalizedAlignment": alignment})


class _Listener:
    def __init__(self, server: ElevenLabs, request: web.Request, socket: web.WebSocketResponse) -> None:
        self._server = server
        self._request = request
        self._socket = socket
        self._rate = int(request.query["audio_format"].removeprefix("pcm_"))
        self._detects = request.query.get("include_language_detection") == "true"
        self._sound = bytearray()
        self._turn = 0

    async def serve(self) -> None:
        if self._server.fault == "hang":
            async for _ in self._socket:
                pass
            return
        await self._tell("session_started", session_id="s", config={})
        for odd in self._server.odd:
            await self._socket.send_json(odd)
        async for message in self._socket:
            frame = json.loads(message.data)
            pcm = b64decode(frame.pop("audio_base_64"))
            assert frame["sample_rate"] == self._rate
            assert len(pcm) <= 2 * self._rate
            self._sound += pcm
            self._server.heard += pcm
            self._server.frames.append(frame)
            if self._server.fault == "refused":
                await self._socket.close(code=1008, message=b"secret detail")
            elif self._server.fault == "reset" or (self._server.fault == "cut" and frame["commit"]):
                assert self._request.transport is not None
                self._request.transport.abort()
            elif self._server.fault == "deaf":
                continue
            elif self._server.fault == "garbage":
                await self._socket.send_str("secret {detail")
            elif self._server.fault == "reported":
                await self._tell("quota_exceeded", error="secret detail")
            elif frame["commit"] or 0 < self._server.longest <= len(self._sound) / 2 / self._rate:
                await self._commit()
            elif any(pcm):
                await self._tell("partial_transcript", text=self._line[: len(self._sound) // 1600])

    @property
    def _line(self) -> str:
        return self._server.lines[self._turn % len(self._server.lines)] if any(self._sound) else ""

    async def _commit(self) -> None:
        if len(self._sound) < 0.3 * 2 * self._rate:
            await self._tell("commit_throttled", error="secret detail")
            return
        await self._tell("committed_transcript", text=self._line)
        if self._detects:
            await self._tell("committed_transcript_with_timestamps", text=self._line, language_code="eng", words=None)
        self._sound.clear()
        self._turn += 1

    async def _tell(self, kind: str, **more: Any) -> None:
        await self._socket.send_json({"message_type": kind, **more})


@asynccontextmanager
async def running() -> AsyncIterator[ElevenLabs]:
    stand_in = ElevenLabs()
    app = web.Application()
    app.router.add_get("/v1/text-to-speech/{voice}/multi-stream-input", stand_in.speak)
    app.router.add_get("/v1/speech-to-text/realtime", stand_in.listen)
    server = TestServer(app, host="127.0.0.1")
    await server.start_server()
    stand_in.base_url = str(server.make_url("/")).rstrip("/")
    try:
        yield stand_in
    finally:
        await server.close()
