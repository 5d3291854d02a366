"""Which calls are still to be told of, and by whom. Several processes share them, and any of them may die."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import exists, select, tuple_, update

from storage.ids import EVENT, new_id
from storage.many import insert_many
from storage.report_records import CallReport, ReportKind
from storage.report_tables import call_reports
from storage.tenancy import Tenancy, values


class Reports:
    def __init__(self, tenancy: Tenancy) -> None:
        self._tenancy = tenancy

    async def ask(self, call_id: str, organisation: str, kinds: Collection[ReportKind], *, at: datetime) -> None:
        """Of those kinds that nobody asked for before: each is told once, however often a call is looked at again."""
        fresh = [values(CallReport(call_id, organisation, kind, at, at, new_id(EVENT))) for kind in kinds]
        if fresh:
            connection = self._tenancy.connection
            await insert_many(connection, call_reports, fresh, lambda added: added.on_conflict_do_nothing())

    async def of_call(self, call_id: str) -> list[CallReport]:
        its = call_reports.c.call_id == call_id, self._tenancy.mine(call_reports)
        rows = await self._tenancy.rows(select(call_reports).where(*its).order_by(call_reports.c.kind))
        return [CallReport(**row) for row in rows]

    async def is_any_due(self, now: datetime) -> bool:
        due = exists().where(call_reports.c.due_at <= now, self._tenancy.mine(call_reports))
        return bool(await self._tenancy.connection.scalar(select(due)))

    async def take(self, limit: int, *, now: datetime, until: datetime, lease: str) -> list[CallReport]:
        """Those that have been due longest. Others get them from `until` on, unless they are over by then."""
        due = select(call_reports).where(call_reports.c.due_at <= now, self._tenancy.mine(call_reports))
        due = due.order_by(call_reports.c.due_at).limit(limit).with_for_update(skip_locked=True)
        rows = await self._tenancy.rows(due)
        if not rows:
            return []
        taken = {"due_at": until, "lease": lease}
        keys = [(row["call_id"], row["kind"]) for row in rows]
        its = tuple_(call_reports.c.call_id, call_reports.c.kind).in_(keys)
        await self._tenancy.change(update(call_reports).where(its).values(tries=call_reports.c.tries + 1, **taken))
        return [CallReport(**{**row, **taken, "tries": row["tries"] + 1}) for row in rows]

    async def put_back(self, report: CallReport, *, due_at: datetime, tries: int, trouble: str | None) -> bool:
        """To be sent later. False if somebody else has it by now."""
        return await self._change(report, due_at=due_at, tries=tries, trouble=trouble)

    async def finish(self, report: CallReport, trouble: str | None) -> bool:
        """None: it was taken. False if somebody else has it by now."""
        return await self._change(report, due_at=None, trouble=trouble)

    async def _change(self, report: CallReport, **to: Any) -> bool:
        still = update(call_reports).where(
            call_reports.c.call_id == report.call_id,
            call_reports.c.kind == report.kind,
            call_reports.c.lease == report.lease,
            self._tenancy.mine(call_reports),
        )
        return await self._tenancy.change(still.values(lease="", **to)) == 1
