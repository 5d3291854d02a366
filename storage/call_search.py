"""Calls by what they were: a page of them, newest first, and how many there are, told without counting a million.

How many started on which day is known of those that are over, and counted of the few that are not. So only the days
that a page is of are looked at, however far down the list it is.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from sqlalchemy import ColumnElement, FromClause, func, select, union_all

from storage.records import LIVE, Call, CallType, Outcome, Sentiment
from storage.tables import call_days, calls
from storage.tenancy import Tenancy


@dataclass(frozen=True, slots=True)
class CallFilter:
    """None: not asked for."""

    call_type: CallType | None = None
    flow_id: str | None = None
    customer_id: str | None = None
    outcome: Outcome | None = None
    sentiment: Sentiment | None = None
    date_from: date | None = None
    """The UTC day on which a call started, as `date_to`; both are counted in."""
    date_to: date | None = None
    is_live: bool = False
    """Only those that are not over."""


EVERY_CALL = CallFilter()

_EQUAL = ("call_type", "flow_id", "customer_id", "outcome", "sentiment")


async def found(tenancy: Tenancy, wanted: CallFilter, limit: int, offset: int) -> tuple[list[Call], int]:
    """A page, newest first, and how many there are in all."""
    if wanted.is_live:
        return await _among(tenancy, _few(tenancy, calls.c.status.in_(LIVE)), wanted, limit, offset)
    if wanted.customer_id is not None:
        return await _among(tenancy, _few(tenancy, calls.c.customer_id == wanted.customer_id), wanted, limit, offset)
    counts = await _counts(tenancy, wanted)
    days, skipped = days_of_page(counts, limit, offset)
    if not days:
        return [], counts.total()
    matching = select(calls.c.id, calls.c.started_at).where(tenancy.mine(calls), *_equal(calls, wanted))
    # One after the other: of days that are far apart, some databases would rather read all between them.
    parts = [matching.where(calls.c.started_at.between(*_bounds(*stretch))) for stretch in stretches(days)]
    return await _page(tenancy, union_all(*parts).subquery("parts"), limit, offset - skipped), counts.total()


def days_of_page(counts: Counter[date], limit: int, offset: int) -> tuple[list[date], int]:
    """The days that hold a page, newest first, and how many calls come before all of theirs."""
    days, before, seen = [], 0, 0
    for day in sorted(counts, reverse=True):
        if seen >= offset + limit:
            break
        seen += counts[day]
        if seen > offset:
            days.append(day)
        else:
            before = seen
    return days, before


def stretches(days: Sequence[date]) -> list[tuple[date, date]]:
    """First and last day of each run of days without a gap. `days` are newest first, as the stretches are."""
    found: list[tuple[date, date]] = []
    for day in days:
        if found and found[-1][0] - day == timedelta(days=1):
            found[-1] = day, found[-1][1]
        else:
            found.append((day, day))
    return found


async def _counts(tenancy: Tenancy, wanted: CallFilter) -> Counter[date]:
    """Calls by the day on which they started."""
    bounds = [call_days.c.day >= (wanted.date_from or date.min), call_days.c.day <= (wanted.date_to or date.max)]
    # Flow by flow, as the rows lie: to group them all by their days, SQLite would sort them first.
    of_flows = (
        select(call_days.c.day, func.sum(call_days.c.calls).label("calls"))
        .where(tenancy.mine(call_days), *_equal(call_days, wanted), *bounds)
        .group_by(call_days.c.flow_id, call_days.c.day)
        .subquery("of_flows")
    )
    over = select(of_flows.c.day, func.sum(of_flows.c.calls).label("calls")).group_by(of_flows.c.day)
    counts = Counter({row["day"]: int(row["calls"]) for row in await tenancy.rows(over)})  # a sum of sums is a decimal
    few = _few(tenancy, calls.c.status.in_(LIVE))
    live = await tenancy.rows(select(few.c.started_at).where(*_conditions(few, wanted)))
    return counts + Counter(row["started_at"].date() for row in live)


async def _among(
    tenancy: Tenancy, few: FromClause, wanted: CallFilter, limit: int, offset: int
) -> tuple[list[Call], int]:
    matching = select(few.c.id, few.c.started_at).where(*_conditions(few, wanted))
    total = await tenancy.count(matching)
    return (await _page(tenancy, matching.subquery("matching"), limit, offset) if offset < total else []), total


async def _page(tenancy: Tenancy, matching: FromClause, limit: int, offset: int) -> list[Call]:
    """Only ids are sorted and skipped: to do that with whole rows takes many times as long."""
    ids = select(matching.c.id).order_by(*_newest(matching)).limit(limit).offset(offset)
    rows = await tenancy.rows(select(calls).where(calls.c.id.in_(ids)).order_by(*_newest(calls)))
    return [Call(**row) for row in rows]


def _few(tenancy: Tenancy, condition: ColumnElement[bool]) -> FromClause:
    """The calls of one condition, before anything else is asked of them.

    The offset, though of nothing, keeps every database from first looking among all calls of a flow or of an outcome.
    """
    columns = [calls.c[name] for name in ("id", "started_at", *_EQUAL)]
    return select(*columns).where(tenancy.mine(calls), condition).offset(0).subquery("few")


def _conditions(source: FromClause, wanted: CallFilter) -> list[ColumnElement[bool]]:
    days = _bounds(wanted.date_from or date.min, wanted.date_to or date.max)
    return [*_equal(source, wanted), source.c.started_at.between(*days)]


def _equal(source: FromClause, wanted: CallFilter) -> list[ColumnElement[bool]]:
    values = {name: getattr(wanted, name) for name in _EQUAL}
    return [source.c[name] == value for name, value in values.items() if value is not None]


def _bounds(first: date, last: date) -> tuple[datetime, datetime]:
    """In UTC."""
    return datetime.combine(first, time.min, UTC), datetime.combine(last, time.max, UTC)


def _newest(source: FromClause) -> tuple[ColumnElement[Any], ColumnElement[Any]]:
    return source.c.started_at.desc(), source.c.id.desc()
