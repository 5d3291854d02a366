"""How long callers waited for answers: those of a window of time, the newest first, and never more than so many.

They come a few at a time, so that other calls are served between them.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, FromClause, Select, func, select

from storage.moment_records import MomentKind
from storage.records import TurnLatency
from storage.tables import call_moments, calls, turn_latencies
from storage.tenancy import Tenancy

LOOKED_AT = 20_000
"""Answers, and as many moments: of a busy hour of 30 calls at once all, of a busier time the newest."""
AT_ONCE = 250

_COLUMNS = [column for column in turn_latencies.c if column.name != "organisation_id"]


@dataclass(frozen=True, slots=True)
class Window:
    since: datetime
    """Counted in, as `until` is not."""
    until: datetime
    flow_id: str | None = None
    """None: of all flows."""


class AnswerTimes:
    def __init__(self, tenancy: Tenancy) -> None:
        self._tenancy = tenancy

    async def beginning(self, window: Window) -> datetime | None:
        """When the first answer that is looked at was measured, if there are others before it; else None."""
        at = turn_latencies.c.measured_at
        newest = select(at).where(at >= window.since, at < window.until, self._tenancy.mine(turn_latencies))
        last = await self._tenancy.rows(newest.order_by(at.desc()).offset(LOOKED_AT - 1).limit(2))
        return last[0]["measured_at"] if len(last) > 1 else None

    async def newest(self, window: Window) -> AsyncGenerator[list[TurnLatency], None]:
        """Those that are looked at, in batches."""
        its = self._within(select(*_COLUMNS), turn_latencies, turn_latencies.c.measured_at, window)
        async with self._tenancy.connection.stream(its) as found:
            async for rows in found.mappings().partitions(AT_ONCE):
                yield [TurnLatency(**row) for row in rows]

    async def moments(self, window: Window) -> dict[MomentKind, int]:
        noticed = call_moments.c.noticed_at
        kinds = select(call_moments.c.kind, call_moments.c.call_id)
        newest = self._within(kinds, call_moments, noticed, window).subquery("newest")
        counted = select(newest.c.kind, func.count().label("moments")).group_by(newest.c.kind)
        return {row["kind"]: row["moments"] for row in await self._tenancy.rows(counted)}

    def _within(self, rows: Select[Any], table: FromClause, at: ColumnElement[Any], window: Window) -> Select[Any]:
        """The flow is asked of the newest alone: to find some of a quiet one nobody reads a month of the others."""
        its = rows.where(at >= window.since, at < window.until, self._tenancy.mine(table))
        its = its.order_by(at.desc()).limit(LOOKED_AT)
        if window.flow_id is None:
            return its
        newest = its.subquery("of_all")
        of_flow = calls.c.id == newest.c.call_id, calls.c.flow_id == window.flow_id, self._tenancy.mine(calls)
        return select(newest).where(*of_flow)
