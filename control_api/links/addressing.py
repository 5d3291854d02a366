"""Events → deliveries: one for each active webhook of the organisation that wants to hear of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from control_api.links.event_data import call_of, payload
from control_api.links.webhook_shapes import EVENTS
from storage.assets import Delivery, Webhook
from storage.database import Database, UnitOfWork
from storage.ids import LOG, new_id
from storage.records import OutboxEvent


@dataclass(frozen=True, slots=True)
class Addressing:
    database: Database
    url: str
    """How the outside reaches this server."""
    wake: Callable[[], None] = lambda: None
    """Told that there are new deliveries."""

    async def take(self, events: Sequence[OutboxEvent]) -> int:
        """Forgets the events and writes their deliveries, in one transaction. How many deliveries that were.

        An event that another process has taken meanwhile is left to it. What is told of it is read before: the
        database is not held up by long transcripts.
        """
        told = await self._told(events)
        async with self.database.begin() as work:
            fresh = await work.outbox.taken([event.id for event in events])
            wanted = [event for event in fresh if event.id in told]
            webhooks = await work.webhooks.active_of({event.organisation_id for event in wanted}) if wanted else []
            deliveries = [
                _delivery(event, webhook, told[event.id]) for event in wanted for webhook in _wanting(webhooks, event)
            ]
            await work.deliveries.add(deliveries)
        if deliveries:
            self.wake()
        return len(deliveries)

    async def _told(self, events: Iterable[OutboxEvent]) -> dict[str, Mapping[str, Any]]:
        """By the event's id; of those that some webhook wants."""
        of_webhooks = [event for event in events if event.topic in EVENTS]
        if not of_webhooks:
            return {}
        async with self.database.read() as work:
            webhooks = await _active(work, of_webhooks)
            return {
                event.id: await payload(work.of(event.organisation_id), event, self.url)
                for event in of_webhooks
                if _wanting(webhooks, event)
            }


async def _active(work: UnitOfWork, events: Iterable[OutboxEvent]) -> list[Webhook]:
    found = []
    for organisation in {event.organisation_id for event in events}:
        found += [one for one in await work.of(organisation).webhooks.every() if one.is_active]
    return found


def _wanting(webhooks: Iterable[Webhook], event: OutboxEvent) -> list[Webhook]:
    return [one for one in webhooks if one.organisation_id == event.organisation_id and event.topic in one.events]


def _delivery(event: OutboxEvent, webhook: Webhook, told: Mapping[str, Any]) -> Delivery:
    return Delivery(
        new_id(LOG),
        webhook.organisation_id,
        webhook.id,
        event.id,
        event.topic,
        told,
        triggered_at=event.created_at,
        call_id=call_of(event.body),
        due_at=event.created_at,
    )
