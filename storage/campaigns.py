"""Outbound flows with what stands beside them: a page of them, live calls, and who is on their lists."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, fields
from datetime import datetime

from sqlalchemy import ColumnElement, Select, select, union_all

from storage.asset_tables import contact_list_members, customers
from storage.assets import Customer
from storage.records import LIVE, CallStatus, CallType, Flow, FlowKind, FlowStatus
from storage.tables import calls, flows
from storage.tenancy import Tenancy

SLICE = 100
"""Lists in one statement: databases have a limit to how many selects they put together."""
_FIELDS = [customers.c[field.name] for field in fields(Customer)]


@dataclass(frozen=True, slots=True)
class CampaignFilter:
    """None: not asked for. A time from `…_from` on and before `…_before`."""

    id: str | None = None
    statuses: Collection[FlowStatus] | None = None
    """Any of them."""
    created_from: datetime | None = None
    created_before: datetime | None = None
    updated_from: datetime | None = None
    updated_before: datetime | None = None


@dataclass(frozen=True, slots=True)
class LiveCall:
    """A call that is not over, as far as its campaign is concerned."""

    id: str
    flow_id: str
    status: CallStatus
    started_at: datetime


class Campaigns:
    def __init__(self, tenancy: Tenancy) -> None:
        self._tenancy = tenancy

    async def page(
        self, wanted: CampaignFilter, limit: int, offset: int = 0, *, oldest_first: bool = False
    ) -> tuple[list[Flow], int]:
        """A page by the time they were made, and how many there are in all."""
        conditions = [flows.c.kind == FlowKind.OUTBOUND, self._tenancy.mine(flows), *_conditions(wanted)]
        columns = [flows.c.created_at, flows.c.id]
        order = columns if oldest_first else [column.desc() for column in columns]
        found = select(flows).where(*conditions).order_by(*order).limit(limit).offset(offset)
        total = await self._tenancy.count(select(flows.c.id).where(*conditions))
        return [Flow(**row) for row in await self._tenancy.rows(found)], total

    async def live(self, flow_ids: Collection[str]) -> dict[str, list[LiveCall]]:
        """Calls that are not over, by flow, oldest first. Those from a browser are none of a campaign's."""
        # All of the organisation's, since with flows in the condition a database may go through all of their calls.
        rows = await self._tenancy.rows(
            select(calls.c.id, calls.c.flow_id, calls.c.status, calls.c.started_at)
            .where(calls.c.status.in_(LIVE), calls.c.call_type != CallType.BROWSER, self._tenancy.mine(calls))
            .order_by(calls.c.id)
        )
        found: dict[str, list[LiveCall]] = {}
        for row in rows:
            if row["flow_id"] in flow_ids:
                found.setdefault(row["flow_id"], []).append(LiveCall(**row))
        return found

    async def members(self, list_ids: Sequence[str], most: int) -> dict[str, list[Customer]]:
        """The first `most` customers on each contact list, by its id."""
        found: dict[str, list[Customer]] = {}
        for some in _sliced(list(dict.fromkeys(list_ids))):
            firsts = union_all(*(self._first(one, most) for one in some)).subquery()
            places = await self._tenancy.rows(select(*firsts.c))
            numbers = {place["customer"] for place in places}
            rows = await self._tenancy.rows(
                select(customers.c.number, *_FIELDS).where(
                    customers.c.number.in_(numbers), self._tenancy.mine(customers)
                )
            )
            known = {row.pop("number"): Customer(**row) for row in rows}
            for place in places:
                found.setdefault(place["list_id"], []).append(known[place["customer"]])
        return found

    def _first(self, list_id: str, most: int) -> Select[str, int]:
        members = contact_list_members
        mine = members.c.list_id == list_id, self._tenancy.mine(members)
        first = select(members.c.list_id, members.c.customer).where(*mine).order_by(members.c.customer).limit(most)
        return select(*first.subquery().c)


def _conditions(wanted: CampaignFilter) -> Iterator[ColumnElement[bool]]:
    if wanted.id is not None:
        yield flows.c.id == wanted.id
    if wanted.statuses is not None:
        yield flows.c.status.in_(list(wanted.statuses))
    if wanted.created_from is not None:
        yield flows.c.created_at >= wanted.created_from
    if wanted.created_before is not None:
        yield flows.c.created_at < wanted.created_before
    if wanted.updated_from is not None:
        yield flows.c.updated_at >= wanted.updated_from
    if wanted.updated_before is not None:
        yield flows.c.updated_at < wanted.updated_before


def _sliced(items: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(items), SLICE):
        yield items[start : start + SLICE]
