"""What could make a campaign call somebody wrongly, or stop calling: doubts, changes on the way, others' troubles."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest

from dialer import moves
from dialer.news import answered, heard
from dialer.ports import CarrierState, CarrierStatus, Dial, Trouble
from dialer.retry import FINAL
from dialer.single import Wanted, begin_single
from dialer.timing import Prices, Timing
from dialer.windows import Schedule, is_open
from dialer.zones import Place
from storage.assets import Integration, IntegrationKind, PhoneNumber
from storage.database import Database
from storage.dialing import LOST, AttemptState, ContactState, Skip
from storage.ids import NUMBER, new_id
from storage.records import CallStatus, Flow, FlowStatus, Outcome
from storage.seed import Seeded
from tests.dialer.campaign import Office, PretendLine, an_office, phones
from tests.patience import until
from tests.storage.test_postgresql import waits_for_a_lock

EVERYTHING: Sequence[str] = ["no-answer", "busy", "failed", "voicemail"]


@pytest.fixture
def office(database: Database, seeded: Seeded) -> Office:
    return an_office(database, seeded)


async def resumed(office: Office, flow: Flow) -> None:
    async with office.database.begin(office.organisation) as work:
        await work.runs.held(flow.id)
        await moves.resume(work, await office.flow(flow), office.clock())


async def paused(office: Office, flow: Flow) -> None:
    async with office.database.begin(office.organisation) as work:
        await work.runs.held(flow.id)
        await moves.pause(work, await office.flow(flow), office.clock())


async def single(office: Office, flow: Flow, phone: str) -> str:
    async with office.database.begin(office.organisation) as work:
        attempt = await begin_single(
            work, flow, Wanted(phone, None, {}), office.clock(), simulator=True, fits=lambda metadata: True
        )
    return attempt.id


@pytest.mark.parametrize("how", ["account gone", "cannot tell"])
async def test_a_doubt_that_is_never_cleared_is_not_dialled_again(office: Office, how: str) -> None:
    await office.people(*phones(1))
    flow = await office.campaign(retry_on=EVERYTHING, retry_attempts=3, retry_delay_minutes=[1])
    office.line.troubles = [Trouble.DOUBT]
    await office.rounds()
    office.line.cannot_tell = how == "cannot tell"
    office.carriers.one = None if how == "account gone" else office.line
    for _ in range(4):
        office.clock.goes_on(minutes=20)
        await office.dialer.look()
        await office.dialer.settled()
    office.carriers.one = office.line
    office.clock.goes_on(minutes=20)
    await office.rounds()
    (contact,) = await office.contacts(flow)
    assert (contact.state, contact.reason) == (ContactState.DONE, LOST)
    assert LOST in FINAL
    assert len(office.line.asked) == 1


async def test_who_talked_to_us_counts_as_connected_whatever_became_of_the_line(office: Office) -> None:
    await office.people(*phones(1))
    flow = await office.campaign(retry_on=EVERYTHING)
    await office.rounds()
    (call,) = office.line.asked
    async with office.database.begin(office.organisation) as work:
        assert await answered(work, call.call, at=office.clock(), timing=Timing())
    office.line.cannot_tell = True
    for _ in range(8):
        office.clock.goes_on(minutes=10)
        await office.dialer.look()
        await office.dialer.settled()
    (contact,) = await office.contacts(flow)
    assert (contact.state, contact.outcome) == (ContactState.DONE, Outcome.CONNECTED)


async def test_an_account_that_cannot_be_opened_keeps_nobody_else_waiting(office: Office) -> None:
    await office.people(*phones(5))
    flow = await office.campaign(retry_attempts=0)
    await office.rounds()
    bad, *others = office.line.asked
    for call in others:
        office.line.known[call.call] = CarrierStatus("sid", CarrierState.NO_ANSWER)

    class Odd(PretendLine):
        async def find(self, call: Dial) -> CarrierStatus | None:
            if call.call == bad.call:
                raise KeyError("odd")
            return await office.line.find(call)

    office.carriers.one = Odd()
    office.clock.goes_on(minutes=3)
    await office.dialer.look()
    await office.dialer.settled()
    states = {contact.phone: contact.state for contact in await office.contacts(flow)}
    assert states.pop(bad.to_number) is ContactState.DIALING
    assert set(states.values()) == {ContactState.DONE}


async def test_a_campaign_that_called_for_real_does_not_go_on_in_pretence(database: Database, seeded: Seeded) -> None:
    office = an_office(database, seeded)
    account = Integration(
        office.organisation, "exotel", IntegrationKind.TELEPHONY, office.clock(), office.clock(), {}, {}
    )
    number = PhoneNumber(new_id(NUMBER), office.organisation, "+918000000001", office.clock(), office.clock())
    async with database.begin(office.organisation) as work:
        await work.integrations.put(account)
        await work.numbers.add(number)
    await office.people(*phones(3))
    flow = await office.campaign(max_parallel_calls=1)
    await office.rounds()
    assert (await office.attempts(flow))[0].provider == "exotel"
    await office.end(Outcome.CONNECTED, office.line.asked[0].call)
    async with database.begin(office.organisation) as work:
        await work.integrations.delete("exotel")
    await office.rounds()
    present = await office.flow(flow)
    assert present.status is FlowStatus.PAUSED
    assert "exotel" in present.pause_reason
    assert len(office.line.asked) == 1


async def test_single_calls_that_wait_take_no_numbers_rate(office: Office) -> None:
    flow = await office.campaign(launch=False, rate_limit_per_number=3)
    calls = [await single(office, flow, phone) for phone in phones(3)]
    await office.rounds()
    assert sorted(call.call for call in office.line.asked) == sorted(calls)


async def test_single_calls_keep_to_the_organisations_limit_and_wait_two_minutes_at_most(office: Office) -> None:
    async with office.database.begin(office.organisation) as work:
        organisation = await work.organisations.held(office.organisation)
        assert organisation is not None
        await work.organisations.save(replace(organisation, max_parallel_calls=1))
    flow = await office.campaign(launch=False)
    first, second = [await single(office, flow, phone) for phone in phones(2)]
    await office.rounds()
    assert [call.call for call in office.line.asked] == [first]
    office.clock.goes_on(minutes=3)
    office.line.known[first] = CarrierStatus("sid1", CarrierState.IN_PROGRESS)
    await office.dialer.look()
    await office.rounds()
    assert len(office.line.asked) == 1
    async with office.database.read() as work:
        waited = await work.attempts.get(second)
    assert waited is not None
    assert (waited.state, waited.outcome, waited.reason) == (AttemptState.ENDED, Outcome.FAILED, "no_room")


async def test_people_in_hundreds_of_places_all_have_their_turn(office: Office) -> None:
    zones = [f"Etc/GMT{offset:+d}" for offset in range(-7, 1)]
    codes = ["91", "1415", "44", "61", "49", "33", "34", "27", "81", "82", "65", "66", "60", "62", "63"]
    numbers = [f"+{code}{'20' if code not in ('91', '1415') else '98'}1234567"[:13] for code in codes]
    people = 0
    for zone in zones:
        for number in numbers:
            await office.people(f"{number[:-2]}{people % 100:02d}", timezone=zone)
            people += 1
    flow = await office.campaign()
    for _ in range(40):
        await office.round()
    run = await office.run_of(flow)
    assert len(run.places) > 60
    assert run.pending + run.skipped + run.dialing == people
    async with office.database.read() as work:
        waiting = await work.contacts.due(flow.id, range(len(run.places)), office.clock(), 1000)
    assert {contact.place for contact in waiting} <= closed(office, run.places)


def closed(office: Office, places: Sequence[str]) -> set[int]:
    return {n for n, key in enumerate(places) if not is_open(Schedule(), Place.parse(key), office.clock())}


async def test_who_was_left_out_is_looked_at_again_when_the_campaign_is_resumed(office: Office) -> None:
    await office.people(*phones(2))
    flow = await office.campaign(end_at=office.clock() + timedelta(hours=1), max_parallel_calls=1)
    await office.rounds()
    office.clock.goes_on(hours=1)
    await office.dialer.sweep()
    assert [contact.reason for contact in await office.contacts(flow)].count(Skip.OUTSIDE_WINDOW) == 1
    await paused(office, flow)
    async with office.database.begin(office.organisation) as work:
        await work.flows.save(replace(await office.flow(flow), end_at=None), now=office.clock())
    await resumed(office, flow)
    await office.end(Outcome.CONNECTED, office.line.asked[0].call)
    await office.rounds()
    assert sorted(call.to_number for call in office.line.asked) == list(phones(2))
    run = await office.run_of(flow)
    assert (run.contacts, run.skipped) == (2, 0)


async def test_a_customer_whose_zone_is_changed_is_called_when_it_is_open_there(office: Office) -> None:
    (customer,) = await office.people(*phones(1), timezone="Etc/GMT+8")  # half past ten at night
    await office.campaign()
    await office.rounds()
    assert office.line.asked == []
    async with office.database.begin(office.organisation) as work:
        await work.customers.save(replace(customer, timezone="Asia/Kolkata"), now=office.clock())
    await office.rounds()
    assert len(office.line.asked) == 1


async def test_a_campaign_whose_agent_was_deleted_pauses_itself(office: Office) -> None:
    await office.people(*phones(1))
    flow = await office.campaign()
    async with office.database.begin(office.organisation) as work:
        await work.agents.delete(office.seeded.agent, now=office.clock())
    await office.rounds()
    assert (await office.flow(flow)).pause_reason == "Its voice agent was deleted."
    assert office.line.asked == []


async def test_who_takes_over_a_phone_takes_over_its_owners_no(office: Office) -> None:
    one, other = phones(2)
    (refusing,) = await office.people(one, opted_out=True)
    (customer,) = await office.people(other)
    async with office.database.begin(office.organisation) as work:
        await work.customers.delete(refusing.id)
        await work.customers.save(replace(customer, phone=one), now=office.clock())
        taken = await work.customers.get(customer.id)
        assert taken is not None
        assert taken.opted_out
        await work.customers.save(replace(taken, opted_out=False), now=office.clock())
        assert await work.phones.opted_out([one]) == frozenset()


async def test_an_import_of_somebody_who_had_opted_out_and_was_deleted_does_not_bring_them_back(office: Office) -> None:
    (phone,) = phones(1)
    (refusing,) = await office.people(phone, opted_out=True)
    async with office.database.begin(office.organisation) as work:
        await work.customers.delete(refusing.id)
    (again,) = await office.people(phone)
    await office.campaign()
    await office.rounds()
    assert office.line.asked == []
    async with office.database.read(office.organisation) as work:
        present = await work.customers.get(again.id)
    assert present is not None
    assert present.opted_out


async def test_a_recording_that_is_reported_while_the_call_ends_costs_neither_report(office: Office) -> None:
    """Whoever waits for the run has not taken hold of the call before: else each would wait for the other."""
    await office.people(*phones(1))
    flow = await office.campaign()
    await office.rounds()
    (call,) = office.line.asked

    async def report() -> None:
        status = CarrierStatus("sid1", CarrierState.COMPLETED, recording="https://recordings.invalid/1.mp3")
        async with office.database.begin(office.organisation) as work:
            await heard(work, call.call, status, at=office.clock(), prices=Prices())

    async with office.database.begin(office.organisation) as work:
        await work.runs.held(flow.id)
        reporting = asyncio.create_task(report())
        await until(lambda: waits_for_a_lock(office.database))
        assert await work.calls.moved(call.call, CallStatus.RINGING)
    await reporting
    async with office.database.read() as work:
        ended = await work.calls.get(call.call)
    assert ended is not None
    assert (ended.status, ended.carrier_recording) == (CallStatus.ENDED, "https://recordings.invalid/1.mp3")
