"""What has to be tidied: who can never be called, credits that ran out, ends, and what is too old to keep."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta

from dialer import moves
from dialer.ledger import Ledger
from dialer.windows import Schedule, next_opening
from dialer.zones import Place
from storage.database import Database
from storage.dialing import ContactState, Run, Skip
from storage.records import Flow, FlowStatus

SLICE = 1000
EVENTS_KEPT = timedelta(hours=24)
KEYS_KEPT = timedelta(hours=24)
RARELY = timedelta(minutes=5)


class Sweep:
    def __init__(self, database: Database, clock: Callable[[], datetime]) -> None:
        self._database, self._clock = database, clock
        self._tidied: datetime | None = None

    async def once(self) -> int:
        """How much there was to do."""
        now = self._clock()
        async with self._database.read() as work:
            active = await work.flows.dialling()
            cancelled = await work.flows.cancelled_with_waiting()
            low = await work.credits.low()
        done = sum([await self._end(flow, now) for flow in active if flow.organisation_id not in low])
        done += sum([await self._low(flow, now) for flow in active if flow.organisation_id in low])
        done += sum([await self._give_up(flow, now) for flow in cancelled])
        if self._tidied is None or now - self._tidied >= RARELY:
            tidied = await self._tidy(now)
            self._tidied = now if not tidied else None
            done += tidied
        return done

    async def _end(self, flow: Flow, now: datetime) -> int:
        """Who can never be called any more is given up; a campaign that is over is completed."""
        async with self._database.read(flow.organisation_id) as work:
            run = await work.runs.get(flow.id)
        if run is None or run.enrol_after is not None:
            return 0
        never = await asyncio.to_thread(_never, run, Schedule.of(flow), now) if run.waiting else []
        if not never and not run.is_over:
            return 0
        async with self._database.begin(flow.organisation_id) as work:
            held = await work.runs.held(flow.id)
            present = await work.flows.held(flow.id)
            if held is None or present is None or present.status is not FlowStatus.ACTIVE or present != flow:
                return 0
            ledger, gone = Ledger(held), 0
            for place in never:
                moved = await work.contacts.give_up(
                    flow.id, now=now, to=ContactState.SKIPPED, reason=Skip.OUTSIDE_WINDOW, limit=SLICE, place=place
                )
                ledger.counted(moved, ContactState.SKIPPED)
                gone += moved.total()
            await ledger.write(work)
            if ledger.run.is_over:
                await moves.complete(work, present, now)
                return 1
        return gone

    async def _low(self, flow: Flow, now: datetime) -> int:
        async with self._database.begin(flow.organisation_id) as work:
            await work.runs.held(flow.id)
            present = await work.flows.held(flow.id)
            if present is None or present.status is not FlowStatus.ACTIVE or not await moves.is_low(work):
                return 0
            await moves.pause(work, present, now, because="Credits are below the threshold.")
        return 1

    async def _give_up(self, flow: Flow, now: datetime) -> int:
        async with self._database.begin(flow.organisation_id) as work:
            run = await work.runs.held(flow.id)
            if run is None:
                return 0
            moved = await work.contacts.give_up(
                flow.id, now=now, to=ContactState.CANCELLED, reason="cancelled", limit=SLICE
            )
            ledger = Ledger(run)
            ledger.counted(moved, ContactState.CANCELLED)
            await ledger.write(work)
        return moved.total()

    async def _tidy(self, now: datetime) -> int:
        async with self._database.begin() as work:
            done = await work.runs.forget(now - EVENTS_KEPT, SLICE)
            await work.idempotency.forget(now - KEYS_KEPT)
            for run in await work.runs.without_flow(1):
                swept = await work.contacts.sweep(run.flow_id, SLICE)
                if not swept:
                    await work.runs.delete(run.flow_id)
                done += swept
        return done


def _never(run: Run, schedule: Schedule, now: datetime) -> list[int]:
    """Places that will not open any more."""
    return [number for number, key in enumerate(run.places) if next_opening(schedule, Place.parse(key), now) is None]
