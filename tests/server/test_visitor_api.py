from __future__ import annotations

import io
from collections.abc import AsyncIterator

import pytest
from aiohttp import ClientSession, web
from rich.console import Console

from server.campaign_demo import _followed
from server.campaign_view import CampaignView
from server.visit import VisitError
from server.visitor_api import Api
from tests.server.test_visit import served

BUSY = 'id: 7\nevent: call\ndata: {"status": "ended", "outcome": "busy"}\n\n'
OVER = (
    'id: 7\nevent: progress\ndata: {"status": "completed", "pause_reason": "", "counts": {"pending": 0, "dialing": 0, '
    '"in_call": 0, "retry": 0, "done": 1, "skipped": 0, "cancelled": 0}}\n\n'
)


@pytest.fixture
async def http() -> AsyncIterator[ClientSession]:
    async with ClientSession() as http:
        yield http


async def test_a_stream_that_breaks_is_taken_up_where_it_broke(http: ClientSession) -> None:
    asked: list[str] = []

    async def progress(request: web.Request) -> web.StreamResponse:
        asked.append(request.headers["Last-Event-ID"])
        stream = web.StreamResponse()
        await stream.prepare(request)
        if len(asked) == 1:
            await stream.write(f"retry: 2000\n\n: ping\n\n{BUSY}".encode())
            assert request.transport is not None
            request.transport.close()
        else:
            await stream.write(OVER.encode())
        return stream

    app = web.Application()
    app.add_routes([web.get("/api/voice/flows/flw_1/progress", progress)])
    screen = io.StringIO()
    async with served(app) as url:
        with CampaignView(Console(file=screen, width=100)) as view:
            assert await _followed(Api(http, url), "flw_1", view) == ("completed", "")
    assert asked == ["0", "7"]
    assert "1 of 1" in screen.getvalue()
    assert screen.getvalue().count("1 busy") == 1


async def test_what_the_server_refuses_is_told_in_its_words(http: ClientSession) -> None:
    async def refuse(request: web.Request) -> web.Response:
        return web.json_response({"detail": "name is required"}, status=400)

    app = web.Application()
    app.add_routes([web.post("/api/voice/flows", refuse)])
    async with served(app) as url:
        with pytest.raises(VisitError, match=r"^Name is required\.$"):
            await Api(http, url).post("/flows", {})


async def test_a_key_that_the_server_does_not_know_is_of_another_data_folder(http: ClientSession) -> None:
    async def refuse(request: web.Request) -> web.Response:
        return web.json_response({"detail": "Unauthorized"}, status=401)

    app = web.Application()
    app.add_routes([web.get("/api/voice/agents", refuse)])
    async with served(app) as url:
        with pytest.raises(VisitError, match="another data folder"):
            await Api(http, url).get("/agents")


async def test_a_server_that_is_gone_is_told(http: ClientSession) -> None:
    async with served(web.Application()) as url:
        pass
    with pytest.raises(VisitError, match=r"^The server does not answer any more\.$"):
        await Api(http, url).get("/agents")
