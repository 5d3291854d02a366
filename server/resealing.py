"""Everything that the database keeps sealed, brought under the current key."""

from __future__ import annotations

from dataclasses import replace

from control_api.web.hidden import OVERRIDES, PLAN, Hidden
from storage.database import Database, UnitOfWork
from storage.sealed_json import Place
from storage.sealing import Seal, integration_secret, webhook_part

BATCH = 1000
"""Objects that are held in memory at once."""
SEALED_AS = {
    Place.ORGANISATION_OVERRIDES: OVERRIDES,
    Place.AGENT_OVERRIDES: OVERRIDES,
    Place.AGENT_PLAN: PLAN,
    Place.FLOW_OVERRIDES: OVERRIDES,
    Place.CUSTOMER_OVERRIDES: OVERRIDES,
}


async def anything_sealed(database: Database) -> bool:
    async with database.begin() as work:
        if any(integration.secrets for integration in await work.integrations.every()) or await work.webhooks.every():
            return True
        return any([await work.sealed.batch(place, "", 1) for place in Place])


async def reseal(database: Database, seal: Seal) -> int:
    """Brings every sealed text under the current key, all or none; how many records had another. Raises SealedError."""
    async with database.begin() as work:
        objects = [await _objects(work, seal, place, kind) for place, kind in SEALED_AS.items()]
        return await _integrations(work, seal) + await _webhooks(work, seal) + sum(objects)


async def _integrations(work: UnitOfWork, seal: Seal) -> int:
    changed = 0
    for integration in await work.integrations.every():
        owner, provider = integration.organisation_id, integration.provider
        renewed = {
            name: seal.renew(sealed, organisation=owner, name=integration_secret(provider, name))
            for name, sealed in integration.secrets.items()
        }
        if renewed != integration.secrets:
            changed += await work.integrations.reseal(replace(integration, secrets=renewed))
    return changed


async def _webhooks(work: UnitOfWork, seal: Seal) -> int:
    changed = 0
    for webhook in await work.webhooks.every():
        owner = webhook.organisation_id
        old = webhook.old_secret
        part = webhook_part(webhook.id, "secret")
        renewed = replace(
            webhook,
            secret=seal.renew(webhook.secret, organisation=owner, name=part),
            old_secret=None if old is None else seal.renew(old, organisation=owner, name=part),
            headers=seal.renew(webhook.headers, organisation=owner, name=webhook_part(webhook.id, "headers")),
        )
        if renewed != webhook:
            changed += await work.webhooks.reseal(renewed)
    return changed


async def _objects(work: UnitOfWork, seal: Seal, place: Place, kind: str) -> int:
    changed, after = 0, ""
    while batch := await work.sealed.batch(place, after, BATCH):
        after = batch[-1].id
        renewed = {row.id: Hidden(seal, row.organisation_id, kind).renewed(row.value) for row in batch}
        different = {row.id: renewed[row.id] for row in batch if renewed[row.id] != row.value}
        await work.sealed.put(place, different)
        changed += len(different)
    return changed
