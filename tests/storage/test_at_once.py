"""What one transaction has looked at another one changes: neither fails for it, on whatever database."""

from __future__ import annotations

import asyncio

import pytest

from storage.assets import ContactList
from storage.database import Database
from storage.ids import LIST, new_id
from storage.migrations import migrate
from storage.seed import Seeded, seed
from tests.patience import until
from tests.storage.customer_samples import a_customer
from tests.storage.databases import Cluster
from tests.storage.samples import NOW, TOKEN
from tests.storage.test_postgresql import waits_for_a_lock


async def test_of_two_first_starts_at_once_one_makes_the_organisation(empty_url: str) -> None:
    await migrate(empty_url)
    async with Database(empty_url) as one, Database(empty_url) as other:
        both_in = asyncio.Barrier(2)

        async def start(database: Database) -> Seeded | None:
            await both_in.wait()
            async with database.begin() as work:
                return await seed(work, now=NOW, config={}, voice_config={}, language="en-IN", token=TOKEN)

        made = await asyncio.gather(start(one), start(other))
        assert sum(seeded is not None for seeded in made) == 1


@pytest.mark.parametrize("gone", ["customer", "list"])
async def test_who_goes_while_being_put_on_a_list_is_not_on_it(
    database: Database, seeded: Seeded, cluster: Cluster, gone: str
) -> None:
    owner = seeded.organisation
    leaving, staying = a_customer(owner), a_customer(owner)
    kept = ContactList(new_id(LIST), owner, "List", NOW, NOW)
    async with database.begin(owner) as work:
        await work.customers.append([leaving, staying])
        await work.lists.add(kept)

    async def put() -> int:
        async with database.begin(owner) as work:
            return await work.lists.put(kept.id, [leaving.id, staying.id])

    async with database.begin(owner) as work:
        assert await (work.customers.delete(leaving.id) if gone == "customer" else work.lists.delete(kept.id))
        putting = asyncio.create_task(put())
        await until(lambda: waits_for_a_lock(database))
    assert await putting == (1 if gone == "customer" else 0)
    async with database.read(owner) as work:
        assert await work.lists.sizes([kept.id]) == ({kept.id: 1} if gone == "customer" else {})
