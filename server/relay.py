"""Events out of the outbox: onto the bus, and to the webhooks that want them.

They were written with the change they tell of, so that none is lost to a crash.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence

from storage.bus import EventBus
from storage.database import Database
from storage.records import OutboxEvent

_log = logging.getLogger(__name__)

BATCH = 100
SECONDS = 1.0
"""Another process may have announced something: looked for this often."""


Take = Callable[[Sequence[OutboxEvent]], Awaitable[object]]
"""Forgets events and makes deliveries of them, in one transaction."""


async def relay(database: Database, bus: EventBus, take: Take) -> None:
    """Runs until cancelled. The bus may be told of an event twice after a crash, never not at all."""
    while True:
        try:
            passed = await pass_on(database, bus, take)
        except Exception:  # noqa: BLE001 - it must outlive a bad round
            _log.exception("events could not be passed on yet")
            passed = 0
        if passed < BATCH:
            try:
                async with asyncio.timeout(SECONDS):
                    await database.announced.wait()
            except TimeoutError:
                continue


async def pass_on(database: Database, bus: EventBus, take: Take) -> int:
    """Tells what is waiting, at most a batch of it, and forgets it. How much that was."""
    database.announced.clear()
    async with database.read() as work:
        events = await work.outbox.waiting(BATCH)
    for event in events:
        await bus.publish(event.topic, {"organisation": event.organisation_id, **event.body})
    if events:
        await take(events)
    return len(events)
