"""`/ws/live/{call}`: what is said in a call, as it is said."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

import orjson
from aiohttp import WSMsgType, web

from control_api.access.auth import require
from control_api.records.stories import PASSING, Stories
from control_api.web.admission import admitted
from control_api.web.asked import Services
from control_api.web.errors import RefusedError, conflict, not_found
from control_api.web.reading import path_part
from storage.bus import SlowSubscriberError
from storage.records import Scope

_log = logging.getLogger(__name__)

NAME = "GET /ws/live/{call}"
"""What its limit is counted under."""
SEND_SECONDS = 5.0
"""A reader that takes no message for this long is dropped, never the call."""


class LiveSocket:
    """`?partials=1` asks for the news of the moment too: partial transcripts, speech, and what was held."""

    def __init__(self, services: Services, stories: Stories) -> None:
        self._services, self._stories = services, stories

    def routes(self) -> list[web.RouteDef]:
        return [web.get("/ws/live/{call}", self._connect, allow_head=False)]

    async def _connect(self, request: web.Request) -> web.StreamResponse:
        socket = web.WebSocketResponse(heartbeat=20.0)
        await socket.prepare(request)
        try:
            call = await self._asked_for(request)
        except RefusedError as refused:
            await socket.close(code=4000 + refused.status, message=refused.detail.encode())
        except Exception:  # noqa: BLE001 - an open socket is told by its own means
            _log.exception("a live call could not be looked up")
            await socket.close(code=1011)
        else:
            await self._follow(socket, call, partials=request.query.get("partials") == "1")
        return socket

    async def _asked_for(self, request: web.Request) -> str:
        """The call's id, if the caller may follow it. Raises RefusedError."""
        caller = await admitted(request, self._services, NAME, query_token=True)
        require(caller, Scope.CALLS_READ)
        call = path_part(request, "call")
        async with self._services.database.read(caller.organisation_id) as work:
            found = await work.calls.get(call)
        if found is None:
            raise not_found("Call")
        if found.ended_at is not None and not self._stories.knows(f"call.{call}"):
            raise conflict("The call is over")
        return call

    async def _follow(self, socket: web.WebSocketResponse[Any], call: str, *, partials: bool) -> None:
        telling = asyncio.create_task(self._tell(socket, call, partials))
        try:
            async for message in socket:
                if message.type is WSMsgType.ERROR:
                    break
        finally:
            telling.cancel()
            await asyncio.wait([telling])  # raises what befalls this task, and not that one's cancellation

    async def _tell(self, socket: web.WebSocketResponse[Any], call: str, partials: bool) -> None:
        code = 1000
        try:
            async with self._stories.follow(f"call.{call}") as story:
                async for message in story:
                    if partials or message["type"] not in PASSING:
                        async with asyncio.timeout(SEND_SECONDS):
                            await socket.send_str(orjson.dumps(message).decode())
        except (TimeoutError, SlowSubscriberError):
            code = 1013
        except ConnectionError:
            return
        except Exception:  # noqa: BLE001 - a bug: the reader is not left waiting
            _log.exception("a live call could not be told", extra={"call": call})
            code = 1011
        await socket.close(code=code)
