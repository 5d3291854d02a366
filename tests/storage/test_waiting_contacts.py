"""Until when those of a campaign wait, and what calls' customers, flows and agents are called."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from storage.database import Database
from storage.dialing import Contact, ContactState, Waiting
from storage.seed import Seeded
from tests.storage.customer_samples import a_customer
from tests.storage.samples import LATER, NOW, a_flow, an_organisation
from tests.storage.test_plans import plans

HOUR = timedelta(hours=1)


def contact(organisation: str, phone: int, place: int, due: datetime | None, attempts: int = 0) -> Contact:
    state = ContactState.DONE if due is None else ContactState.RETRY if attempts else ContactState.PENDING
    about: dict[str, Any] = {"updated_at": NOW, "due_at": due, "attempts": attempts}
    return Contact(0, organisation, "flw_1", f"cst_{phone}", f"+9198000000{phone:02}", place, state, **about)


async def test_those_who_wait_are_told_by_place_and_attempts(database: Database, seeded: Seeded) -> None:
    mine = seeded.organisation
    async with database.begin(mine) as work:
        assert await work.contacts.first_due("flw_1", 3) == {}
        await work.contacts.take_in(
            [
                contact(mine, 1, 0, NOW + HOUR),
                contact(mine, 2, 0, NOW),
                contact(mine, 3, 0, LATER, attempts=1),
                contact(mine, 4, 1, None),
                contact(mine, 5, 2, LATER, attempts=2),
            ]
        )
        assert await work.contacts.first_due("flw_1", 3) == {0: NOW, 2: LATER}
        assert await work.contacts.first_due("flw_1", 1) == {0: NOW}
        assert await work.contacts.waiting_by_attempts("flw_1") == [
            Waiting(0, 0, 2, NOW + HOUR),
            Waiting(0, 1, 1, LATER),
            Waiting(2, 2, 1, LATER),
        ]
    other = an_organisation()
    async with database.begin() as work:
        await work.organisations.add(other)
    async with database.read(other.id) as work:
        assert await work.contacts.first_due("flw_1", 3) == {}
        assert await work.contacts.waiting_by_attempts("flw_1") == []


async def test_the_first_due_of_a_place_is_looked_up(database: Database, seeded: Seeded, file: Path) -> None:
    steps = await plans(database, seeded.organisation, lambda work: work.contacts.first_due("flw_1", 3))
    (look,) = [step for step in steps if "contacts" in step]
    assert "ix_contacts_due (flow_id=? AND place=? AND due_at>?)" in look


async def test_names_are_those_of_now_and_nobody_elses(database: Database, seeded: Seeded) -> None:
    mine = seeded.organisation
    flow, asha = a_flow(mine, name="Spring"), a_customer(mine, name="Asha")
    async with database.begin(mine) as work:
        await work.flows.add(flow)
        await work.customers.append([asha])
        agent = await work.agents.get(seeded.agent)
        assert agent is not None
        ids: dict[str, Any] = {
            "customer_ids": [asha.id, None, "cst_none"],
            "flow_ids": [flow.id, flow.id],
            "agent_ids": [agent.id, None],
        }
        assert await work.names.of(**ids) == {asha.id: "Asha", flow.id: "Spring", agent.id: agent.name}
        assert await work.names.of(customer_ids=[None], agent_ids=[agent.id]) == {agent.id: agent.name}
        assert await work.names.of(flow_ids=[None]) == {}
    other = an_organisation()
    async with database.begin() as work:
        await work.organisations.add(other)
    async with database.read(other.id) as work:
        assert await work.names.of(**ids) == {}
