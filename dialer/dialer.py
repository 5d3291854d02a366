"""The loop: campaigns' customers are taken in, calls decided upon, and carriers asked to place them."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta

from dialer import moves
from dialer.accounts import NoLineError
from dialer.books import Books
from dialer.claim import Claims, Decided
from dialer.conclude import Report
from dialer.enrol import enrol
from dialer.news import Placed
from dialer.ports import CarrierError, Carriers, Dial, Trouble
from dialer.reconcile import Reconciler
from dialer.sweep import Sweep
from dialer.timing import Prices, Timing
from dialer.windows import is_open
from storage.database import Database, DatabaseUnavailableError
from storage.dialing import Attempt
from storage.records import Flow, FlowStatus, Outcome

SECONDS = 1.0
"""Between two rounds, if nothing wakes the dialer."""
SINGLES = 20
"""Single calls in one round."""
FRESH = timedelta(seconds=1)
"""How long it holds that nothing has come between a decision and its request: an opt-out, a pause, a cancellation."""
CALLED_OFF = "called_off"
PAUSES = {
    Trouble.ACCOUNT: "The telephony provider refused the account: check its credentials.",
    Trouble.BALANCE: "The telephony provider says that the account has no balance.",
}
USUAL, FREE = Timing(), Prices()
NOT_SENT = frozenset({Trouble.BUSY_LINE, Trouble.UNREACHABLE})

_log = logging.getLogger(__name__)


class Dialer:
    """One of a process. Several on one database share its campaigns."""

    def __init__(
        self,
        database: Database,
        carriers: Carriers,
        *,
        node: str,
        clock: Callable[[], datetime],
        timing: Timing = USUAL,
        prices: Prices = FREE,
        simulator: bool | None = None,
        room: Callable[[], int] = lambda: 1000,
        is_live: Callable[[str], bool] = lambda call: False,
        ended: Callable[[Sequence[Attempt]], None] = lambda ended: None,
        troubled: Callable[[str, Trouble], None] = lambda provider, trouble: None,
    ) -> None:
        """`room` says how many more calls this process can carry, `is_live` whether it has one on the line.

        `ended` is told of attempts that are over, `troubled` of what carriers would not do.
        """
        self._database, self._carriers, self._clock = database, carriers, clock
        self._timing, self._room = timing, room
        self._claims = Claims(node=node, timing=timing, simulator=simulator)
        self.books = Books(database, timing=timing, prices=prices, told=self.told)
        self._reconciler = Reconciler(
            database,
            carriers,
            self.books,
            timing=timing,
            prices=prices,
            clock=clock,
            is_live=is_live,
        )
        self._sweep = Sweep(database, clock)
        self._ringing: dict[str, datetime] = {}
        """Calls that were decided upon here and are not heard of yet: when they may be forgotten."""
        self._held: dict[tuple[str, str], datetime] = {}
        """Organisation and carrier → until when it is not asked."""
        self._dials: set[asyncio.Task[None]] = set()
        self._ended, self._troubled = ended, troubled
        self.wake = asyncio.Event()

    async def run(self) -> None:
        """Until it is cancelled. Requests that are on their way are waited for."""
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self.books.keep())
                tasks.create_task(self._rounds(self.tick, self.wake))
                tasks.create_task(self._rounds(self.look, asyncio.Event()))
                tasks.create_task(self._rounds(self.sweep, asyncio.Event()))
        finally:
            await self.settled()

    async def tick(self) -> int:
        """Decides upon what is due, and begins to place it. How much there was to do."""
        now = self._clock()
        async with self._database.read() as work:
            due = await work.flows.scheduled(before=now)
            active = await work.flows.dialling()
            waiting = await work.attempts.queued(SINGLES)
        done = 0
        for flow in due:
            done += await self._alone(self._launch(flow, now), flow)
        for attempt in waiting:
            done += await self._single(attempt, now)
        for flow in active:
            done += await self._alone(self._serve(flow), flow)
        return done

    async def settled(self) -> None:
        """Waits until what was asked of carriers is answered and written."""
        while self._dials:
            await asyncio.wait(self._dials)
        with suppress(DatabaseUnavailableError):  # then the next start asks the carrier
            await self.books.write()

    async def look(self) -> int:
        """Looks after what is late. How much that was."""
        return await self._reconciler.look()

    async def sweep(self) -> int:
        return await self._sweep.once()

    def on_the_line(self, call: str) -> None:
        """It was answered, and counts among the live calls of a process from now on."""
        self._ringing.pop(call, None)

    async def _rounds(self, work: Callable[[], Awaitable[int]], wake: asyncio.Event) -> None:
        while True:
            wake.clear()
            try:
                done = await work()
            except DatabaseUnavailableError as away:
                _log.warning("the dialer waits for the database", extra={"error": str(away)})
                done = 0
            except Exception:  # noqa: BLE001 - it must outlive a bad round
                _log.exception("a round of the dialer failed")
                done = 0
            if not done:
                with suppress(TimeoutError):
                    async with asyncio.timeout(SECONDS):
                        await wake.wait()

    async def _alone(self, work: Awaitable[int], flow: Flow) -> int:
        """What is wrong with one campaign holds up no other."""
        try:
            return await work
        except DatabaseUnavailableError:
            raise
        except Exception:  # noqa: BLE001 - a bug, or data that no rule foresaw: the others go on
            _log.exception("a campaign could not be served", extra={"flow": flow.id})
            return 0

    async def _launch(self, flow: Flow, now: datetime) -> int:
        try:
            async with self._database.begin(flow.organisation_id) as work:
                await work.runs.held(flow.id)
                present = await work.flows.held(flow.id)
                if present is not None and present.status is FlowStatus.SCHEDULED:
                    await moves.launch(work, present, now)
        except (moves.MoveRefusedError, moves.NotReadyError) as error:
            _log.warning("a scheduled campaign could not start", extra={"flow": flow.id})
            async with self._database.begin(flow.organisation_id) as work:
                await work.flows.fail_to_start(flow.id, now=now, reason=f"It could not start: {error}.")
        return 1

    async def _serve(self, flow: Flow) -> int:
        more = await enrol(self._database, flow, self._clock())
        now = self._clock()  # the lease begins with the decision
        room = self._room() - self._still_ringing(now)
        if room <= 0:
            return more
        async with self._database.read(flow.organisation_id) as work:
            if not await self._claims.is_due(work, flow, now):
                return more
        try:
            async with self._database.begin(flow.organisation_id) as work:
                decision = await self._claims.of_campaign(
                    work, flow.id, now, process_room=room, held=self._held_carriers(flow.organisation_id, now)
                )
        except NoLineError as error:
            await self._pause(flow, str(error), now)
            return 0
        await self._begin(decision.calls)
        return decision.looked_at + more

    async def _single(self, attempt: Attempt, now: datetime) -> int:
        if self._room() - self._still_ringing(now) <= 0:
            return 0
        try:
            async with self._database.begin(attempt.organisation_id) as work:
                decided = await self._claims.of_single(work, attempt, now)
        except NoLineError:
            self.books.enter(attempt.organisation_id, Report(attempt.id, Outcome.FAILED, "no_line", now))
            return 0
        if decided is not None:
            await self._begin([decided])
        return int(decided is not None)

    async def _begin(self, calls: Sequence[Decided]) -> None:
        """Looks once more whether anything has come between, and asks the carrier."""
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

    async def _place(self, call: Decided, *, allowed: bool, deadline: datetime) -> None:
        attempt = replace(call.attempt, deadline=min(call.attempt.deadline, deadline))
        try:
            line = await self._carriers.line(attempt.organisation_id, attempt.provider)
            now = self._clock()
            if not allowed or line is None or now >= attempt.deadline or not is_open(call.schedule, call.place, now):
                self._enter(attempt, Report(attempt.id, None, CALLED_OFF, now))
                return
            carrier_call = await line.dial(self._dial(attempt, call.token))
        except CarrierError as error:
            self._refused(attempt, error)
        except Exception:  # noqa: BLE001 - a bug: whether it was placed is asked later
            _log.exception("a call could not be placed", extra={"call": attempt.id})
        else:
            self._enter(attempt, Placed(attempt, carrier_call, self._clock()))

    def _refused(self, attempt: Attempt, error: CarrierError) -> None:
        now, trouble = self._clock(), error.trouble
        _log.warning("a carrier did not place a call", extra={"call": attempt.id, "trouble": trouble})
        self._troubled(attempt.provider, trouble)
        if trouble is Trouble.DOUBT:
            return  # it may ring: the carrier is asked about it later
        if trouble is Trouble.UNREACHABLE and now >= attempt.deadline:
            self._enter(attempt, Report(attempt.id, None, CALLED_OFF, now))
            return
        if trouble in NOT_SENT:
            wait = self._timing.backoff if error.retry_after is None else timedelta(seconds=error.retry_after)
            self._held[attempt.organisation_id, attempt.provider] = now + wait
            self._enter(attempt, Report(attempt.id, None, f"carrier_{trouble}", now, again_at=now + wait))
        elif trouble in PAUSES:
            self._enter(attempt, Report(attempt.id, None, f"carrier_{trouble}", now, pause=PAUSES[trouble]))
        else:
            self._enter(attempt, Report(attempt.id, Outcome.FAILED, trouble.value, now))

    async def _pause(self, flow: Flow, why: str, now: datetime) -> None:
        async with self._database.begin(flow.organisation_id) as work:
            await work.runs.held(flow.id)
            present = await work.flows.held(flow.id)
            if present is not None and present.status is FlowStatus.ACTIVE:
                await moves.pause(work, present, now, because=f"{why[0].upper()}{why[1:]}.")

    def _enter(self, attempt: Attempt, entry: Placed | Report) -> None:
        self.books.enter(attempt.organisation_id, entry)

    def _dial(self, attempt: Attempt, token: str) -> Dial:
        ring, longest = self._timing.ring.total_seconds(), self._timing.call.total_seconds()
        return Dial.of(attempt, ring_seconds=int(ring), max_seconds=int(longest), token=token)

    def told(self, ended: Sequence[Attempt]) -> None:
        """Of attempts that have ended: there is room again."""
        for attempt in ended:
            self._ringing.pop(attempt.id, None)
        if ended:
            self._ended(ended)
            self.wake.set()

    def _still_ringing(self, now: datetime) -> int:
        for call in [call for call, until in self._ringing.items() if until <= now]:
            del self._ringing[call]
        return len(self._ringing)

    def _held_carriers(self, organisation: str, now: datetime) -> frozenset[str]:
        self._held = {key: until for key, until in self._held.items() if until > now}
        return frozenset(provider for whose, provider in self._held if whose == organisation)
