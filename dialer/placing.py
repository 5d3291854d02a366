"""Asks carriers to place the calls that were decided upon, and makes something of what they answer."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta

from dialer.books import Books
from dialer.breaker import LEAST
from dialer.conclude import Report
from dialer.intent import Decided
from dialer.news import Placed
from dialer.ports import CarrierError, Carriers, Dial, Trouble
from dialer.timing import Timing
from dialer.windows import is_open
from storage.database import Database, DatabaseUnavailableError
from storage.dialing import Attempt
from storage.records import Outcome

FRESH = timedelta(seconds=1)
"""How long it holds that nothing has come between a decision and its request: an opt-out, a pause, a cancellation."""
CALLED_OFF = "called_off"
PAUSES = {
    Trouble.ACCOUNT: "The telephony provider refused the account: check its credentials.",
    Trouble.BALANCE: "The telephony provider says that the account has no balance.",
}
OUT_OF_REACH = "The telephony provider cannot be reached: resume the campaign when it can."
NOT_SENT = frozenset({Trouble.BUSY_LINE, Trouble.UNREACHABLE})

_log = logging.getLogger(__name__)


class Placing:
    """What was decided upon here counts as room taken until it is heard of."""

    def __init__(
        self,
        database: Database,
        carriers: Carriers,
        books: Books,
        *,
        timing: Timing,
        clock: Callable[[], datetime],
        troubled: Callable[[str, Trouble], None],
    ) -> None:
        """`troubled` is told of what carriers would not do."""
        self._database, self._carriers, self._books, self._clock = database, carriers, books, clock
        self._timing, self._troubled = timing, troubled
        self._ringing: dict[str, datetime] = {}
        """When each may be forgotten."""
        self._held: dict[tuple[str, str], datetime] = {}
        """Organisation and carrier → until when it is not asked."""
        self._unreached: Counter[str] = Counter()
        """Organisation → calls in a row that no carrier would take."""
        self._dials: set[asyncio.Task[None]] = set()

    async def begin(self, calls: Sequence[Decided]) -> None:
        """Looks once more whether anything has come between, and asks the carrier. Of one organisation."""
        if not calls:
            return
        gone_at = self._clock() + self._timing.doubt + self._timing.ring + self._timing.quiet
        self._ringing.update(dict.fromkeys((call.attempt.id for call in calls), gone_at))
        deadline = self._clock() + FRESH
        async with self._database.read(calls[0].attempt.organisation_id) as work:
            allowed = await work.attempts.may_be_placed([call.attempt.id for call in calls])
        for call in calls:
            task = asyncio.create_task(self._place(call, allowed=call.attempt.id in allowed, deadline=deadline))
            self._dials.add(task)
            task.add_done_callback(self._dials.discard)

    async def settled(self) -> None:
        """Waits until what was asked is answered and written."""
        while self._dials:
            await asyncio.wait(self._dials)
        with suppress(DatabaseUnavailableError):  # then the next start asks the carrier
            await self._books.write()

    def heard_of(self, call: str) -> None:
        """It was answered, and counts among the live calls of a process from now on; or it is over."""
        self._ringing.pop(call, None)

    def room_taken(self) -> int:
        now = self._clock()
        for call in [call for call, until in self._ringing.items() if until <= now]:
            del self._ringing[call]
        return len(self._ringing)

    def held(self, organisation: str) -> frozenset[str]:
        """Carriers that are not to be asked now."""
        now = self._clock()
        self._held = {key: until for key, until in self._held.items() if until > now}
        return frozenset(provider for whose, provider in self._held if whose == organisation)

    async def _place(self, call: Decided, *, allowed: bool, deadline: datetime) -> None:
        attempt = replace(call.attempt, deadline=min(call.attempt.deadline, deadline))
        try:
            line = await self._carriers.line(attempt.organisation_id, attempt.provider)
            now = self._clock()
            if not allowed or line is None or now >= attempt.deadline or not is_open(call.schedule, call.place, now):
                self._call_off(attempt)
                return
            carrier_call = await line.dial(Dial.of(attempt, self._timing, token=call.token))
        except CarrierError as error:
            self._refused(attempt, error)
        except DatabaseUnavailableError as away:
            told = {"call": attempt.id, "error": str(away)}
            _log.warning("a call could not be placed without the database", extra=told)
        except Exception:  # noqa: BLE001 - a bug: whether it was placed is asked later
            _log.exception("a call could not be placed", extra={"call": attempt.id})
        else:
            self._unreached[attempt.organisation_id] = 0
            self._books.enter(attempt.organisation_id, Placed(attempt, carrier_call, self._clock()))

    def _refused(self, attempt: Attempt, error: CarrierError) -> None:
        now, trouble = self._clock(), error.trouble
        _log.warning("a carrier did not place a call", extra={"call": attempt.id, "trouble": trouble})
        self._troubled(attempt.provider, trouble)
        if trouble is Trouble.DOUBT:
            return  # it may ring: the carrier is asked about it later
        if trouble is Trouble.UNREACHABLE and now >= attempt.deadline:
            self._call_off(attempt)
        elif trouble in NOT_SENT:
            unreached = self._unreached[attempt.organisation_id] = self._unreached[attempt.organisation_id] + 1
            wait = self._timing.backoff if error.retry_after is None else timedelta(seconds=error.retry_after)
            self._held[attempt.organisation_id, attempt.provider] = now + wait
            pause = OUT_OF_REACH if trouble is Trouble.UNREACHABLE and unreached >= LEAST else None
            report = Report(attempt.id, None, f"carrier_{trouble}", now, again_at=now + wait, pause=pause)
            self._end(attempt, report)
        elif trouble in PAUSES:
            self._end(attempt, Report(attempt.id, None, f"carrier_{trouble}", now, pause=PAUSES[trouble]))
        else:
            self._end(attempt, Report(attempt.id, Outcome.FAILED, trouble.value, now))

    def _call_off(self, attempt: Attempt) -> None:
        now = self._clock()
        self._end(attempt, Report(attempt.id, None, CALLED_OFF, now, again_at=now + self._timing.backoff))

    def _end(self, attempt: Attempt, report: Report) -> None:
        self._books.enter(attempt.organisation_id, report)
