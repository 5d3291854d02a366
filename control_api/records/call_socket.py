"""A websocket that tells of one call: who may open it, how it is closed, and whom it does not wait for."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from typing import Any

from aiohttp import WSMsgType, web

from control_api.access.auth import require
from control_api.web.admission import admitted
from control_api.web.asked import Services
from control_api.web.errors import RefusedError, not_found
from control_api.web.reading import path_part
from storage.bus import SlowSubscriberError
from storage.errors import DatabaseUnavailableError
from storage.records import Call, Scope

_log = logging.getLogger(__name__)

SEND_SECONDS = 5.0
"""A reader that takes no message for this long is dropped, never the call."""

CLOSE_SECONDS = 5.0
"""In which a reader must take what is left and answer our close."""

Socket = web.WebSocketResponse[Any]
Teller = Callable[[Socket, Call], Coroutine[Any, Any, None]]


async def connected(
    request: web.Request,
    find: Callable[[web.Request], Awaitable[Call]],
    tell: Teller,
) -> web.StreamResponse:
    """Tells until there is nothing more, or nobody reads. A RefusedError of either closes with 4000 + its status."""
    socket = web.WebSocketResponse(heartbeat=20.0)
    await socket.prepare(request)
    try:
        call = await find(request)
    except RefusedError as refused:
        await _close(socket, 4000 + refused.status, refused.detail)
    except DatabaseUnavailableError as away:
        _log.warning("a live call could not be looked up", extra={"error": str(away)})
        await _close(socket, 1011)
    except Exception:  # noqa: BLE001 - an open socket is told by its own means
        _log.exception("a live call could not be looked up")
        await _close(socket, 1011)
    else:
        await _follow(socket, call, tell)
    return socket


async def call_of(request: web.Request, services: Services, name: str, scope: Scope) -> Call:
    """The one that the path names, if the caller may know of it. Raises RefusedError (401, 403, 404, 429)."""
    caller = await admitted(request, services, name, query_token=True)
    require(caller, scope)
    call = path_part(request, "call")
    async with services.database.read(caller.organisation_id) as work:
        found = await work.calls.get(call)
    if found is None:
        raise not_found("Call")
    return found


async def _follow(socket: Socket, call: Call, tell: Teller) -> None:
    is_told = asyncio.Event()
    task = asyncio.create_task(_told(socket, call, tell, is_told))
    try:
        async for message in socket:
            if message.type is WSMsgType.ERROR:
                break
    finally:
        if not is_told.is_set():  # or it is closing the socket, and the reader's answer to that is awaited
            task.cancel()
        await asyncio.wait([task])  # raises what befalls this task, and not that one's cancellation


async def _told(socket: Socket, call: Call, tell: Teller, is_told: asyncio.Event) -> None:
    code, why = 1000, ""
    try:
        await tell(socket, call)
    except RefusedError as refused:
        code, why = 4000 + refused.status, refused.detail
    except (TimeoutError, SlowSubscriberError):
        code = 1013
    except ConnectionError:
        return
    except Exception:  # noqa: BLE001 - a bug: the reader is not left waiting
        _log.exception("a live call could not be told", extra={"call": call.id})
        code = 1011
    is_told.set()
    await _close(socket, code, why)


async def _close(socket: Socket, code: int, why: str = "") -> None:
    with suppress(TimeoutError):
        async with asyncio.timeout(CLOSE_SECONDS):
            await socket.close(code=code, message=why.encode())
