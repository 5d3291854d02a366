"""One call of this node: its row, its recording and its transcript, and the session between them."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from control_api.records.recording_file import forget
from dialer import hand_over
from pipeline.frames import Frame, Hangup, Say
from pipeline.pipeline import Pipeline
from pipeline.session import CallSession
from pipeline.transport import Incoming, Transport
from processors.lines import Lines, lines_for
from processors.meter import Metrics
from server.assembly import Workshop
from server.briefing import Briefing
from server.broadcast import Broadcaster, topic
from server.closings import Closings
from server.desks import PICKED_UP, Desk, InboundDesk
from server.journal import Journal, Ledger
from server.loudspeaker import Loudspeaker
from server.patience import Patience
from server.refusals import refuses_recording
from server.transfers import NOT_TRANSFERRED, TRANSFERRED
from server.wishes import Wishes
from storage.bus import EventBus
from storage.calls import CallEnd
from storage.database import Database, to_the_end
from storage.recordings import Recordings
from storage.records import Call, CallStatus, CallType, Outcome
from storage.sealing import Seal

_log = logging.getLogger(__name__)

CRASHED, CUT = "crashed", "server_stopped"
"""Ends of a call that came from neither side of it, as reasons."""
FAILED = frozenset({"stt_failed", "llm_failed", "tts_failed", "no_answer_from_assistant"})
"""Reasons of ours: nobody could be served."""


@dataclass(frozen=True, slots=True)
class Office:
    """Where a call's books are kept."""

    database: Database
    ledger: Ledger
    bus: EventBus
    recordings: Recordings
    metrics: Metrics
    node: str
    seal: Seal
    """Opens the credentials that its calls need."""
    outbound: Desk
    inbound: Desk = field(default_factory=InboundDesk)
    closings: Closings = field(default_factory=Closings)


