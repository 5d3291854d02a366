"""Transfers of calls to human agents, from the wish to what came of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from datetime import datetime

from sqlalchemy import ColumnElement, select

from storage.kept import Kept
from storage.queue_tables import transfers
from storage.records import CallStatus
from storage.tables import calls
from storage.tenancy import Tenancy
from storage.transfer_records import ON_ITS_WAY, Transfer, TransferState


class Transfers(Kept[Transfer]):
    def __init__(self, tenancy: Tenancy) -> None:
        super().__init__(tenancy, transfers, Transfer)

    async def alone(self) -> None:
        """Nobody else chooses among this organisation's human agents until the end of the transaction."""
        await self._tenancy.alone(transfers)

    async def of(self, call_id: str) -> list[Transfer]:
        """Oldest first."""
        return await self.every(transfers.c.call_id == call_id)

    async def to(self, queue_id: str, limit: int, offset: int = 0) -> tuple[list[Transfer], int]:
        """A page of those to a queue, newest first, and how many there are in all."""
        its = transfers.c.queue_id == queue_id, self._mine
        newest = select(transfers).where(*its).order_by(transfers.c.id.desc()).limit(limit).offset(offset)
        rows = await self._tenancy.rows(newest)
        return [Transfer(**row) for row in rows], await self._tenancy.count(select(transfers.c.id).where(*its))

    async def latest(self, call_id: str) -> Transfer | None:
        return await self._latest(transfers.c.call_id == call_id)

    async def by_carrier_call(self, carrier_call: str) -> Transfer | None:
        """The latest of a call that the carrier has by this id."""
        return await self._latest(transfers.c.carrier_call == carrier_call)

    async def places_taken(self, phones: Collection[str]) -> Counter[str]:
        """By phone: calls that are on their way to it, or that it is talking in."""
        its = self._tenancy.among(transfers.c.phone, phones), transfers.c.ended_at.is_(None), self._mine
        return Counter(row["phone"] for row in await self._tenancy.rows(select(transfers.c.phone).where(*its)))

    async def waiting(self, queue_ids: Collection[str]) -> Counter[str]:
        """By queue: callers whom nobody has answered yet."""
        its = (
            self._tenancy.among(transfers.c.queue_id, queue_ids),
            transfers.c.ended_at.is_(None),
            transfers.c.state.in_(ON_ITS_WAY),
            self._mine,
        )
        return Counter(row["queue_id"] for row in await self._tenancy.rows(select(transfers.c.queue_id).where(*its)))

    async def begun_on(self, node: str) -> list[Transfer]:
        """Those of calls on that node's lines of which the carrier knows nothing yet.

        Nobody else changes them until the end of the transaction.
        """
        its = (
            calls.c.node == node,
            calls.c.status == CallStatus.TRANSFERRING,
            transfers.c.state == TransferState.INITIATED,
            transfers.c.ended_at.is_(None),
            self._mine,
        )
        begun = select(transfers).join(calls, calls.c.id == transfers.c.call_id).where(*its).order_by(transfers.c.id)
        rows = await self._tenancy.rows(begun.with_for_update(of=transfers, key_share=True))
        return [Transfer(**row) for row in rows]

    async def to_look_after(self, now: datetime, limit: int) -> list[Transfer]:
        """Those of which nothing was heard in time, the longest first."""
        late = select(transfers).where(transfers.c.look_at <= now, self._mine).order_by(transfers.c.look_at)
        return [Transfer(**row) for row in await self._tenancy.rows(late.limit(limit))]

    async def _latest(self, its: ColumnElement[bool]) -> Transfer | None:
        row = await self._tenancy.row(select(transfers).where(its, self._mine).order_by(transfers.c.id.desc()))
        return None if row is None else Transfer(**row)
