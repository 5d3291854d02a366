"""A caller who comes back from a transfer that failed: the same call goes on."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from dialer import hand_over
from pipeline.transport import Incoming
from processors.lines import Lines
from processors.ports import Message
from storage.database import Database
from storage.moment_records import MomentKind
from storage.records import Call, CallStatus, Speaker, Turn
from storage.transfer_records import Transfer, TransferState

WAITS, TRIES = 0.1, 30
"""Seconds between two looks at a call whose books are still being closed, and how many."""


@dataclass(frozen=True, slots=True)
class Return:
    """What was before the transfer, and what came of it."""

    call: Call
    transfer: Transfer
    turns: Sequence[Turn]
    consented: bool = False
    """The caller has agreed to be recorded."""

    @property
    def answered_at(self) -> datetime:
        return self.call.answered_at or self.call.started_at

    @property
    def since(self) -> float:
        """Seconds from the first answer to now, and not before the last word: a line may be faster than the clock."""
        last = max((turn.at + turn.seconds for turn in self.turns), default=0.0)
        return max((datetime.now(UTC) - self.answered_at).total_seconds(), last)

    @property
    def chat(self) -> list[Message]:
        return [Message("assistant" if turn.speaker is Speaker.AGENT else "user", turn.text) for turn in self.turns]

    def says(self, lines: Lines) -> str:
        """What the caller hears first."""
        match self.transfer.state:
            case TransferState.BUSY:
                return lines.nobody_free
            case TransferState.DECLINED | TransferState.NO_ANSWER:
                return lines.nobody_answered
        return lines.not_connected


async def transferred(database: Database, incoming: Incoming) -> Call | None:
    """The call that came in with this carrier's id before and was handed over. None: it is a new one."""
    if not incoming.carrier_call:
        return None
    async with database.read() as work:
        transfer = await work.transfers.by_carrier_call(incoming.carrier_call)
        return None if transfer is None else await work.calls.get(transfer.call_id)


async def taken_back(database: Database, call: Call, node: str, is_here: Callable[[str], bool]) -> Return | None:
    """None if nobody expects the call: it is over, or was taken. Waits for the books of its first part."""
    for _ in range(TRIES):
        if not is_here(call.id):
            async with database.begin(call.organisation_id) as work:
                transfer = await hand_over.returned(work, call.id, node, datetime.now(UTC))
                if transfer is not None:
                    noticed = {moment.kind for moment in await work.moments.of_call(call.id)}
                    consented = MomentKind.CONSENT_GIVEN in noticed
                    return Return(call, transfer, await work.calls.turns(call.id), consented)
                present = await work.calls.get(call.id)
            if present is None or present.status is not CallStatus.TRANSFERRING or not present.node:
                return None
        await asyncio.sleep(WAITS)
    return None
