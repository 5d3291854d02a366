"""What waits in the database, counted over all organisations."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

from storage.database import Database
from storage.dialing import Attempt, AttemptState
from storage.ids import CALL, EVENT, new_id
from storage.overview import Overview
from storage.records import FlowKind, FlowStatus, OutboxEvent
from storage.seed import Seeded
from tests.storage.samples import LATER, NOW, a_flow, an_organisation
from tests.storage.test_analyses import ended

NOTHING = Overview(0, 0, 0, 0, 0, None, 0, None, 0, None)


async def seen(database: Database) -> Overview:
    async with database.read() as work:
        return await work.overviews.read()


async def run(database: Database, organisation: str, status: FlowStatus, reason: str = "", **counts: Any) -> None:
    flow = a_flow(organisation, status=status, kind=FlowKind.OUTBOUND, pause_reason=reason)
    async with database.begin(organisation) as work:
        await work.flows.add(flow)
        begun = await work.runs.start(flow.id, organisation, now=NOW, enrol_to=0)
        await work.runs.save(replace(begun, **counts))


async def test_an_empty_house_has_nothing_that_waits(database: Database, seeded: Seeded) -> None:
    assert await seen(database) == NOTHING


async def test_campaigns_of_everybody_are_counted_and_those_the_server_stopped_apart(
    database: Database, seeded: Seeded
) -> None:
    other = an_organisation()
    async with database.begin() as work:
        await work.organisations.add(other)
    await run(database, seeded.organisation, FlowStatus.ACTIVE, pending=5, retry=2, dialing=1, in_call=3, done=9)
    await run(database, other.id, FlowStatus.ACTIVE, pending=10)
    await run(database, seeded.organisation, FlowStatus.PAUSED, pending=100)
    await run(database, seeded.organisation, FlowStatus.PAUSED, "The carrier refuses.", pending=100)
    await run(database, seeded.organisation, FlowStatus.COMPLETED, done=100)
    shown = await seen(database)
    assert (shown.active, shown.paused, shown.stopped) == (2, 1, 1)
    assert (shown.contacts_waiting, shown.contacts_in_flight) == (17, 4)


async def test_the_oldest_of_what_waits_is_told(database: Database, seeded: Seeded) -> None:
    organisation = seeded.organisation
    events = [OutboxEvent(new_id(EVENT), organisation, "call.ended", {}, NOW + timedelta(minutes=n)) for n in (3, 1)]
    await ended(database, organisation)
    flow = a_flow(organisation, kind=FlowKind.OUTBOUND)
    about: dict[str, Any] = {
        "phone": "+919800000001",
        "caller_id": "",
        "line": "",
        "provider": "simulator",
        "node": "one",
    }
    attempts = [
        Attempt(
            new_id(CALL),
            organisation,
            flow.id,
            "",
            **about,
            state=AttemptState.PLACED,
            decided_at=NOW,
            deadline=NOW,
            look_at=look_at,
        )
        for look_at in (NOW + timedelta(minutes=9), NOW + timedelta(minutes=7), None)
    ]
    async with database.begin(organisation) as work:
        await work.flows.add(flow)
        await work.outbox.add(events)
        await work.attempts.add(attempts)
    shown = await seen(database)
    assert shown.events == 2 + await _announced(database, events)
    assert shown.events_since == NOW + timedelta(minutes=1)
    assert (shown.analyses, shown.analyses_since) == (1, LATER)
    assert shown.attempts_late_since == NOW + timedelta(minutes=7)


async def _announced(database: Database, ours: list[OutboxEvent]) -> int:
    """By what was done besides."""
    async with database.read() as work:
        return len([event for event in await work.outbox.waiting(100) if event not in ours])
