"""Events written in the same transaction as the change they tell of, until they have been passed on."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlalchemy import delete, select

from storage.records import OutboxEvent
from storage.tables import outbox
from storage.tenancy import Tenancy


class Outbox:
    def __init__(self, tenancy: Tenancy) -> None:
        self._tenancy = tenancy

    async def add(self, events: Sequence[OutboxEvent]) -> None:
        """At least one."""
        await self._tenancy.add_many(outbox, events)

    async def waiting(self, limit: int) -> list[OutboxEvent]:
        """Oldest first."""
        mine = self._tenancy.mine(outbox)
        rows = await self._tenancy.rows(select(outbox).where(mine).order_by(outbox.c.id).limit(limit))
        return [OutboxEvent(**row) for row in rows]

    async def passed_on(self, event_ids: Iterable[str]) -> int:
        """Forgets them. How many there were."""
        return await self._tenancy.change(delete(outbox).where(self._tenancy.named(outbox.c.id, list(event_ids))))
