"""Who enters the answer and the end of calls in the books: of those that came in, and of those that were placed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from dialer.conclude import Report, conclude
from dialer.news import answered
from dialer.timing import Prices, Timing
from processors.machines import pickup, words
from storage.calls import CallEnd
from storage.database import UnitOfWork
from storage.dialing import Attempt
from storage.records import Call, Outcome

PICKED_UP: Mapping[str, Outcome] = {
    pickup.VOICEMAIL: Outcome.VOICEMAIL,
    words.BUSY: Outcome.BUSY,
    words.UNANSWERED: Outcome.NO_ANSWER,
    words.SWITCHED_OFF: Outcome.NO_ANSWER,
    words.UNREACHABLE: Outcome.NO_ANSWER,
    words.NO_SUCH_NUMBER: Outcome.FAILED,
}
"""By why we hung up: of calls that no person has answered."""


class Desk(Protocol):
    async def opened(self, work: UnitOfWork, call: Call, *, machine: bool = False) -> bool:
        """False if the call is not to be taken: it is over already. May be asked again where the commit failed.

        `machine`: it is taken from an answering machine too.
        """
        ...

    async def ended(self, work: UnitOfWork, end: CallEnd) -> None:
        """May be asked again; the first time counts."""
        ...


class InboundDesk:
    async def opened(self, work: UnitOfWork, call: Call, *, machine: bool = False) -> bool:
        if await work.calls.get(call.id) is None:
            await work.calls.open(call)
            await _tell_start(work, call)
        return True

    async def ended(self, work: UnitOfWork, end: CallEnd) -> None:
        if await work.calls.ended_many([end]):
            body = {"call": end.id, "outcome": end.outcome, "duration_seconds": round(end.duration, 2)}
            await work.announce("call.ended", body)


@dataclass(frozen=True, slots=True)
class OutboundDesk:
    timing: Timing
    prices: Prices
    on_the_line: Callable[[str], None] = lambda call: None
    """Told of a call that was answered."""
    told: Callable[[Sequence[Attempt]], None] = lambda ended: None

    async def opened(self, work: UnitOfWork, call: Call, *, machine: bool = False) -> bool:
        assert call.answered_at is not None
        carrier_call = call.carrier_call or ""
        if not await answered(
            work, call.id, at=call.answered_at, timing=self.timing, carrier_call=carrier_call, machine=machine
        ):
            return False
        await work.calls.taken(
            call.id,
            at=call.answered_at,
            node=call.node,
            language=call.language or "",
            recording=call.recording,
            carrier_call=carrier_call,
        )
        await _tell_start(work, call)
        self.on_the_line(call.id)
        return True

    async def ended(self, work: UnitOfWork, end: CallEnd) -> None:
        report = Report(
            end.id,
            end.outcome,
            end.reason,
            end.at,
            talk_seconds=end.duration,
            language=end.language,
            recording=end.recording,
            is_recorder=True,
        )
        self.told(await conclude(work, [report], self.prices))


async def _tell_start(work: UnitOfWork, call: Call) -> None:
    await work.announce("call.started", {"call": call.id, "call_type": call.call_type})
