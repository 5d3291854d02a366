from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy.exc import IntegrityError

from storage.database import Database
from storage.records import Flow, FlowKind, FlowStatus
from storage.seed import Seeded
from storage.tenancy import WrongOrganisationError
from tests.storage.samples import LATER, NOW, a_flow, an_agent, an_organisation


async def test_an_agent_is_changed_and_deleted_but_never_forgotten(database: Database, seeded: Seeded) -> None:
    agent = an_agent(seeded.organisation, config={"vad": {"stop": 0.2}, "prompt": "दुकान"})
    async with database.begin(seeded.organisation) as work:
        await work.agents.add(agent)
        better = replace(agent, name="Aria II", config={"prompt": "shop"})
        assert await work.agents.save(better, now=LATER)
        assert await work.agents.get(agent.id) == replace(better, updated_at=LATER)
        assert await work.agents.delete(agent.id, now=LATER)
        assert not await work.agents.delete(agent.id, now=LATER)
        assert not await work.agents.save(agent, now=LATER)
        assert [active.name for active in await work.agents.active()] == ["Front desk"]
        gone = await work.agents.get(agent.id)
    assert gone is not None
    assert not gone.is_active


async def test_no_organisation_sees_or_uses_the_agents_and_flows_of_another(database: Database, seeded: Seeded) -> None:
    other = an_organisation()
    async with database.begin() as work:
        await work.organisations.add(other)
        ours = await work.flows.get(seeded.flow)
    assert ours is not None
    async with database.begin(other.id) as work:
        assert await work.agents.get(seeded.agent) is None
        assert await work.agents.active() == []
        assert await work.flows.get(seeded.flow) is None
        assert await work.flows.every() == []
        assert not await work.agents.delete(seeded.agent, now=NOW)
        assert not await work.flows.delete(seeded.flow)
        assert not await work.flows.save(ours, now=NOW)
    with pytest.raises(IntegrityError):
        async with database.begin(other.id) as work:
            await work.flows.add(a_flow(other.id, agent_id=seeded.agent))


async def test_a_call_finds_its_line(database: Database, seeded: Seeded) -> None:
    any_account = a_flow(seeded.organisation, phone_number="+911")
    own_account = a_flow(seeded.organisation, phone_number="+911", account_sid="acme")
    foreign = a_flow(seeded.organisation, phone_number="+912", account_sid="acme")
    paused = a_flow(seeded.organisation, phone_number="+913", status=FlowStatus.PAUSED)
    outbound = a_flow(seeded.organisation, phone_number="+914", kind=FlowKind.OUTBOUND)
    numberless = a_flow(seeded.organisation, account_sid="acme")
    async with database.begin() as work:
        for flow in (any_account, own_account, foreign, paused, outbound, numberless):
            await work.flows.add(flow)

        async def found(account: str | None, number: str | None) -> str:
            flow: Flow | None = await work.flows.for_line(account, number)
            assert flow is not None
            return flow.id

        assert await found("acme", "+911") == own_account.id
        assert await found("other", "+911") == any_account.id
        assert await found(None, "+911") == any_account.id
        assert await found("other", "+912") == seeded.flow
        assert await found("acme", "+913") == seeded.flow
        assert await found("acme", "+914") == seeded.flow
        assert await found(None, None) == seeded.flow
        assert await found("acme", None) == seeded.flow
        assert await work.flows.move(
            seeded.flow, now=NOW, to=FlowStatus.PAUSED, only_from=frozenset({FlowStatus.ACTIVE})
        )
        assert await work.flows.for_line("acme", "+913") is None


async def test_a_bound_unit_of_work_knows_no_organisation_but_its_own(database: Database, seeded: Seeded) -> None:
    other = an_organisation()
    async with database.begin() as work:
        await work.organisations.add(other)
    async with database.begin(other.id) as work:
        assert await work.organisations.first() == other
        assert await work.organisations.get(seeded.organisation) is None
        assert await work.organisations.held(seeded.organisation) is None
        await work.organisations.save(replace(other, id=seeded.organisation, name="Stolen"))
        with pytest.raises(WrongOrganisationError):
            await work.organisations.add(an_organisation())
    async with database.read() as work:
        ours = await work.organisations.get(seeded.organisation)
    assert ours is not None
    assert ours.name == "My organisation"


async def test_a_flow_moves_only_from_the_states_named_and_saving_moves_it_nowhere(
    database: Database, seeded: Seeded
) -> None:
    flow = a_flow(seeded.organisation, status=FlowStatus.DRAFT)
    async with database.begin(seeded.organisation) as work:
        await work.flows.add(flow)
        running = frozenset({FlowStatus.ACTIVE})
        assert not await work.flows.move(flow.id, now=LATER, to=FlowStatus.PAUSED, only_from=running)
        assert await work.flows.save(replace(flow, name="Better", status=FlowStatus.ACTIVE), now=LATER)
        assert await work.flows.get(flow.id) == replace(flow, name="Better", updated_at=LATER)
        assert await work.flows.delete(flow.id)
        assert not await work.flows.delete(flow.id)
        assert await work.flows.get(flow.id) is None
