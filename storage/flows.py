"""Flows: inbound lines and outbound campaigns."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from sqlalchemy import case, delete, or_, select, update

from storage.records import Flow, FlowKind, FlowStatus
from storage.tables import flows
from storage.tenancy import Tenancy, values


class Flows:
    def __init__(self, tenancy: Tenancy) -> None:
        self._tenancy = tenancy

    async def add(self, flow: Flow) -> None:
        await self._tenancy.add(flows, flow)

    async def get(self, flow_id: str) -> Flow | None:
        row = await self._tenancy.row(select(flows).where(flows.c.id == flow_id, self._tenancy.mine(flows)))
        return None if row is None else Flow(**row)

    async def every(self) -> list[Flow]:
        """Oldest first."""
        rows = await self._tenancy.rows(select(flows).where(self._tenancy.mine(flows)).order_by(flows.c.id))
        return [Flow(**row) for row in rows]

    async def for_line(self, account: str | None, number: str | None) -> Flow | None:
        """The active inbound flow that a call to `number` on the carrier's `account` belongs to.

        One that names the account goes before one that takes any; a demo flow takes what finds none, whatever its
        number. Of several, the oldest. None if the call is nobody's.
        """
        own_line = flows.c.phone_number == number
        own_account = flows.c.account_sid == account
        any_account = flows.c.account_sid.is_(None)
        row = await self._tenancy.row(
            select(flows)
            .where(
                flows.c.kind == FlowKind.INBOUND,
                flows.c.status == FlowStatus.ACTIVE,
                or_(own_line & (own_account | any_account), flows.c.is_demo),
                self._tenancy.mine(flows),
            )
            .order_by(case((own_line & own_account, 0), (own_line & any_account, 1), else_=2), flows.c.id)
        )
        return None if row is None else Flow(**row)

    async def save(self, flow: Flow, *, now: datetime) -> bool:
        """Writes every field but its status. False if it is gone."""
        changed = values(replace(flow, updated_at=now))
        for fixed in ("id", "organisation_id", "created_at", "status"):
            del changed[fixed]
        mine = self._tenancy.mine(flows)
        return await self._tenancy.change(update(flows).where(flows.c.id == flow.id, mine).values(changed)) == 1

    async def move(self, flow_id: str, *, now: datetime, to: FlowStatus, only_from: frozenset[FlowStatus]) -> bool:
        """False if it was in none of those states any more."""
        moved = (
            update(flows)
            .where(flows.c.id == flow_id, flows.c.status.in_(only_from), self._tenancy.mine(flows))
            .values(status=to, updated_at=now)
        )
        return await self._tenancy.change(moved) == 1

    async def delete(self, flow_id: str) -> bool:
        """Its calls stay. False if it was gone."""
        return await self._tenancy.change(delete(flows).where(flows.c.id == flow_id, self._tenancy.mine(flows))) == 1
