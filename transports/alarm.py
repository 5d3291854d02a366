"""`asyncio.timeout` for a wait that is repeated fifty times a second: one timer for many waits, not one each."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import TypeVar

T = TypeVar("T")


class Alarm:
    """Breaks a wait that has lasted between `seconds` and twice as long. Made, used and closed by one task.

    Making a timer, arming and disarming it costs as much as all else that a short message costs on its way in. So the
    timer is left to run, and looks only whether anything came since it last rang.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._loop = asyncio.get_running_loop()
        task = asyncio.current_task()
        assert task is not None
        self._task = task
        self._waiting = False
        self._came = False
        self._rang = False
        self._timer = self._loop.call_later(seconds, self._ring)

    async def wait(self, work: Awaitable[T]) -> T:
        """Raises TimeoutError if it took too long; the work was cancelled then."""
        self._waiting = True
        try:
            came = await work
        except asyncio.CancelledError:
            if not self._rang:
                raise
            self._rang = False
            if self._task.uncancel():  # somebody else wants the task to end
                raise
            raise TimeoutError from None
        finally:
            self._waiting = False
        self._came = True
        return came

    def close(self) -> None:
        self._timer.cancel()

    def _ring(self) -> None:
        self._timer = self._loop.call_later(self._seconds, self._ring)
        if self._waiting and not self._came:
            self._rang = True
            self._task.cancel()
        self._came = False
