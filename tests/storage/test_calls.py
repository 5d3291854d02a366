from __future__ import annotations

from dataclasses import replace
from datetime import timedelta, timezone

import pytest
from sqlalchemy.exc import IntegrityError

from storage.calls import COMES_FROM
from storage.database import Database
from storage.records import LIVE, CallStatus, Outcome, Speaker, TurnLatency
from storage.seed import Seeded
from storage.tenancy import WrongOrganisationError
from tests.storage.samples import LATER, NOW, a_call, a_turn, an_organisation


async def test_a_call_is_answered_once_and_ends_once(database: Database, seeded: Seeded) -> None:
    call = a_call(seeded.organisation)
    async with database.begin(seeded.organisation) as work:
        await work.calls.open(call)
        assert await work.calls.answered(call.id, at=NOW)
        assert not await work.calls.answered(call.id, at=LATER)
        assert await work.calls.ended(
            call.id,
            at=LATER,
            outcome=Outcome.CONNECTED,
            reason="caller hung up",
            duration=300.0,
            language="en",
            recording="recordings/x.wav",
        )
        assert not await work.calls.ended(call.id, at=LATER, outcome=Outcome.FAILED, reason="late report")
        assert not await work.calls.answered(call.id, at=LATER)
        assert not await work.calls.moved(call.id, CallStatus.TRANSFERRING)
    async with database.read(seeded.organisation) as work:
        assert await work.calls.get(call.id) == replace(
            call,
            status=CallStatus.ENDED,
            outcome=Outcome.CONNECTED,
            reason="caller hung up",
            answered_at=NOW,
            ended_at=LATER,
            duration=300.0,
            recording="recordings/x.wav",
            language="en",
        )


async def test_the_recordings_of_a_customers_calls_that_are_over_are_forgotten(
    database: Database, seeded: Seeded
) -> None:
    other = an_organisation()
    about = {"customer_id": "cst_1", "recording": "recordings/x.wav"}
    over = a_call(seeded.organisation, status=CallStatus.ENDED, **about)
    spared = [
        a_call(seeded.organisation, status=CallStatus.IN_PROGRESS, **about),
        a_call(seeded.organisation, status=CallStatus.ENDED, **{**about, "customer_id": "cst_2"}),
        a_call(other.id, status=CallStatus.ENDED, **about),
    ]
    async with database.begin() as work:
        await work.organisations.add(other)
        for call in (over, *spared):
            await work.calls.open(call)
    async with database.begin(seeded.organisation) as work:
        assert await work.keeping.forget("cst_1", now=NOW) == ["recordings/x.wav"]
        assert await work.keeping.forget("cst_1", now=NOW) == []
    async with database.read() as work:
        assert await work.calls.get(over.id) == replace(over, recording=None, carrier_recording="")
        assert [await work.calls.get(call.id) for call in spared] == spared


@pytest.mark.parametrize("to", sorted(COMES_FROM))
@pytest.mark.parametrize("status", sorted(CallStatus))
async def test_a_call_moves_only_from_where_it_may(
    database: Database, seeded: Seeded, status: CallStatus, to: CallStatus
) -> None:
    call = a_call(seeded.organisation, status=status)
    allowed = status in COMES_FROM[to]
    async with database.begin(seeded.organisation) as work:
        await work.calls.open(call)
        assert await work.calls.moved(call.id, to) is allowed
        found = await work.calls.get(call.id)
    assert found == (replace(call, status=to) if allowed else call)


async def test_a_crash_leaves_no_call_open(database: Database, seeded: Seeded) -> None:
    async with database.begin(seeded.organisation) as work:
        ringing = a_call(seeded.organisation)
        talking = a_call(seeded.organisation, recording="recordings/t.wav")
        elsewhere = a_call(seeded.organisation, node="two")
        over = a_call(seeded.organisation, status=CallStatus.ENDED, reason="done")
        for call in (ringing, talking, elsewhere, over):
            await work.calls.open(call)
        await work.calls.answered(talking.id, at=NOW)
        await work.calls.add_turns(
            [a_turn(talking.id, 0, at=1.0, seconds=1.0), a_turn(talking.id, 1, at=4.0, seconds=2.5)]
        )
    async with database.begin() as work:
        ended = {call.id: call for call in await work.calls.abandoned("one", at=LATER)}
        assert await work.calls.abandoned("one", at=LATER) == []
        for call in ended.values():
            assert await work.calls.get(call.id) == call
        assert await work.calls.get(elsewhere.id) == elsewhere
        assert await work.calls.get(over.id) == over
    assert set(ended) == {ringing.id, talking.id}
    assert (ended[ringing.id].outcome, ended[ringing.id].duration) == (Outcome.FAILED, 0.0)
    assert (ended[talking.id].outcome, ended[talking.id].duration) == (Outcome.CONNECTED, 6.5)
    assert ended[talking.id].recording == "recordings/t.wav"
    assert {call.status for call in ended.values()} == {CallStatus.ENDED}


