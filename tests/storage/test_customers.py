from __future__ import annotations

import asyncio
from dataclasses import fields, replace
from datetime import timedelta
from typing import Any

import pytest

from storage.assets import ContactList, Customer
from storage.customers import KEPT, OPT_OUTS, SLICE, CustomerFilter, Customers
from storage.database import Database
from storage.ids import CALL, LIST, new_id
from storage.records import CallStatus, CallType, Outcome
from storage.seed import Seeded
from storage.tenancy import WrongOrganisationError
from tests.storage.customer_samples import a_customer
from tests.storage.samples import LATER, NOW, a_call, an_organisation

EVERYBODY = CustomerFilter()
FULL: dict[str, Any] = {
    "email": "[email protected]",
    "tags": ["Region:West", "Segment:Lapsed"],
    "preferred_language": "hi-en",
    "timezone": "Asia/Kolkata",
    "metadata": {"cart_value": 850, "items": ["desk", "lamp"], "नाम": "रवि"},
    "opted_out": True,
    "recording_opt_out": True,
    "external_id": "LH-1",
    "extension": "42",
    "assistant_overrides": {"firstMessage": "Hello."},
    "inbound_calls": 1,
    "outbound_calls": 2,
    "last_contact": NOW,
}


async def added(database: Database, *customers: Customer) -> None:
    async with database.begin(customers[0].organisation_id) as work:
        for customer in customers:
            assert await work.customers.add(customer)


async def test_every_field_comes_back_as_it_was_given(database: Database, seeded: Seeded) -> None:
    customer = a_customer(seeded.organisation, **FULL)
    assert all(getattr(customer, field.name) is not None for field in fields(customer))
    await added(database, customer)
    async with database.read(seeded.organisation) as work:
        assert await work.customers.get(customer.id) == customer
        assert await work.customers.by_phone(customer.phone) == customer
        assert await work.customers.page(EVERYBODY, 50) == ([customer], 1)


async def test_a_phone_is_one_customers(database: Database, seeded: Seeded) -> None:
    customer = a_customer(seeded.organisation)
    await added(database, customer)
    async with database.begin(seeded.organisation) as work:
        assert not await work.customers.add(a_customer(seeded.organisation, phone=customer.phone))
        assert await work.customers.taken(customer.phone)
        assert not await work.customers.taken("+919876543210")
        assert await work.customers.count(EVERYBODY) == 1


async def test_of_many_who_add_one_phone_at_once_one_does(database: Database, seeded: Seeded) -> None:
    async def add() -> bool:
        async with database.begin(seeded.organisation) as work:
            return await work.customers.add(a_customer(seeded.organisation, phone="+919876543210"))

    assert sum(await asyncio.gather(*(add() for _ in range(6)))) == 1


async def test_appended_customers_share_a_phone_and_the_oldest_is_found_by_it(
    database: Database, seeded: Seeded
) -> None:
    phone = "+919876543210"
    first = a_customer(seeded.organisation, phone=phone)
    more = [a_customer(seeded.organisation, phone=phone, name=name) for name in ("Second", "Third")]
    other = a_customer(seeded.organisation)
    await added(database, first)
    async with database.begin(seeded.organisation) as work:
        await work.customers.append([*more, other])
        await work.customers.append([a_customer(seeded.organisation, phone=phone, name="Fourth")])
        found, total = await work.customers.page(EVERYBODY, 50)
        assert [(one.name, one.copy) for one in reversed(found)] == [
            ("Jordan Ellis", 0),
            ("Second", 1),
            ("Third", 2),
            ("Jordan Ellis", 0),
            ("Fourth", 3),
        ]
        assert total == 5
        assert await work.customers.by_phone(phone) == first
        await work.customers.delete(first.id)
        assert await work.customers.by_phone(phone) == replace(more[0], copy=1)
        assert not await work.customers.recording_refused(phone)
        await work.customers.append([a_customer(seeded.organisation, phone=phone, recording_opt_out=True)])
        assert await work.customers.recording_refused(phone)


async def test_saving_writes_all_but_what_calls_count(database: Database, seeded: Seeded) -> None:
    customer = a_customer(seeded.organisation, tags=["Region:West"])
    await added(database, customer)
    changed = replace(customer, **FULL, name="Asha", phone="+919876543210", created_at=LATER, updated_at=NOW)
    async with database.begin(seeded.organisation) as work:
        assert await work.customers.held(customer.id) == customer
        assert await work.customers.save(changed, now=LATER)
        assert await work.customers.get(customer.id) == replace(
            changed, created_at=NOW, updated_at=LATER, inbound_calls=0, outbound_calls=0, last_contact=None
        )
        assert await work.customers.tags() == ["Region:West", "Segment:Lapsed"]
        await work.customers.delete(customer.id)
        assert not await work.customers.save(changed, now=LATER)
        assert await work.customers.held(customer.id) is None


