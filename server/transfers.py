"""What becomes of a call that was handed over and has no socket: it ends, comes back, or its carrier forgets it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from dialer import hand_over
from server.broadcast import topic
from server.desks import Desk
from server.refusals import is_refused
from storage.bus import EventBus
from storage.calls import CallEnd
from storage.database import Database, DatabaseUnavailableError, UnitOfWork
from storage.records import Call, CallStatus, CallType, Outcome
from storage.transfer_records import ON_ITS_WAY, Transfer, TransferState

SECONDS = 5.0
"""Between two looks at transfers of which nothing was heard in time."""
BATCH = 100
TRANSFERRED, CALLER_LEFT, NOT_PICKED_UP, NOT_TRANSFERRED = (
    "transferred",
    "caller_left",
    "not_picked_up",
    "transfer_failed",
)
"""Why a call ended."""
WARM_TRANSFER = "warm_transfer"
"""Outcome in the live story of a call."""

_log = logging.getLogger(__name__)


class TransferDesk:
    def __init__(
        self,
        database: Database,
        bus: EventBus,
        *,
        inbound: Desk,
        outbound: Desk,
        clock: Callable[[], datetime],
        counted: Callable[[str, Outcome], None] = lambda carrier, outcome: None,
    ) -> None:
        """`counted` is told the carrier and the outcome of each call that ends here."""
        self._database, self._bus, self._clock = database, bus, clock
        self._inbound, self._outbound, self._counted = inbound, outbound, counted

    async def heard(self, transfer: Transfer, number: int, state: TransferState, *, is_over: bool = False) -> None:
        """What the carrier says of the `number`th human agent of a transfer. A repeated report changes nothing."""
        at = self._clock()
        ended: Call | None = None
        async with self._database.begin(transfer.organisation_id) as work:
            now = await hand_over.heard(work, transfer.id, number, state, at, is_over=is_over)
            if now is None:
                return
            if now.ended_at is not None and now.state in (TransferState.ACCEPTED, TransferState.CALLER_LEFT):
                ended = await self._end(work, now, TRANSFERRED if now.accepted_at else CALLER_LEFT, at)
        await self._tell(ended, now)

    async def carrier_over(self, organisation: str, call_id: str) -> None:
        """The carrier says that the call is over. Of one that is not being transferred nothing changes."""
        at = self._clock()
        async with self._database.begin(organisation) as work:
            call = await work.calls.get(call_id)
            if call is None or not _is_away(call):
                return
            now = await hand_over.left(work, call_id, at)
            if now is None:
                return
            ended = await self._end(work, now, TRANSFERRED if now.accepted_at else CALLER_LEFT, at)
        await self._tell(ended, now)

    async def keep(self) -> None:
        """Looks after transfers of which nothing is heard; runs until cancelled."""
        while True:
            try:
                done = await self.sweep()
            except DatabaseUnavailableError as away:
                _log.warning("transfers wait for the database", extra={"error": str(away)})
                done = 0
            except Exception:  # noqa: BLE001 - it must outlive a bad round, or the server ends with it
                _log.exception("transfers could not be looked after yet")
                done = 0
            if done < BATCH:
                await asyncio.sleep(SECONDS)

    async def sweep(self) -> int:
        """How many transfers were late."""
        now = self._clock()
        async with self._database.read() as work:
            late = await work.transfers.to_look_after(now, BATCH)
        for transfer in late:
            await self._look_at(transfer, now)
        return len(late)

    async def _look_at(self, known: Transfer, at: datetime) -> None:
        async with self._database.begin(known.organisation_id) as work:
            await work.transfers.alone()
            transfer = await work.transfers.held(known.id)
            call = await work.calls.get(known.call_id)
            if transfer is None or transfer.look_at != known.look_at:
                return  # somebody else has heard of it meanwhile
            if hand_over.is_unobeyed(transfer):  # whoever asked for it is gone
                await hand_over.not_begun(work, transfer.id, at)
                return
            if call is not None and call.status is CallStatus.TRANSFERRING and not _is_away(call):
                await _save(work, replace(transfer, look_at=at + hand_over.TELLING), at)
                return
            late = _given_up(transfer, at)
            await _save(work, late, at)
            ended = None
            if call is not None and _is_away(call):
                ended = await self._end(work, late, _reason(late), at)
        _log.warning("nothing was heard of a transfer in time", extra={"call": known.call_id, "state": known.state})
        await self._tell(ended, late)

    async def _end(self, work: UnitOfWork, transfer: Transfer, reason: str, at: datetime) -> Call | None:
        """The call as it was; None if it has ended in another way."""
        call = await work.calls.get(transfer.call_id)
        if call is None or call.status is CallStatus.ENDED:
            return None
        answered_at = call.answered_at or call.started_at
        desk = self._outbound if call.call_type is CallType.OUTBOUND else self._inbound
        end = CallEnd(
            call.id, at, Outcome.CONNECTED, reason, (at - answered_at).total_seconds(), recording=call.recording
        )
        await desk.ended(work, end)
        if await is_refused(work, call):
            await work.keeping.let_go(call.id, now=at)
        return call

    async def _tell(self, ended: Call | None, transfer: Transfer) -> None:
        if ended is None:
            return
        self._counted(ended.carrier, Outcome.CONNECTED)
        seconds = (self._clock() - (ended.answered_at or ended.started_at)).total_seconds()
        outcome = WARM_TRANSFER if transfer.accepted_at else Outcome.CONNECTED
        story = {"type": "end", "outcome": outcome, "duration_seconds": round(seconds, 2)}
        await self._bus.publish(topic(ended.id), story)
        _log.info("a transferred call ended", extra={"call": ended.id, "state": transfer.state})


def _is_away(call: Call) -> bool:
    """Its socket is gone, and it is not over."""
    return call.status is CallStatus.TRANSFERRING and not call.node


def _given_up(transfer: Transfer, at: datetime) -> Transfer:
    """As it is once nothing more is to be heard of it."""
    ended_at = transfer.ended_at or at
    state = TransferState.FAILED if transfer.state is TransferState.INITIATED else transfer.state
    return replace(transfer, state=state, ended_at=ended_at, look_at=None)


def _reason(transfer: Transfer) -> str:
    """Of an offer that nobody has told the end of, the human agent is taken to have answered."""
    if transfer.state in (TransferState.ACCEPTED, *ON_ITS_WAY):
        return TRANSFERRED
    return NOT_TRANSFERRED if transfer.state is TransferState.FAILED else NOT_PICKED_UP


async def _save(work: UnitOfWork, transfer: Transfer, at: datetime) -> None:
    await work.transfers.save(transfer, now=at)
