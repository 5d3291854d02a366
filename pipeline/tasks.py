"""Tasks that belong to somebody."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from typing import Any


class TaskSlot:
    """Room for one task: a new one cancels the old one, and a cancelled one emits nothing more."""

    def __init__(self, tasks: asyncio.TaskGroup) -> None:
        self._tasks = tasks
        self._task: asyncio.Task[None] | None = None

    def start(self, work: Coroutine[Any, Any, None]) -> None:
        self.cancel()
        self._task = self._tasks.create_task(work)

    def cancel(self) -> bool:
        """True if there was something to stop. The task runs no further line but its `finally` and `except` blocks."""
        task, self._task = self._task, None
        return task is not None and task.cancel()

    @property
    def busy(self) -> bool:
        """False as soon as it was cancelled, though the task may still be tidying up."""
        return self._task is not None and not self._task.done()


@asynccontextmanager
async def alongside(work: Coroutine[Any, Any, None]) -> AsyncIterator[asyncio.Task[None]]:
    """A helper task for one block: cancelled at the block's end, and what it raised is raised there.

    For async generators, where a task group may not enclose a `yield`. The block is not interrupted when the helper
    fails early: a block that waits for the helper's fruit must also learn of its end, for instance by its mailbox.
    """
    helper = asyncio.ensure_future(work)
    try:
        yield helper
    finally:
        helper.cancel()
        (outcome,) = await asyncio.gather(helper, return_exceptions=True)
    if isinstance(outcome, Exception):
        raise outcome
