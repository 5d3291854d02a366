"""A stand-in for where Exotel keeps recordings, and for the Call Details that tell of them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from aiohttp import encode_basic_auth, web
from aiohttp.test_utils import TestServer

from tests.transports.exotel_answers import API_KEY, API_TOKEN, SID
from transports.exotel.account import ExotelAccount

CALL = "fab0c0ffee0000000000000000000001"
GOOD = encode_basic_auth(API_KEY, API_TOKEN)


@dataclass
class Archive:
    """One MP3, for whoever shows the credentials."""

    file: Path
    url: str = ""
    asked: list[str] = field(default_factory=list)
    """Path of each request for a recording."""
    recording: str | None = None
    """As Call Details tell it."""
    broken: bool = False
    """The connection ends in the middle of the sound."""

    @property
    def address(self) -> str:
        return f"{self.url}/recordings/one.mp3"

    @property
    def account(self) -> ExotelAccount:
        return ExotelAccount(SID, API_KEY, API_TOKEN, mode="direct", base_url=self.url)

    async def details(self, request: web.Request) -> web.Response:
        if request.headers.get("Authorization") != GOOD:
            raise web.HTTPUnauthorized
        return web.json_response({"Call": {"Sid": CALL, "Status": "completed", "RecordingUrl": self.recording}})

    async def sound(self, request: web.Request) -> web.StreamResponse:
        self.asked.append(request.path)
        if request.headers.get("Authorization") != GOOD:
            raise web.HTTPForbidden
        if self.broken:
            response = web.StreamResponse(headers={"Content-Length": "1000000"})
            await response.prepare(request)
            await response.write(b"ID3")
            assert request.transport is not None
            request.transport.close()
            return response
        return web.FileResponse(self.file, headers={"Content-Type": "text/html"})

    async def elsewhere(self, request: web.Request) -> web.Response:
        self.asked.append(request.path)
        raise web.HTTPFound(request.query["to"])

    async def failing(self, request: web.Request) -> web.Response:
        return web.Response(status=int(request.match_info["status"]))


@asynccontextmanager
async def archive(file: Path) -> AsyncIterator[Archive]:
    kept = Archive(file)
    app = web.Application()
    app.add_routes(
        [
            web.get(f"/v1/Accounts/{SID}/Calls/{CALL}.json", kept.details),
            web.get("/recordings/one.mp3", kept.sound),
            web.get("/elsewhere", kept.elsewhere),
            web.get("/status/{status}", kept.failing),
        ]
    )
    async with TestServer(app) as server:
        kept.url = str(server.make_url("")).rstrip("/")
        yield kept
