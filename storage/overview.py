"""What waits in the database, of everybody: a few small counts for those who watch over the server."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Table, func, select

from storage.analysis_tables import analyses
from storage.dialing_tables import attempts, runs
from storage.records import FlowStatus
from storage.tables import flows, outbox
from storage.tenancy import Tenancy


@dataclass(frozen=True, slots=True)
class Overview:
    active: int
    """Campaigns that call."""
    paused: int
    """Campaigns that somebody has paused."""
    stopped: int
    """Campaigns that were paused by the server, and say why."""
    contacts_waiting: int
    """Of the active ones, as the rest."""
    contacts_in_flight: int
    attempts_late_since: datetime | None
    """When the attempt was to be looked after that has waited longest for it. It may be to come."""
    events: int
    """In the outbox."""
    events_since: datetime | None
    analyses: int
    """Asked for, and not made yet."""
    analyses_since: datetime | None
    """When the first of them is due: to come, if it is tried again."""


class Overviews:
    def __init__(self, tenancy: Tenancy) -> None:
        self._tenancy = tenancy

    async def read(self) -> Overview:
        """As many rows are read as there are flows, which are few, and things that wait."""
        campaigns = await self._campaigns()
        late = await self._waiting(attempts, attempts.c.look_at)
        events = await self._waiting(outbox, outbox.c.created_at)
        analysed = await self._waiting(analyses, analyses.c.due_at)
        return Overview(
            active=campaigns["active"],
            paused=campaigns["paused"],
            stopped=campaigns["stopped"],
            contacts_waiting=campaigns["waiting"],
            contacts_in_flight=campaigns["in_flight"],
            attempts_late_since=late["since"],
            events=events["rows"],
            events_since=events["since"],
            analyses=analysed["rows"],
            analyses_since=analysed["since"],
        )

    async def _campaigns(self) -> dict[str, int]:
        is_stopped = flows.c.pause_reason != ""
        waiting, in_flight = func.sum(runs.c.pending + runs.c.retry), func.sum(runs.c.dialing + runs.c.in_call)
        found = (
            select(
                flows.c.status,
                is_stopped.label("stopped"),
                func.count().label("flows"),
                waiting.label("waiting"),
                in_flight.label("in_flight"),
            )
            .join(runs, runs.c.flow_id == flows.c.id)
            .where(flows.c.status.in_((FlowStatus.ACTIVE, FlowStatus.PAUSED)), self._tenancy.mine(flows))
            .group_by(flows.c.status, is_stopped)
        )
        sums = {"active": 0, "paused": 0, "stopped": 0, "waiting": 0, "in_flight": 0}
        for row in await self._tenancy.rows(found):
            if row["status"] == FlowStatus.ACTIVE:
                sums["active"] += row["flows"]
                sums["waiting"] += int(row["waiting"])  # a sum is a decimal on PostgreSQL
                sums["in_flight"] += int(row["in_flight"])
            else:
                sums["stopped" if row["stopped"] else "paused"] += row["flows"]
        return sums

    async def _waiting(self, table: Table, since: Any) -> Mapping[str, Any]:
        its = select(func.count().label("rows"), func.min(since).label("since"))
        row = await self._tenancy.row(its.where(since.is_not(None), self._tenancy.mine(table)))
        assert row is not None
        return row
