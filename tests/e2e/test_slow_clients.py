"""Clients that hold on to connections are soon gone, and nobody else notices that they were there."""

from __future__ import annotations

import asyncio
import gc
import json
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import psutil
import pytest
import uvloop

from server import warmup, wiring
from server.door import listening
from server.guests import Patience
from tests.e2e.slow_crowd import KINDS
from tests.server.serving import Serving, serving

ROOT = Path(__file__).parents[2]
QUICK = Patience(head=0.6, idle=0.7, body=0.7, sweep=0.05)


@pytest.fixture
def no_models(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ready at once: nobody speaks."""

    async def load(*given: object, **more: object) -> None:
        pass

    monkeypatch.setattr(warmup, "load", load)


async def attack(house: Serving, count: int) -> dict[str, dict[str, float]]:
    """So many slow clients, until the last is gone."""
    port = house.server.url.rsplit(":", 1)[1]
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.e2e.slow_crowd", port, str(count), cwd=ROOT, stdout=asyncio.subprocess.PIPE
    )
    told, _ = await process.communicate()
    found: dict[str, dict[str, float]] = json.loads(told)
    return found


async def beside(house: Serving, attack: asyncio.Task[Any], pause: float) -> list[float]:
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
    monkeypatch.setattr(wiring, "listening", partial(listening, patience=QUICK))
    async with serving(data) as house:
        attacking = asyncio.create_task(attack(house, 50))
        assert await beside(house, attacking, 0.01)
        for kind, told in attacking.result().items():
            assert told["gone"] == told["came"] == 10, kind
            assert told["last"] < 2, kind


@pytest.mark.soak
@pytest.mark.timeout(120)
@pytest.mark.usefixtures("no_models")
def test_five_hundred_slow_clients_are_gone_in_fifteen_seconds_and_nobody_notices(
    data: Path, record_testsuite_property: Callable[[str, object], None]
) -> None:
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:  # the server's own
        grown, took, told = runner.run(five_hundred(data))
    slowest = percentile(took, 0.99)
    record_testsuite_property("slow_clients", {"megabytes": grown, "p99": slowest, "gone": told})
    assert {kind: (found["came"], found["gone"]) for kind, found in told.items()} == {
        kind.__name__: (100, 100) for kind in KINDS
    }
    assert max(found["last"] for found in told.values()) <= 15, told
    assert slowest < 0.2
    assert grown <= 5


async def five_hundred(data: Path) -> tuple[float, list[float], dict[str, dict[str, float]]]:
    """Megabytes that the server grew by, seconds that good requests took, and what became of the slow ones."""
    server = psutil.Process()
    async with serving(data) as house:
        await beside(house, asyncio.create_task(asyncio.sleep(2)), 0.002)
        gc.collect()
        before = peak = server.memory_info().rss
        attacking = asyncio.create_task(attack(house, 500))
        good = asyncio.create_task(beside(house, attacking, 0.005))
        while not attacking.done():
            peak = max(peak, server.memory_info().rss)
            await asyncio.sleep(0.1)
        return (peak - before) / 1e6, await good, attacking.result()
