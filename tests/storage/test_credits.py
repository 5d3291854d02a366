"""Accounts of credits, and whose turn it is to write a letter."""

from __future__ import annotations

from dataclasses import replace

from storage.database import Database
from storage.dialing import CreditAccount
from storage.seed import Seeded
from tests.storage.samples import LATER, NOW, an_organisation


async def due(database: Database, seeded: Seeded) -> CreditAccount:
    async with database.begin(seeded.organisation) as work:
        account = await work.credits.held(now=NOW)
        await work.credits.save(replace(account, threshold=1, low_since=NOW, letter_due=NOW), now=NOW)
    (account,) = await letters(database)
    return account


async def letters(database: Database) -> list[CreditAccount]:
    async with database.read() as work:
        return await work.credits.letters_due(NOW, 10)


async def test_of_two_who_take_a_letter_one_gets_it(database: Database, seeded: Seeded) -> None:
    account = await due(database, seeded)
    for first in (True, False):
        async with database.begin(seeded.organisation) as work:
            assert await work.credits.letter(account, due=LATER, failed=0) is first
    assert await letters(database) == []


async def test_credits_that_came_in_meanwhile_leave_no_letter(database: Database, seeded: Seeded) -> None:
    account = await due(database, seeded)
    async with database.begin(seeded.organisation) as work:
        held = await work.credits.held(now=LATER)
        await work.credits.save(replace(held, low_since=None, letter_due=None), now=LATER)
    async with database.begin(seeded.organisation) as work:
        assert not await work.credits.letter(account, due=NOW, failed=1)
    assert await letters(database) == []


async def test_a_letter_is_settled_by_its_own_organisation_alone(database: Database, seeded: Seeded) -> None:
    account = await due(database, seeded)
    other = an_organisation()
    async with database.begin() as work:
        await work.organisations.add(other)
    async with database.begin(other.id) as work:
        assert not await work.credits.letter(account, due=None, failed=0)
    assert await letters(database) == [account]
