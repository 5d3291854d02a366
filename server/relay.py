"""Events out of the outbox onto the bus: written with the change they tell of, so that none is lost to a crash."""

from __future__ import annotations

import asyncio
import logging

from sqlalchemy.exc import SQLAlchemyError

from storage.bus import EventBus
from storage.database import Database

_log = logging.getLogger(__name__)

BATCH = 100
SECONDS = 1.0
"""Another process may have announced something: looked for this often."""


async def relay(database: Database, bus: EventBus) -> None:
    """Runs until cancelled. An event may be told twice after a crash, never not at all."""
    while True:
        try:
            passed = await pass_on(database, bus)
        except (SQLAlchemyError, OSError):
            _log.exception("events could not be passed on yet")
            passed = 0
        if passed < BATCH:
            try:
                async with asyncio.timeout(SECONDS):
                    await database.announced.wait()
            except TimeoutError:
                continue


async def pass_on(database: Database, bus: EventBus) -> int:
    """Tells what is waiting, at most a batch of it, and forgets it. How much that was."""
    database.announced.clear()
    async with database.read() as work:
        events = await work.outbox.waiting(BATCH)
    for event in events:
        await bus.publish(event.topic, {"organisation": event.organisation_id, **event.body})
    if events:
        async with database.begin() as work:
            await work.outbox.passed_on(event.id for event in events)
    return len(events)
