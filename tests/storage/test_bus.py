from __future__ import annotations

import asyncio

import pytest

from storage.bus import EventBus, MemoryBus, SlowSubscriberError


async def test_every_subscriber_hears_its_topic_in_order() -> None:
    bus: EventBus = MemoryBus()
    async with bus.subscribe("call") as one, bus.subscribe("call") as two, bus.subscribe("other") as other:
        for number in range(3):
            await bus.publish("call", {"number": number})
        await bus.publish("other", {"number": 9})
        for subscriber in (one, two):
            assert [(await anext(subscriber))["number"] for _ in range(3)] == [0, 1, 2]
        assert await anext(other) == {"number": 9}


async def test_a_waiting_subscriber_is_woken() -> None:
    bus = MemoryBus()
    async with bus.subscribe("call") as news:
        waiting = asyncio.ensure_future(anext(news))
        await asyncio.sleep(0)
        assert not waiting.done()
        await bus.publish("call", {"number": 1})
        assert await waiting == {"number": 1}


async def test_a_slow_subscriber_is_dropped_and_delays_nobody() -> None:
    bus = MemoryBus(backlog=3)
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
