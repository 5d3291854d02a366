"""Webhooks, and what became of each delivery."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import fields
from datetime import datetime

from sqlalchemy import func, select, update

from storage.asset_tables import webhook_logs, webhooks
from storage.assets import Webhook, WebhookLog
from storage.kept import FIXED, Kept
from storage.tenancy import Tenancy


class Webhooks(Kept[Webhook]):
    """Deleting one deletes its log."""

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
        """Writes its secret and headers alone. False if it is gone, or was changed meanwhile."""
        unchanged = webhooks.c.id == webhook.id, webhooks.c.updated_at == webhook.updated_at, self._mine
        resealed = update(webhooks).where(*unchanged).values(secret=webhook.secret, headers=webhook.headers)
        return await self._tenancy.change(resealed) == 1

    async def log(self, entry: WebhookLog) -> None:
        await self._tenancy.add(webhook_logs, entry)

    async def logs(self, webhook_id: str, limit: int, offset: int = 0) -> tuple[list[WebhookLog], int]:
        """A page, newest first, and how many there are in all."""
        its = webhook_logs.c.webhook_id == webhook_id, self._tenancy.mine(webhook_logs)
        found = select(webhook_logs).where(*its).order_by(webhook_logs.c.id.desc())
        rows = await self._tenancy.rows(found.limit(limit).offset(offset))
        total = await self._tenancy.connection.scalar(select(func.count()).select_from(webhook_logs).where(*its))
        return [WebhookLog(**row) for row in rows], total or 0
