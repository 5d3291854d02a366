"""`/ws/live/{call}`: what is said in a call, as it is said."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from functools import partial

import orjson
from aiohttp import web

from control_api.records.call_socket import SEND_SECONDS, Socket, call_of, connected
from control_api.records.stories import PASSING, Stories
from control_api.web.asked import Services
from control_api.web.errors import RefusedError, conflict
from storage.bus import Message
from storage.records import Call, Scope

NAME = "GET /ws/live/{call}"
"""What its limit is counted under."""


class LiveSocket:
    """`?partials=1` asks for the news of the moment too: partial transcripts, speech, and what was held."""

    def __init__(self, services: Services, stories: Stories) -> None:
        self._services, self._stories = services, stories

    def routes(self) -> list[web.RouteDef]:
        return [web.get("/ws/live/{call}", self._connect, allow_head=False)]

    async def _connect(self, request: web.Request) -> web.StreamResponse:
        partials = request.query.get("partials") == "1"
        return await connected(request, self._asked_for, partial(self._tell, partials))

    async def _asked_for(self, request: web.Request) -> Call:
        """If the caller may follow it, and there is something to tell. Raises RefusedError."""
        call = await call_of(request, self._services, NAME, Scope.CALLS_READ)
        if call.ended_at is not None and not (self._stories.so_far(_topic(call)) or await self._elsewhere(call)):
            raise conflict("The call is over")
        return call

    async def _elsewhere(self, call: Call) -> Sequence[Message]:
        """The story so far, of the process that has the call; nothing if that cannot be asked."""
        try:
            answer = await self._services.commands(call, {"do": "story"})
        except RefusedError:
            return ()
        events: Sequence[Message] = answer["events"]
        return events

    async def _tell(self, partials: bool, socket: Socket, call: Call) -> None:
        is_over = call.ended_at is not None
        async with self._stories.follow(_topic(call), partial(self._elsewhere, call), is_over=is_over) as story:
            async for message in story:
                if partials or message["type"] not in PASSING:
                    async with asyncio.timeout(SEND_SECONDS):
                        await socket.send_str(orjson.dumps(message).decode())


def _topic(call: Call) -> str:
    return f"call.{call.id}"
