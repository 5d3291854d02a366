"""What an organisation has left to spend, and every entry that made it so."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields, replace
from datetime import datetime

from sqlalchemy import select, update

from storage.dialing import CreditAccount, CreditEntry, EntryKind
from storage.dialing_tables import credit_accounts, credit_entries
from storage.ids import CREDIT, new_id
from storage.tenancy import Tenancy


class Credits:
    """Of a bound unit of work, but for what says otherwise."""

    def __init__(self, tenancy: Tenancy) -> None:
        self._tenancy = tenancy

    async def account(self) -> CreditAccount | None:
        """None: nothing was ever set, added or spent."""
        mine = self._tenancy.mine(credit_accounts)
        row = await self._tenancy.row(select(credit_accounts).where(mine))
        return None if row is None else CreditAccount(**row)

    async def held(self, *, now: datetime) -> CreditAccount:
        """The account, made if there was none; nobody else changes it until the end of the transaction."""
        assert self._tenancy.organisation is not None
        fresh = CreditAccount(self._tenancy.organisation, updated_at=now)
        row = {field.name: getattr(fresh, field.name) for field in fields(CreditAccount)}
        added = self._tenancy.tolerant_insert(credit_accounts).values(row).on_conflict_do_nothing()
        await self._tenancy.connection.execute(added)
        held = select(credit_accounts).where(self._tenancy.mine(credit_accounts)).with_for_update()
        found = await self._tenancy.row(held)
        assert found is not None
        return CreditAccount(**found)

    async def save(self, account: CreditAccount, *, now: datetime) -> None:
        """Every field. It must be held."""
        changed = {field.name: getattr(account, field.name) for field in fields(CreditAccount)}
        del changed["organisation_id"]
        its = update(credit_accounts).where(credit_accounts.c.organisation_id == account.organisation_id)
        await self._tenancy.change(its.values({**changed, "updated_at": now}))

    async def enter(
        self,
        account: CreditAccount,
        entries: Sequence[tuple[EntryKind, int, str | None, str | None, str]],
        *,
        at: datetime,
    ) -> CreditAccount:
        """Entries of kind, amount, call, flow and note; the account after them, not saved yet. It must be held."""
        rows = []
        for kind, amount, call_id, flow_id, note in entries:
            account = replace(account, balance=account.balance + amount)
            rows.append(
                CreditEntry(
                    new_id(CREDIT),
                    account.organisation_id,
                    kind,
                    amount,
                    account.balance,
                    at,
                    call_id=call_id,
                    flow_id=flow_id,
                    note=note,
                )
            )
        if rows:
            await self._tenancy.add_many(credit_entries, rows)
        return account

    async def page(self, limit: int, offset: int = 0) -> tuple[list[CreditEntry], int]:
        """Newest first, and how many there are in all."""
        mine = self._tenancy.mine(credit_entries)
        newest = select(credit_entries).where(mine).order_by(credit_entries.c.id.desc()).limit(limit).offset(offset)
        rows = await self._tenancy.rows(newest)
        return [CreditEntry(**row) for row in rows], await self._tenancy.count(select(credit_entries.c.id).where(mine))

    async def low(self) -> frozenset[str]:
        """Organisations that are below their threshold."""
        below = credit_accounts.c.low_since.is_not(None), self._tenancy.mine(credit_accounts)
        rows = await self._tenancy.rows(select(credit_accounts.c.organisation_id).where(*below))
        return frozenset(row["organisation_id"] for row in rows)

    async def letters_due(self, now: datetime, limit: int) -> list[CreditAccount]:
        """Of all organisations: those whose owner is to be written to."""
        due = select(credit_accounts).where(credit_accounts.c.letter_due <= now, self._tenancy.mine(credit_accounts))
        rows = await self._tenancy.rows(due.order_by(credit_accounts.c.letter_due).limit(limit))
        return [CreditAccount(**row) for row in rows]

    async def letter(self, account: CreditAccount, *, due: datetime | None, failed: int) -> bool:
        """When the owner is to be written to next. False if somebody else has seen to the letter that was due."""
        its = (
            credit_accounts.c.organisation_id == account.organisation_id,
            credit_accounts.c.letter_due == account.letter_due,
            self._tenancy.mine(credit_accounts),
        )
        changed = update(credit_accounts).where(*its).values(letter_due=due, letters_failed=failed)
        return await self._tenancy.change(changed) == 1
