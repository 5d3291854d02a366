"""Clients that hold on to connections, or break the protocol, are soon gone, and nobody else notices them."""

from __future__ import annotations

import asyncio
import gc
import json
import os
import sys
import time
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

import psutil
import pytest
import uvloop

from server import address
from server.door import listening
from server.guests import Patience
from tests.e2e.broken_frames import KINDS as FRAMES
from tests.e2e.slow_crowd import KINDS
from tests.server.serving import Serving, serving
from transports.exotel import endpoint

ROOT = Path(__file__).parents[2]
QUICK = Patience(head=0.6, idle=0.7, body=0.7, sweep=0.05)


Attack = Callable[[Serving, int], Awaitable[dict[str, dict[str, float]]]]


async def slow_clients(house: Serving, count: int) -> dict[str, dict[str, float]]:
    """So many of them, until the last is gone."""
    return await _apart("tests.e2e.slow_crowd", house.server.url.rsplit(":", 1)[1], str(count))


async def broken_frames(house: Serving, count: int) -> dict[str, dict[str, float]]:
    """So many of each kind, until the last connection is gone."""
    return await _apart("tests.e2e.broken_frames", house.wire, str(count))


async def _apart(*command: str) -> dict[str, dict[str, float]]:
    """What a module tells that runs in a process of its own."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", *command, cwd=ROOT, stdout=asyncio.subprocess.PIPE
    )
    told, _ = await process.communicate()
    found: dict[str, dict[str, float]] = json.loads(told)
    return found


async def beside(house: Serving, attack: asyncio.Future[Any], pause: float) -> list[float]:
    """Seconds that each request of a good client took while it went on."""
    took = []
    while not attack.done():
        began = time.monotonic()
        assert (await house.get("/healthz"))[0] == 200
        took.append(time.monotonic() - began)
        await asyncio.sleep(pause)
    return took


def percentile(values: list[float], share: float) -> float:
    return sorted(values)[int(len(values) * share)]


@pytest.mark.usefixtures("no_models")
async def test_slow_clients_are_soon_gone(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(address, "listening", partial(listening, patience=QUICK))
    async with serving(data) as house:
        attacking = asyncio.create_task(slow_clients(house, 50))
        assert await beside(house, attacking, 0.01)
        for kind, told in attacking.result().items():
            assert told["gone"] == told["came"] == 10, kind
            assert told["last"] < 2, kind


def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """A line waits for its start a thirtieth of the time: two of the kinds are read as messages, and no start."""
    monkeypatch.setattr(endpoint, "START_WAIT", 0.3)
    monkeypatch.setattr(endpoint, "CLOSE_WAIT", 0.1)
    monkeypatch.setattr(endpoint._log, "disabled", True)  # what pytest keeps of the log is no memory of the server's


@pytest.mark.usefixtures("no_models")
async def test_who_breaks_the_websocket_protocol_is_gone_at_once(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    soon(monkeypatch)
    async with serving(data) as house:
        attacking = asyncio.create_task(broken_frames(house, 5))
        assert await beside(house, attacking, 0.01)
        told = attacking.result()
        assert told.keys() == FRAMES.keys()
        for kind, found in told.items():
            assert found["gone"] == found["came"] == 5, kind
            assert found["last"] < 3, kind


@pytest.mark.soak
@pytest.mark.timeout(120)
@pytest.mark.usefixtures("no_models")
def test_five_hundred_slow_clients_are_gone_in_fifteen_seconds_and_nobody_notices(
    data: Path, record_testsuite_property: Callable[[str, object], None]
) -> None:
    found = harmed(data, slow_clients, 500)
    record_testsuite_property("slow_clients", asdict(found))
    assert {kind: (told["came"], told["gone"]) for kind, told in found.told.items()} == {
        kind.__name__: (100, 100) for kind in KINDS
    }
    found.must_be_little()


@pytest.mark.soak
@pytest.mark.timeout(1800)
@pytest.mark.usefixtures("no_models")
def test_twenty_thousand_broken_frames_of_each_kind_harm_nobody(
    data: Path, monkeypatch: pytest.MonkeyPatch, record_testsuite_property: Callable[[str, object], None]
) -> None:
    soon(monkeypatch)
    count = int(os.environ.get("FRAMES", 20_000))
    found = harmed(data, broken_frames, count)
    record_testsuite_property("broken_frames", asdict(found))
    assert {kind: (told["came"], told["gone"]) for kind, told in found.told.items()} == dict.fromkeys(
        FRAMES, (count, count)
    )
    found.must_be_little()


@dataclass(frozen=True)
class Harm:
    """Done by an attack to the server, and to who asks it meanwhile."""

    megabytes: float
    """That it grew by at most."""
    p99: float
    """Seconds of a good request."""
    told: dict[str, dict[str, float]]
    """What became of the attackers, by kind."""

    def must_be_little(self) -> None:
        assert max(found["last"] for found in self.told.values()) <= 15, self
        assert self.p99 < 0.2, self
        assert self.megabytes <= 5, self


def harmed(data: Path, attack: Attack, count: int) -> Harm:
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:  # the server's own
        runner.get_loop().set_debug(False)
        return runner.run(_harmed(data, attack, count))


async def _harmed(data: Path, attack: Attack, count: int) -> Harm:
    server = psutil.Process()
    async with serving(data) as house:
        if attack is broken_frames:
            await attack(house, 200)  # what the first ones load, and so many at a time hold, is no growth
        await beside(house, asyncio.create_task(asyncio.sleep(2)), 0.002)
        gc.collect()
        before = peak = server.memory_info().rss
        attacking = asyncio.ensure_future(attack(house, count))
        good = asyncio.create_task(beside(house, attacking, 0.005))
        while not attacking.done():
            peak = max(peak, server.memory_info().rss)
            await asyncio.sleep(0.1)
        return Harm((peak - before) / 1e6, percentile(await good, 0.99), attacking.result())
