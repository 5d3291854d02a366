"""Which calls are to be analysed, who has them, and what is counted of the answer."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from storage.analysis_records import Analysis, AnalysisStatus, Judged
from storage.database import Database
from storage.records import Call, CallStatus, Outcome, Sentiment
from storage.seed import Seeded
from tests.storage.samples import LATER, NOW, a_call, an_organisation

LEASE = timedelta(minutes=3)


async def ended(database: Database, organisation: str, outcome: Outcome = Outcome.CONNECTED, **more: Any) -> Call:
    call = a_call(organisation, **more)
    async with database.begin(organisation) as work:
        await work.calls.open(call)
        await work.calls.ended(call.id, at=LATER, outcome=outcome, reason="done", duration=60.0)
    return call


async def taken(database: Database, lease: str, at: timedelta = timedelta(0), limit: int = 9) -> list[Analysis]:
    now = LATER + at
    async with database.begin() as work:
        return await work.analyses.take(limit, now=now, until=now + LEASE, lease=lease)


async def finished(database: Database, analysis: Analysis) -> bool:
    async with database.begin(analysis.organisation_id) as work:
        return await work.analyses.finish(analysis, AnalysisStatus.DONE, reason="", at=LATER, written={"facts": {}})


async def test_a_connected_call_is_due_as_soon_as_it_ended_and_no_other_is(database: Database, seeded: Seeded) -> None:
    connected = await ended(database, seeded.organisation)
    await ended(database, seeded.organisation, Outcome.BUSY)
    async with database.read() as work:
        assert not await work.analyses.is_any_due(LATER - timedelta(seconds=1))
        assert await work.analyses.is_any_due(LATER)
    (due,) = await taken(database, "a")
    assert (due.call_id, due.status, due.tries, due.due_at) == (connected.id, "pending", 1, LATER + LEASE)


async def test_a_call_that_a_crash_left_open_is_due_when_it_is_closed(database: Database, seeded: Seeded) -> None:
    async with database.begin(seeded.organisation) as work:
        await work.calls.open(a_call(seeded.organisation, status=CallStatus.IN_PROGRESS, answered_at=NOW))
    async with database.begin() as work:
        (call,) = await work.calls.abandoned("one", at=LATER)
    assert [due.call_id for due in await taken(database, "a")] == [call.id]


async def test_no_two_take_the_same_one_until_a_lease_is_over(database: Database, seeded: Seeded) -> None:
    for _ in range(3):
        await ended(database, seeded.organisation)
    first, second = await taken(database, "a", limit=2), await taken(database, "b")
    assert (len(first), len(second)) == (2, 1)
    assert not {one.call_id for one in first} & {one.call_id for one in second}
    assert await taken(database, "c", LEASE - timedelta(seconds=1)) == []
    again = await taken(database, "c", LEASE)
    assert sorted(one.tries for one in again) == [2, 2, 2]
    assert not await finished(database, first[0]), "whose lease is over writes nothing any more"
    assert all([await finished(database, one) for one in again])
    async with database.read() as work:
        assert not await work.analyses.is_any_due(LATER + timedelta(days=1))


async def test_many_who_take_at_the_same_time_get_different_ones(database: Database, seeded: Seeded) -> None:
    calls = {(await ended(database, seeded.organisation)).id for _ in range(20)}
    rounds = await asyncio.gather(*(taken(database, f"lease-{each}", limit=3) for each in range(8)))
    got = [one.call_id for found in rounds for one in found]
    rest = [one.call_id for one in await taken(database, "last", limit=20)]
    assert (len(got + rest), set(got + rest)) == (20, calls)


async def test_what_is_put_back_is_due_at_its_time(database: Database, seeded: Seeded) -> None:
    await ended(database, seeded.organisation)
    (one,) = await taken(database, "a")
    async with database.begin() as work:
        put_back = work.analyses.put_back
        assert await put_back(one, due_at=LATER + timedelta(seconds=2), tries=one.tries, reason="busy")
        assert not await put_back(one, due_at=LATER, tries=0, reason=""), "it has nothing any more"
    assert await taken(database, "b", timedelta(seconds=1)) == []
    (again,) = await taken(database, "b", timedelta(seconds=2))
    assert (again.tries, again.reason) == (2, "busy")


async def test_one_that_is_over_can_be_asked_for_again_and_remembers_what_it_wrote(
    database: Database, seeded: Seeded
) -> None:
    call = await ended(database, seeded.organisation)
    async with database.begin(seeded.organisation) as work:
        assert (await work.analyses.ask_again(call, at=LATER + LEASE)).asked_at == LATER, "it is pending anyway"
    (one,) = await taken(database, "a")
    assert await finished(database, one)
    async with database.begin(seeded.organisation) as work:
        asked = await work.analyses.ask_again(call, at=LATER + LEASE)
    assert (asked.status, asked.due_at, asked.tries, asked.finished_at) == ("pending", LATER + LEASE, 0, None)
    assert not await finished(database, one)
    (again,) = await taken(database, "b", LEASE)
    assert (again.written, again.tries) == ({"facts": {}}, 1)


async def test_a_call_that_was_not_connected_can_be_asked_for(database: Database, seeded: Seeded) -> None:
    call = await ended(database, seeded.organisation, Outcome.FAILED)
    async with database.begin(seeded.organisation) as work:
        assert await work.analyses.get(call.id) is None
        await work.analyses.ask_again(call, at=LATER)
    assert [one.call_id for one in await taken(database, "a")] == [call.id]


async def test_nobody_sees_the_analyses_of_another_organisation(database: Database, seeded: Seeded) -> None:
    call = await ended(database, seeded.organisation)
    other = an_organisation()
    async with database.begin() as work:
        await work.organisations.add(other)
    async with database.read(other.id) as work:
        assert await work.analyses.get(call.id) is None
        assert not await work.analyses.is_any_due(LATER)
    (one,) = await taken(database, "a")
    async with database.begin(other.id) as work:
        assert not await work.analyses.finish(one, AnalysisStatus.DONE, reason="", at=LATER, written={})
        assert not await work.calls.judged(call.id, Judged("stolen"), dict)


async def test_a_sentiment_is_counted_once_it_is_known(database: Database, seeded: Seeded) -> None:
    call = await ended(database, seeded.organisation, flow_id="flw_1")
    await ended(database, seeded.organisation, flow_id="flw_1")

    async def judged(sentiment: Sentiment | None) -> Mapping[Sentiment, int]:
        async with database.begin(seeded.organisation) as work:
            assert await work.calls.judged(call.id, Judged("A talk.", sentiment, "hi-IN"), lambda kept: {"facts": 1})
            tally = await work.statistics.tally(flow_id="flw_1")
            assert (tally.outcomes, tally.seconds) == ({Outcome.CONNECTED: 2}, 120.0)
            return tally.sentiments

    assert await judged(None) == {}
    assert await judged(Sentiment.POSITIVE) == {Sentiment.POSITIVE: 1}
    assert await judged(Sentiment.POSITIVE) == {Sentiment.POSITIVE: 1}
    assert await judged(Sentiment.NEGATIVE) == {Sentiment.NEGATIVE: 1}
    assert await judged(None) == {Sentiment.NEGATIVE: 1}, "what is not known any better stays"
    async with database.read(seeded.organisation) as work:
        row = await work.calls.get(call.id)
    assert row is not None
    assert (row.summary, row.sentiment, row.language, row.key_details) == (
        "A talk.",
        Sentiment.NEGATIVE,
        "hi-IN",
        {"facts": 1},
    )


async def test_a_call_that_is_not_over_is_not_judged(database: Database, seeded: Seeded) -> None:
    call = a_call(seeded.organisation)
    async with database.begin(seeded.organisation) as work:
        await work.calls.open(call)
        assert not await work.calls.judged(call.id, Judged("A talk."), dict)
