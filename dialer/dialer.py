"""The loop: campaigns' customers are taken in, calls decided upon, and carriers asked to place them."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from datetime import datetime

from dialer import moves
from dialer.accounts import NoLineError
from dialer.alone import alone
from dialer.books import Books
from dialer.claim import Claims
from dialer.conclude import Report
from dialer.enrol import enrol
from dialer.placing import Placing
from dialer.ports import Carriers, Trouble
from dialer.reconcile import Reconciler
from dialer.single_claim import SingleClaims
from dialer.sweep import Sweep
from dialer.timing import Prices, Timing
from storage.database import Database, DatabaseUnavailableError
from storage.dialing import Attempt, Run
from storage.records import Flow, FlowStatus, Outcome

SECONDS = 1.0
"""Between two rounds, if nothing wakes the dialer."""
SINGLES = 20
"""Single calls of one organisation in one round."""
USUAL, FREE = Timing(), Prices()

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
        self._database, self._clock, self._room, self._ended = database, clock, room, ended
        self._claims = Claims(node=node, timing=timing, simulator=simulator)
        self._singles = SingleClaims(node=node, timing=timing, simulator=simulator)
        self.books = Books(database, timing=timing, prices=prices, told=self.told)
        self._placing = Placing(database, carriers, self.books, timing=timing, clock=clock, troubled=troubled)
        self._reconciler = Reconciler(
            database, carriers, self.books, timing=timing, prices=prices, clock=clock, is_live=is_live
        )
        self._sweep = Sweep(database, clock)
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
            runs = await work.runs.of([flow.id for flow in active])
            waiting = await work.attempts.queued(SINGLES)
        done = 0
        for flow in due:
            done += await alone(self._launch(flow, now), flow.id)
        for attempt in waiting:
            done += await alone(self._single(attempt, now), attempt.flow_id)
        for flow in active:
            if flow.id in runs:
                done += await alone(self._serve(flow, runs[flow.id]), flow.id)
        return done

    async def settled(self) -> None:
        """Waits until what was asked of carriers is answered and written."""
        await self._placing.settled()

    async def look(self) -> int:
        """Looks after what is late. How much that was."""
        return await self._reconciler.look()

    async def sweep(self) -> int:
        return await self._sweep.once()

    def ringing(self) -> int:
        """Calls that were placed here and are not heard of yet."""
        return self._placing.room_taken()

    def on_the_line(self, call: str) -> None:
        """It was answered, and counts among the live calls of a process from now on."""
        self._placing.heard_of(call)

    def told(self, ended: Sequence[Attempt]) -> None:
        """Of attempts that have ended: there is room again."""
        for attempt in ended:
            self._placing.heard_of(attempt.id)
        if ended:
            self._ended(ended)
            self.wake.set()

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

    async def _serve(self, flow: Flow, run: Run) -> int:
        """`run` as it was a moment ago: enough to see whether there is anything to do."""
        more = run.enrol_after is not None and await enrol(self._database, flow, self._clock())
        room, now = self._room() - self._placing.room_taken(), self._clock()
        if room <= 0:
            return more
        async with self._database.read(flow.organisation_id) as work:
            places = await self._claims.due_in(work, flow, run, now)
        if not places:
            return more
        held = self._placing.held(flow.organisation_id)
        try:
            async with self._database.begin(flow.organisation_id) as work:
                decision = await self._claims.of_campaign(
                    work, flow.id, now, places=places, process_room=room, held=held
                )
        except NoLineError as error:
            await self._pause(flow, str(error), now)
            return 0
        await self._placing.begin(decision.calls)
        return decision.looked_at + more

    async def _single(self, waiting: Attempt, now: datetime) -> int:
        room = self._room() - self._placing.room_taken()
        if room <= 0:
            return 0
        held = self._placing.held(waiting.organisation_id)
        try:
            async with self._database.begin(waiting.organisation_id) as work:
                decided = await self._singles.claim(work, waiting, now, process_room=room, held=held)
        except NoLineError:
            report = Report(waiting.id, Outcome.FAILED, "no_line", now, if_still=waiting.state)
            self.books.enter(waiting.organisation_id, report)
            return 0
        if decided is None:
            return 0
        await self._placing.begin([decided])
        return 1

    async def _pause(self, flow: Flow, why: str, now: datetime) -> None:
        async with self._database.begin(flow.organisation_id) as work:
            await work.runs.held(flow.id)
            present = await work.flows.held(flow.id)
            if present is not None and present.status is FlowStatus.ACTIVE:
                await moves.pause(work, present, now, because=f"{why[0].upper()}{why[1:]}.")
