"""Books of calls that are over: closed even where the database is away at that moment."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

from storage.database import DatabaseUnavailableError

_log = logging.getLogger(__name__)

FIRST_WAIT, LONGEST_WAIT = 0.5, 15.0
"""Seconds between two tries; each wait is twice the one before."""


class Closings:
    def __init__(self) -> None:
        self._late: set[asyncio.Task[None]] = set()

    async def close(self, call: str, books: Callable[[], Awaitable[None]]) -> None:
        """Now or, if the database is away, by a task that outlives the call. `books` may be asked again and again.

        Raises what else is wrong with them, if it shows at the first try.
        """
        try:
            await books()
        except DatabaseUnavailableError as away:
            _log.warning("the books of a call could not be closed yet", extra={"call": call, "error": str(away)})
            task = asyncio.create_task(self._close_later(call, books))
            self._late.add(task)
            task.add_done_callback(self._late.discard)

    async def settle(self, seconds: float) -> None:
        """Waits so long for those that are late. What is still open then, the next start closes as a crash's."""
        if not self._late:
            return
        _, left = await asyncio.wait(self._late, timeout=seconds)
        for task in left:
            task.cancel()
        if left:
            await asyncio.wait(left)
            _log.error("the books of calls stayed open: the next start closes them", extra={"calls": len(left)})

    async def _close_later(self, call: str, books: Callable[[], Awaitable[None]]) -> None:
        wait = FIRST_WAIT
        while True:
            await asyncio.sleep(wait)
            wait = min(wait * 2, LONGEST_WAIT)
            try:
                await books()
            except DatabaseUnavailableError:
                continue
            except Exception:  # noqa: BLE001 - nobody waits for it, and it will not get better
                _log.exception("the books of a call could not be closed", extra={"call": call})
            return
