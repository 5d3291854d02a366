"""Events out of the outbox: onto the bus, and to the webhooks that want them.

They were written with the change they tell of, so that none is lost to a crash.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence

from storage.bus import EventBus
from storage.database import Database, DatabaseUnavailableError
from storage.records import OutboxEvent

_log = logging.getLogger(__name__)

BATCH = 100
SECONDS = 1.0
"""Another process may have announced something: looked for this often."""


Take = Callable[[Sequence[OutboxEvent]], Awaitable[object]]
"""Forgets events and makes deliveries of them, in one transaction."""


async def relay(database: Database, bus: EventBus, take: Take) -> None:
    """Runs until cancelled. The bus may be told of an event twice after a crash, never not at all."""
    is_away = False
    while True:
        passed = 0
        try:
            passed = await pass_on(database, bus, take)
            is_away = False
        except DatabaseUnavailableError as away:
            if not is_away:
                _log.warning("events wait for the database", extra={"error": str(away)})
            is_away = True
        except Exception:  # noqa: BLE001 - it must outlive a bad round
            _log.exception("events could not be passed on yet")
        if passed < BATCH:
            try:
                async with asyncio.timeout(SECONDS):
                    await database.announced.wait()
            except TimeoutError:
                continue


async def pass_on(database: Database, bus: EventBus, take: Take) -> int:
    """Tells what is waiting, at most a batch of it, and forgets it. How much that was.

    Of a batch that cannot be passed on each event is tried alone: what is wrong with one holds up no other.
    """
    database.announced.clear()
    async with database.read() as work:
        events = await work.outbox.waiting(BATCH)
    try:
        await _pass(bus, take, events)
    except OSError:  # a database that is away, too: it concerns all
        raise
    except Exception:  # noqa: BLE001 - one of them would hold up all the others
        _log.exception("events could not be passed on together: each is tried alone", extra={"events": len(events)})
        for event in events:
            await _pass_or_drop(database, bus, take, event)
    return len(events)


async def _pass(bus: EventBus, take: Take, events: Sequence[OutboxEvent]) -> None:
    for event in events:
        await bus.publish(event.topic, {"organisation": event.organisation_id, **event.body})
    if events:
        await take(events)


async def _pass_or_drop(database: Database, bus: EventBus, take: Take, event: OutboxEvent) -> None:
    try:
        await _pass(bus, take, [event])
    except OSError:
        raise
    except Exception:  # noqa: BLE001 - it would hold up all that come after it, for ever
        about = {"event": event.id, "topic": event.topic}
        _log.exception("an event that cannot be passed on was dropped", extra=about)
        async with database.begin() as work:
            await work.outbox.taken([event.id])
