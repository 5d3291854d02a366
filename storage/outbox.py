"""Events written in the same transaction as the change they tell of, until they have been passed on."""

from __future__ import annotations

from collections.abc import Collection, Sequence

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

    async def taken(self, event_ids: Collection[str]) -> list[OutboxEvent]:
        """Forgets them, and returns those that nobody else has taken meanwhile, oldest first."""
        its = select(outbox).where(self._tenancy.named(outbox.c.id, event_ids)).order_by(outbox.c.id)
        held = [OutboxEvent(**row) for row in await self._tenancy.rows(its.with_for_update())]
        await self._tenancy.change(delete(outbox).where(self._tenancy.named(outbox.c.id, [one.id for one in held])))
        return held
