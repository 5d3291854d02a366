"""What an earlier process of this node left open: its calls are closed, and their recordings mended."""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from datetime import UTC, datetime

from dialer.conclude import Report, conclude
from dialer.timing import Prices
from processors.wav import repair
from storage.database import Database
from storage.recordings import Recordings
from storage.records import Call, CallType

_log = logging.getLogger(__name__)


async def mended(database: Database, recordings: Recordings, node: str, prices: Prices) -> None:
    """Closes the calls and mends the recordings that an earlier process of this node left open."""
    for path in await asyncio.to_thread(recordings.unfinished):
        with suppress(FileNotFoundError, ValueError):
            if await asyncio.to_thread(repair, recordings.file(path)):
                _log.info("a recording was mended", extra={"file": path})
        await asyncio.to_thread(recordings.finish, path)
    async with database.begin() as work:
        left = await work.calls.abandoned(node, at=datetime.now(UTC))
        for call in left:
            if call.recording is not None and not await asyncio.to_thread(_is_there, recordings, call.recording):
                await work.calls.unrecorded(call.id)
            body = {"call": call.id, "outcome": call.outcome, "duration_seconds": call.duration}
            await work.announce("call.ended", body, organisation=call.organisation_id)
            if call.call_type is CallType.OUTBOUND:
                await conclude(work.of(call.organisation_id), [_left(call)], prices)
    if left:
        _log.warning("calls that a crash had left open were closed", extra={"calls": len(left)})


def _left(call: Call) -> Report:
    assert call.outcome is not None
    assert call.ended_at is not None
    return Report(call.id, call.outcome, call.reason, call.ended_at, talk_seconds=call.duration or 0.0)


def _is_there(recordings: Recordings, path: str) -> bool:
    with suppress(ValueError):
        return recordings.file(path).is_file()
    return False
