"""The sound of a call as an HTTP answer: from our disk, from the object store, or from the carrier that recorded it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import aclosing

from aiohttp import web

from control_api.records.carrier_sound import CarrierSoundError
from control_api.records.recording_file import Format, recording_file
from control_api.web.asked import Services
from control_api.web.errors import RefusedError, bad, not_found
from control_api.web.serving import tell_limits
from storage.recording_store import Stored, StoreUnavailableError
from storage.recordings import Recordings
from storage.records import Call

RANGES = ("Range", "If-Range")
_log = logging.getLogger(__name__)


async def sound(
    services: Services, request: web.Request, call: Call, wanted: Format, *, or_mp3: bool = False
) -> web.StreamResponse:
    """Whole, or the range that the request names. `or_mp3`: where there is no WAV, an MP3 will do.

    Raises RefusedError: 400 (not in this format), 404 (nothing was recorded), 502 (carrier), 503 (object store).
    """
    if call.recording is not None:
        ours = await _ours(services, request, call, call.recording, wanted)
        if ours is not None:
            return ours
    return await _carriers(services, request, call, wanted, or_mp3=or_mp3)


async def _ours(
    services: Services, request: web.Request, call: Call, path: str, wanted: Format
) -> web.StreamResponse | None:
    wav = await asyncio.to_thread(Recordings(services.data).file, path)
    file = await recording_file(wav, wanted)
    if file is not None:
        return web.FileResponse(file, headers=_headers(call, wanted))
    if services.stored is None:
        return None
    try:
        found = await services.stored.find(path, wanted)
    except StoreUnavailableError:
        raise RefusedError(503, "The recording cannot be reached at the moment", retry_after=10) from None
    if found is None:
        return None
    name, stored = found
    part = _part(request, stored)
    headers = {**_headers(call, wanted), "Accept-Ranges": "bytes", "ETag": stored.tag}
    if part is None:
        return web.Response(status=416, headers={"Content-Range": f"bytes */{stored.size}"})
    if len(part) < stored.size:
        headers["Content-Range"] = f"bytes {part.start}-{part.stop - 1}/{stored.size}"
    response = web.StreamResponse(status=206 if len(part) < stored.size else 200, headers=headers)
    response.content_length = len(part)
    async with aclosing(services.stored.store.read(name, part.start, part.stop)) as chunks:
        return await _poured(request, response, chunks, call)


async def _carriers(
    services: Services, request: web.Request, call: Call, wanted: Format, *, or_mp3: bool
) -> web.StreamResponse:
    ranges = {name: request.headers[name] for name in RANGES if name in request.headers}
    try:
        async with services.carrier_recordings.opened(call, ranges) as found:
            if found is None:
                raise not_found("Recording")
            if wanted is not Format.MP3 and not or_mp3:
                raise bad("format must be 'mp3': it is the carrier that has recorded this call")
            headers = {**found.headers, **_headers(call, Format.MP3)}
            response = web.StreamResponse(status=found.status, headers=headers)
            return await _poured(request, response, found.chunks, call)
    except CarrierSoundError as error:
        raise RefusedError(502, str(error)) from None


async def _poured(
    request: web.Request, response: web.StreamResponse, chunks: AsyncIterator[bytes], call: Call
) -> web.StreamResponse:
    """A listener who takes it slowly has it fetched slowly."""
    tell_limits(request, response)
    await response.prepare(request)
    if request.method == "HEAD":
        return response
    try:
        async for chunk in chunks:
            await response.write(chunk)
    except (StoreUnavailableError, CarrierSoundError, ConnectionError) as error:
        _log.warning("a recording was cut short", extra={"call": call.id, "error": type(error).__name__})
        if request.transport is not None:
            request.transport.abort()  # or what came would look whole
    return response


def _headers(call: Call, format_: Format) -> dict[str, str]:
    return {
        "Content-Type": format_.content_type,
        "Content-Disposition": f'inline; filename="{call.id}.{format_.name.lower()}"',
        "Cache-Control": "private",
        "Vary": "Accept, Authorization",
        "X-Content-Type-Options": "nosniff",
    }


def _part(request: web.Request, stored: Stored) -> range | None:
    """The bytes to send; None if there are none where the request wants some."""
    if request.headers.get("If-Range", stored.tag) != stored.tag:
        return range(stored.size)
    try:
        part = range(stored.size)[request.http_range]
    except ValueError:
        return None
    return part or None