class LiveCall:
    """Runs once."""

    def __init__(
        self, office: Office, workshop: Workshop, brief: Briefing, incoming: Incoming, patience: Patience
    ) -> None:
        self._office, self._workshop, self._flow, self._incoming = office, workshop, brief.flow, incoming
        self._patience = patience
        self._placed = brief.placed
        self._desk = office.inbound if brief.placed is None else office.outbound
        self._customer_id = brief.customer_id
        self._back, self._queues = brief.back, brief.queues
        self._handed_to = ""
        """The queue whose human agents are to have it."""
        self.is_ending = False
        """It was told to end, and may still have its last sentence to say."""
        self.plan = brief.plan
        self._session: CallSession | None = None
        self._transport: Transport | None = None
        self._waiting: list[Frame] = []
        self._is_over = False
        self._task: asyncio.Task[object] | None = None
        self._started_at = datetime.now(UTC) if brief.back is None else brief.back.answered_at

    @property
    def organisation(self) -> str:
        return self._flow.organisation_id

    @property
    def database(self) -> Database:
        """Where its books are."""
        return self._office.database

    @property
    def lines(self) -> Lines:
        """What it says in its own language where no model is asked."""
        return lines_for(self.plan.language)

    @property
    def is_up(self) -> bool:
        """It still takes commands."""
        return not self._is_over and (self._transport is None or not self._transport.ending)

    @property
    def is_leaving(self) -> bool:
        """It is being handed over."""
        return bool(self._handed_to)

    @property
    def _call_type(self) -> CallType:
        if self._incoming.flow:
            return CallType.BROWSER
        return CallType.INBOUND if self._placed is None else CallType.OUTBOUND

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
        self._task, self._transport = asyncio.current_task(), transport
        incoming, office = self._incoming, self._office
        back = self._back
        recording = office.recordings.path(incoming.call, self._started_at) if self.plan.record else None
        if back is not None:
            recording = back.call.recording
        file: Path | None = None
        providers = {stage: getattr(self.plan, stage).provider for stage in ("stt", "llm", "tts")}
        position = 0 if back is None else len(back.turns)
        journal = Journal(office.ledger, self._flow.organisation_id, incoming.call, providers, position)
        wishes = Wishes(office.database, self._flow.organisation_id, incoming.call, self)
        broadcaster, loudspeaker = Broadcaster(office.bus, incoming.call), Loudspeaker(office.bus, incoming.call)
        office.metrics.began(incoming.carrier)
        ending, ours = CRASHED, True
        try:
            ours = await self._patience.tried(partial(self._open, recording))
            if not ours:
                await transport.close()
                return
            if recording is not None and self.plan.record:  # a customer may have opted out while a call was away
                file = await to_the_end(asyncio.to_thread(office.recordings.begin, recording))
            stages = await self._workshop.stages(
                self.plan,
                rate=transport.rate,
                transport=incoming.carrier,
                recording=file,
                call=incoming.call,
                last=(journal, broadcaster, wishes, loudspeaker),
                queues=self._queues,
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

    async def _open(self, recording: str | None) -> bool:
        """False if nobody wants it any more."""
        if self._back is not None:
            target, outcome = self._back.transfer.target, self._back.transfer.state
            await self._publish({"type": "status", "status": "transfer_failed", "target": target, "outcome": outcome})
            return True
        incoming = self._incoming
        call = Call(
            incoming.call,
            self._flow.organisation_id,
            self._call_type,
            CallStatus.IN_PROGRESS,
            incoming.carrier,
            self._office.node,
            started_at=self._started_at,
            answered_at=self._started_at,
            flow_id=self._flow.id,
            agent_id=self._flow.agent_id,
            carrier_call=incoming.carrier_call or None,
            from_number=incoming.from_number or None,
            to_number=incoming.to_number or None,
            language=self.plan.language,
            recording=recording,
            customer_id=self._customer_id,
        )
        async with self._office.database.begin(self._flow.organisation_id) as work:
            if not await self._desk.opened(work, call, machine=self.plan.voicemail.leaves_message):
                return False
        await self._publish({"type": "start", "call_uuid": call.id, "started_at": _iso(self._started_at)})
        return True

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
            if not await self._park(recording):  # its transfer was given up while the caller was told of it
                await self._end(journal, recording, file, ending)

        if self._handed_to and ending == "transfer":
            await self._office.closings.close(self._incoming.call, away)
        else:
            await self._end(journal, recording, file, ending)

    async def _end(self, journal: Journal, recording: str | None, file: Path | None, ending: str) -> None:
        ended_at = datetime.now(UTC)
        seconds = (ended_at - self._started_at).total_seconds()
        ending = NOT_TRANSFERRED if ending == "transfer" else ending
        reason = journal.hangup or (ending if ending in (CRASHED, CUT) else journal.leaving or ending)
        failed = ending == CRASHED or reason in FAILED
        talked = Outcome.CONNECTED if self._placed is None else PICKED_UP.get(reason, Outcome.CONNECTED)
        outcome = Outcome.FAILED if failed else talked
        is_there = self._back is not None or (file is not None and await asyncio.to_thread(file.exists))
        recorded = recording if is_there else None

        async def books() -> None:
            await self._office.ledger.write()
            end = CallEnd(
                self._incoming.call, ended_at, outcome, reason, seconds, self.plan.language, recording=recorded
            )
            async with self._office.database.begin(self._flow.organisation_id) as work:
                if self._handed_to or self._queues:  # it may have ended before its wish for one was heard here
                    await hand_over.left(work, self._incoming.call, ended_at)
                await self._desk.ended(work, end)
                phone = self._incoming.from_number if self._placed is None else self._incoming.to_number
                refused = await refuses_recording(work, self._customer_id, phone)
                if refused:
                    await work.keeping.let_go(end.id, now=ended_at)
            if recording is not None and refused:
                await forget(self._office.recordings, [recording])
            elif recording is not None:
                await asyncio.to_thread(self._office.recordings.finish, recording)

        try:
            await self._office.closings.close(self._incoming.call, books)
        finally:
            self._office.metrics.calls.labels(self._incoming.carrier, outcome).inc()
            await self._publish(
                {"type": "end", "outcome": outcome, "reason": reason, "duration_seconds": round(seconds, 2)}
            )
        _log.info("a call ended", extra={"call": self._incoming.call, "reason": reason, "seconds": round(seconds, 1)})

    async def _park(self, recording: str | None) -> bool:
        """Its line is down while a human agent is dialled: it is not over, and no process has it.

        False if it is not being transferred any more, and nobody has ended it.
        """
        await self._office.ledger.write()
        if recording is not None:
            await asyncio.to_thread(self._office.recordings.finish, recording)
        async with self._office.database.begin(self._flow.organisation_id) as work:
            if not await work.calls.parked(self._incoming.call):
                present = await work.calls.get(self._incoming.call)
                return present is None or present.status is CallStatus.ENDED
            if self._placed is not None:
                await work.attempts.look_again(self._incoming.call, datetime.now(UTC) + hand_over.LONGEST_TRANSFER)
        _log.info("a call was handed over", extra={"call": self._incoming.call})
        return True

    async def _publish(self, message: dict[str, object]) -> None:
        await self._office.bus.publish(topic(self._incoming.call), message)


def _iso(at: datetime) -> str:
    return at.isoformat(timespec="seconds").replace("+00:00", "Z")
