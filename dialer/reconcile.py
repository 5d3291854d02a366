"""Looks after attempts of which nothing was heard: asks the carrier before anybody is dialled again."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from datetime import datetime

from dialer.books import Books
from dialer.conclude import Report
from dialer.news import Placed, heard
from dialer.ports import CarrierError, Carriers, CarrierState, CarrierStatus, Dial, Trouble
from dialer.timing import Prices, Timing
from storage.database import Database, DatabaseUnavailableError
from storage.dialing import LOST, Attempt, AttemptState
from storage.records import Outcome

BATCH = 100
AT_ONCE = 8
"""Questions to carriers."""
OVER = frozenset(CarrierState) - {CarrierState.QUEUED, CarrierState.RINGING, CarrierState.IN_PROGRESS}

_log = logging.getLogger(__name__)


class Reconciler:
    def __init__(
        self,
        database: Database,
        carriers: Carriers,
        books: Books,
        *,
        timing: Timing,
        prices: Prices,
        clock: Callable[[], datetime],
        is_live: Callable[[str], bool],
    ) -> None:
        self._database, self._carriers, self._books, self._is_live = database, carriers, books, is_live
        self._timing, self._prices, self._clock = timing, prices, clock

    async def look(self) -> int:
        """At those that are late, a batch of them. How many there were."""
        now = self._clock()
        async with self._database.begin() as work:
            # Two questions may fail, and no other node asks meanwhile.
            late = await work.attempts.to_look_after(
                now, BATCH, again_at=now + self._timing.request + self._timing.again
            )
        gate = asyncio.Semaphore(AT_ONCE)

        async def one(attempt: Attempt) -> None:
            async with gate:
                try:
                    await self._look_at(attempt)
                except DatabaseUnavailableError as away:
                    told = {"call": attempt.id, "error": str(away)}
                    _log.warning("a call is looked after once the database is back", extra=told)
                except Exception:  # noqa: BLE001 - an account that cannot be opened, say: the others are looked after
                    _log.exception("a call could not be looked after", extra={"call": attempt.id})

        async with asyncio.TaskGroup() as tasks:
            for attempt in late:
                tasks.create_task(one(attempt))
        return len(late)

    async def _look_at(self, attempt: Attempt) -> None:
        now = self._clock()
        if self._is_live(attempt.id):
            return
        if attempt.state is AttemptState.QUEUED:
            self._end(attempt, Outcome.FAILED, "no_room", now)
            return
        try:
            line = await self._carriers.line(attempt.organisation_id, attempt.provider)
            if line is None:
                raise CarrierError(Trouble.ACCOUNT, "its account is not connected any more")
            status = await line.find(Dial.of(attempt, self._timing))
        except CarrierError as error:
            _log.warning("a carrier could not tell of a call", extra={"call": attempt.id, "trouble": error.trouble})
            if self._is_too_old(attempt, now):
                self._lose(attempt, now)
            return
        await self._settle(attempt, status, self._clock())

    async def _settle(self, attempt: Attempt, status: CarrierStatus | None, now: datetime) -> None:
        if status is None and attempt.state is AttemptState.INTENDED:
            _log.info("a call had not been placed", extra={"call": attempt.id})
            self._books.enter(
                attempt.organisation_id, Report(attempt.id, None, "not_placed", now, if_still=attempt.state)
            )
        elif status is None:
            self._lose(attempt, now)
        else:
            if attempt.state is AttemptState.INTENDED:
                self._books.enter(attempt.organisation_id, Placed(attempt, status.carrier_call, now))
                await self._books.write()
            if status.state in OVER:
                async with self._database.begin(attempt.organisation_id) as work:
                    ended = await heard(work, attempt.id, status, at=now, prices=self._prices, is_lost=True)
                self._books.told([ended] if ended is not None else [])
            elif self._is_too_old(attempt, now):
                self._lose(attempt, now)
            elif status.state is CarrierState.IN_PROGRESS:
                async with self._database.begin(attempt.organisation_id) as work:
                    await work.attempts.look_again(attempt.id, now + self._timing.talking)

    def _is_too_old(self, attempt: Attempt, now: datetime) -> bool:
        timing = self._timing
        return now > attempt.decided_at + timing.doubt + timing.ring + timing.call + timing.quiet

    def _lose(self, attempt: Attempt, now: datetime) -> None:
        """Nobody knows: it may have rung, so that it is not tried again."""
        outcome = Outcome.CONNECTED if attempt.state is AttemptState.ANSWERED else Outcome.FAILED
        self._end(attempt, outcome, LOST, now)

    def _end(self, attempt: Attempt, outcome: Outcome, reason: str, now: datetime) -> None:
        report = Report(attempt.id, outcome, reason, now, if_still=attempt.state)
        self._books.enter(attempt.organisation_id, report)
