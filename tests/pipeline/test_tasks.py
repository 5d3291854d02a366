from __future__ import annotations

import asyncio

import pytest

from pipeline.mailbox import Mailbox
from pipeline.tasks import TaskSlot, alongside


async def test_a_new_task_cancels_the_old_which_runs_no_further_line() -> None:
    done: list[str] = []
    gate = asyncio.Event()

    async def work(name: str) -> None:
        await gate.wait()
        done.append(name)

    async with asyncio.TaskGroup() as tasks:
        slot = TaskSlot(tasks)
        slot.start(work("old"))
        await asyncio.sleep(0)
        gate.set()  # the old one is about to wake: it must not
        slot.start(work("new"))
        assert slot.busy
    assert done == ["new"]
    assert not slot.busy


async def test_a_cancelled_slot_is_free_at_once() -> None:
    async with asyncio.TaskGroup() as tasks:
        slot = TaskSlot(tasks)
        slot.start(asyncio.Event().wait())  # type: ignore[arg-type]
        assert slot.cancel()
        assert not slot.busy
        assert not slot.cancel()


async def test_a_helper_ends_with_its_block_and_its_error_is_raised_there() -> None:
    ended = asyncio.Event()

    async def helper() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    async with alongside(helper()):
        await asyncio.sleep(0)
    assert ended.is_set()

    async def broken() -> None:
        raise OSError("wire cut")

    with pytest.raises(OSError, match="wire cut"):
        async with alongside(broken()):
            await asyncio.sleep(0)


async def test_a_mailbox_keeps_order_drops_the_oldest_and_counts() -> None:
    box: Mailbox[int] = Mailbox(3)
    for item in range(5):
        box.put(item)
    box.close()
    box.put(99)
    assert [item async for item in box] == [2, 3, 4]
    assert box.dropped == 2


async def test_a_reader_is_woken_by_what_comes_later_and_by_the_end() -> None:
    box: Mailbox[str] = Mailbox(3)
    read: list[str] = []

    async def reader() -> None:
        async for item in box:
            read.append(item)  # noqa: PERF401 - the partial list is what is asserted

    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(reader())
        await asyncio.sleep(0)
        box.put("a")
        await asyncio.sleep(0)
        assert read == ["a"]
        box.close()
    assert box.closed
