"""Several processes on one port: one that is killed, one after the other replaced, all of them drained."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import wave
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import psutil
import pytest

from storage.dialing import NODE_LOST
from storage.records import CallStatus, Outcome
from tests.control_api import redis_servers
from tests.e2e.cluster import HEADERS, Cluster, cluster_of, server
from tests.patience import until
from tests.storage.conftest import cluster as postgres
from tests.storage.databases import Cluster as PostgreSQL

__all__ = ["postgres"]
pytestmark = pytest.mark.skipif(redis_servers.INSTALLED is None, reason="no redis-server: run tests/redis.sh")

CLOSED_SECONDS = 15.0


@pytest.fixture
async def database_url(postgres: PostgreSQL) -> AsyncIterator[str]:
    async with postgres.copied() as place:
        yield place.url


@pytest.fixture
async def house(database_url: str) -> AsyncIterator[Cluster]:
    async with cluster_of(database_url) as house:
        yield house


@pytest.fixture
def shared(database_url: str, tmp_path: Path) -> dict[str, str]:
    return {"VAANI_DATABASE_URL": database_url, "VAANI_LOG_LEVEL": "info", "VAANI_RATE_LIMITS": "off"}


async def on_both(house: Cluster, url: str) -> dict[str, list[str]]:
    """Calls until each of two nodes has at least one. Node → carrier's ids."""
    held: dict[str, list[str]] = {}
    for number in range(40):
        sid = f"call-{number}"
        await house.rings(url, sid)
        held.setdefault((await house.row(sid)).node, []).append(sid)
        if len(held) == 2:
            return held
    raise AssertionError("all connections went to one process")


def process_of(parent: int, node: str) -> int:
    found: list[int] = [child.pid for child in psutil.Process(parent).children() if node in child.cmdline()]
    assert len(found) == 1
    return found[0]


@pytest.mark.timeout(120)
async def test_the_calls_of_a_killed_process_are_closed_and_those_of_the_others_go_on(
    house: Cluster, shared: dict[str, str], tmp_path: Path
) -> None:
    with redis_servers.real(tmp_path) as redis:
        async with server(tmp_path / "data", "serve", "--workers", "2", VAANI_REDIS_URL=redis, **shared) as (
            parent,
            url,
        ):
            held = await on_both(house, url)
            (lost, mourned), (kept, living) = held.items()
            caller = next(one for one in house.callers if one.sid in living)
            await asyncio.sleep(1.0)  # some sound of each
            os.kill(process_of(parent.pid, lost), signal.SIGKILL)
            for sid in mourned:
                row = await house.over(sid, CLOSED_SECONDS)
                assert (row.outcome, row.reason) == (Outcome.FAILED, NODE_LOST)
                assert row.recording is not None
                with wave.open(str(tmp_path / "data" / row.recording)) as file:
                    assert file.getnframes() > 4000
            assert all([(await house.row(sid)).status is CallStatus.IN_PROGRESS for sid in living])
            assert not caller.was_cut
            nodes = await house.nodes()
            assert lost not in [node.name for node in nodes]
            assert kept in [node.name for node in nodes]
            await until(lambda: len(psutil.Process(parent.pid).children()) == 2)
            for caller in house.callers:
                await caller.hang_up()
            parent.send_signal(signal.SIGTERM)
            assert await parent.wait() == 0
    assert await house.nodes() == []


