"""Webhooks: where events are sent."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import fields
from datetime import datetime

from sqlalchemy import select, update

from storage.asset_tables import webhooks
from storage.assets import Webhook
from storage.kept import FIXED, Kept
from storage.many import update_many
from storage.tenancy import Tenancy

JUDGED = ("is_active", "failures", "trouble", "last_triggered_at")


class Webhooks(Kept[Webhook]):
    """Deleting one deletes its deliveries."""

    def __init__(self, tenancy: Tenancy) -> None:
        super().__init__(tenancy, webhooks, Webhook)

    async def being(self, is_active: bool | None, limit: int, offset: int = 0) -> tuple[list[Webhook], int]:
        """A page of those that are active, or that are not, or of all, oldest first; and how many there are in all."""
        wanted = [] if is_active is None else [webhooks.c.is_active == is_active]
        return await self.page(limit, offset, *wanted)

    async def rewrite(self, webhook: Webhook, names: Iterable[str], *, now: datetime) -> bool:
        """Writes the fields of these names alone: deliveries count meanwhile. False if it is gone."""
        kept = {field.name for field in fields(Webhook)} - FIXED - {"updated_at", *names}
        return await self.save(webhook, now=now, but=sorted(kept))

    async def reseal(self, webhook: Webhook) -> bool:
        """Writes its secrets and headers alone. False if it is gone, or was changed meanwhile."""
        unchanged = webhooks.c.id == webhook.id, webhooks.c.updated_at == webhook.updated_at, self._mine
        sealed = {name: getattr(webhook, name) for name in ("secret", "headers", "old_secret")}
        resealed = update(webhooks).where(*unchanged).values(sealed)
        return await self._tenancy.change(resealed) == 1

    async def active_of(self, organisations: Collection[str]) -> list[Webhook]:
        """Of any of these. Nobody deletes one before the end of the transaction."""
        its = self._tenancy.among(webhooks.c.organisation_id, organisations), webhooks.c.is_active, self._mine
        found = select(*self._columns).where(*its).order_by(webhooks.c.id)
        rows = await self._tenancy.rows(found.with_for_update(read=True, key_share=True))
        return [Webhook(**row) for row in rows]

    async def all_held(self, ids: Collection[str]) -> dict[str, Webhook]:
        """Those that are there, by id, and nobody else changes them until the end of the transaction."""
        its = select(*self._columns).where(self._tenancy.named(webhooks.c.id, ids)).order_by(webhooks.c.id)
        rows = await self._tenancy.rows(its.with_for_update(key_share=True))
        return {row["id"]: Webhook(**row) for row in rows}

    async def judged(self, changed: Iterable[Webhook]) -> None:
        """What deliveries change in them. They must be held: whose they are was asked then."""
        rows = [{name: getattr(one, name) for name in ("id", *JUDGED)} for one in changed]
        await update_many(self._tenancy.connection, webhooks, "id", rows)
