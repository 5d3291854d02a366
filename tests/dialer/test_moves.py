"""What the dialer itself does to campaigns, and what two do at the same time."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from dialer import moves
from storage.database import Database, UnitOfWork
from storage.records import Flow, FlowKind, FlowStatus
from storage.seed import Seeded
from tests.storage.samples import LATER, NOW, a_flow, an_organisation

Move = Callable[[UnitOfWork, Flow, datetime], Awaitable[object]]


async def a_campaign(database: Database, seeded: Seeded, status: FlowStatus, **more: object) -> Flow:
    about = {"kind": FlowKind.OUTBOUND, "agent_id": seeded.agent, **more}
    flow = a_flow(seeded.organisation, status=status, **about)
    async with database.begin(seeded.organisation) as work:
        await work.flows.add(flow)
    return flow


async def present(database: Database, flow: Flow) -> Flow | None:
    async with database.read() as work:
        return await work.flows.get(flow.id)


async def test_a_campaign_that_has_called_everybody_is_completed_and_says_so(
    database: Database, seeded: Seeded
) -> None:
    flow = await a_campaign(database, seeded, FlowStatus.ACTIVE)
    async with database.begin() as work:
        await moves.complete(work, flow, LATER)
        events = await work.outbox.waiting(10)
    over = replace(flow, status=FlowStatus.COMPLETED, updated_at=LATER, ended_reason="campaign.ended.success")
    assert await present(database, flow) == over
    assert [(event.topic, event.organisation_id, event.body) for event in events] == [
        ("campaign.completed", seeded.organisation, {"flow_uuid": flow.id, "name": "Line"})
    ]


@pytest.mark.parametrize("status", [status for status in FlowStatus if status is not FlowStatus.ACTIVE])
async def test_only_an_active_campaign_is_completed(database: Database, seeded: Seeded, status: FlowStatus) -> None:
    flow = await a_campaign(database, seeded, status)
    with pytest.raises(moves.MoveRefusedError, match=f"A campaign that is {status} cannot be completed"):
        async with database.begin() as work:
            await moves.complete(work, flow, LATER)
    assert await present(database, flow) == flow


async def test_a_scheduled_campaign_is_launched_by_the_clock(database: Database, seeded: Seeded) -> None:
    flow = await a_campaign(database, seeded, FlowStatus.SCHEDULED, start_at=NOW)
    async with database.begin() as work:
        await moves.launch(work, flow, NOW)
    assert await present(database, flow) == replace(flow, status=FlowStatus.ACTIVE)


@pytest.mark.parametrize("move", [moves.launch, moves.cancel, moves.resume])
async def test_what_was_read_before_somebody_else_changed_it_changes_nothing(
    database: Database, seeded: Seeded, move: Move
) -> None:
    read = await a_campaign(database, seeded, FlowStatus.PAUSED)
    async with database.begin() as work:
        await moves.cancel(work, read, NOW)
    with pytest.raises(moves.MoveRefusedError, match="A campaign that is cancelled cannot be"):
        async with database.begin() as work:
            await move(work, read, LATER)
    async with database.begin() as work:
        await moves.delete(work, read, NOW)
    with pytest.raises(moves.MoveRefusedError, match="A campaign that is gone cannot be"):
        async with database.begin() as work:
            await move(work, read, LATER)
    async with database.read() as work:
        assert await work.outbox.waiting(10) == []


async def test_a_refused_move_tells_of_nothing(database: Database, seeded: Seeded) -> None:
    flow = await a_campaign(database, seeded, FlowStatus.DRAFT, agent_id=None)
    for when, sentence in (
        (NOW + timedelta(hours=1), "voice_agent_id is required to schedule"),
        (NOW, "start_at must be in the future"),
    ):
        with pytest.raises(moves.NotReadyError, match=sentence):
            async with database.begin() as work:
                await moves.schedule(work, flow, NOW, start_at=when)
    with pytest.raises(moves.NotReadyError, match="voice_agent_id is required to launch"):
        async with database.begin() as work:
            await moves.launch(work, flow, NOW)
    async with database.read() as work:
        assert await work.outbox.waiting(10) == []
    assert await present(database, flow) == flow


async def test_an_event_goes_to_the_organisation_whose_campaign_it_is(database: Database, seeded: Seeded) -> None:
    other = an_organisation()
    theirs = a_flow(other.id, kind=FlowKind.OUTBOUND, status=FlowStatus.ACTIVE)
    async with database.begin() as work:
        await work.organisations.add(other)
        await work.flows.add(theirs)
        await moves.stop(work, theirs, NOW)
        events = await work.outbox.waiting(10)
    assert [(event.topic, event.organisation_id) for event in events] == [("campaign.stopped", other.id)]


async def test_of_two_lines_that_open_at_once_one_is_refused(database: Database, seeded: Seeded) -> None:
    lines = [
        a_flow(seeded.organisation, status=FlowStatus.PAUSED, phone_number="+911", account_sid=account)
        for account in ("acme", "acme", "other", None)
    ]
    async with database.begin(seeded.organisation) as work:
        for line in lines:
            await work.flows.add(line)
    first, second, *others = lines
    async with database.begin(seeded.organisation) as work:
        await moves.resume(work, first, NOW)
    for line in others:
        async with database.begin(seeded.organisation) as work:
            await moves.launch(work, line, NOW)
    with pytest.raises(moves.MoveRefusedError, match="phone_number is taken"):
        async with database.begin(seeded.organisation) as work:
            await moves.toggle(work, second, NOW)
    async with database.begin(seeded.organisation) as work:
        await moves.pause(work, replace(first, status=FlowStatus.ACTIVE), NOW)
        await moves.toggle(work, second, NOW)
