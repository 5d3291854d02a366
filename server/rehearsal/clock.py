"""A loop whose clock stands still while anything is being worked on: what a call does then depends on nothing else.

Waiting costs no time: a call of minutes takes as long as its models compute. What goes on outside this process, but for
threads that the loop was asked for, is not waited for: a provider over the internet wants the usual loop.
"""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Callable, Mapping
from concurrent.futures import Executor
from typing import Any, TypeVarTuple

STUCK = 0.05
"""Seconds of real time to look again where nothing is due and nobody works."""

_Ts = TypeVarTuple("_Ts")


class RehearsalLoop(asyncio.SelectorEventLoop):
    def __init__(self) -> None:
        self._seconds = 0.0
        self._at_work = 0
        super().__init__(_Patient(self))

    def time(self) -> float:
        return self._seconds

    def run_in_executor(
        self, executor: Executor | None, func: Callable[[*_Ts], Any], *args: *_Ts
    ) -> asyncio.Future[Any]:
        work = super().run_in_executor(executor, func, *args)
        self._at_work += 1
        work.add_done_callback(self._is_done)
        return work

    def _is_done(self, work: asyncio.Future[Any]) -> None:
        self._at_work -= 1

    @property
    def is_at_work(self) -> bool:
        return self._at_work > 0

    def pass_by(self, seconds: float) -> None:
        self._seconds += seconds


class _Patient(selectors.BaseSelector):
    """Where the loop would sleep, its clock moves on instead."""

    def __init__(self, loop: RehearsalLoop) -> None:
        self._loop = loop
        self._inner = selectors.DefaultSelector()

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = self._inner.select(0)
        if ready or timeout == 0:
            return ready
        if self._loop.is_at_work:
            return self._inner.select(None)
        if timeout is None:
            return self._inner.select(STUCK)
        self._loop.pass_by(timeout)
        return []

    def register(self, fileobj: Any, events: int, data: Any = None) -> selectors.SelectorKey:
        return self._inner.register(fileobj, events, data)

    def unregister(self, fileobj: Any) -> selectors.SelectorKey:
        return self._inner.unregister(fileobj)

    def modify(self, fileobj: Any, events: int, data: Any = None) -> selectors.SelectorKey:
        return self._inner.modify(fileobj, events, data)

    def get_map(self) -> Mapping[Any, selectors.SelectorKey]:
        return self._inner.get_map()

    def close(self) -> None:
        self._inner.close()
