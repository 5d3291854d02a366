"""What a process that is no more has left open: its calls are closed, and their recordings mended."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable, Mapping
from contextlib import suppress
from datetime import UTC, datetime

from dialer import hand_over
from dialer.conclude import Report, conclude
from dialer.timing import Prices
from processors.wav import repair, seconds
from server.broadcast import topic
from server.refusals import is_refused
from storage.bus import EventBus
from storage.database import Database, UnitOfWork
from storage.dialing import NODE_LOST
from storage.nodes import Node
from storage.recordings import Recordings, call_of
from storage.records import Call, CallType, Outcome
from storage.transfer_records import Transfer

_log = logging.getLogger(__name__)


async def mended(database: Database, recordings: Recordings, node: str, prices: Prices) -> None:
    """Closes the calls that an earlier process of this node left open, and mends what nobody who lives is recording."""
    await _mend(database, recordings, me=node)
    async with database.begin() as work:
        begun = await work.transfers.begun_on(node)
        left = await work.calls.abandoned(node, at=datetime.now(UTC))
        await _not_transferred(work, begun, left)
        missing = [call for call in left if call.recording is not None and not await _is_there(recordings, call)]
        await _concluded(work, left, missing, prices)
    if left:
        _log.warning("calls that a crash had left open were closed", extra={"calls": len(left)})


async def taken_over(database: Database, recordings: Recordings, bus: EventBus, prices: Prices, lost: Node) -> None:
    """As `mended`, of another node that has not been seen for long: its calls have failed, answered or not.

    Nothing is done if another was quicker. Its recordings are mended if they lie in a folder that is shared with it.
    """
    seen = {path for path, node in await asyncio.to_thread(recordings.begun) if node == lost.name}
    recorded = await asyncio.to_thread(_lengths, recordings, seen)
    async with database.begin() as work:
        if not await work.nodes.given_up(lost):
            return
        begun = await work.transfers.begun_on(lost.name)
        left = await work.calls.abandoned(
            lost.name, at=datetime.now(UTC), reason=NODE_LOST, answered=Outcome.FAILED, recorded=recorded
        )
        await _not_transferred(work, begun, left)
        missing = [call for call in left if call.recording in seen and not await _is_there(recordings, call)]
        await _concluded(work, left, missing, prices)
    _log.warning("a node was found dead: its calls were closed", extra={"node": lost.name, "calls": len(left)})
    for call in left:  # who watches it is told by nobody else
        end = {"type": "end", "outcome": call.outcome, "reason": call.reason, "duration_seconds": call.duration}
        await bus.publish(topic(call.id), end)
    await _mend(database, recordings)


async def _not_transferred(work: UnitOfWork, begun: list[Transfer], left: list[Call]) -> None:
    """The carrier was to be asked once the line is down by itself. Transfers are held before calls, as everywhere."""
    over = {call.id for call in left}
    await hand_over.lost(work, [transfer for transfer in begun if transfer.call_id in over], datetime.now(UTC))


async def _concluded(work: UnitOfWork, left: list[Call], missing: list[Call], prices: Prices) -> None:
    for call in missing:
        await work.calls.unrecorded(call.id)
    for call in left:
        own = work.of(call.organisation_id)
        if await is_refused(own, call):
            await own.keeping.let_go(call.id, now=datetime.now(UTC))
        body = {"call": call.id, "outcome": call.outcome, "duration_seconds": call.duration}
        await work.announce("call.ended", body, organisation=call.organisation_id)
        if call.call_type is CallType.OUTBOUND:
            await conclude(own, [_left(call)], prices)


async def _mend(database: Database, recordings: Recordings, me: str | None = None) -> None:
    """`me` is a node that has yet to begin."""
    begun = await asyncio.to_thread(recordings.begun)
    async with database.read() as work:
        living = {node.name for node in await work.nodes.every()} - {me}
    for path in [path for path, node in begun if node not in living]:
        with suppress(FileNotFoundError, ValueError):
            if await asyncio.to_thread(repair, recordings.file(path)):
                _log.info("a recording was mended", extra={"file": path})
        await asyncio.to_thread(recordings.finish, path)


def _left(call: Call) -> Report:
    assert call.outcome is not None
    assert call.ended_at is not None
    return Report(call.id, call.outcome, call.reason, call.ended_at, talk_seconds=call.duration or 0.0)


def _lengths(recordings: Recordings, paths: Iterable[str]) -> Mapping[str, float]:
    """Seconds by the id of the call, of those that can be read. Blocking."""
    found = {}
    for path in paths:
        with suppress(OSError, ValueError):
            found[call_of(path)] = seconds(recordings.file(path))
    return found


async def _is_there(recordings: Recordings, call: Call) -> bool:
    with suppress(ValueError):
        return await asyncio.to_thread(recordings.file(call.recording or "").is_file)
    return False
