"""What is promised of two processes, here two buses, and of a Redis that goes away and comes back."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from redis.asyncio import Redis

from storage.bus import Message
from storage.redis_bus import PREFIX, WAITING, RedisBus
from tests.control_api import redis_servers
from tests.patience import until

pytestmark = pytest.mark.skipif(redis_servers.INSTALLED is None, reason="no redis-server: run tests/redis.sh")


@dataclass
class Two:
    one: RedisBus
    other: RedisBus


@pytest.fixture
def url(tmp_path: Path) -> Iterator[str]:
    with redis_servers.real(tmp_path) as url:
        yield url


@pytest.fixture
async def two(url: str) -> AsyncIterator[Two]:
    async with RedisBus(url) as one, RedisBus(url) as other:
        yield Two(one, other)


async def few(news: AsyncIterator[Message], count: int) -> list[Message]:
    async with asyncio.timeout(5):
        return [await anext(news) for _ in range(count)]


async def test_the_other_process_hears_everything_once_and_in_order(two: Two) -> None:
    async with two.one.subscribe("call.1") as here, two.other.subscribe("call.1") as there:
        for number in range(200):
            await two.one.publish("call.1", {"number": number})
        await two.other.publish("call.1", {"number": "last"})
        numbers = [message["number"] for message in await few(there, 201)]
        assert sorted(numbers, key=str) == sorted([*range(200), "last"], key=str)
        assert [number for number in numbers if number != "last"] == list(range(200))
        assert len(await few(here, 201)) == 201
        await two.one.publish("call.1", {"number": "end"})
        assert await few(here, 1) == await few(there, 1) == [{"number": "end"}]


async def test_what_is_published_right_after_the_subscription_is_heard(two: Two) -> None:
    for number in range(20):
        async with two.other.subscribe(f"call.{number}") as news:
            await two.one.publish(f"call.{number}", {"number": number})
            assert await few(news, 1) == [{"number": number}]


@pytest.mark.parametrize("junk", ["no JSON", "7", "[]", '{"by": "another"}'])
async def test_what_no_server_has_said_is_passed_over(url: str, two: Two, junk: str) -> None:
    async with two.other.subscribe("call.1") as news, Redis.from_url(url) as stranger:
        await stranger.publish(PREFIX + "call.1", junk)
        await two.one.publish("call.1", {"number": 1})
        assert await few(news, 1) == [{"number": 1}]


async def test_redis_is_told_who_left(two: Two) -> None:
    async with two.other.subscribe("call.1"), two.other.subscribe("call.1"):
        pass
    await until(lambda: "call.1" not in two.other._asked and not two.other._wanted)
    async with two.other.subscribe("call.1") as news:
        await two.one.publish("call.1", {"again": True})
        assert await few(news, 1) == [{"again": True}]


async def test_without_redis_the_own_process_is_served_and_nothing_raises(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with RedisBus(f"unix://{tmp_path}/nothing") as bus, bus.subscribe("call.1") as news:
        for number in range(100):
            await bus.publish("call.1", {"number": number})
            assert await few(news, 1) == [{"number": number}]
        assert bus.dropped == 100
    assert caplog.text.count("Redis cannot be reached") == 1


async def test_a_redis_that_comes_back_is_used_again(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    async with AsyncExitStack() as stack:
        with redis_servers.real(tmp_path) as url:
            one, other = [await stack.enter_async_context(RedisBus(url)) for _ in range(2)]
            news = await stack.enter_async_context(other.subscribe("call.1"))
            await one.publish("call.1", {"number": 1})
            assert await few(news, 1) == [{"number": 1}]
        await until(lambda: not one.reached.is_set() and not other.reached.is_set())
        await one.publish("call.1", {"number": 2})
        (tmp_path / "redis.sock").unlink(missing_ok=True)
        with redis_servers.real(tmp_path):
            await until(lambda: one.reached.is_set() and other.reached.is_set())
            await until(lambda: "call.1" in other._asked and other._asked["call.1"].is_set())
            await one.publish("call.1", {"number": 3})
            assert await few(news, 1) == [{"number": 3}]
            assert one.dropped == 1
            assert caplog.text.count("Redis cannot be reached") == caplog.text.count("can be reached again") == 2


@contextmanager
def hanging(process: int) -> Iterator[None]:
    os.kill(process, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(process, signal.SIGCONT)


async def test_a_redis_that_hangs_delays_nobody(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with redis_servers.real(tmp_path) as url:
        process = redis_servers.process_of(tmp_path)
        async with RedisBus(url) as bus, bus.subscribe("call.1") as news:
            with hanging(process):
                for number in range(2 * WAITING):
                    await bus.publish("other", {"number": number})
                await bus.publish("call.1", {"number": 1})
                assert await few(news, 1) == [{"number": 1}]
                assert len(bus._waiting) <= WAITING
                await until(lambda: not bus.reached.is_set())
                assert not bus._waiting
                async with bus.subscribe("call.2") as more:
                    await bus.publish("call.2", {"number": 2})
                    assert await few(more, 1) == [{"number": 2}]
            await until(bus.reached.is_set)
    assert caplog.text.count("Redis cannot be reached") == 1
