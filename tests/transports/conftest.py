"""A server with an Exotel line, on a port of its own."""

from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from aiohttp import ClientSession, web

from pipeline.frames import Frame
from tests.transports.exchange import Exchange, Serve, echo
from transports.exotel.endpoint import ExotelEndpoint


@pytest.fixture
async def serve() -> AsyncIterator[Serve]:
    runners: list[web.AppRunner] = []

    async def start(on: Callable[[Frame], list[Frame]] = echo, **options: Any) -> Exchange:
        exchange = Exchange(on=on)
        ids = (f"cal_{number}" for number in range(1000))
        endpoint = ExotelEndpoint(exchange.answer, new_call_id=lambda: next(ids), trouble=exchange.trouble, **options)
        app = web.Application()
        app.add_routes(endpoint.routes())
        runner = web.AppRunner(app)
        runners.append(runner)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        host, port = runner.addresses[0][:2]
        exchange.url = f"ws://{host}:{port}/ws/exotel"
        return exchange

    yield start
    for runner in runners:
        await runner.cleanup()


@pytest.fixture
async def http() -> AsyncIterator[ClientSession]:
    async with ClientSession() as session:
        yield session
