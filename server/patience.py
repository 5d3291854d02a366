"""Somebody is on the line and the database is away: they would rather wait than be hung up on."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

from storage.database import DatabaseUnavailableError

PATIENCE_SECONDS = 30.0
"""What one caller waits in all before the call is given up. A try that has begun is waited for."""
PAUSE_SECONDS = 0.5
"""Between two tries."""

T = TypeVar("T")

_log = logging.getLogger(__name__)


class Patience:
    """Of one caller, from the moment it is made."""

    def __init__(self, call: str) -> None:
        self._call, self._until, self._has_waited = call, time.monotonic() + PATIENCE_SECONDS, False

    async def tried(self, work: Callable[[], Awaitable[T]]) -> T:
        """What `work` comes to, which may be tried several times. Raises DatabaseUnavailableError in the end."""
        while True:
            try:
                return await work()
            except DatabaseUnavailableError as away:
                if time.monotonic() + PAUSE_SECONDS >= self._until:
                    raise
                if not self._has_waited:
                    _log.warning("a call waits for the database", extra={"call": self._call, "error": str(away)})
                self._has_waited = True
                await asyncio.sleep(PAUSE_SECONDS)
