from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from storage.bus import EventBus, MemoryBus, SlowSubscriberError
from storage.redis_bus import RedisBus
from tests.control_api import redis_servers


@pytest.fixture(params=["memory", "redis"])
async def bus(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[EventBus]:
    """Each promise is held by each kind. It drops who is 3 messages behind."""
    if request.param == "memory":
        yield MemoryBus(backlog=3)
    elif redis_servers.INSTALLED is None:
        pytest.skip("no redis-server: run tests/redis.sh")
    else:
        with redis_servers.real(tmp_path) as url:
            async with RedisBus(url, backlog=3) as bus:
                yield bus


async def test_every_subscriber_hears_its_topic_in_order(bus: EventBus) -> None:
    async with bus.subscribe("call") as one, bus.subscribe("call") as two, bus.subscribe("other") as other:
        for number in range(3):
            await bus.publish("call", {"number": number})
        await bus.publish("other", {"number": 9})
        for subscriber in (one, two):
            assert [(await anext(subscriber))["number"] for _ in range(3)] == [0, 1, 2]
        assert await anext(other) == {"number": 9}


async def test_a_waiting_subscriber_is_woken(bus: EventBus) -> None:
    async with bus.subscribe("call") as news:
        waiting = asyncio.ensure_future(anext(news))
        await asyncio.sleep(0)
        assert not waiting.done()
        await bus.publish("call", {"number": 1})
        assert await waiting == {"number": 1}


async def test_a_slow_subscriber_is_dropped_and_delays_nobody(bus: EventBus) -> None:
    async with bus.subscribe("call") as slow, bus.subscribe("call") as quick:
        for number in range(10):
            await bus.publish("call", {"number": number})
            assert await anext(quick) == {"number": number}
        assert [(await anext(slow))["number"] for _ in range(3)] == [0, 1, 2]
        with pytest.raises(SlowSubscriberError):
            await anext(slow)


async def test_nothing_is_kept_of_who_left() -> None:
    bus = MemoryBus()
    async with bus.subscribe("call"):
        pass
    await bus.publish("call", {})
    assert not bus._subscribers
