"""What somebody changes while somebody else does: neither loses anything by it, on whatever database."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from control_api.catalogue import Catalogue
from control_api.voices import agents
from control_api.voices.agent_plan import kept_plan
from control_api.web.hidden import MASK, PLAN, Hidden
from storage.database import Database, UnitOfWork
from storage.flows import Flows
from storage.records import Flow, FlowKind, FlowStatus
from storage.seed import Seeded
from tests.control_api.api import Answer, Api, serving_api
from tests.patience import until
from tests.storage.customer_samples import a_customer
from tests.storage.samples import LATER, NOW, a_flow, an_agent
from tests.storage.test_postgresql import waits_for_a_lock

OLD, NEW = "sk-canary-0123456789", "sk-canary-9876543210"


@pytest.fixture
async def api(database: Database, tmp_path: Path) -> AsyncIterator[Api]:
    catalogue = Catalogue(secrets=lambda stage, name: frozenset({"api_key"}))
    async with serving_api(database, tmp_path, catalogue=catalogue) as api:
        yield api


async def patched(api: Api, path: str, body: dict[str, Any]) -> asyncio.Task[Answer]:
    """Under way, and waiting for a unit of work that is not over yet."""
    task = asyncio.create_task(api.patch(path, body))
    await until(lambda: waits_for_a_lock(api.database))
    return task


@pytest.mark.parametrize(
    ("path", "body", "repository", "word"),
    [
        ("/agents", {"name": "One", "role": "Sales"}, "agents", "role"),
        ("/scripts", {"name": "One", "content": "Hello."}, "scripts", "content"),
        ("/phone-numbers", {"name": "One", "number": "+918044556677"}, "numbers", "provider"),
        ("/contact-lists", {"name": "One"}, "lists", "description"),
    ],
)
async def test_of_two_changes_of_different_fields_both_are_kept(
    api: Api, seeded: Seeded, path: str, body: dict[str, Any], repository: str, word: str
) -> None:
    uuid = (await api.made(path, body))["uuid"]
    async with api.database.begin(seeded.organisation) as work:
        kept = getattr(work, repository)
        record = await kept.get(uuid)
        await kept.save(replace(record, **{word: "simulator"}), now=LATER)
        task = await patched(api, f"{path}/{uuid}", {"name": "Two"})
    assert (await task).status == 200
    async with api.database.read(seeded.organisation) as work:
        changed = await getattr(work, repository).get(uuid)
    assert (changed.name, getattr(changed, word)) == ("Two", "simulator")


async def test_of_two_changes_of_the_organisation_both_are_kept(api: Api, seeded: Seeded) -> None:
    async with api.database.begin(seeded.organisation) as work:
        organisation = await work.organisations.get(seeded.organisation)
        assert organisation is not None
        await work.organisations.save(replace(organisation, assistant_overrides={"firstMessage": "Hello."}))
        task = await patched(api, "/organisation", {"name": "Two"})
    assert (await task).body["assistant_overrides"] == {"firstMessage": "Hello."}
    assert (await api.get("/organisation")).body["name"] == "Two"


async def test_a_mask_stands_for_no_secret_that_was_replaced_meanwhile(
    api: Api, seeded: Seeded, monkeypatch: pytest.MonkeyPatch
) -> None:
    hidden = Hidden(api.services.seal, seeded.organisation, PLAN)
    read: list[object] = []

    def noted(*arguments: Any) -> dict[str, Any]:
        read.append(arguments)
        return kept_plan(*arguments)

    def plan(key: str) -> dict[str, Any]:
        return {"llm": {"provider": "openai", "options": {"api_key": key}}}

    sealed = {key: hidden.sealed(plan(key), lambda path: path[-1] == "api_key") for key in (OLD, NEW)}
    agent = an_agent(seeded.organisation, config=sealed[OLD])
    async with api.database.begin(seeded.organisation) as work:
        await work.agents.add(agent)
    monkeypatch.setattr(agents, "kept_plan", noted)
    async with api.database.begin(seeded.organisation) as work:
        await work.agents.save(replace(agent, config=sealed[NEW]), now=LATER)
        task = await patched(api, f"/agents/{agent.id}", {"config": plan(MASK + OLD[-4:])})
        await until(lambda: bool(read))
    answer = await task
    assert (answer.status, answer.detail) == (400, "config.llm.options.api_key is masked: it must be given in full")
    async with api.database.read(seeded.organisation) as work:
        kept = await work.agents.get(agent.id)
    assert kept is not None
    assert kept.config == sealed[NEW]


async def test_a_phone_is_changed_while_a_batch_is_merged_into_its_customer(api: Api, seeded: Seeded) -> None:
    customer = a_customer(seeded.organisation)
    async with api.database.begin(seeded.organisation) as work:
        await work.customers.add(customer)
    async with api.database.begin(seeded.organisation) as work:
        assert not await work.customers.taken("+919811111111")
        task = await patched(api, f"/customers/{customer.id}", {"phone": "+919822222222"})
        again = a_customer(seeded.organisation, phone=customer.phone, email="jordan@example.com")
        assert (await work.customers.upsert([again], [frozenset({"email"})], now=LATER)).updated == 1
    assert (await task).status == 200
    changed = (await api.get(f"/customers/{customer.id}")).body
    assert (changed["phone"], changed["email"]) == ("+919822222222", "jordan@example.com")


async def test_while_those_are_counted_whom_a_launch_will_call_others_write(
    api: Api, seeded: Seeded, monkeypatch: pytest.MonkeyPatch
) -> None:
    flow = a_flow(seeded.organisation, kind=FlowKind.OUTBOUND, status=FlowStatus.DRAFT, agent_id=seeded.agent)
    async with api.database.begin(seeded.organisation) as work:
        await work.flows.add(flow)
        await work.customers.append([a_customer(seeded.organisation) for _ in range(3)])
    count = Flows.queued

    async def beside_a_writer(self: Flows, flow: Flow, now: datetime) -> int:
        async with asyncio.timeout(3), api.database.begin(seeded.organisation) as work:
            await work.flows.save(replace(flow, name="Written"), now=NOW)
        return await count(self, flow, now)

    monkeypatch.setattr(Flows, "queued", beside_a_writer)
    launched = await api.post(f"/flows/{flow.id}/launch")
    assert (launched.status, launched.body["customers_queued"]) == (200, 3)
    shown = (await api.get(f"/flows/{flow.id}")).body
    assert (shown["name"], shown["status"]) == ("Written", "active")


async def test_two_organisations_that_open_one_line_at_once_do_not_both_get_it(api: Api, seeded: Seeded) -> None:
    stranger, token = await api.stranger()
    line = partial(a_flow, phone_number="+918044556677", status=FlowStatus.PAUSED)
    ours, theirs = line(seeded.organisation), line(stranger.id, account_sid="acme")

    async def opened(work: UnitOfWork) -> None:
        assert await work.flows.line_is_free(ours)
        assert await work.flows.move(ours.id, now=NOW, to=FlowStatus.ACTIVE, only_from={FlowStatus.PAUSED})

    async with api.database.begin() as work:
        await work.flows.add(ours)
        await work.flows.add(theirs)
    async with api.database.begin(seeded.organisation) as work:
        await opened(work)
        task = asyncio.create_task(api.post(f"/flows/{theirs.id}/launch", token=token))
        await until(lambda: waits_for_a_lock(api.database))
    assert (await task).status == 409
