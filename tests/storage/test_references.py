"""No row names another organisation's: the database itself refuses it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import insert, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.asset_tables import contact_list_members, customer_tags, customers, tags
from storage.assets import ContactList
from storage.database import Database, UnitOfWork
from storage.ids import LIST, new_id
from storage.seed import Seeded
from tests.storage.customer_samples import a_customer
from tests.storage.samples import NOW, an_organisation


def connection_of(work: UnitOfWork) -> AsyncConnection:
    return work.keys._tenancy.connection


class Neighbours:
    """Each of two organisations has a list, and a customer with a tag. Tables → what each of theirs is called."""

    def __init__(self, one: str, other: str) -> None:
        self.organisations = one, other
        self.lists = {owner: new_id(LIST) for owner in self.organisations}
        self.customers = {owner: a_customer(owner, tags=["VIP"]) for owner in self.organisations}
        self.numbers: dict[str, int] = {}
        self.tags: dict[str, int] = {}

    async def move_in(self, database: Database) -> None:
        for owner in self.organisations:
            async with database.begin(owner) as work:
                await work.lists.add(ContactList(self.lists[owner], owner, "List", NOW, NOW))
                assert await work.customers.add(self.customers[owner])
                connection = connection_of(work)
                its = customers.c.organisation_id == owner
                self.numbers[owner] = (await connection.execute(select(customers.c.number).where(its))).scalar_one()
                its = tags.c.organisation_id == owner
                self.tags[owner] = (await connection.execute(select(tags.c.number).where(its))).scalar_one()


@pytest.fixture
async def neighbours(database: Database, seeded: Seeded) -> Neighbours:
    other = an_organisation()
    async with database.begin() as work:
        await work.organisations.add(other)
    neighbours = Neighbours(seeded.organisation, other.id)
    await neighbours.move_in(database)
    return neighbours


@pytest.mark.parametrize(("list_of", "customer_of"), [(0, 1), (1, 0), (1, 1)])
async def test_no_list_has_another_organisations_customer_on_it(
    database: Database, neighbours: Neighbours, list_of: int, customer_of: int
) -> None:
    one, *_ = owners = neighbours.organisations
    row = {
        "organisation_id": one,
        "list_id": neighbours.lists[owners[list_of]],
        "customer": neighbours.numbers[owners[customer_of]],
    }
    with pytest.raises(IntegrityError):
        async with database.begin() as work:
            await connection_of(work).execute(insert(contact_list_members), row)


@pytest.mark.parametrize(("tag_of", "customer_of"), [(0, 1), (1, 0), (1, 1)])
async def test_no_customer_has_another_organisations_tag(
    database: Database, neighbours: Neighbours, tag_of: int, customer_of: int
) -> None:
    one, *_ = owners = neighbours.organisations
    row = {
        "organisation_id": one,
        "tag": neighbours.tags[owners[tag_of]],
        "customer": neighbours.numbers[owners[customer_of]],
    }
    with pytest.raises(IntegrityError):
        async with database.begin() as work:
            await connection_of(work).execute(insert(customer_tags), row)


async def test_a_customer_that_goes_leaves_its_lists_and_tags_and_no_other(
    database: Database, neighbours: Neighbours
) -> None:
    for owner in neighbours.organisations:
        customer = neighbours.customers[owner]
        async with database.begin(owner) as work:
            assert await work.lists.put(neighbours.lists[owner], [customer.id]) == 1
            assert await work.customers.save(replace(customer, tags=["VIP", "Loyal"]), now=NOW)
    one, other = neighbours.organisations
    async with database.begin(one) as work:
        assert await work.customers.delete(neighbours.customers[one].id)
    async with database.read() as work:
        for table in (contact_list_members, customer_tags):
            left = await connection_of(work).execute(select(table.c.organisation_id))
            assert set(left.scalars()) == {other}, table.name
