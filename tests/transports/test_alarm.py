from __future__ import annotations

import asyncio

import pytest

from transports.alarm import Alarm


async def test_what_comes_in_time_is_given_back() -> None:
    alarm = Alarm(1.0)
    for _ in range(20):
        assert await alarm.wait(asyncio.sleep(0.002, "sound")) == "sound"
    alarm.close()


async def test_a_wait_that_lasts_is_broken_and_the_next_one_works() -> None:
    alarm = Alarm(0.01)
    for _ in range(3):
        with pytest.raises(TimeoutError):
            await alarm.wait(asyncio.Event().wait())
        assert await alarm.wait(asyncio.sleep(0, "sound")) == "sound"
    alarm.close()


async def test_a_cancellation_from_outside_is_no_timeout() -> None:
    async def work() -> None:
        await Alarm(5).wait(asyncio.Event().wait())

    task = asyncio.create_task(work())
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert task.cancelled()


async def test_of_a_timeout_and_a_cancellation_together_the_cancellation_wins() -> None:
    alarm = Alarm(0.01)
    waiting = asyncio.Event()

    async def work() -> None:
        waiting.set()
        await alarm.wait(asyncio.Event().wait())

    task = asyncio.create_task(work())
    await waiting.wait()
    alarm._ring()
    alarm._ring()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    alarm.close()
