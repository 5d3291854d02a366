"""The books of one call: its row, and what is entered when it is answered, handed over, and over."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
from datetime import UTC, datetime

from control_api.records.recording_file import forget
from dialer import hand_over
from pipeline.transport import Incoming
from server.briefing import Briefing
from server.broadcast import topic
from server.desks import Desk
from server.messages.telling import ask_for_reports
from server.office import Office
from server.refusals import refuses_recording
from server.tools.opt_out import enter
from storage.calls import CallEnd
from storage.records import Call, CallStatus, CallType, Outcome

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Leaving:
    """How a call leaves, beside its end."""

    recording: str | None
    """Where its sound was kept."""
    unrecorded: bool
    """Nobody may keep it."""
    opted_out: bool
    waits: bool
    """Somebody may have wished for a human agent."""


@dataclass(frozen=True, slots=True)
class CallBooks:
    office: Office
    brief: Briefing
    incoming: Incoming
    started_at: datetime

    @property
    def call_id(self) -> str:
        return self.incoming.call

    @property
    def organisation(self) -> str:
        return self.brief.flow.organisation_id

    @property
    def _desk(self) -> Desk:
        return self.office.inbound if self.brief.placed is None else self.office.outbound

    @property
    def _call_type(self) -> CallType:
        if self.incoming.flow:
            return CallType.BROWSER
        return CallType.INBOUND if self.brief.placed is None else CallType.OUTBOUND

    def row(self, recording: str | None) -> Call:
        """As it is when it is answered."""
        incoming, flow = self.incoming, self.brief.flow
        return Call(
            incoming.call,
            flow.organisation_id,
            self._call_type,
            CallStatus.IN_PROGRESS,
            incoming.carrier,
            self.office.node,
            started_at=self.started_at,
            answered_at=self.started_at,
            flow_id=flow.id,
            agent_id=flow.agent_id,
            carrier_call=incoming.carrier_call or None,
            from_number=incoming.from_number or None,
            to_number=incoming.to_number or None,
            language=self.brief.plan.language,
            recording=recording,
            customer_id=self.brief.customer_id,
        )

    async def opened(self, row: Call) -> bool:
        """False if nobody wants it any more."""
        back = self.brief.back
        if back is not None:
            target, outcome = back.transfer.target, back.transfer.state
            await self.publish({"type": "status", "status": "transfer_failed", "target": target, "outcome": outcome})
            return True
        async with self.office.database.begin(self.organisation) as work:
            if not await self._desk.opened(work, row, machine=self.brief.plan.voicemail.leaves_message):
                return False
        await self.publish({"type": "start", "call_uuid": row.id, "started_at": _iso(self.started_at)})
        return True

    async def closed(self, end: CallEnd, leaving: Leaving) -> None:
        """May be done again, if it was not done to the end. Raises DatabaseUnavailableError."""
        await self.office.ledger.write()
        if leaving.opted_out:  # should it not have been entered when it was said
            await enter(self.office.database, self.organisation, self.call_id)
        async with self.office.database.begin(self.organisation) as work:
            if leaving.waits:  # it may have ended before its wish for a human agent was heard here
                await hand_over.left(work, self.call_id, end.at)
            await self._desk.ended(work, end)
            if end.outcome is not Outcome.CONNECTED:  # of the others an analysis has it done, once it is there
                await ask_for_reports(work, self.brief.plan, end.id, self.organisation, end.at)
            theirs = self.incoming.from_number if self.brief.placed is None else self.incoming.to_number
            refused = leaving.unrecorded or await refuses_recording(work, self.brief.customer_id, theirs)
            if refused:
                await work.keeping.let_go(end.id, now=end.at)
        if leaving.recording is not None and refused:
            await forget(self.office.recordings, [leaving.recording])
        elif leaving.recording is not None:
            await asyncio.to_thread(self.office.recordings.finish, leaving.recording)

    async def parked(self, recording: str | None) -> bool:
        """Its line is down while a human agent is dialled: it is not over, and no process has it.

        False if it is not being transferred any more, and nobody has ended it.
        """
        await self.office.ledger.write()
        if recording is not None:
            await asyncio.to_thread(self.office.recordings.finish, recording)
        async with self.office.database.begin(self.organisation) as work:
            if not await work.calls.parked(self.call_id):
                present = await work.calls.get(self.call_id)
                return present is None or present.status is CallStatus.ENDED
            if self.brief.placed is not None:
                await work.attempts.look_again(self.call_id, datetime.now(UTC) + hand_over.LONGEST_TRANSFER)
        _log.info("a call was handed over", extra={"call": self.call_id})
        return True

    async def publish(self, message: dict[str, object]) -> None:
        await self.office.bus.publish(topic(self.call_id), message)


def _iso(at: datetime) -> str:
    return at.isoformat(timespec="seconds").replace("+00:00", "Z")
