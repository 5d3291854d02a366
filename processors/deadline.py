"""By when something must have come, where that may change while it is being waited for."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import TypeVar

T = TypeVar("T")


class Deadline:
    """One waits at a time; whoever learns more moves the deadline."""

    def __init__(self) -> None:
        self._at: float | None = None
        self._waiting: asyncio.Timeout | None = None

    def within(self, seconds: float | None) -> None:
        """From now on; None: no matter when."""
        self.at(None if seconds is None else asyncio.get_running_loop().time() + seconds)

    def at(self, when: float | None) -> None:
        """On the loop's clock."""
        self._at = when
        if self._waiting is not None and not self._waiting.expired():
            self._waiting.reschedule(when)

    async def wait(self, coming: Awaitable[T]) -> T:
        """Raises TimeoutError."""
        try:
            async with asyncio.timeout_at(self._at) as self._waiting:
                return await coming
        finally:
            self._waiting = None
