"""One call of this node: its row, its recording and its transcript, and the session between them."""

from __future__ import annotations

import asyncio
import logging
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from dialer import opt_out
from pipeline.frames import Frame, Hangup, Say
from pipeline.pipeline import Pipeline
from pipeline.session import CallSession
from pipeline.transport import Incoming, Transport
from processors.dialogue import NO_TOOLS
from processors.hooks import at_the_end
from processors.lines import Lines, lines_for
from server.assembly import Workshop
from server.briefing import Briefing
from server.broadcast import Broadcaster
from server.call_books import CallBooks, Leaving
from server.desks import PICKED_UP
from server.journal import Journal
from server.logs import quiet
from server.loudspeaker import Loudspeaker
from server.messages.teller import Teller
from server.messages.telling import teller_of
from server.office import Office
from server.patience import Patience
from server.spoken import Spoken
from server.tools.hook_tools import hook_tools
from server.tools.toolbox import CallTools
from server.transfers import NOT_TRANSFERRED, TRANSFERRED
from server.wishes import Wishes
from storage.calls import CallEnd
from storage.database import Database, to_the_end
from storage.records import Outcome

_log = logging.getLogger(__name__)

CRASHED, CUT = "crashed", "server_stopped"
"""Ends of a call that came from neither side of it, as reasons."""
FAILED = frozenset({"stt_failed", "llm_failed", "tts_failed", "no_answer_from_assistant"})
"""Reasons of ours: nobody could be served."""


