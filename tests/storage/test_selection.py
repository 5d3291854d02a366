"""Whom a campaign calls."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from storage.assets import ContactList, Customer
from storage.database import Database
from storage.dialing import Contact, ContactState
from storage.ids import CUSTOMER, LIST, new_id
from storage.records import Flow, FlowKind
from storage.seed import Seeded
from tests.storage.samples import NOW, a_flow, an_organisation

HOUR = timedelta(hours=1)


def a_campaign(seeded: Seeded, **more: Any) -> Flow:
    return a_flow(seeded.organisation, kind=FlowKind.OUTBOUND, **more)


class People:
    """Customers by their names, each with a phone of their own."""

    def __init__(self, database: Database, organisation: str) -> None:
        self._database, self._organisation = database, organisation
        self.ids: dict[str, str] = {}

    async def add(self, name: str, *tags: str, **more: Any) -> None:
        phone = f"+1415555{1000 + len(self.ids)}"
        about = {"phone": phone, "created_at": NOW, "updated_at": NOW, "tags": list(tags), **more}
        customer = Customer(new_id(CUSTOMER), self._organisation, name, **about)
        async with self._database.begin(self._organisation) as work:
            await work.customers.append([customer])
        self.ids[name] = customer.id

    async def dialled(self, name: str, *, at: datetime, flow_id: str = "flw_other") -> None:
        async with self._database.begin(self._organisation) as work:
            customer = await work.customers.get(self.ids[name])
            assert customer is not None
            await work.phones.dialled([customer.phone], flow_id, at=at)


@pytest.fixture
def people(database: Database, seeded: Seeded) -> People:
    return People(database, seeded.organisation)


async def queued(database: Database, flow: Flow) -> int:
    async with database.read(flow.organisation_id) as work:
        bound = await work.flows.queued(flow, NOW)
    async with database.read() as work:
        assert await work.flows.queued(flow, NOW) == bound
    return bound


async def test_branches_are_choices_within_a_prefix_and_demands_between_them(
    database: Database, seeded: Seeded, people: People
) -> None:
    await people.add("West, lapsed", "Region:West", "Segment:Lapsed")
    await people.add("East, lapsed", "Region:East", "Segment:Lapsed")
    await people.add("West and East, lapsed", "Region:West", "Region:East", "Segment:Lapsed")
    await people.add("West, new", "Region:West", "Segment:New")
    await people.add("Lapsed", "Segment:Lapsed")
    for branches, expected in (
        (["Region:West"], 3),
        (["Region:West", "Segment:Lapsed"], 2),
        (["Region:West", "Region:East", "Segment:Lapsed"], 3),
        (["Region:North"], 0),
        (["Region:West", "Region:North"], 3),
        ([], 5),
    ):
        assert await queued(database, a_campaign(seeded, branches=branches)) == expected, branches


async def test_a_list_stands_in_place_of_branches(database: Database, seeded: Seeded, people: People) -> None:
    for name in ("one", "two", "three"):
        await people.add(name, "Region:West")
    lists = [ContactList(new_id(LIST), seeded.organisation, name, NOW, NOW) for name in ("full", "empty")]
    async with database.begin(seeded.organisation) as work:
        for one in lists:
            await work.lists.add(one)
        await work.lists.put(lists[0].id, [people.ids["one"], people.ids["two"]])
    full, empty = (a_campaign(seeded, contact_list_id=one.id, branches=["Region:West"]) for one in lists)
    assert await queued(database, full) == 2
    assert await queued(database, empty) == 0


async def test_nobody_who_opted_out_is_called(database: Database, seeded: Seeded, people: People) -> None:
    await people.add("willing")
    await people.add("unwilling", opted_out=True)
    assert await queued(database, a_campaign(seeded)) == 1


async def test_nobody_is_called_again_within_the_hours_of_the_campaign(
    database: Database, seeded: Seeded, people: People
) -> None:
    for name in ("just now", "at the edge", "long ago", "never"):
        await people.add(name)
    await people.dialled("just now", at=NOW - HOUR)
    await people.dialled("at the edge", at=NOW - 24 * HOUR)
    await people.dialled("long ago", at=NOW - 25 * HOUR)
    assert await queued(database, a_campaign(seeded)) == 3
    assert await queued(database, a_campaign(seeded, dedupe_hours=26)) == 1
    assert await queued(database, a_campaign(seeded, dedupe_hours=0)) == 4


async def test_a_campaign_calls_each_at_most_once(database: Database, seeded: Seeded, people: People) -> None:
    flow = a_campaign(seeded, dedupe_hours=1)
    await people.add("called before")
    await people.add("not yet")
    async with database.begin(seeded.organisation) as work:
        before = Contact(
            0, seeded.organisation, flow.id, people.ids["called before"], "+14155551000", 0, ContactState.DONE, NOW
        )
        assert (await work.contacts.take_in([before])).total() == 1
        assert (await work.contacts.take_in([before])).total() == 0
    assert await queued(database, flow) == 1
    assert await queued(database, a_campaign(seeded, dedupe_hours=1)) == 2


async def test_a_phone_that_several_share_rings_once_and_its_no_holds_for_all(
    database: Database, seeded: Seeded, people: People
) -> None:
    await people.add("one", phone="+14155550001")
    await people.add("her copy", phone="+14155550001")
    assert await queued(database, a_campaign(seeded)) == 1
    await people.dialled("her copy", at=NOW - HOUR)
    assert await queued(database, a_campaign(seeded)) == 0
    await people.add("two", phone="+14155550002")
    assert await queued(database, a_campaign(seeded)) == 1
    await people.add("his copy", phone="+14155550002", opted_out=True)
    assert await queued(database, a_campaign(seeded)) == 0


async def test_no_customer_or_call_of_another_organisation_counts(
    database: Database, seeded: Seeded, people: People
) -> None:
    other = an_organisation()
    async with database.begin() as work:
        await work.organisations.add(other)
    theirs = People(database, other.id)
    await people.add("ours", "Region:West")
    await theirs.add("theirs", "Region:West")
    await theirs.add("theirs too", "Region:West", opted_out=True)
    await theirs.dialled("theirs", at=NOW - HOUR)
    assert await queued(database, a_campaign(seeded, branches=["Region:West"])) == 1
    assert await queued(database, a_campaign(seeded)) == 1
