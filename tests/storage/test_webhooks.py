from __future__ import annotations

from dataclasses import replace

from storage.assets import Webhook
from storage.database import Database
from storage.ids import WEBHOOK, new_id
from storage.seed import Seeded
from tests.storage.samples import LATER, NOW


async def test_what_was_changed_meanwhile_is_not_resealed(database: Database, seeded: Seeded) -> None:
    webhook = Webhook(
        new_id(WEBHOOK), seeded.organisation, "CRM", "https://example.com", ["call.ended"], "old", "old", NOW, NOW
    )
    async with database.begin() as work:
        await work.webhooks.add(webhook)
        changed = replace(webhook, secret="changed", updated_at=LATER)
        await work.webhooks.save(changed, now=LATER)
        assert not await work.webhooks.reseal(replace(webhook, secret="new", headers="new"))
        assert await work.webhooks.get(webhook.id) == changed
        assert await work.webhooks.reseal(replace(changed, secret="new", headers="new", name="Not this"))
        assert await work.webhooks.get(webhook.id) == replace(changed, secret="new", headers="new")
