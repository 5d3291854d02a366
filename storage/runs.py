"""How far campaigns are, and what has happened in them, event by event."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import fields, replace
from datetime import datetime

from sqlalchemy import delete, select, update

from storage.dialing import ProgressEvent, Run
from storage.dialing_tables import attempt_tallies, progress, runs
from storage.tables import flows
from storage.tenancy import Tenancy


class Runs:
    """Whoever moves contacts, or counts them, holds their run first: no two do it at once."""

    def __init__(self, tenancy: Tenancy) -> None:
        self._tenancy = tenancy

    async def get(self, flow_id: str) -> Run | None:
        row = await self._tenancy.row(select(runs).where(runs.c.flow_id == flow_id, self._tenancy.mine(runs)))
        return None if row is None else Run(**row)

    async def held(self, flow_id: str) -> Run | None:
        """As `get`, and nobody else changes it until the end of the transaction."""
        query = select(runs).where(runs.c.flow_id == flow_id, self._tenancy.mine(runs))
        row = await self._tenancy.row(query.with_for_update())
        return None if row is None else Run(**row)

    async def all_held(self, flow_ids: Iterable[str]) -> dict[str, Run]:
        """Of several flows, always in the same order, so that nobody waits for somebody who waits for them."""
        found = {}
        for flow_id in sorted(set(flow_ids)):
            run = await self.held(flow_id)
            if run is not None:
                found[flow_id] = run
        return found

    async def of(self, flow_ids: Collection[str]) -> dict[str, Run]:
        """By flow; one that was never launched has none."""
        mine = self._tenancy.mine(runs)
        rows = await self._tenancy.rows(select(runs).where(self._tenancy.among(runs.c.flow_id, flow_ids), mine))
        return {row["flow_id"]: Run(**row) for row in rows}

    async def start(self, flow_id: str, organisation_id: str, *, now: datetime, enrol_to: int) -> Run:
        """A new one, or the one that there is set off again: its customers are gone through anew."""
        run = await self.held(flow_id)
        if run is None:
            run = Run(flow_id, organisation_id, started_at=now, activated_at=now, enrol_to=enrol_to)
            await self._tenancy.add(runs, run)
        else:
            run = replace(run, activated_at=now, enrol_after=0, enrol_to=enrol_to)
            await self.save(run)
        return run

    async def save(self, run: Run) -> None:
        """Every field. It must be held."""
        changed = {field.name: getattr(run, field.name) for field in fields(Run)}
        its = runs.c.flow_id == changed.pop("flow_id"), self._tenancy.mine(runs)
        await self._tenancy.change(update(runs).where(*its).values(changed))

    async def tell(self, events: Sequence[ProgressEvent]) -> None:
        if events:
            await self._tenancy.add_many(progress, events)

    async def told(self, flow_id: str, after: int, limit: int) -> list[ProgressEvent]:
        """Events with greater numbers, in order."""
        its = progress.c.flow_id == flow_id, progress.c.number > after, self._tenancy.mine(progress)
        rows = await self._tenancy.rows(select(progress).where(*its).order_by(progress.c.number).limit(limit))
        return [ProgressEvent(**row) for row in rows]

    async def forget(self, before: datetime, limit: int) -> int:
        """Drops old events. How many."""
        old = select(progress.c.flow_id, progress.c.number).where(progress.c.at < before).order_by(progress.c.at)
        rows = await self._tenancy.rows(old.where(self._tenancy.mine(progress)).limit(limit))
        last: dict[str, int] = {}
        for row in rows:
            last[row["flow_id"]] = max(row["number"], last.get(row["flow_id"], 0))
        return sum(
            [
                await self._tenancy.change(
                    delete(progress).where(progress.c.flow_id == flow_id, progress.c.number <= number)
                )
                for flow_id, number in last.items()
            ]
        )

    async def without_flow(self, limit: int) -> list[Run]:
        """Of flows that were deleted."""
        gone = ~select(flows.c.id).where(flows.c.id == runs.c.flow_id).exists()
        rows = await self._tenancy.rows(select(runs).where(gone, self._tenancy.mine(runs)).limit(limit))
        return [Run(**row) for row in rows]

    async def delete(self, flow_id: str) -> None:
        for table in (progress, attempt_tallies, runs):
            await self._tenancy.change(delete(table).where(table.c.flow_id == flow_id, self._tenancy.mine(table)))
