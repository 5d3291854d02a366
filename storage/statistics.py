"""Calls that are over, counted as they end: what a million of them are told from in a few milliseconds."""

from __future__ import annotations

import operator
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Table, func, select, union_all

from storage.records import Call, CallType, Outcome, Sentiment
from storage.tables import call_days, call_hours, calls
from storage.tenancy import Tenancy

_NONE = ""
"""In a key, for what a call has not got."""


@dataclass(frozen=True, slots=True)
class Tally:
    """Of some calls that are over."""

    outcomes: Mapping[Outcome, int] = field(default_factory=dict)
    sentiments: Mapping[Sentiment, int] = field(default_factory=dict)
    seconds: float = 0.0
    """Of those that were connected, in all."""

    @property
    def calls(self) -> int:
        return sum(self.outcomes.values())


class Statistics:
    def __init__(self, tenancy: Tenancy) -> None:
        self._tenancy = tenancy

    async def ended(self, over: Iterable[Call]) -> None:
        """Counts calls, in the transaction that ends them."""
        days: dict[tuple[Any, ...], list[float]] = {}
        hours: Counter[tuple[Any, ...]] = Counter()
        for call in over:
            if call.outcome is None:
                raise ValueError("a call that is over has an outcome")
            started = call.started_at.astimezone(UTC)
            days.setdefault(_day(call), []).append(call.duration or 0.0)
            if call.call_type is not CallType.BROWSER:  # when somebody tried a flow says nothing of when people answer
                hours[call.organisation_id, call.flow_id or _NONE, started.hour * 2 + started.minute // 30] += 1
        # Always in the same order, so that no two transactions wait for each other.
        await self._add(call_days, [(*day, len(all_), sum(all_)) for day, all_ in sorted(days.items())])
        await self._add(call_hours, [(*hour, calls) for hour, calls in sorted(hours.items())])

    async def moved(self, before: Call, after: Call) -> None:
        """Counts a call that was counted `before` as what it is now. Its row must be held."""
        if _day(before) == _day(after):
            return
        steps = (_day(before), -1, -(before.duration or 0.0)), (_day(after), 1, after.duration or 0.0)
        await self._add(call_days, [(*day, calls, seconds) for day, calls, seconds in sorted(steps)])

    async def tally(
        self,
        *,
        flow_id: str | None = None,
        date_from: date | None = None,
        date_to: date | None = None,
    ) -> Tally:
        """Of the calls that started on these UTC days, both of them counted in."""
        bounds = (
            (call_days.c.flow_id, operator.eq, flow_id),
            (call_days.c.day, operator.ge, date_from),
            (call_days.c.day, operator.le, date_to),
        )
        wanted = [compare(column, bound) for column, compare, bound in bounds if bound is not None]
        return (await self._tallies(wanted))[_NONE]

    async def by_flow(self, flow_ids: Sequence[str]) -> dict[str, Tally]:
        """Of each flow that has had calls, over all its time; but for those from a browser, which only try it."""
        telephone = call_days.c.flow_id.in_(flow_ids), call_days.c.call_type != CallType.BROWSER
        return await self._tallies(telephone, call_days.c.flow_id)

    async def half_hours(self, flow_ids: Sequence[str]) -> dict[str, Counter[int]]:
        """Of each flow: calls by the half-hour of the UTC day in which they started, 0 to 47."""
        found: dict[str, Counter[int]] = {}
        rows = await self._tenancy.rows(
            select(call_hours.c.flow_id, call_hours.c.half_hour, call_hours.c.calls).where(
                call_hours.c.flow_id.in_(flow_ids), self._tenancy.mine(call_hours)
            )
        )
        for row in rows:
            found.setdefault(row["flow_id"], Counter())[row["half_hour"]] += row["calls"]
        return found

    async def since(self, starts: Mapping[str, datetime]) -> dict[str, int]:
        """Calls of each flow that started at its own time or later, live ones too, as in `by_flow`.

        Flow's id → that time.
        """
        flows_since: dict[datetime, list[str]] = {}
        for flow_id, start in starts.items():
            flows_since.setdefault(start, []).append(flow_id)
        if not flows_since:
            return {}
        # One after the other: an OR of times would have all calls of the organisation read.
        parts = [
            select(calls.c.flow_id, func.count().label("calls"))
            .where(
                calls.c.flow_id.in_(flow_ids),
                calls.c.started_at >= start,
                calls.c.call_type != CallType.BROWSER,
                self._tenancy.mine(calls),
            )
            .group_by(calls.c.flow_id)
            for start, flow_ids in flows_since.items()
        ]
        together = union_all(*parts).subquery()
        rows = await self._tenancy.rows(select(together))
        return {row["flow_id"]: row["calls"] for row in rows}

    async def _tallies(
        self, conditions: Sequence[ColumnElement[bool]], by: ColumnElement[Any] | None = None
    ) -> dict[str, Tally]:
        """In one pass: to group by what they were would sort all the rows first."""
        told = [
            *(func.sum(call_days.c.calls).filter(call_days.c.outcome == one).label(one) for one in Outcome),
            *(func.sum(call_days.c.calls).filter(call_days.c.sentiment == one).label(one) for one in Sentiment),
            func.sum(call_days.c.seconds).filter(call_days.c.outcome == Outcome.CONNECTED).label("seconds"),
        ]
        query = select(*told).where(self._tenancy.mine(call_days), *conditions)
        if by is not None:
            query = query.add_columns(by.label("by")).group_by(by)
        return {
            row.get("by", _NONE): Tally(
                {outcome: row[outcome] for outcome in Outcome if row[outcome]},
                {sentiment: row[sentiment] for sentiment in Sentiment if row[sentiment]},
                row["seconds"] or 0.0,
            )
            for row in await self._tenancy.rows(query)
        }

    async def _add(self, table: Table, rows: Sequence[tuple[Any, ...]]) -> None:
        """To the rows of those keys, which are made if there are none. Values in the order of the columns."""
        if not rows:
            return
        key = [column.name for column in table.primary_key]
        added = self._tenancy.tolerant_insert(table)
        changed = {column.name: column + added.excluded[column.name] for column in table.c if column.name not in key}
        await self._tenancy.connection.execute(
            added.on_conflict_do_update(index_elements=key, set_=changed),
            [dict(zip(table.c.keys(), row, strict=True)) for row in rows],
        )


def _day(call: Call) -> tuple[Any, ...]:
    """The key under which it is counted by day."""
    whose = call.organisation_id, call.flow_id or _NONE
    return *whose, call.started_at.astimezone(UTC).date(), call.call_type, call.outcome, call.sentiment or _NONE
