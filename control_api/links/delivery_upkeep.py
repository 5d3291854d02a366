"""Looks after deliveries as a whole: how many are on the way, and those that are old are forgotten."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Protocol

from storage.database import Database, DatabaseUnavailableError

_log = logging.getLogger(__name__)

SECONDS = 10.0
"""Between two looks."""
KEPT = timedelta(days=30)
SLICE = 500
"""Forgotten at once: the database is not held up for long."""


class Gauge(Protocol):
    def waiting(self, deliveries: int, oldest_seconds: float) -> None:
        """How many are on the way, and for how long the oldest of them has been due."""
        ...


async def look_after(database: Database, clock: Callable[[], datetime], gauge: Gauge) -> None:
    """Until it is cancelled."""
    while True:
        try:
            forgotten = await look(database, clock(), gauge)
        except DatabaseUnavailableError as away:
            _log.warning("deliveries wait for the database", extra={"error": str(away)})
            forgotten = 0
        if forgotten < SLICE:
            await asyncio.sleep(SECONDS)


async def look(database: Database, now: datetime, gauge: Gauge) -> int:
    """How many it has forgotten: at most a slice."""
    async with database.read() as work:
        backlog = await work.deliveries.backlog()
        has_old = await work.deliveries.has_old(now - KEPT)
    due_since = now if backlog.due_since is None else backlog.due_since
    gauge.waiting(backlog.deliveries, max((now - due_since).total_seconds(), 0.0))
    if not has_old:
        return 0
    async with database.begin() as work:
        return await work.deliveries.forget(now - KEPT, SLICE)
