"""Flows: inbound lines and outbound campaigns."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, case, delete, false, or_, select, true, update

from storage.asset_tables import phone_numbers
from storage.dialing_tables import runs
from storage.records import Flow, FlowKind, FlowStatus
from storage.selection import queued
from storage.tables import flows
from storage.tenancy import Tenancy, values


class Flows:
    def __init__(self, tenancy: Tenancy) -> None:
        self._tenancy = tenancy

    async def add(self, flow: Flow) -> None:
        await self._tenancy.add(flows, flow)

    async def get(self, flow_id: str) -> Flow | None:
        row = await self._tenancy.row(select(flows).where(flows.c.id == flow_id, self._mine))
        return None if row is None else Flow(**row)

    async def agents_of(self, flow_ids: Collection[str]) -> dict[str, str | None]:
        """Flow → its agent. One that was deleted has none."""
        its = self._tenancy.among(flows.c.id, flow_ids), self._mine
        return {
            row["id"]: row["agent_id"]
            for row in await self._tenancy.rows(select(flows.c.id, flows.c.agent_id).where(*its))
        }

    async def held(self, flow_id: str) -> Flow | None:
        """As `get`, and nobody else changes it until the end of the transaction."""
        row = await self._tenancy.held(select(flows).where(flows.c.id == flow_id, self._mine))
        return None if row is None else Flow(**row)

    async def every(self) -> list[Flow]:
        """Oldest first."""
        rows = await self._tenancy.rows(select(flows).where(self._mine).order_by(flows.c.id))
        return [Flow(**row) for row in rows]

    async def page(
        self, limit: int, offset: int = 0, *, kind: FlowKind | None = None, status: FlowStatus | None = None
    ) -> tuple[list[Flow], int]:
        """A page, newest first, and how many there are in all."""
        asked = [(flows.c.kind == kind, kind), (flows.c.status == status, status)]
        wanted = [self._mine, *(condition for condition, value in asked if value is not None)]
        rows = await self._tenancy.rows(
            select(flows).where(*wanted).order_by(flows.c.id.desc()).limit(limit).offset(offset)
        )
        return [Flow(**row) for row in rows], await self._tenancy.count(select(flows.c.id).where(*wanted))

    async def for_line(self, account: str | None, number: str | None) -> Flow | None:
        """The active inbound flow that a call to `number` on the carrier's `account` belongs to.

        One that names the account goes before one that takes any; a demo flow takes what finds none, whatever its
        number. Of several, the oldest. None if the call is nobody's.
        """
        own_line = false() if number is None else flows.c.phone_number == number
        own_account = flows.c.account_sid == account
        any_account = flows.c.account_sid.is_(None)
        row = await self._tenancy.row(
            select(flows)
            .where(
                flows.c.kind == FlowKind.INBOUND,
                flows.c.status == FlowStatus.ACTIVE,
                or_(own_line & (own_account | any_account), flows.c.is_demo),
                self._mine,
            )
            .order_by(case((own_line & own_account, 0), (own_line & any_account, 1), else_=2), flows.c.id)
        )
        return None if row is None else Flow(**row)

    async def line_is_free(self, flow: Flow) -> bool:
        """Whether no other active inbound flow, of whatever organisation, has its number on its account.

        Nor may another organisation have registered that number as one of its own.

        Within an organisation one that takes any account may stand beside those that name theirs, and gets what they
        leave; of two organisations it would take the other's calls, or lose them to it. Nobody else can take a line
        until the end of the transaction. A flow without a number has no line.
        """
        if flow.phone_number is None:
            return True
        same_account = flows.c.account_sid == flow.account_sid  # None asks for NULL
        any_account = flows.c.account_sid.is_(None) if flow.account_sid is not None else true()
        rival = select(flows.c.id).where(
            flows.c.kind == FlowKind.INBOUND,
            flows.c.status == FlowStatus.ACTIVE,
            flows.c.phone_number == flow.phone_number,
            same_account | ((flows.c.organisation_id != flow.organisation_id) & any_account),
            flows.c.id != flow.id,
        )
        registered = select(phone_numbers.c.id).where(
            phone_numbers.c.number == flow.phone_number, phone_numbers.c.organisation_id != flow.organisation_id
        )
        async with self._tenancy.unbound() as everybody:
            await everybody.alone(flows)
            return await everybody.row(rival) is None and await everybody.row(registered) is None

    async def with_list(self, list_id: str, statuses: Iterable[FlowStatus]) -> bool:
        """Whether a flow in one of those states calls the customers on a list."""
        using = flows.c.contact_list_id == list_id, flows.c.status.in_(list(statuses)), self._mine
        return await self._tenancy.row(select(flows.c.id).where(*using)) is not None

    async def dialling(self) -> list[Flow]:
        """Campaigns that are active, oldest first."""
        active = flows.c.kind == FlowKind.OUTBOUND, flows.c.status == FlowStatus.ACTIVE, self._mine
        return [Flow(**row) for row in await self._tenancy.rows(select(flows).where(*active).order_by(flows.c.id))]

    async def to_be_dialled(self) -> bool:
        """Whether any campaign is active or scheduled."""
        states = [FlowStatus.ACTIVE, FlowStatus.SCHEDULED]
        its = flows.c.kind == FlowKind.OUTBOUND, flows.c.status.in_(states), self._mine
        return await self._tenancy.row(select(flows.c.id).where(*its)) is not None

    async def scheduled(self, *, before: datetime) -> list[Flow]:
        """Campaigns whose time has come, the longest due first."""
        due = flows.c.status == FlowStatus.SCHEDULED, flows.c.start_at <= before, self._mine
        return [Flow(**row) for row in await self._tenancy.rows(select(flows).where(*due).order_by(flows.c.start_at))]

    async def cancelled_with_waiting(self) -> list[Flow]:
        """Campaigns that were cancelled while people waited to be called."""
        waiting = select(runs.c.flow_id).where(runs.c.flow_id == flows.c.id, runs.c.pending + runs.c.retry > 0)
        its = flows.c.status == FlowStatus.CANCELLED, waiting.exists(), self._mine
        return [Flow(**row) for row in await self._tenancy.rows(select(flows).where(*its))]

    async def fail_to_start(self, flow_id: str, *, now: datetime, reason: str) -> bool:
        """A scheduled campaign is a draft again. False if it was none any more."""
        return await self.move(
            flow_id, now=now, to=FlowStatus.DRAFT, only_from={FlowStatus.SCHEDULED}, start_at=None, pause_reason=reason
        )

    async def queued(self, flow: Flow, now: datetime) -> int:
        """How many customers it would call if it were launched at `now`."""
        return await self._tenancy.count(queued(self._tenancy, flow, now))

    async def save(self, flow: Flow, *, now: datetime) -> bool:
        """Writes every field but its status. False if it is gone."""
        changed = values(replace(flow, updated_at=now))
        for fixed in ("id", "organisation_id", "created_at", "status"):
            del changed[fixed]
        return await self._tenancy.change(update(flows).where(flows.c.id == flow.id, self._mine).values(changed)) == 1

    async def move(
        self, flow_id: str, *, now: datetime, to: FlowStatus, only_from: Iterable[FlowStatus], **more: Any
    ) -> bool:
        """Sets the fields in `more` with the state. False if it was in none of those states any more."""
        moved = (
            update(flows)
            .where(flows.c.id == flow_id, flows.c.status.in_(list(only_from)), self._mine)
            .values(status=to, updated_at=now, **more)
        )
        return await self._tenancy.change(moved) == 1

    async def delete(self, flow_id: str) -> bool:
        """Its calls stay. False if it was gone."""
        return await self._tenancy.change(delete(flows).where(flows.c.id == flow_id, self._mine)) == 1

    @property
    def _mine(self) -> ColumnElement[bool]:
        return self._tenancy.mine(flows)
