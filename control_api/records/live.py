"""`/ws/live/{call}`: what is said in a call, as it is said."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

import orjson
from aiohttp import WSMsgType, web

from control_api.access.auth import SignIn, require
from control_api.records.stories import PASSING, Stories
from control_api.web.errors import RefusedError
from storage.bus import SlowSubscriberError
from storage.database import Database
from storage.records import Scope

_log = logging.getLogger(__name__)

SEND_SECONDS = 5.0
"""A reader that takes no message for this long is dropped, never the call."""


class LiveSocket:
    """`?partials=1` asks for the news of the moment too: partial transcripts, speech, and what was held."""

    def __init__(self, database: Database, stories: Stories, sign_in: SignIn) -> None:
        self._database, self._stories, self._sign_in = database, stories, sign_in

    def routes(self) -> list[web.RouteDef]:
        return [web.get("/ws/live/{call}", self._connect, allow_head=False)]

    async def _connect(self, request: web.Request) -> web.StreamResponse:
        socket = web.WebSocketResponse(heartbeat=20.0)
        await socket.prepare(request)
        try:
            caller = await self._sign_in.identify(request, query_token=True)
            require(caller, Scope.CALLS_READ)
        except RefusedError as refused:
            await socket.close(code=4000 + refused.status, message=refused.detail.encode())
            return socket
        call = request.match_info["call"]
        async with self._database.read(caller.organisation_id) as work:
            found = await work.calls.get(call)
        if found is None:
            await socket.close(code=4404, message=b"Call not found")
            return socket
        if found.ended_at is not None and not self._stories.knows(f"call.{call}"):
            await socket.close(code=4409, message=b"The call is over")
            return socket
        telling = asyncio.create_task(self._tell(socket, call, request.query.get("partials") == "1"))
        try:
            async for message in socket:
                if message.type is WSMsgType.ERROR:
                    break
        finally:
            telling.cancel()
            await asyncio.wait([telling])  # raises what befalls this task, and not that one's cancellation
        return socket

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