async def test_turns_and_latencies_come_back_as_they_were_in_order(database: Database, seeded: Seeded) -> None:
    call = a_call(seeded.organisation)
    said = [a_turn(call.id, 0), a_turn(call.id, 1, speaker=Speaker.AGENT, text="नमस्ते", interrupted=True, language="hi")]
    measured = [TurnLatency(call.id, 1, vad_ms=200.0, total_ms=431.5, stt="moonshine", tts="espeak")]
    async with database.begin(seeded.organisation) as work:
        await work.calls.open(call)
        await work.calls.add_turns(said[1:])
        await work.calls.add_turns(said[:1])
        await work.calls.add_turns([])
        await work.calls.add_latencies(measured)
    async with database.read(seeded.organisation) as work:
        assert await work.calls.turns(call.id) == said
        assert await work.calls.latencies(call.id) == measured


async def test_a_turn_is_written_once(database: Database, seeded: Seeded) -> None:
    call = a_call(seeded.organisation)
    async with database.begin(seeded.organisation) as work:
        await work.calls.open(call)
        await work.calls.add_turns([a_turn(call.id, 0)])
    with pytest.raises(IntegrityError):
        async with database.begin(seeded.organisation) as work:
            await work.calls.add_turns([a_turn(call.id, 1), a_turn(call.id, 0)])
    async with database.read(seeded.organisation) as work:
        assert await work.calls.turns(call.id) == [a_turn(call.id, 0)]


async def test_no_organisation_sees_or_touches_the_calls_of_another(database: Database, seeded: Seeded) -> None:
    other = an_organisation()
    call = a_call(seeded.organisation, carrier_call="CA1")
    async with database.begin() as work:
        await work.organisations.add(other)
        await work.calls.open(call)
    async with database.begin(seeded.organisation) as work:
        await work.calls.add_turns([a_turn(call.id, 0)])
    async with database.begin(other.id) as work:
        assert await work.calls.get(call.id) is None
        assert await work.calls.by_carrier("exotel", "CA1") is None
        assert await work.calls.newest(10) == ([], 0)
        assert await work.calls.turns(call.id) == []
        assert await work.calls.abandoned("one", at=LATER) == []
        assert not await work.calls.answered(call.id, at=NOW)
        assert not await work.calls.ended(call.id, at=NOW, outcome=Outcome.FAILED, reason="")
        with pytest.raises(WrongOrganisationError):
            await work.calls.open(a_call(seeded.organisation))
    with pytest.raises(IntegrityError):
        async with database.begin(other.id) as work:
            await work.calls.add_turns([a_turn(call.id, 1)])
    with pytest.raises(WrongOrganisationError):
        async with database.begin() as work:
            await work.calls.add_turns([a_turn(call.id, 1)])


async def test_a_call_is_found_by_its_carriers_id_and_in_the_newest_page(database: Database, seeded: Seeded) -> None:
    calls = [
        a_call(seeded.organisation, carrier_call=f"CA{n}", started_at=NOW + timedelta(seconds=n)) for n in range(5)
    ]
    async with database.begin(seeded.organisation) as work:
        for call in calls:
            await work.calls.open(call)
        assert await work.calls.by_carrier("exotel", "CA3") == calls[3]
        assert await work.calls.by_carrier("simulator", "CA3") is None
        assert await work.calls.newest(2, offset=1) == ([calls[3], calls[2]], 5)


async def test_times_are_kept_in_utc(database: Database, seeded: Seeded) -> None:
    india = timezone(timedelta(hours=5, minutes=30))
    call = a_call(seeded.organisation, started_at=NOW.astimezone(india))
    async with database.begin(seeded.organisation) as work:
        await work.calls.open(call)
        found = await work.calls.get(call.id)
    assert found is not None
    assert (found.started_at, found.started_at.utcoffset()) == (NOW, timedelta(0))


def test_every_status_but_the_last_is_live() -> None:
    assert set(CallStatus) - LIVE == {CallStatus.ENDED}


async def test_no_call_is_lost_for_what_a_carrier_or_an_operator_calls_long(database: Database, seeded: Seeded) -> None:
    long = "यह" * 200
    told = {"node": long, "carrier_call": long, "from_number": long, "to_number": long, "language": long}
    call = a_call(seeded.organisation, status=CallStatus.IN_PROGRESS, **told)
    async with database.begin(seeded.organisation) as work:
        await work.calls.open(call)
        kept = await work.calls.by_carrier(call.carrier, long)
        assert kept is not None
        assert kept.id == call.id
        assert (kept.node, kept.carrier_call, kept.to_number) == (long[:80], long[:120], long[:40])
        assert [left.id for left in await work.calls.abandoned(long, at=LATER)] == [call.id]
        assert await work.calls.get(long) is None


async def test_a_call_can_lose_its_recording_alone(database: Database, seeded: Seeded) -> None:
    lost, kept = (a_call(seeded.organisation, recording=f"recordings/{name}.wav") for name in ("lost", "kept"))
    async with database.begin(seeded.organisation) as work:
        await work.calls.open(lost)
        await work.calls.open(kept)
    async with database.begin() as work:
        await work.calls.unrecorded(lost.id)
        assert await work.calls.get(lost.id) == replace(lost, recording=None)
        assert await work.calls.get(kept.id) == kept
