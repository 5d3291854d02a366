from __future__ import annotations

import asyncio
import io
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import web
from rich.console import Console

from control_api.health import health_routes
from processors.models import ModelMissing
from server import warmup
from server.visit import VisitError, answers, visited
from tests.server.serving import settings


@asynccontextmanager
async def ready(reason: str | None) -> AsyncIterator[str]:
    app = web.Application()
    app.add_routes(health_routes(lambda: reason))
    async with served(app) as url:
        yield url


@asynccontextmanager
async def served(app: web.Application) -> AsyncIterator[str]:
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    await runner.cleanup()


async def test_a_server_that_is_ready_is_called() -> None:
    async with ready(None) as url:
        assert await answers(url)


async def test_a_server_that_takes_no_call_now_says_why_and_no_other_is_started() -> None:
    async with ready("All lines are busy.") as url:
        with pytest.raises(VisitError, match=r"^All lines are busy\.$"):
            await answers(url)


async def test_somebody_elses_server_is_none() -> None:
    async def page(request: web.Request) -> web.Response:
        return web.Response(text="Welcome")

    handler: Callable[[web.Request], Awaitable[web.StreamResponse]] = page
    app = web.Application()
    app.add_routes([web.get("/healthz", handler), web.get("/readyz", handler)])
    async with served(app) as url:
        assert not await answers(url)
    assert not await answers(url)


async def test_a_call_does_not_wait_for_a_model_that_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def load(*given: object, **more: object) -> None:
        raise ModelMissing("Bring it.")

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(warmup, "load", load)
    async with asyncio.timeout(10):
        with pytest.raises(VisitError, match=r"^Bring it\.$"):
            async with visited(settings(tmp_path / "data"), Console(file=io.StringIO()), doing="Calling", what="call"):
                pass
