"""ElevenLabs' voices as its documents have them, with what can go wrong."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web
from aiohttp.test_utils import TestServer

KEY = "sk-the-organisation-s-own"


@dataclass
class ElevenLabsRest:
    """What it holds, and what it does next."""

    voices: dict[str, str] = field(default_factory=dict)
    """Id → name."""
    sounds: list[bytes] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    refuses: int = 0
    """With that status, whoever wants a voice made."""
    made_then: str = ""
    """`500`, `hang` or `verify`: the voice is made, and that is what is heard of it."""
    deletes: int = 200
    made: asyncio.Event = field(default_factory=asyncio.Event)
    url: str = ""

    async def add(self, request: web.Request) -> web.StreamResponse:
        self._must_know(request)
        form = await request.post()
        given: Any = form["files"]
        with given.file as file:
            sound = file.read()
        if self.refuses:
            return web.json_response({"detail": {"status": "no", "message": "secret words"}}, status=self.refuses)
        voice = f"voice{len(self.asked)}"
        self.voices[voice] = str(form["name"])
        self.sounds.append(sound)
        self.made.set()
        if self.made_then == "500":
            return web.Response(status=500)
        if self.made_then == "hang":
            await asyncio.Event().wait()
        return web.json_response({"voice_id": voice, "requires_verification": self.made_then == "verify"})

    async def search(self, request: web.Request) -> web.Response:
        self._must_know(request)
        found = [{"voice_id": v, "name": name} for v, name in self.voices.items() if request.query["search"] in name]
        return web.json_response({"voices": found, "has_more": False})

    async def delete(self, request: web.Request) -> web.Response:
        self._must_know(request)
        if self.deletes == 200 and self.voices.pop(request.match_info["voice"], None) is None:
            return web.json_response({"detail": {"status": "voice_does_not_exist"}}, status=404)
        return web.json_response({"status": "ok"}, status=self.deletes)

    def _must_know(self, request: web.Request) -> None:
        self.asked.append(f"{request.method} {request.path}")
        if request.headers.get("xi-api-key") != KEY:
            raise web.HTTPUnauthorized


@asynccontextmanager
async def elevenlabs() -> AsyncIterator[ElevenLabsRest]:
    rest, app = ElevenLabsRest(), web.Application(client_max_size=32 << 20)
    app.router.add_post("/v1/voices/add", rest.add)
    app.router.add_get("/v2/voices", rest.search)
    app.router.add_delete("/v1/voices/{voice}", rest.delete)
    server = TestServer(app)
    await server.start_server(shutdown_timeout=0.1)
    rest.url = str(server.make_url("")).rstrip("/")
    try:
        yield rest
    finally:
        await server.close()
