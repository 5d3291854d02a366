"""Two servers on one PostgreSQL and one Redis: what is asked of one of the other's calls, and a Redis that dies."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession
from pydantic import SecretStr

from storage.records import CallStatus
from tests.control_api import redis_servers
from tests.e2e.cluster import HEADERS, PLAN, Caller, Cluster, cluster_of
from tests.patience import until
from tests.server.serving import Serving, serving
from tests.storage.conftest import cluster as postgres
from tests.storage.databases import Cluster as PostgreSQL
from tests.storage.samples import TOKEN

COUNTED = "default=999999999/minute"
"""In Redis, and never reached."""
__all__ = ["postgres"]
pytestmark = [
    pytest.mark.skipif(redis_servers.INSTALLED is None, reason="no redis-server: run tests/redis.sh"),
    pytest.mark.usefixtures("no_models"),
]


@dataclass
class Two:
    one: Serving
    other: Serving
    house: Cluster

    async def ask(self, server: Serving, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        url = f"{server.server.url}/api/voice{path}"
        async with server.http.request(method, url, json=body, headers=HEADERS) as answer:
            return answer.status, await answer.json()

    async def follow(self, server: Serving, call: str) -> list[Any]:
        """What is told of it until its end."""
        url = f"{server.server.url.replace('http', 'ws', 1)}/ws/live/{call}?token={TOKEN}"
        async with server.http.ws_connect(url) as socket:
            return [message.json() async for message in socket]


@pytest.fixture
async def two(postgres: PostgreSQL, tmp_path: Path) -> AsyncIterator[Two]:
    async with AsyncExitStack() as stack:
        place = await stack.enter_async_context(postgres.copied())
        redis = stack.enter_context(redis_servers.real(tmp_path))
        house = await stack.enter_async_context(cluster_of(place.url))
        shared = {"database_url": SecretStr(place.url), "redis_url": SecretStr(redis), "rate_limits": COUNTED}
        one, other = [
            await stack.enter_async_context(serving(tmp_path / name, PLAN, node=name, **shared))
            for name in ("one", "other")
        ]
        yield Two(one, other, house)


async def test_a_call_is_watched_and_ended_from_the_other_server(two: Two) -> None:
    await two.house.rings(two.one.server.url, "call-1")
    call = await two.house.row("call-1")
    assert call.node == "one"
    watching = [asyncio.create_task(two.follow(server, call.id)) for server in (two.one, two.other)]
    status, answer = await two.ask(two.other, "POST", f"/calls/{call.id}/end", {"reason": "workflow_close"})
    assert status == 200, answer
    here, there = await asyncio.gather(*watching)
    assert here == there
    assert [here[0]["type"], here[-1]["type"]] == ["start", "end"]
    assert (await two.house.over("call-1")).reason == "workflow_close"
    assert await two.follow(two.other, call.id) == here
    status, _ = await two.ask(two.other, "POST", f"/calls/{call.id}/end", {"reason": "workflow_close"})
    assert status == 409


async def test_who_joins_late_on_the_other_server_hears_everything_once(two: Two) -> None:
    await two.house.rings(two.one.server.url, "call-1")
    call = await two.house.row("call-1")
    for number in range(5):
        body = {"text": f"This is number {number}.", "interrupt": True}
        assert (await two.ask(two.other, "POST", f"/calls/{call.id}/say", body))[0] == 200
    watching = [asyncio.create_task(two.follow(server, call.id)) for server in (two.other, two.one, two.other)]
    await two.ask(two.one, "POST", f"/calls/{call.id}/end", {"reason": "workflow_close"})
    first, *others = await asyncio.gather(*watching)
    assert others == [first, first]
    assert len([message for message in first if message["type"] == "start"]) == 1


async def every_request_is_answered(two: Two) -> None:
    async with ClientSession() as http:
        for server in (two.one, two.other) * 10:
            async with asyncio.timeout(5), http.get(f"{server.server.url}/api/voice/flows", headers=HEADERS) as answer:
                assert answer.status == 200


async def test_a_redis_that_hangs_or_dies_ends_no_call_and_delays_no_request(two: Two, tmp_path: Path) -> None:
    callers: list[Caller] = [
        await two.house.rings(server.server.url, f"call-{number}")
        for number, server in enumerate((two.one, two.other, two.one))
    ]
    call = await two.house.row("call-1")
    assert (await two.ask(two.one, "POST", f"/calls/{call.id}/mute"))[0] == 200
    os.kill(redis_servers.process_of(tmp_path), signal.SIGSTOP)
    await every_request_is_answered(two)
    redis_servers.kill(tmp_path)
    await every_request_is_answered(two)
    assert (await two.ask(two.one, "POST", f"/calls/{call.id}/unmute"))[0] == 503
    assert (await two.ask(two.other, "POST", f"/calls/{call.id}/unmute"))[0] == 200
    await two.house.rings(two.one.server.url, "call-new")
    (tmp_path / "redis.sock").unlink(missing_ok=True)
    with redis_servers.real(tmp_path):

        async def answered() -> bool:
            return (await two.ask(two.one, "POST", f"/calls/{call.id}/mute"))[0] == 200

        await until(answered)
        assert not [caller.sid for caller in callers if caller.was_cut]
        assert {(await two.house.row(caller.sid)).status for caller in callers} == {CallStatus.IN_PROGRESS}