@pytest.mark.timeout(120)
async def test_what_is_too_much_is_refused_and_who_is_there_finishes_before_the_end(
    house: Cluster, shared: dict[str, str], tmp_path: Path
) -> None:
    with redis_servers.real(tmp_path) as redis:
        few = {**shared, "VAANI_REDIS_URL": redis, "VAANI_MAX_CALLS": "2"}
        async with server(tmp_path / "data", "serve", "--workers", "2", **few) as (parent, url):
            refused: list[int] = []
            for number in range(40):
                try:
                    await house.rings(url, f"call-{number}")
                except aiohttp.WSServerHandshakeError as error:
                    refused.append(error.status)
            assert (len(house.callers), set(refused)) == (4, {503})
            assert not any(caller.was_cut for caller in house.callers)
            parent.send_signal(signal.SIGTERM)

            async def draining() -> bool:
                async with aiohttp.ClientSession() as http, http.get(f"{url}/readyz") as answer:
                    return answer.status == 503

            await until(draining)
            for caller in house.callers:
                assert not caller.was_cut
                await caller.hang_up()
                assert (await house.over(caller.sid)).outcome is Outcome.CONNECTED
            assert await parent.wait() == 0


@pytest.mark.timeout(120)
async def test_processes_whose_parent_was_killed_finish_their_calls_and_go(
    house: Cluster, shared: dict[str, str], tmp_path: Path
) -> None:
    with redis_servers.real(tmp_path) as redis:
        async with server(tmp_path / "data", "serve", "--workers", "2", VAANI_REDIS_URL=redis, **shared) as (
            parent,
            url,
        ):
            caller = await house.rings(url, "call-1")
            children = psutil.Process(parent.pid).children()
            parent.kill()

            async def has_drained() -> bool:
                return len(await house.nodes()) == 1

            await until(has_drained)
            assert not caller.was_cut
            with socket.socket() as another:
                another.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                another.bind(("127.0.0.1", int(url.rpartition(":")[2])))
            await caller.hang_up()
            assert (await house.over("call-1")).outcome is Outcome.CONNECTED
            await until(lambda: not any(child.is_running() for child in children), 20)


async def asked_all_the_time(url: str, failures: list[str], stop: asyncio.Event, answered: list[int]) -> None:
    async with aiohttp.ClientSession() as http:
        while not stop.is_set():
            try:
                async with http.get(f"{url}/api/voice/flows", headers=HEADERS) as answer:
                    await answer.read()
                    answered.append(answer.status)
                    if answer.status != 200:
                        failures.append(f"{answer.status}")
            except aiohttp.ClientError as error:
                failures.append(repr(error))
            await asyncio.sleep(0.05)


async def rolled(house: Cluster, shared: dict[str, str], tmp_path: Path, times: int) -> None:
    failures: list[str] = []
    answered: list[int] = []
    stop = asyncio.Event()
    with redis_servers.real(tmp_path) as redis:
        async with server(tmp_path / "data", "serve", "--workers", "2", VAANI_REDIS_URL=redis, **shared) as (
            parent,
            url,
        ):
            async with asyncio.TaskGroup() as group:
                for _ in range(4):
                    group.create_task(asked_all_the_time(url, failures, stop, answered))
                await on_both(house, url)
                for time in range(times):
                    before = {node.name for node in await house.nodes()}
                    parent.send_signal(signal.SIGHUP)

                    async def replaced(before: set[str] = before) -> bool:
                        fresh = [node for node in await house.nodes() if not node.draining]
                        return len(fresh) == 2 and not before & {node.name for node in fresh}

                    await until(replaced, 50)
                    await house.rings(url, f"later-{time}")
                stop.set()
            assert failures == []
            assert len(answered) > 50
            assert not [caller.sid for caller in house.callers if caller.was_cut]
            for caller in house.callers:
                await caller.hang_up()
                assert (await house.over(caller.sid)).outcome is Outcome.CONNECTED
            parent.send_signal(signal.SIGTERM)
            assert await parent.wait() == 0


@pytest.mark.timeout(150)
async def test_processes_are_replaced_and_nobody_notices(
    house: Cluster, shared: dict[str, str], tmp_path: Path
) -> None:
    await rolled(house, shared, tmp_path, 1)


@pytest.mark.soak
@pytest.mark.timeout(600)
async def test_processes_are_replaced_five_times_and_nobody_notices(
    house: Cluster, shared: dict[str, str], tmp_path: Path
) -> None:
    await rolled(house, shared, tmp_path, 5)