async def test_two_changes_at_once_are_made_one_after_the_other(database: Database, seeded: Seeded) -> None:
    customer = a_customer(seeded.organisation)
    await added(database, customer)

    async def know(key: str) -> None:
        async with database.begin(seeded.organisation) as work:
            held = await work.customers.held(customer.id)
            assert held is not None
            await work.customers.save(replace(held, metadata={**held.metadata, key: 1}), now=LATER)

    await asyncio.gather(*(know(f"key {number}") for number in range(5)))
    async with database.read(seeded.organisation) as work:
        found = await work.customers.get(customer.id)
    assert found is not None
    assert len(found.metadata) == 5


async def test_an_upsert_merges_what_was_given_and_makes_what_is_new(database: Database, seeded: Seeded) -> None:
    known = a_customer(seeded.organisation, **FULL)
    await added(database, known)
    again = a_customer(
        seeded.organisation, phone=known.phone, name="J. Ellis", metadata={"cart_value": 920, "zip": "1"}
    )
    new = a_customer(seeded.organisation, tags=["Region:East"])
    async with database.begin(seeded.organisation) as work:
        done = await work.customers.upsert(
            [again, new], [frozenset({"name", "phone", "metadata"}), frozenset({"name", "phone", "tags"})], now=LATER
        )
        assert (done.created, done.updated, done.ids) == (1, 1, [known.id, new.id])
        merged = {"cart_value": 920, "items": ["desk", "lamp"], "नाम": "रवि", "zip": "1"}
        assert await work.customers.get(known.id) == replace(known, name="J. Ellis", metadata=merged, updated_at=LATER)
        assert await work.customers.get(new.id) == new
        assert await work.customers.count_any(["Region:West", "Region:East"]) == 2


async def test_an_upsert_writes_every_field_that_it_may(database: Database, seeded: Seeded) -> None:
    known = a_customer(seeded.organisation)
    await added(database, known)
    again = a_customer(seeded.organisation, phone=known.phone, **FULL)
    async with database.begin(seeded.organisation) as work:
        await work.customers.upsert([again], [frozenset(FULL) | {"id", "copy", "created_at"}], now=LATER)
        found = await work.customers.get(known.id)
    assert found is not None
    assert {name for name in FULL if getattr(found, name) != FULL[name]} == {
        "inbound_calls",
        "outbound_calls",
        "last_contact",
    }
    assert all(getattr(found, name) == getattr(known, name) for name in KEPT)


async def test_an_upsert_sets_an_opt_out_and_never_clears_one(database: Database, seeded: Seeded) -> None:
    unwilling = a_customer(seeded.organisation, opted_out=True, recording_opt_out=False)
    await added(database, unwilling)
    fresh = "+919876543210"

    def again(phone: str, **more: Any) -> Customer:
        return a_customer(seeded.organisation, phone=phone, **more)

    batch = [
        again(unwilling.phone, opted_out=False, recording_opt_out=True),
        again(unwilling.phone, opted_out=False, recording_opt_out=False),
        again(fresh, opted_out=True),
        again(fresh, opted_out=False),
    ]
    async with database.begin(seeded.organisation) as work:
        await work.customers.upsert(batch, [frozenset(OPT_OUTS)] * 4, now=LATER)
        for phone, kept in (unwilling.phone, (True, True)), (fresh, (True, False)):
            found = await work.customers.by_phone(phone)
            assert found is not None
            assert (found.opted_out, found.recording_opt_out) == kept
        found = await work.customers.held(unwilling.id)
        assert found is not None
        await work.customers.save(replace(found, opted_out=False), now=LATER)
        found = await work.customers.get(unwilling.id)
        assert found is not None
        assert (found.opted_out, found.recording_opt_out) == (False, True)