class LiveCall:
    """Runs once."""

    def __init__(
        self, office: Office, workshop: Workshop, brief: Briefing, incoming: Incoming, patience: Patience
    ) -> None:
        self._office, self._workshop, self._incoming, self._patience = office, workshop, incoming, patience
        self._placed = brief.placed
        self._back, self._queues = brief.back, brief.queues
        self._handed_to = ""
        """The queue whose human agents are to have it."""
        self.is_ending = False
        """It was told to end, and may still have its last sentence to say."""
        self.plan = brief.plan
        self._spoken = Spoken(self.plan.language)
        self._session: CallSession | None = None
        self._transport: Transport | None = None
        self._hook_tools = NO_TOOLS
        self._teller: Teller | None = None
        self._waiting: list[Frame] = []
        self._is_over, self._opted_out = False, asyncio.Event()
        self._task: asyncio.Task[object] | None = None
        started_at = datetime.now(UTC) if brief.back is None else brief.back.answered_at
        self._books = CallBooks(office, brief, incoming, started_at)

    @property
    def organisation(self) -> str:
        return self._books.organisation

    @property
    def database(self) -> Database:
        """Where its books are."""
        return self._office.database

    @property
    def lines(self) -> Lines:
        """What it says in its own language where no model is asked."""
        return lines_for(self._spoken.now)

    @property
    def is_up(self) -> bool:
        """It still takes commands."""
        return not self._is_over and (self._transport is None or not self._transport.ending)

    @property
    def is_leaving(self) -> bool:
        """It is being handed over."""
        return bool(self._handed_to)

    @property
    def rate(self) -> int:
        """Samples a second, of each side."""
        return 0 if self._transport is None else self._transport.rate

    def command(self, frame: Frame) -> None:
        """Before the first sound it is kept until then; after the last it is ignored."""
        if isinstance(frame, Hangup) or (isinstance(frame, Say) and frame.hangup and not frame.transfer_to):
            self.is_ending = True
        if self._session is None:
            self._waiting.append(frame)
        elif self._transport is not None and not self._transport.ending:
            self._session.command(frame)

    def hand_over(self, target: str) -> None:
        """Tells the caller, and leaves the line to the carrier, which has the call dialled on. Its books say so.

        A call that is to end ends.
        """
        self._handed_to = target
        if self.is_ending:
            return
        self.command(Say(self.lines.handing_over, hangup=TRANSFERRED, after_sentence=True, transfer_to=target))

    def cut(self) -> None:
        """Ends it without a word; its books are still closed."""
        if self._task is not None:
            self._task.cancel()

    async def run(self, transport: Transport) -> None:
        """From the answer to the last row, or to the first try at it. Raises what crashed the call."""
        with quiet(not self.plan.keeping.logs):
            await self._run(transport)

    async def _run(self, transport: Transport) -> None:
        self._task, self._transport = asyncio.current_task(), transport
        incoming, office = self._incoming, self._office
        back = self._back
        recording = office.recordings.path(incoming.call, self._books.started_at) if self.plan.record else None
        if back is not None:
            recording = back.call.recording if back.consented or self.plan.consent is None else None
        file: Path | None = None
        position = 0 if back is None else len(back.turns)
        journal = Journal(office.ledger, self.organisation, incoming.call, self.plan.providers, position)
        wishes = Wishes(office.database, self.organisation, incoming.call, self)
        broadcaster, loudspeaker = Broadcaster(office.bus, incoming.call), Loudspeaker(office.bus, incoming.call)
        office.metrics.began(incoming.carrier)
        ending, ours = CRASHED, True
        try:
            row = self._books.row(recording)
            ours = await self._patience.tried(partial(self._books.opened, row))
            if not ours:
                await transport.close()
                return
            if recording is not None and self.plan.record:  # a customer may have opted out while a call was away
                file = await to_the_end(asyncio.to_thread(office.recordings.begin, recording))
            self._teller = teller_of(office.posts, self.plan, row)
            tools = CallTools(self.plan, office, row, self.command, self._opted_out)
            toolbox, servers = tools.made()
            self._hook_tools = hook_tools(tools)
            stages = await self._workshop.stages(
                self.plan,
                rate=transport.rate,
                transport=incoming.carrier,
                recording=file,
                call=incoming.call,
                organisation=self.organisation,
                last=(
                    *servers,
                    journal,
                    broadcaster,
                    *filter(None, (self._teller,)),
                    wishes,
                    loudspeaker,
                    self._spoken,
                ),
                queues=self._queues,
                toolbox=toolbox,
                hook_tools=self._hook_tools,
                chat=() if back is None else back.chat,
                since=0.0 if back is None else back.since,
                placed=self._placed is not None and back is None,
                moved=journal.moved,
            )
            self._session = CallSession(transport, Pipeline(stages))
            for frame in self._waiting:
                asyncio.get_running_loop().call_soon(self.command, frame)
            await self._session.run()
            ending = transport.ending
        except asyncio.CancelledError:
            ending = CUT
            raise
        finally:
            office.metrics.ended(incoming.carrier)
            self._session, self._is_over = None, True
            if ours:
                await to_the_end(self._close(journal, (broadcaster, loudspeaker), recording, file, ending))

    async def _close(
        self,
        journal: Journal,
        tellers: tuple[Broadcaster, Loudspeaker],
        recording: str | None,
        file: Path | None,
        ending: str,
    ) -> None:
        for teller in tellers:
            await teller.drain()

        async def away() -> None:
            if not await self._books.parked(recording):  # its transfer was given up while the caller was told of it
                await self._end(journal, recording, file, ending)

        if self._handed_to and ending == "transfer":
            if self._teller is not None:
                self._teller.close()
            await self._office.closings.close(self._incoming.call, away)
        else:
            await self._end(journal, recording, file, ending)

    async def _end(self, journal: Journal, recording: str | None, file: Path | None, ending: str) -> None:
        ended_at = datetime.now(UTC)
        seconds = (ended_at - self._books.started_at).total_seconds()
        ending = NOT_TRANSFERRED if ending == "transfer" else ending
        reason = journal.hangup or (ending if ending in (CRASHED, CUT) else journal.leaving or ending)
        failed = ending == CRASHED or reason in FAILED
        talked = Outcome.CONNECTED if self._placed is None else PICKED_UP.get(reason, Outcome.CONNECTED)
        outcome = Outcome.FAILED if failed else talked
        is_there = self._back is not None or (file is not None and await asyncio.to_thread(file.exists))
        recorded = recording if is_there else None
        consented = journal.consented or (self._back is not None and self._back.consented)
        end = CallEnd(
            self._incoming.call, ended_at, outcome, reason, seconds, self._spoken.detected, recording=recorded
        )
        leaving = Leaving(
            recording,
            unrecorded=self.plan.keeping.nothing or (self.plan.consent is not None and not consented),
            opted_out=self._opted_out.is_set() or reason == opt_out.REASON,
            waits=bool(self._handed_to or self._queues),
        )
        try:
            await self._office.closings.close(self._incoming.call, partial(self._books.closed, end, leaving))
        finally:
            if self._teller is not None:
                self._teller.ended(reason)
            self._office.metrics.calls.labels(self._incoming.carrier, outcome).inc()
            await self._books.publish(
                {"type": "end", "outcome": outcome, "reason": reason, "duration_seconds": round(seconds, 2)}
            )
        await at_the_end(self.plan.hooks, self._hook_tools, reason)
        _log.info("a call ended", extra={"call": self._incoming.call, "reason": reason, "seconds": round(seconds, 1)})
