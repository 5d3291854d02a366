"""Calls by what they were: a page of them, newest first, and how many there are, told without counting a million."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any

from sqlalchemy import ColumnElement, FromClause, select

from storage.records import Call, CallStatus, CallType, Outcome, Sentiment
from storage.statistics import Statistics
from storage.tables import calls
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
_LIVE = frozenset(CallStatus) - {CallStatus.ENDED}

_EQUAL = ("call_type", "flow_id", "customer_id", "outcome", "sentiment")


async def found(tenancy: Tenancy, wanted: CallFilter, limit: int, offset: int) -> tuple[list[Call], int]:
    """A page, newest first, and how many there are in all."""
    source = _source(tenancy, wanted)
    total = await _count(tenancy, source, wanted) if source is not calls else await _told(tenancy, wanted)
    if offset >= total:
        return [], total
    matching = select(source.c.id).where(tenancy.mine(source), *_conditions(source, wanted))
    page = matching.order_by(*_newest(source)).limit(limit).offset(offset)
    # Only the ids are sorted and skipped: to do that with whole rows takes many times as long.
    rows = await tenancy.rows(select(calls).where(calls.c.id.in_(page)).order_by(*_newest(calls)))
    return [Call(**row) for row in rows], total


def _source(tenancy: Tenancy, wanted: CallFilter) -> FromClause:
    """Where to look: among the few that one good index gives, if there is such a one."""
    if wanted.is_live:
        return _few(tenancy, calls.c.status.in_(_LIVE))
    if wanted.customer_id is not None:
        return _few(tenancy, calls.c.customer_id == wanted.customer_id)
    return calls


async def _told(tenancy: Tenancy, wanted: CallFilter) -> int:
    """How many, by those that were counted as they ended, and those that are not over."""
    over = await Statistics(tenancy).tally(
        flow_id=wanted.flow_id,
        call_type=wanted.call_type,
        outcomes=[] if wanted.outcome is None else [wanted.outcome],
        sentiment=wanted.sentiment,
        date_from=wanted.date_from,
        date_to=wanted.date_to,
    )
    return over.calls + await _count(tenancy, _few(tenancy, calls.c.status.in_(_LIVE)), wanted)


async def _count(tenancy: Tenancy, source: FromClause, wanted: CallFilter) -> int:
    return await tenancy.count(select(source.c.id).where(*_conditions(source, wanted)))


def _few(tenancy: Tenancy, condition: ColumnElement[bool]) -> FromClause:
    """The calls of one condition, before anything else is asked of them.

    The offset, though of nothing, keeps every database from first looking among all calls of a flow or of an outcome.
    """
    columns = [calls.c[name] for name in ("id", "organisation_id", "started_at", *_EQUAL)]
    return select(*columns).where(tenancy.mine(calls), condition).offset(0).subquery("few")


def _conditions(source: FromClause, wanted: CallFilter) -> list[ColumnElement[bool]]:
    values = {name: getattr(wanted, name) for name in _EQUAL}
    conditions = [source.c[name] == value for name, value in values.items() if value is not None]
    if wanted.date_from is not None:
        conditions.append(source.c.started_at >= datetime.combine(wanted.date_from, time.min, UTC))
    if wanted.date_to is not None:
        conditions.append(source.c.started_at <= datetime.combine(wanted.date_to, time.max, UTC))
    return conditions


def _newest(source: FromClause) -> tuple[ColumnElement[Any], ColumnElement[Any]]:
    return source.c.started_at.desc(), source.c.id.desc()
