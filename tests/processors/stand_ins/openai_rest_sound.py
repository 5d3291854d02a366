"""OpenAI's speech and transcription over real HTTP, in one request each, with the faults of real servers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web
from aiohttp.test_utils import TestServer

STATUS = {"unauthorized": 401, "rate_limited": 429, "broken": 500}
SECRET = "secret detail"
PIECE = 12000
"""Samples, half a second at 24 kHz: a request for speech is answered with two of them."""


class SoundServer:
    def __init__(self) -> None:
        self.fault = ""
        self.said: list[str] = []
        """To each stretch of speech in turn; after the last one nothing is understood."""
        self.spoken: list[dict[str, Any]] = []
        """Every request for speech. The nth is answered with samples of the value n."""
        self.heard: list[dict[str, str | bytes]] = []
        self.keys: list[str] = []
        self.hung = asyncio.Event()
        self.left = asyncio.Event()
        """A client has gone away from a request that hung."""
        self.base_url = ""

    async def speech(self, request: web.Request) -> web.StreamResponse:
        self.keys.append(request.headers["Authorization"])
        self.spoken.append(await request.json())
        sample = len(self.spoken).to_bytes(2, "little")
        if (failed := await self._failed(request)) is not None:
            return failed
        response = web.StreamResponse()
        await response.prepare(request)
        await response.write(sample * PIECE)
        if self.fault == "cut":
            assert request.transport is not None
            request.transport.abort()
            return response
        if self.fault == "stall":
            await self._hang()
        await response.write(sample * PIECE)
        await response.write_eof()
        return response

    async def transcription(self, request: web.Request) -> web.StreamResponse:
        self.keys.append(request.headers["Authorization"])
        form = await request.post()
        asked: dict[str, str | bytes] = {}
        for name, value in form.items():
            if isinstance(value, web.FileField):
                with value.file as sound:
                    asked[name] = sound.read()
            else:
                asked[name] = str(value)
        self.heard.append(asked)
        if (failed := await self._failed(request)) is not None:
            return failed
        if self.fault in ("cut", "garbage"):
            return web.Response(text='{"text": "book', content_type="application/json")
        return web.json_response({"text": self.said.pop(0) if self.said else ""})

    async def _failed(self, request: web.Request) -> web.StreamResponse | None:
        if self.fault in STATUS:
            return web.json_response({"error": {"message": SECRET, "type": "x"}}, status=STATUS[self.fault])
        if self.fault == "hang":
            await self._hang()
        if self.fault == "reset":
            assert request.transport is not None
            request.transport.abort()
            return web.Response()
        return None

    async def _hang(self) -> None:
        self.hung.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            self.left.set()
            raise


@asynccontextmanager
async def running() -> AsyncIterator[SoundServer]:
    stand_in = SoundServer()
    app = web.Application(client_max_size=2**24)
    app.router.add_post("/v1/audio/speech", stand_in.speech)
    app.router.add_post("/v1/audio/transcriptions", stand_in.transcription)
    server = TestServer(app, host="127.0.0.1")
    await server.start_server()
    stand_in.base_url = str(server.make_url("/v1"))
    try:
        yield stand_in
    finally:
        await server.close()
