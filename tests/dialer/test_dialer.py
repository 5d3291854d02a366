"""Campaigns from the launch to the last customer, on a line that pretends."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import timedelta

import pytest

from dialer import moves
from dialer.ports import CarrierState, CarrierStatus, Trouble
from dialer.timing import Prices
from storage.database import Database
from storage.dialing import AttemptState, ContactState, EntryKind, Skip
from storage.records import CallStatus, FlowStatus, Outcome
from storage.seed import Seeded
from tests.dialer.campaign import Office, PretendLine, an_office, phones


@pytest.fixture
def office(database: Database, seeded: Seeded) -> Office:
    return an_office(database, seeded)


async def test_everybody_is_called_once_and_the_campaign_completes(office: Office) -> None:
    await office.people(*phones(7))
    flow = await office.campaign()
    await office.rounds()
    assert sorted(call.to_number for call in office.line.asked) == list(phones(7))
    assert (await office.run_of(flow)).dialing == 7
    await office.end(Outcome.CONNECTED, *(call.call for call in office.line.asked), talk=30.0)
    await office.rounds()
    assert (await office.flow(flow)).status is FlowStatus.COMPLETED
    assert {contact.state for contact in await office.contacts(flow)} == {ContactState.DONE}
    assert len(office.line.asked) == 7
    assert Counter(await office.events()) == {"campaign.launched": 1, "call.ended": 7, "campaign.completed": 1}
    async with office.database.read(office.organisation) as work:
        calls, total = await work.calls.newest(100)
    assert total == 7
    assert {(call.status, call.outcome, call.duration) for call in calls} == {
        (CallStatus.ENDED, Outcome.CONNECTED, 30.0)
    }


async def test_no_more_calls_at_once_than_the_campaign_may_have(office: Office) -> None:
    await office.people(*phones(9))
    flow = await office.campaign(max_parallel_calls=4)
    await office.rounds()
    assert len(office.line.asked) == 4
    await office.end(Outcome.CONNECTED, office.line.asked[0].call)
    await office.rounds()
    assert len(office.line.asked) == 5
    assert (await office.run_of(flow)).in_flight == 4


async def test_who_does_not_answer_is_tried_again_when_it_is_time_and_never_more_than_allowed(office: Office) -> None:
    await office.people(*phones(1))
    flow = await office.campaign(retry_attempts=2, retry_delay_minutes=[30, 120])
    for number, minutes in ((1, 30), (2, 120), (3, None)):
        await office.rounds()
        assert len(office.line.asked) == number
        await office.end(Outcome.NO_ANSWER, office.line.asked[-1].call)
        if minutes is not None:
            (contact,) = await office.contacts(flow)
            assert (contact.state, contact.attempts) == (ContactState.RETRY, number)
            assert contact.due_at == office.clock() + timedelta(minutes=minutes)
            office.clock.goes_on(minutes=minutes, seconds=-1)
            await office.rounds()
            assert len(office.line.asked) == number
            office.clock.goes_on(seconds=1)
    (contact,) = await office.contacts(flow)
    assert (contact.state, contact.outcome, contact.attempts) == (ContactState.DONE, Outcome.NO_ANSWER, 3)
    assert (await office.flow(flow)).status is FlowStatus.COMPLETED


async def test_who_is_not_to_be_called_is_skipped_with_the_reason(office: Office) -> None:
    good, refused, lately = phones(3)
    await office.people(good, lately)
    await office.people(refused, opted_out=True)
    await office.people("+91123")
    async with office.database.begin(office.organisation) as work:
        await work.phones.dialled([lately], "flw_other", at=office.clock() - timedelta(hours=23))
    flow = await office.campaign()
    await office.rounds()
    told = {contact.phone: contact.reason for contact in await office.contacts(flow)}
    assert told == {
        good: "",
        refused: Skip.OPTED_OUT,
        lately: Skip.RECENTLY_DIALLED,
        "+91123": Skip.INVALID_NUMBER,
    }
    assert [call.to_number for call in office.line.asked] == [good]


async def test_an_opt_out_between_the_decision_and_the_request_holds(office: Office) -> None:
    (customer,) = await office.people(*phones(1))
    flow = await office.campaign()
    await office.rounds()
    await office.end(Outcome.BUSY, office.line.asked[0].call)
    async with office.database.begin(office.organisation) as work:
        assert await work.customers.save(replace(customer, opted_out=True), now=office.clock())
    office.clock.goes_on(minutes=30)
    await office.rounds()
    (contact,) = await office.contacts(flow)
    assert (contact.state, contact.reason) == (ContactState.SKIPPED, Skip.OPTED_OUT)
    assert len(office.line.asked) == 1


async def test_nobody_is_called_outside_the_hours_of_the_law(office: Office) -> None:
    await office.people(*phones(1))
    office.clock.goes_on(hours=9)  # 21:00 in India
    await office.campaign()
    await office.rounds()
    assert office.line.asked == []
    office.clock.goes_on(hours=12)
    await office.rounds()
    assert len(office.line.asked) == 1


async def test_a_report_that_comes_twice_changes_nothing(office: Office) -> None:
    await office.people(*phones(1))
    flow = await office.campaign()
    await office.rounds()
    (call,) = office.line.asked
    await office.end(Outcome.NO_ANSWER, call.call, call.call)
    before = await office.run_of(flow), await office.contacts(flow), await office.events()
    await office.end(Outcome.CONNECTED, call.call)
    assert before == (await office.run_of(flow), await office.contacts(flow), await office.events())
    assert before[2].count("call.no_answer") == before[2].count("call.ended") == 1


async def test_a_call_that_surely_was_not_placed_counts_for_nothing(office: Office) -> None:
    await office.people(*phones(1))
    flow = await office.campaign(retry_attempts=0)
    office.line.troubles = [Trouble.UNREACHABLE]
    await office.rounds()
    (contact,) = await office.contacts(flow)
    assert (contact.state, contact.attempts) == (ContactState.PENDING, 0)
    office.clock.goes_on(seconds=31)
    await office.rounds()
    assert len(office.line.asked) == 2
    assert (await office.contacts(flow))[0].attempts == 1


async def test_in_doubt_the_carrier_is_asked_before_anybody_is_dialled_again(office: Office) -> None:
    await office.people(*phones(2))
    flow = await office.campaign(retry_attempts=0)
    office.line.troubles = [Trouble.DOUBT, Trouble.DOUBT]
    await office.rounds()
    placed, not_placed = office.line.asked
    office.line.known[placed.call] = CarrierStatus("sid", CarrierState.BUSY)
    office.clock.goes_on(seconds=39)
    await office.dialer.look()
    assert office.line.found == []
    office.clock.goes_on(seconds=2)
    await office.dialer.look()
    await office.rounds()
    assert sorted(office.line.found) == sorted([placed.call, not_placed.call])
    assert [call.to_number for call in office.line.asked[2:]] == [not_placed.to_number]
    outcomes = {contact.phone: contact.outcome for contact in await office.contacts(flow)}
    assert outcomes == {placed.to_number: Outcome.BUSY, not_placed.to_number: None}


async def test_a_carrier_that_cannot_tell_keeps_the_contact_waiting(office: Office) -> None:
    await office.people(*phones(1))
    await office.campaign()
    office.line.troubles, office.line.cannot_tell = [Trouble.DOUBT], True
    await office.rounds()
    for _ in range(5):
        office.clock.goes_on(minutes=2)
        await office.dialer.look()
        await office.rounds()
    assert len(office.line.asked) == 1


@pytest.mark.parametrize("trouble", [Trouble.ACCOUNT, Trouble.BALANCE])
async def test_a_refused_account_pauses_the_campaign_and_says_why(office: Office, trouble: Trouble) -> None:
    await office.people(*phones(1))
    flow = await office.campaign()
    office.line.troubles = [trouble]
    await office.rounds()
    paused = await office.flow(flow)
    assert paused.status is FlowStatus.PAUSED
    assert "account" in paused.pause_reason
    assert (await office.run_of(flow)).pending == 1


@pytest.mark.parametrize("trouble", [Trouble.INVALID_NUMBER, Trouble.REFUSED])
async def test_a_number_that_the_carrier_refuses_is_not_tried_again(office: Office, trouble: Trouble) -> None:
    await office.people(*phones(1))
    flow = await office.campaign()
    office.line.troubles = [trouble]
    await office.rounds()
    (contact,) = await office.contacts(flow)
    assert (contact.state, contact.outcome, contact.reason) == (ContactState.DONE, Outcome.FAILED, trouble.value)


async def test_when_most_calls_fail_the_campaign_pauses_itself(office: Office) -> None:
    await office.people(*phones(10))
    flow = await office.campaign(max_parallel_calls=6)
    office.clock.goes_on(seconds=1)
    await office.rounds()
    calls = [call.call for call in office.line.asked]
    await office.end(Outcome.CONNECTED, *calls[:2])
    await office.end(Outcome.FAILED, *calls[2:4])
    assert (await office.flow(flow)).status is FlowStatus.ACTIVE
    await office.end(Outcome.FAILED, calls[4])
    paused = await office.flow(flow)
    assert paused.status is FlowStatus.PAUSED
    assert paused.pause_reason == "3 of the last 5 calls failed within 120 seconds"
    office.clock.goes_on(seconds=1)
    async with office.database.begin(office.organisation) as work:
        await moves.resume(work, paused, office.clock())
    office.clock.goes_on(seconds=1)
    await office.end(Outcome.FAILED, calls[5])
    assert (await office.flow(flow)).status is FlowStatus.ACTIVE


async def test_credits_that_run_out_pause_every_campaign_and_nothing_is_lost(
    database: Database, seeded: Seeded
) -> None:
    office = an_office(database, seeded, prices=Prices(attempt=100, minute=6_000))
    await office.people(*phones(3))
    await office.people(*phones(3, start=10), tags=["Two"])
    first = await office.campaign(max_parallel_calls=1)
    second = await office.campaign(max_parallel_calls=1, branches=["Two"])
    async with database.begin(office.organisation) as work:
        account = await work.credits.held(now=office.clock())
        account = await work.credits.enter(account, [(EntryKind.TOP_UP, 10_000, None, None, "")], at=office.clock())
        await work.credits.save(replace(account, threshold=5_000, email="owner@example.com"), now=office.clock())
    await office.rounds()
    call = office.line.asked[0]
    await office.end(Outcome.CONNECTED, call.call, talk=61.0)
    await office.rounds()
    asked = len(office.line.asked)
    for flow in (first, second):
        paused = await office.flow(flow)
        assert (paused.status, paused.pause_reason) == (FlowStatus.PAUSED, "Credits are below the threshold.")
    async with database.read(office.organisation) as work:
        left = await work.credits.account()
        entries, _ = await work.credits.page(10)
    assert left is not None
    assert left.balance == 10_000 - 100 - 6_100 == sum(entry.amount for entry in entries)
    assert left.letter_due == office.clock()
    with pytest.raises(moves.MoveRefusedError, match="Credits are below the threshold"):
        async with database.begin(office.organisation) as work:
            await moves.resume(work, await office.flow(first), office.clock())
    assert len(office.line.asked) == asked
    assert (await office.run_of(first)).contacts == 6


async def test_calls_decided_upon_and_not_placed_in_time_are_called_off(office: Office) -> None:
    await office.people(*phones(2))
    flow = await office.campaign(max_parallel_calls=1)

    def slow(_: object) -> None:
        office.clock.goes_on(seconds=11)

    office.line.before = slow
    await office.rounds(most=3)
    attempts = await office.attempts(flow)
    assert [attempt.state for attempt in attempts] == [AttemptState.PLACED]


async def test_a_scheduled_campaign_starts_at_its_time(office: Office) -> None:
    await office.people(*phones(1))
    start = office.clock() + timedelta(hours=1)
    flow = await office.campaign(launch=False, status=FlowStatus.SCHEDULED, start_at=start)
    await office.rounds()
    assert office.line.asked == []
    office.clock.goes_on(hours=1)
    await office.rounds()
    assert (await office.flow(flow)).status is FlowStatus.ACTIVE
    assert len(office.line.asked) == 1


async def test_a_campaign_past_its_last_day_gives_up_what_is_left(office: Office) -> None:
    await office.people(*phones(3))
    flow = await office.campaign(end_date=office.clock().date(), max_parallel_calls=1)
    await office.rounds()
    office.clock.goes_on(days=1)
    await office.end(Outcome.CONNECTED, office.line.asked[0].call)
    await office.rounds()
    assert (await office.flow(flow)).status is FlowStatus.COMPLETED
    run = await office.run_of(flow)
    assert (run.done, run.skipped) == (1, 2)


async def test_a_cancelled_campaign_calls_nobody_any_more(office: Office) -> None:
    await office.people(*phones(5))
    flow = await office.campaign(max_parallel_calls=2)
    await office.rounds()
    async with office.database.begin(office.organisation) as work:
        await moves.pause(work, await office.flow(flow), office.clock())
    async with office.database.begin(office.organisation) as work:
        await moves.cancel(work, await office.flow(flow), office.clock())
    await office.end(Outcome.NO_ANSWER, *(call.call for call in office.line.asked))
    await office.rounds()
    run = await office.run_of(flow)
    assert (run.cancelled, run.done, run.waiting) == (3, 2, 0)
    assert len(office.line.asked) == 2


async def test_two_campaigns_do_not_call_the_same_person_within_a_day(database: Database, seeded: Seeded) -> None:
    office = an_office(database, seeded, line=PretendLine())
    await office.people(*phones(20))
    first, second = await office.campaign(max_parallel_calls=3), await office.campaign(max_parallel_calls=3)
    for _ in range(30):
        await office.rounds()
        await office.end(Outcome.CONNECTED, *(call.call for call in office.line.asked))
        office.clock.goes_on(minutes=1)
    assert sorted(call.to_number for call in office.line.asked) == list(phones(20))
    skipped = [contact for flow in (first, second) for contact in await office.contacts(flow) if contact.reason]
    assert len([contact for contact in skipped if contact.reason == Skip.RECENTLY_DIALLED]) == 20