async def test_a_phone_that_comes_twice_in_a_batch_is_merged_in_order(database: Database, seeded: Seeded) -> None:
    known = a_customer(seeded.organisation, metadata={"a": 1})
    await added(database, known)
    batch = [
        a_customer(seeded.organisation, phone=phone, name=name, metadata={name: 1}, tags=[name])
        for phone in (known.phone, "+919876543210")
        for name in ("One", "Two")
    ]
    given = [frozenset({"name", "phone", "metadata", "tags"})] * 4
    async with database.begin(seeded.organisation) as work:
        done = await work.customers.upsert(batch, given, now=LATER)
        assert (done.created, done.updated) == (1, 3)
        assert done.ids == [known.id, known.id, batch[2].id, batch[2].id]
        for customer_id, metadata in (known.id, {"a": 1, "One": 1, "Two": 1}), (batch[2].id, {"One": 1, "Two": 1}):
            found = await work.customers.get(customer_id)
            assert found is not None
            assert (found.name, found.metadata, found.tags) == ("Two", metadata, ["Two"])
        assert await work.customers.count_any(["One"]) == 0
        assert await work.customers.tags() == ["Two"]


async def test_upserts_at_once_make_nobody_twice(database: Database, seeded: Seeded) -> None:
    phones = [f"+9198765{number:05}" for number in range(30)]

    async def push() -> int:
        batch = [a_customer(seeded.organisation, phone=phone, tags=["Region:West", phone]) for phone in phones]
        async with database.begin(seeded.organisation) as work:
            return (await work.customers.upsert(batch, [frozenset({"phone", "tags"})] * 30, now=NOW)).created

    assert sorted(await asyncio.gather(*(push() for _ in range(3)))) == [0, 0, 30]
    async with database.read(seeded.organisation) as work:
        assert await work.customers.count_any(["Region:West"]) == 30


async def test_a_batch_of_many_slices_is_whole(database: Database, seeded: Seeded) -> None:
    size = 2 * SLICE + 1
    batch = [a_customer(seeded.organisation, tags=[f"Part:{number % 3}"]) for number in range(size)]
    async with database.begin(seeded.organisation) as work:
        given = [frozenset({"name", "phone", "tags"})] * size
        assert (await work.customers.upsert(batch, given, now=NOW)).created == size
        again = [replace(customer, tags=["Part:9"]) for customer in batch]
        assert (await work.customers.upsert(again, given, now=LATER)).updated == size
        assert await work.customers.count_any(["Part:9"]) == size
        assert await work.customers.tags() == ["Part:9"]
        found, total = await work.customers.page(EVERYBODY, 100, 100)
        assert total == size
        assert [one.id for one in found] == [one.id for one in reversed(batch[1:101])]


async def test_what_is_deleted_is_in_no_list_and_its_calls_stay(database: Database, seeded: Seeded) -> None:
    customer = a_customer(seeded.organisation, tags=["Region:West"])
    await added(database, customer)
    call = a_call(seeded.organisation, customer_id=customer.id)
    kept = ContactList(new_id(LIST), seeded.organisation, "List", created_at=NOW, updated_at=NOW)
    async with database.begin(seeded.organisation) as work:
        await work.calls.open(call)
        await work.lists.add(kept)
        await work.lists.put(kept.id, [customer.id])
        assert await work.customers.delete(customer.id)
        assert not await work.customers.delete(customer.id)
        assert await work.customers.get(customer.id) is None
        assert await work.customers.count_any(["Region:West"]) == 0
        assert await work.customers.count(CustomerFilter(search="Jordan")) == 0
        assert await work.lists.sizes([kept.id]) == {}
        assert await work.calls.get(call.id) == call


async def test_a_list_is_narrowed_by_every_condition(database: Database, seeded: Seeded) -> None:
    people = [
        a_customer(
            seeded.organisation,
            name=f"Person {n}",
            phone=f"+1415555010{n}",
            inbound_calls=n,
            outbound_calls=9 - n,
            tags=[f"Half:{n // 5}"],
        )
        for n in range(10)
    ]
    await added(database, *people)
    some = ContactList(new_id(LIST), seeded.organisation, "List", created_at=NOW, updated_at=NOW)
    async with database.begin(seeded.organisation) as work:
        await work.lists.add(some)
        await work.lists.put(some.id, [people[n].id for n in (1, 2, 7)])

    async def found(**wanted: Any) -> list[int]:
        async with database.read(seeded.organisation) as work:
            page, total = await work.customers.page(CustomerFilter(**wanted), 100)
        assert total == len(page)
        return [int(one.name[-1]) for one in page]

    assert await found(min_inbound_calls=8) == [9, 8]
    assert await found(max_inbound_calls=1) == [1, 0]
    assert await found(min_inbound_calls=4, max_inbound_calls=5) == [5, 4]
    assert await found(min_outbound_calls=8) == [1, 0]
    assert await found(max_outbound_calls=0) == [9]
    assert await found(contact_list_id=some.id) == [7, 2, 1]
    assert await found(contact_list_id=some.id, tags=["Half:0"]) == [2, 1]
    assert await found(contact_list_id=some.id, tags=["Half:0"], search="person 2", max_inbound_calls=2) == [2]
    assert await found(contact_list_id=new_id(LIST)) == []
    assert await found(search="  ") == list(range(9, -1, -1))


