"""The outline of a call's recording, for a player to draw: made of the file, or of the object as it is read."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing

from pydantic import Field

from control_api.records import calls
from control_api.records.audible import may_be_heard
from control_api.records.peaks import HEADER, Form, NotOursError, Peaks, peaks_of
from control_api.web.asked import Asked, Services
from control_api.web.errors import RefusedError, not_found
from control_api.web.shapes import Body, Shown
from storage.recording_store import RecordingStore, StoreUnavailableError
from storage.recordings import Recordings

contract = calls.contract.again()

_reader = ThreadPoolExecutor(1, thread_name_prefix="waveform")
"""At most one core goes to this."""


class WaveformQuery(Body):
    points: int = Field(1200, ge=10, le=5000, description="stretches that the recording is divided into")


class Waveform(Shown):
    """The loudest sample of each stretch, 0 to 1."""

    seconds: float
    customer: list[float]
    agent: list[float]


@contract.get("/{call_uuid}/waveform", limit="30/minute", errors=(503,))
async def waveform(asked: Asked, call_uuid: str, query: WaveformQuery) -> Waveform:
    """Get the outline of a call's recording, each side by itself."""
    async with asked.read() as work:
        call = await work.calls.get(call_uuid)
        if call is None:
            raise not_found("Call")
        may_be = await may_be_heard(work, call, asked.now)
    peaks = await _peaks(asked.services, call.recording, query.points) if may_be and call.recording else None
    if peaks is None:
        raise not_found("Recording")
    return Waveform(
        seconds=round(peaks.seconds, 3), customer=list(peaks.of_channel(0)), agent=list(peaks.of_channel(1))
    )


async def _peaks(services: Services, path: str, points: int) -> Peaks | None:
    """None if nothing was recorded, or nothing of ours. Raises RefusedError."""
    loop = asyncio.get_running_loop()
    try:
        wav = await asyncio.to_thread(Recordings(services.data).file, path)
        found = await loop.run_in_executor(_reader, peaks_of, wav, points)
        if found is None and services.stored is not None:
            found = await _of_object(services.stored.store, path, points)
    except NotOursError:
        return None
    except StoreUnavailableError:
        raise RefusedError(503, "The recording cannot be reached at the moment", retry_after=10) from None
    return found


async def _of_object(store: RecordingStore, path: str, points: int) -> Peaks | None:
    """Its chunks are looked at as they come, and none is kept."""
    stored = await store.look(path)
    if stored is None or stored.size <= HEADER:
        return None
    loop = asyncio.get_running_loop()
    async with aclosing(store.read(path, 0, HEADER)) as chunks:
        header = b"".join([chunk async for chunk in chunks])
    peaks = Peaks(Form.of(header), stored.size - HEADER, points)
    async with aclosing(store.read(path, HEADER, stored.size)) as chunks:
        async for chunk in chunks:
            await loop.run_in_executor(_reader, peaks.add, chunk)
    return peaks
