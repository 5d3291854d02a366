"""What has to be tidied: who can never be called, credits that ran out, ends, and what is too old to keep."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection
from datetime import UTC, datetime, timedelta

from dialer import moves
from dialer.alone import alone
from dialer.ledger import Ledger
from dialer.low_credits import is_low
from dialer.windows import Schedule, next_opening
from dialer.zones import Place
from storage.database import Database
from storage.dialing import ContactState, Run, Skip
from storage.records import Flow, FlowStatus

SLICE = 1000
EVENTS_KEPT = timedelta(hours=24)
KEYS_KEPT = timedelta(hours=24)
RARELY, NOW_AND_THEN = timedelta(minutes=5), timedelta(seconds=20)
LONG_AGO = datetime.min.replace(tzinfo=UTC)


class Sweep:
    def __init__(self, database: Database, clock: Callable[[], datetime]) -> None:
        self._database, self._clock = database, clock
        self._tidied: datetime | None = None
        self._judged: dict[str, datetime] = {}
        """Flow → when it was last asked whether it can still call those who wait."""

    async def once(self) -> int:
        """How much there was to do."""
        now = self._clock()
        async with self._database.read() as work:
            active = await work.flows.dialling()
            cancelled = await work.flows.cancelled_with_waiting()
            low = await work.credits.low()
        done = 0
        for flow in active:
            work_on = self._low if flow.organisation_id in low else self._end
            done += await alone(work_on(flow, now), flow.id)
        for flow in cancelled:
            done += await alone(self._give_up(flow, now), flow.id)
        self._judged = {flow.id: self._judged[flow.id] for flow in active if flow.id in self._judged}
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
        if not run.is_over and now - self._judged.get(flow.id, LONG_AGO) < NOW_AND_THEN:
            return 0
        self._judged[flow.id] = now
        async with self._database.read(flow.organisation_id) as work:
            waiting = await work.contacts.waiting_in(flow.id)
        never = await asyncio.to_thread(_never, run, waiting, Schedule.of(flow), now)
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
            if present is None or present.status is not FlowStatus.ACTIVE or not await is_low(work):
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


def _never(run: Run, waiting: Collection[int], schedule: Schedule, now: datetime) -> list[int]:
    """Places where somebody waits, and that will not open any more."""
    there = {number: Place.parse(key) for number, key in enumerate(run.places) if number in waiting}
    return [number for number, place in there.items() if next_opening(schedule, place, now) is None]
