"""Single calls beside a campaign that would call the same people."""

from __future__ import annotations

import asyncio
from collections import Counter

import pytest

from dialer.accounts import NoLineError
from dialer.single import NotNowError, UnfitError, Wanted, begin_single
from storage.database import Database
from storage.dialing import Attempt, ContactState
from storage.records import Flow, Outcome
from storage.seed import Seeded
from tests.dialer.campaign import Office, an_office, phones


@pytest.fixture
def office(database: Database, seeded: Seeded) -> Office:
    return an_office(database, seeded)


async def begun(office: Office, flow: Flow, phone: str, *, simulator: bool = True) -> Attempt:
    async with office.database.begin(office.organisation) as work:
        wanted = Wanted(phone)
        return await begin_single(work, flow, wanted, office.clock(), simulator=simulator, fits=lambda metadata: True)


async def test_a_campaign_waits_while_somebody_is_called_by_hand(office: Office) -> None:
    (phone,) = phones(1)
    await office.people(phone)
    flow = await office.campaign(dedupe_hours=0)
    single = await begun(office, flow, phone)
    await office.rounds()
    assert [call.call for call in office.line.asked] == [single.id]
    await office.end(Outcome.BUSY, single.id)
    (contact,) = await office.contacts(flow)
    assert (contact.state, contact.attempts) == (ContactState.PENDING, 0)
    office.clock.goes_on(minutes=2)
    await office.rounds()
    assert [call.to_number for call in office.line.asked] == [phone, phone]


async def test_who_a_campaign_calls_is_not_called_by_hand_too(office: Office) -> None:
    people = phones(4)
    await office.people(*people)
    flow = await office.campaign()
    results = await asyncio.gather(
        office.round(), *(begun(office, flow, one) for one in people), return_exceptions=True
    )
    assert {type(result) for result in results[1:]} <= {Attempt, NotNowError}
    await office.rounds()
    assert Counter(call.to_number for call in office.line.asked) == Counter(people)


async def test_what_is_refused_is_told_apart(office: Office) -> None:
    flow = await office.campaign(launch=False, agent_id=None)
    with pytest.raises(UnfitError) as unfit:
        await begun(office, flow, phones(1)[0])
    assert unfit.value.about == "flow_uuid"
    flow = await office.campaign(launch=False)
    with pytest.raises(NoLineError):
        await begun(office, flow, phones(1)[0], simulator=False)
    office.clock.goes_on(hours=12)
    with pytest.raises(NotNowError, match=r"before 2026-03-03T03:30:00Z"):
        await begun(office, flow, phones(1)[0])
    async with office.database.read(office.organisation) as work:
        assert await work.attempts.queued(10) == []
        assert await work.customers.by_phone(phones(1)[0]) is None
