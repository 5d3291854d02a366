"""Phones that may not be called any more, and when others were dialled, whatever becomes of their customers."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, select

from storage.dialing_tables import dialled, do_not_call
from storage.many import Insert, insert_many
from storage.tenancy import Tenancy


@dataclass(frozen=True, slots=True)
class LastDial:
    flow_id: str
    at: datetime


class Phones:
    def __init__(self, tenancy: Tenancy) -> None:
        self._tenancy = tenancy

    async def alone(self) -> None:
        """Nobody else sets or clears an opt-out of this organisation until the end of the transaction."""
        await self._tenancy.alone(do_not_call)

    async def opt_out(self, phones: Iterable[str], *, at: datetime) -> None:
        await self.alone()
        rows = [{"phone": phone, "since": at, "organisation_id": self._tenancy.organisation} for phone in phones]
        if rows:
            added = self._tenancy.tolerant_insert(do_not_call).on_conflict_do_nothing()
            await self._tenancy.connection.execute(added, rows)

    async def opt_in(self, phone: str) -> None:
        its = do_not_call.c.phone == phone, self._tenancy.mine(do_not_call)
        await self._tenancy.change(delete(do_not_call).where(*its))

    async def opted_out(self, phones: Collection[str]) -> frozenset[str]:
        """Those of them that are not to be called."""
        its = self._tenancy.among(do_not_call.c.phone, phones), self._tenancy.mine(do_not_call)
        return frozenset(row["phone"] for row in await self._tenancy.rows(select(do_not_call.c.phone).where(*its)))

    async def last_dials(self, phones: Collection[str]) -> dict[str, LastDial]:
        its = self._tenancy.among(dialled.c.phone, phones), self._tenancy.mine(dialled)
        rows = await self._tenancy.rows(select(dialled.c.phone, dialled.c.flow_id, dialled.c.at).where(*its))
        return {row["phone"]: LastDial(row["flow_id"], row["at"]) for row in rows}

    async def dialled(self, phones: Collection[str], flow_id: str, *, at: datetime) -> None:
        rows = [
            {"phone": phone, "flow_id": flow_id, "at": at, "organisation_id": self._tenancy.organisation}
            for phone in sorted(set(phones))
        ]
        if rows:
            await insert_many(self._tenancy.connection, dialled, rows, _latest)


def _latest(added: Insert) -> Insert:
    changed = {"flow_id": added.excluded.flow_id, "at": added.excluded.at}
    return added.on_conflict_do_update(index_elements=["organisation_id", "phone"], set_=changed)
