"""Which calls are still to be analysed, and by whom. Several processes share them, and any of them may die."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Update, exists, select, update

from storage.analysis_records import Analysis, AnalysisStatus
from storage.analysis_tables import analyses
from storage.many import insert_many
from storage.records import Call
from storage.tenancy import Tenancy, values


class Analyses:
    def __init__(self, tenancy: Tenancy) -> None:
        self._tenancy = tenancy

    async def ask(self, calls: Iterable[Call], *, at: datetime) -> None:
        """Of those that nobody asked for before."""
        fresh = [values(_pending(call, at)) for call in calls]
        if fresh:
            await insert_many(self._tenancy.connection, analyses, fresh, lambda added: added.on_conflict_do_nothing())

    async def ask_again(self, call: Call, *, at: datetime) -> Analysis:
        """As it is now: one that is pending goes on as it was."""
        await self.ask([call], at=at)
        row = await self._tenancy.held(select(analyses).where(*self._of(call.id)))
        if row is None:
            raise LookupError("an analysis that was asked for is gone")
        asked = Analysis(**row)
        if asked.status is AnalysisStatus.PENDING:
            return asked
        to = {"status": AnalysisStatus.PENDING, "asked_at": at, "due_at": at, "tries": 0, "lease": "", "reason": ""}
        await self._tenancy.change(update(analyses).where(*self._of(call.id)).values(finished_at=None, **to))
        return Analysis(call.id, call.organisation_id, AnalysisStatus.PENDING, at, at, written=asked.written)

    async def get(self, call_id: str) -> Analysis | None:
        row = await self._tenancy.row(select(analyses).where(*self._of(call_id)))
        return None if row is None else Analysis(**row)

    async def is_any_due(self, now: datetime) -> bool:
        due = exists().where(analyses.c.due_at <= now, self._tenancy.mine(analyses))
        return bool(await self._tenancy.connection.scalar(select(due)))

    async def take(self, limit: int, *, now: datetime, until: datetime, lease: str) -> list[Analysis]:
        """Those that have been due longest. Others get them from `until` on, unless they are over by then."""
        due = select(analyses).where(analyses.c.due_at <= now, self._tenancy.mine(analyses))
        due = due.order_by(analyses.c.due_at).limit(limit).with_for_update(skip_locked=True)
        rows = await self._tenancy.rows(due)
        if not rows:
            return []
        taken = {"due_at": until, "lease": lease}
        its = self._tenancy.named(analyses.c.call_id, [row["call_id"] for row in rows])
        await self._tenancy.change(update(analyses).where(its).values(tries=analyses.c.tries + 1, **taken))
        return [Analysis(**{**row, **taken, "tries": row["tries"] + 1}) for row in rows]

    async def put_back(self, analysis: Analysis, *, due_at: datetime, tries: int, reason: str) -> bool:
        """To be tried later. False if somebody else has it by now."""
        return await self._change(self._still(analysis).values(due_at=due_at, tries=tries, reason=reason, lease=""))

    async def finish(
        self, analysis: Analysis, status: AnalysisStatus, *, reason: str, at: datetime, written: Mapping[str, Any]
    ) -> bool:
        """False if somebody else has it by now: nothing of it may be written."""
        over = {
            "status": status,
            "reason": reason,
            "finished_at": at,
            "due_at": None,
            "lease": "",
            "written": dict(written),
        }
        return await self._change(self._still(analysis).values(over))

    def _still(self, analysis: Analysis) -> Update:
        return update(analyses).where(*self._of(analysis.call_id), analyses.c.lease == analysis.lease)

    def _of(self, call_id: str) -> tuple[Any, ...]:
        return analyses.c.call_id == call_id, self._tenancy.mine(analyses)

    async def _change(self, statement: Update) -> bool:
        return await self._tenancy.change(statement) == 1


def _pending(call: Call, at: datetime) -> Analysis:
    return Analysis(call.id, call.organisation_id, AnalysisStatus.PENDING, at, at)