@pytest.mark.parametrize(("call_type", "counted"), [(CallType.INBOUND, (1, 0)), (CallType.OUTBOUND, (0, 1))])
async def test_a_call_that_ends_is_counted_and_an_older_one_is_no_later_contact(
    database: Database, seeded: Seeded, call_type: CallType, counted: tuple[int, int]
) -> None:
    customer = a_customer(seeded.organisation)
    await added(database, customer)
    call = a_call(seeded.organisation, call_type=call_type, customer_id=customer.id, status=CallStatus.IN_PROGRESS)
    async with database.begin(seeded.organisation) as work:
        await work.calls.open(call)
        assert await work.calls.ended(call.id, at=LATER, outcome=Outcome.CONNECTED, reason="done", duration=3.0)
        found = await work.customers.get(customer.id)
        assert found is not None
        assert (found.inbound_calls, found.outbound_calls) == counted
        assert found.last_contact == LATER
        older = replace(call, id=new_id(CALL))
        await work.calls.open(older)
        before = LATER - timedelta(hours=1)
        assert await work.calls.ended(older.id, at=before, outcome=Outcome.CONNECTED, reason="done", duration=3.0)
        found = await work.customers.get(customer.id)
        assert found is not None
        assert (found.inbound_calls, found.outbound_calls) == tuple(2 * number for number in counted)
        assert found.last_contact == LATER


async def test_metadata_that_does_not_fit_once_it_is_merged_is_refused(database: Database, seeded: Seeded) -> None:
    known = a_customer(seeded.organisation, metadata={"a": 1})
    await added(database, known)
    batch = [
        a_customer(seeded.organisation, phone=known.phone, name="Too much", metadata={"b": 1}),
        a_customer(seeded.organisation, metadata={"a": 1, "b": 1}),
        a_customer(seeded.organisation, phone=known.phone, metadata={"a": 2}),
    ]
    async with database.begin(seeded.organisation) as work:
        given = [frozenset({"name", "metadata"})] * 3
        done = await work.customers.upsert(batch, given, now=LATER, fits=lambda metadata: len(metadata) < 2)
        assert (done.created, done.updated, done.refused) == (1, 1, [0])
        assert done.ids == [batch[1].id, known.id]
        assert await work.customers.get(known.id) == replace(known, metadata={"a": 2}, updated_at=LATER)


async def test_nobody_finds_or_changes_another_organisations_customer(database: Database, seeded: Seeded) -> None:
    other = an_organisation()
    mine = a_customer(seeded.organisation, tags=["Region:West"], recording_opt_out=True)
    theirs = a_customer(other.id, phone=mine.phone, tags=["Region:West", "Theirs"], recording_opt_out=True)
    async with database.begin() as work:
        await work.organisations.add(other)
    await added(database, mine)
    await added(database, theirs)
    async with database.begin(seeded.organisation) as work:
        customers: Customers = work.customers
        assert await customers.get(theirs.id) is None
        assert await customers.held(theirs.id) is None
        assert await customers.refusing_recording([mine.id, theirs.id]) == {mine.id}
        assert await customers.by_phone(mine.phone) == mine
        assert await customers.page(CustomerFilter(tags=["Region:West"]), 50) == ([mine], 1)
        assert await customers.page(CustomerFilter(search="Jordan"), 50) == ([mine], 1)
        assert await customers.count_any(["Theirs"]) == 0
        assert await customers.count_any(["Region:West", "Theirs"]) == 1
        assert await customers.tags() == ["Region:West"]
        assert not await customers.save(replace(theirs, name="Mine"), now=LATER)
        assert not await customers.delete(theirs.id)
        done = await customers.upsert([a_customer(seeded.organisation, phone=theirs.phone)], [frozenset()], now=LATER)
        assert done.ids == [mine.id]
        with pytest.raises(WrongOrganisationError):
            await customers.add(a_customer(other.id))
    async with database.read(other.id) as work:
        assert await work.customers.page(EVERYBODY, 50) == ([theirs], 1)
