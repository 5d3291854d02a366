"""Sounds that take a while to be had, kept for the calls to come."""

from __future__ import annotations

import asyncio
import math
import time
from collections import OrderedDict
from collections.abc import Callable, Coroutine
from typing import Any, Generic, TypeVar

T = TypeVar("T")


class Kept(Generic[T]):
    """By name and rate, in hertz. Who asks while one is being made waits for the same."""

    def __init__(self, most: int, *, fresh: float = math.inf, clock: Callable[[], float] = time.monotonic) -> None:
        """The `most` that were asked for last, each for `fresh` seconds by the `clock`."""
        self._most, self._fresh, self._clock = most, fresh, clock
        self._tasks: OrderedDict[tuple[str, int], tuple[float, asyncio.Task[T | None]]] = OrderedDict()

    async def get(self, name: str, rate: int, make: Callable[[str, int], Coroutine[Any, Any, T | None]]) -> T | None:
        """None if it cannot be had: the next call tries again, as it does where `make` raises."""
        key, now = (name, rate), self._clock()
        begun, task = self._tasks.get(key, (0.0, None))
        if task is None or now - begun >= self._fresh:
            task = asyncio.create_task(make(name, rate))
            self._tasks[key] = now, task
            if len(self._tasks) > self._most:
                self._tasks.popitem(last=False)
        self._tasks.move_to_end(key)
        found: T | None = None
        try:
            found = await asyncio.shield(task)
        finally:
            if found is None and task.done() and self._tasks.get(key, (0.0, None))[1] is task:
                del self._tasks[key]
        return found
