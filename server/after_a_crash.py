"""What a process that is no more has left open: its calls are closed, and their recordings mended."""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from datetime import UTC, datetime

from dialer.conclude import Report, conclude
from dialer.timing import Prices
from processors.wav import repair
from server.broadcast import topic
from server.refusals import is_refused
from storage.bus import EventBus
from storage.database import Database, UnitOfWork
from storage.nodes import Node
from storage.recordings import Recordings
from storage.records import Call, CallType

NODE_LOST = "node lost"
"""Reason of the end of calls whose process was found dead by another."""

_log = logging.getLogger(__name__)


async def mended(database: Database, recordings: Recordings, node: str, prices: Prices) -> None:
    """Closes the calls that an earlier process of this node left open, and mends what nobody who lives is recording."""
    await _mend(database, recordings, me=node)
    async with database.begin() as work:
        left = await work.calls.abandoned(node, at=datetime.now(UTC))
        missing = [call for call in left if call.recording is not None and not await _is_there(recordings, call)]
        await _concluded(work, left, missing, prices)
    if left:
        _log.warning("calls that a crash had left open were closed", extra={"calls": len(left)})


async def taken_over(database: Database, recordings: Recordings, bus: EventBus, prices: Prices, lost: Node) -> None:
    """As `mended`, of another node that has not been seen for long. Nothing is done if another was quicker.

    Its recordings are mended if they lie in a folder that is shared with it.
    """
    seen = {path for path, node in await asyncio.to_thread(recordings.begun) if node == lost.name}
    async with database.begin() as work:
        if not await work.nodes.given_up(lost):
            return
        left = await work.calls.abandoned(lost.name, at=datetime.now(UTC), reason=NODE_LOST)
        missing = [call for call in left if call.recording in seen and not await _is_there(recordings, call)]
        await _concluded(work, left, missing, prices)
    _log.warning("a node was found dead: its calls were closed", extra={"node": lost.name, "calls": len(left)})
    for call in left:  # who watches it is told by nobody else
        end = {"type": "end", "outcome": call.outcome, "reason": call.reason, "duration_seconds": call.duration}
        await bus.publish(topic(call.id), end)
    await _mend(database, recordings)


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


async def _is_there(recordings: Recordings, call: Call) -> bool:
    with suppress(ValueError):
        return await asyncio.to_thread(recordings.file(call.recording or "").is_file)
    return False
