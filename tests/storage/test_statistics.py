"""What is counted of calls as they end."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

from storage.database import Database
from storage.records import Call, CallStatus, CallType, Outcome, Sentiment
from storage.seed import Seeded
from storage.statistics import Tally
from tests.storage.samples import LATER, NOW, a_call, an_organisation

DAY = timedelta(days=1)


async def over(database: Database, organisation: str, outcome: Outcome, seconds: float = 0.0, **more: Any) -> Call:
    call = a_call(organisation, **more)
    async with database.begin(organisation) as work:
        await work.calls.open(call)
        assert await work.calls.ended(call.id, at=LATER, outcome=outcome, reason="done", duration=seconds)
    return call


async def test_calls_are_told_by_flow_outcome_sentiment_and_day(database: Database, seeded: Seeded) -> None:
    ours = seeded.organisation
    outbound: dict[str, Any] = {"flow_id": "flw_1", "call_type": CallType.OUTBOUND}
    await over(database, ours, Outcome.CONNECTED, 90.0, sentiment=Sentiment.POSITIVE, **outbound)
    await over(database, ours, Outcome.CONNECTED, 30.5, sentiment=Sentiment.NEGATIVE, started_at=NOW - DAY, **outbound)
    await over(database, ours, Outcome.BUSY, started_at=NOW - 2 * DAY, **outbound)
    await over(database, ours, Outcome.VOICEMAIL, 9.0, flow_id="flw_2")
    await over(database, ours, Outcome.FAILED)
    today = NOW.date()
    async with database.read(ours) as work:
        tally = work.statistics.tally
        everything = await tally()
        assert everything == Tally(
            {Outcome.CONNECTED: 2, Outcome.BUSY: 1, Outcome.VOICEMAIL: 1, Outcome.FAILED: 1},
            {Sentiment.POSITIVE: 1, Sentiment.NEGATIVE: 1},
            120.5,
        )
        assert everything.calls == 5
        assert (await tally(flow_id="flw_1")).calls == 3
        assert (await tally(flow_id="flw_3")) == Tally()
        assert (await tally(flow_id="flw_2")).outcomes == {Outcome.VOICEMAIL: 1}
        assert (await tally(date_from=today)).calls == 3
        assert (await tally(date_to=today - DAY)).calls == 2
        assert (await tally(date_from=today - DAY, date_to=today - DAY)).seconds == 30.5
        assert (await tally(date_to=date(2026, 2, 26))).calls == 0
        by_flow = await work.statistics.by_flow(["flw_1", "flw_2", "flw_3"])
    assert {flow: found.calls for flow, found in by_flow.items()} == {"flw_1": 3, "flw_2": 1}
    assert by_flow["flw_1"].seconds == 120.5


async def test_a_call_counts_once_and_only_when_it_is_over(database: Database, seeded: Seeded) -> None:
    call = a_call(seeded.organisation, flow_id="flw_1")
    async with database.begin(seeded.organisation) as work:
        await work.calls.open(call)
        assert (await work.statistics.tally()).calls == 0
        assert await work.calls.ended(call.id, at=LATER, outcome=Outcome.BUSY, reason="busy")
        assert not await work.calls.ended(call.id, at=LATER, outcome=Outcome.FAILED, reason="late report")
        assert (await work.statistics.tally()).outcomes == {Outcome.BUSY: 1}


async def test_calls_that_a_crash_left_open_count_too(database: Database, seeded: Seeded) -> None:
    async with database.begin(seeded.organisation) as work:
        await work.calls.open(a_call(seeded.organisation, status=CallStatus.RINGING, flow_id="flw_1"))
    async with database.begin() as work:
        await work.calls.abandoned("one", at=LATER)
    async with database.read(seeded.organisation) as work:
        assert (await work.statistics.by_flow(["flw_1"]))["flw_1"].outcomes == {Outcome.FAILED: 1}


async def test_half_hours_are_those_of_the_utc_day(database: Database, seeded: Seeded) -> None:
    for minute, hour in ((0, 0), (29, 0), (30, 0), (59, 23)):
        at = datetime(2026, 3, 1 + hour % 2, hour, minute, tzinfo=UTC)
        await over(database, seeded.organisation, Outcome.BUSY, flow_id="flw_1", started_at=at)
    await over(database, seeded.organisation, Outcome.BUSY, flow_id="flw_2")
    async with database.read(seeded.organisation) as work:
        assert await work.statistics.half_hours(["flw_1"]) == {"flw_1": {0: 2, 1: 1, 47: 1}}
        assert await work.statistics.half_hours([]) == {}


async def test_calls_since_a_time_of_the_flows_own(database: Database, seeded: Seeded) -> None:
    for hours in range(4):
        for flow in ("flw_1", "flw_2"):
            await over(
                database, seeded.organisation, Outcome.BUSY, flow_id=flow, started_at=NOW - timedelta(hours=hours)
            )
    async with database.begin(seeded.organisation) as work:
        await work.calls.open(a_call(seeded.organisation, flow_id="flw_2"))
        since = work.statistics.since
        hour = timedelta(hours=1)
        assert await since({"flw_1": NOW - hour, "flw_2": NOW - 2 * hour}) == {"flw_1": 2, "flw_2": 4}
        assert await since({"flw_1": NOW, "flw_2": NOW, "flw_3": NOW}) == {"flw_1": 1, "flw_2": 2}
        assert await since({}) == {}


async def test_no_organisation_counts_the_calls_of_another(database: Database, seeded: Seeded) -> None:
    other = an_organisation()
    async with database.begin() as work:
        await work.organisations.add(other)
    await over(database, seeded.organisation, Outcome.BUSY, flow_id="flw_1")
    async with database.read(other.id) as work:
        statistics = work.statistics
        assert await statistics.tally() == Tally()
        assert await statistics.by_flow(["flw_1"]) == {}
        assert await statistics.half_hours(["flw_1"]) == {}
        assert await statistics.since({"flw_1": NOW - DAY}) == {}
