"""How long recordings are kept: rows let go of them first, in a transaction, and the files follow, whatever happens."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, delete, select, update

from storage.keeping_tables import recording_removals
from storage.many import insert_many
from storage.records import CallStatus
from storage.tables import calls, is_recorded, organisations
from storage.tenancy import Tenancy

GONE = ""
"""As a call's carrier recording: there is none to be heard, and it is not to be asked for."""


@dataclass(frozen=True, slots=True)
class Removal:
    """A recording that no call's row names any more. Written down until its files are gone."""

    call_id: str
    organisation_id: str
    node: str
    """The process that recorded it: its disk may hold the file."""
    path: str
    at: datetime


class Keeping:
    def __init__(self, tenancy: Tenancy) -> None:
        self._tenancy = tenancy

    async def limited(self) -> dict[str, int]:
        """Organisations that keep recordings for so many days."""
        days = organisations.c.recording_retention_days
        rows = await self._tenancy.rows(select(organisations.c.id, days).where(days.is_not(None)))
        return {row["id"]: row["recording_retention_days"] for row in rows}

    async def expire(self, before: datetime, limit: int, *, now: datetime) -> int:
        """Lets go of the recordings of calls that began before then, oldest first; how many. Another's are skipped."""
        return len(await self._let_go([calls.c.started_at < before, is_recorded], now=now, limit=limit))

    async def forget(self, customer_id: str, *, now: datetime) -> list[str]:
        """Lets go of those of a customer's calls that are over. Paths of what is to be removed."""
        gone = await self._let_go([calls.c.customer_id == customer_id], now=now)
        return [path for path in gone if path is not None]

    async def let_go(self, call_id: str, *, now: datetime) -> None:
        """Of one call that is over."""
        await self._let_go([calls.c.id == call_id], now=now)

    async def removals(self, limit: int, after: str = "") -> list[Removal]:
        """By the calls' ids, which sort by time; those that come after this one."""
        mine = self._tenancy.mine(recording_removals)
        later = select(recording_removals).where(recording_removals.c.call_id > after, mine)
        rows = await self._tenancy.rows(later.order_by(recording_removals.c.call_id).limit(limit))
        return [Removal(**row) for row in rows]

    async def removed(self, call_ids: Iterable[str]) -> None:
        its = self._tenancy.named(recording_removals.c.call_id, list(call_ids))
        await self._tenancy.change(delete(recording_removals).where(its))

    async def _let_go(
        self, which: Sequence[ColumnElement[bool]], *, now: datetime, limit: int | None = None
    ) -> list[str | None]:
        """For each call the path of what we had recorded."""
        its = [*which, calls.c.status == CallStatus.ENDED, self._tenancy.mine(calls)]
        columns = calls.c.id, calls.c.organisation_id, calls.c.node, calls.c.recording
        oldest = select(*columns).where(*its).order_by(calls.c.started_at).limit(limit)
        rows = await self._tenancy.rows(oldest.with_for_update(skip_locked=limit is not None))
        if not rows:
            return []
        held = self._tenancy.named(calls.c.id, [row["id"] for row in rows])
        await self._tenancy.change(update(calls).where(held).values(recording=None, carrier_recording=GONE))
        found = [_removal(row, now) for row in rows if row["recording"] is not None]
        if found:
            noted = [{name: getattr(one, name) for name in Removal.__slots__} for one in found]
            await insert_many(
                self._tenancy.connection, recording_removals, noted, lambda added: added.on_conflict_do_nothing()
            )
        return [row["recording"] for row in rows]


def _removal(row: Mapping[str, Any], now: datetime) -> Removal:
    return Removal(row["id"], row["organisation_id"], row["node"], row["recording"], now)
