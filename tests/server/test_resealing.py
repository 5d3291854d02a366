from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from control_api.web.hidden import OVERRIDES, PLAN, Hidden
from server.resealing import SEALED_AS, reseal
from storage.assets import Integration, IntegrationKind, Webhook
from storage.database import Database
from storage.ids import WEBHOOK, new_id
from storage.sealed_json import Place
from storage.sealing import Seal, SealedError, integration_secret, webhook_part
from storage.seed import Seeded
from tests.storage.customer_samples import a_customer
from tests.storage.samples import LATER, NOW, a_flow, an_agent, an_organisation

ONE, TWO = b"1" * 32, b"2" * 32


async def keep(database: Database, seeded: Seeded, seal: Seal, provider: str = "exotel") -> None:
    """An account with two secrets, and a webhook."""
    owner = seeded.organisation
    secrets = {
        name: seal.seal(f"{provider} {name}", organisation=owner, name=integration_secret(provider, name))
        for name in ("api_key", "api_token")
    }
    webhook = new_id(WEBHOOK)
    async with database.begin(owner) as work:
        await work.integrations.put(
            Integration(owner, provider, IntegrationKind.TELEPHONY, NOW, NOW, {"subdomain": "api"}, secrets)
        )
        await work.webhooks.add(
            Webhook(
                webhook,
                owner,
                "Hook",
                "https://example.com",
                ["call.ended"],
                secret=seal.seal("whsec", organisation=owner, name=webhook_part(webhook, "secret")),
                headers=seal.seal('{"X-Key": "1"}', organisation=owner, name=webhook_part(webhook, "headers")),
                created_at=NOW,
                updated_at=NOW,
                failures=3,
                old_secret=seal.seal("whsec before", organisation=owner, name=webhook_part(webhook, "secret")),
                old_secret_until=LATER,
            )
        )


async def kept(database: Database) -> tuple[list[Integration], list[Webhook]]:
    async with database.read() as work:
        return await work.integrations.every(), await work.webhooks.every()


async def opened(database: Database, seal: Seal) -> list[str]:
    integrations, webhooks = await kept(database)
    return [
        seal.open(sealed, organisation=one.organisation_id, name=integration_secret(one.provider, name))
        for one in integrations
        for name, sealed in sorted(one.secrets.items())
    ] + [
        seal.open(sealed, organisation=one.organisation_id, name=name)
        for one in webhooks
        for name, sealed in (
            (webhook_part(one.id, "secret"), one.secret),
            (webhook_part(one.id, "headers"), one.headers),
            (webhook_part(one.id, "secret"), one.old_secret or ""),
        )
    ]


SECRETS = ["exotel api_key", "exotel api_token", "whsec", '{"X-Key": "1"}', "whsec before"]


async def test_what_is_under_the_current_key_stays(database: Database, seeded: Seeded) -> None:
    await keep(database, seeded, Seal.of([ONE]))
    assert await reseal(database, Seal.of([TWO, ONE])) == 2
    before = await kept(database)
    assert await reseal(database, Seal.of([TWO, ONE])) == 0
    assert await kept(database) == before


OBJECTS = {"assistant_overrides": OVERRIDES, "config": PLAN}


def hiding(seal: Seal, owner: str, key: str = "canary") -> dict[str, dict[str, Any]]:
    """Fields of a record with a key in each, sealed, and what is no secret beside it."""
    given = {"list": [{"key": key, "provider": "openai"}], "greeting": "Hello."}
    sealed = {
        name: Hidden(seal, owner, kind).sealed(given, lambda path: path[-1] == "key") for name, kind in OBJECTS.items()
    }
    assert key not in str(sealed)
    return sealed


def told(seal: Seal, owner: str) -> dict[str, Any]:
    """What a record that has only overrides says."""
    return {"assistant_overrides": hiding(seal, owner)["assistant_overrides"]}


async def keep_objects(database: Database, seeded: Seeded, seal: Seal, customers: int = 3) -> None:
    """One of every kind of record with sealed JSON in it, but more customers; and some without."""
    owner = seeded.organisation
    hidden, overridden = hiding(seal, owner), told(seal, owner)
    async with database.begin(owner) as work:
        organisation = await work.organisations.get(owner)
        assert organisation is not None
        await work.organisations.save(replace(organisation, **overridden))
        await work.agents.add(an_agent(owner, **hidden))
        await work.agents.add(an_agent(owner, config=hidden["config"]))
        await work.flows.add(a_flow(owner, **overridden))
        await work.flows.add(a_flow(owner, assistant_overrides={"firstMessage": "Hello."}))
        for number in range(customers):
            await work.customers.add(a_customer(owner, phone=f"+9198765432{number:02}", **overridden))
        await work.customers.add(a_customer(owner, phone="+919876543299"))


async def objects(database: Database) -> list[tuple[Place, str, Mapping[str, Any]]]:
    """Everything that is sealed within JSON."""
    async with database.begin() as work:
        return [
            (place, row.organisation_id, row.value)
            for place in Place
            for row in await work.sealed.batch(place, "", 1000)
        ]


async def test_rotation_renews_the_secrets_within_json(database: Database, seeded: Seeded) -> None:
    await keep_objects(database, seeded, Seal.of([ONE]))
    other = an_organisation()
    async with database.begin() as work:
        await work.organisations.add(replace(other, **told(Seal.of([ONE]), other.id)))
    assert await reseal(database, Seal.of([TWO, ONE])) == 9
    assert await reseal(database, Seal.of([TWO, ONE])) == 0
    found = await objects(database)
    assert len(found) == 9
    for place, owner, value in found:
        opened = Hidden(Seal.of([TWO]), owner, SEALED_AS[place]).opened(value)
        assert opened == {"list": [{"key": "canary", "provider": "openai"}], "greeting": "Hello."}


async def test_rotation_goes_by_batches(database: Database, seeded: Seeded, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("server.resealing.BATCH", 2)
    await keep_objects(database, seeded, Seal.of([ONE]), customers=5)
    assert await reseal(database, Seal.of([TWO, ONE])) == 10
    for place, owner, value in await objects(database):
        Hidden(Seal.of([TWO]), owner, SEALED_AS[place]).opened(value)


async def test_one_object_that_does_not_open_stops_rotation(database: Database, seeded: Seeded) -> None:
    await keep_objects(database, seeded, Seal.of([ONE]))
    async with database.begin(seeded.organisation) as work:
        await work.customers.add(
            a_customer(seeded.organisation, phone="+919876543288", **told(Seal.of([b"3" * 32]), seeded.organisation))
        )
    before = await objects(database)
    with pytest.raises(SealedError):
        await reseal(database, Seal.of([TWO, ONE]))
    assert await objects(database) == before
