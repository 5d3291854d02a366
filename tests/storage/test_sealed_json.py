from __future__ import annotations

from typing import Any

from storage.database import Database
from storage.sealed_json import Place
from storage.seed import Seeded
from tests.storage.customer_samples import a_customer
from tests.storage.samples import NOW, an_agent, an_organisation


def holding(text: str) -> dict[str, Any]:
    return {"credentials": [{"provider": "openai", "apiKey": {"$sealed": text}}]}


async def test_batches_go_through_every_organisation_by_id(database: Database, seeded: Seeded) -> None:
    other = an_organisation()
    owners = [seeded.organisation, other.id, seeded.organisation]
    made = [a_customer(owner, assistant_overrides=holding(str(number))) for number, owner in enumerate(owners)]
    async with database.begin() as work:
        await work.organisations.add(other)
        for customer in made:
            await work.customers.add(customer)
        await work.customers.add(a_customer(seeded.organisation, assistant_overrides={"firstMessage": "$sealed"}))
        await work.customers.add(a_customer(seeded.organisation))
    async with database.begin() as work:
        first = await work.sealed.batch(Place.CUSTOMER_OVERRIDES, "", 2)
        rest = await work.sealed.batch(Place.CUSTOMER_OVERRIDES, first[-1].id, 2)
    found = [(row.id, row.organisation_id, row.value) for row in first + rest]
    assert found == [(each.id, each.organisation_id, each.assistant_overrides) for each in made]


async def test_what_is_put_changes_one_column_of_the_rows_named(database: Database, seeded: Seeded) -> None:
    agents = [an_agent(seeded.organisation, config=holding("a"), assistant_overrides=holding("b")) for _ in range(3)]
    async with database.begin() as work:
        for agent in agents:
            await work.agents.add(agent)
        await work.sealed.put(Place.AGENT_PLAN, {agent.id: holding("new") for agent in agents[:2]})
        await work.sealed.put(Place.AGENT_PLAN, {})
    async with database.read(seeded.organisation) as work:
        kept = [await work.agents.get(agent.id) for agent in agents]
    configs = [agent.config for agent in kept if agent is not None]
    assert configs == [holding("new"), holding("new"), holding("a")]
    assert [agent.assistant_overrides for agent in kept if agent is not None] == [holding("b")] * 3
    assert {agent.updated_at for agent in kept if agent is not None} == {NOW}


async def test_every_place_can_be_looked_through(database: Database) -> None:
    async with database.begin() as work:
        assert [await work.sealed.batch(place, "", 1) for place in Place] == [[]] * len(Place)


async def test_a_unit_of_work_can_go_on_in_one_organisation_s_eyes(database: Database, seeded: Seeded) -> None:
    other = an_organisation()
    async with database.begin() as work:
        await work.organisations.add(other)
        await work.customers.add(a_customer(other.id, phone="+919876543210"))
    async with database.read() as work:
        assert await work.customers.by_phone("+919876543210") is not None
        assert await work.of(seeded.organisation).customers.by_phone("+919876543210") is None
        assert await work.of(other.id).customers.by_phone("+919876543210") is not None
