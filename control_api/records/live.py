"""`/ws/live/{call}`: what is said in a call, as it is said."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from functools import partial
from http import HTTPStatus

import orjson
from aiohttp import web

from control_api.records.call_socket import SEND_SECONDS, Socket, call_of, connected
from control_api.records.stories import PASSING, Stories
from control_api.web.asked import Services
from control_api.web.errors import RefusedError, conflict
from storage.bus import Message
from storage.errors import DatabaseUnavailableError
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
        """The story so far, of the process that has the call; nothing if none has it, or it is over.

        Raises RefusedError (503) if that process does not answer.
        """
        try:
            answer = await self._services.commands(call, {"do": "story"})
        except RefusedError as refused:
            if refused.status == HTTPStatus.SERVICE_UNAVAILABLE and call.ended_at is None:
                raise
            return ()
        events: Sequence[Message] = answer["events"]
        return events

    async def _again(self, call: Call) -> Sequence[Message]:
        """As `_elsewhere`, of a call that is followed already: what cannot be asked for now is asked for later.

        Of one that is over, and whose process cannot tell its end any more, the end is told by its row.
        """
        try:
            async with self._services.database.read(call.organisation_id) as work:
                present = await work.calls.get(call.id)
            if present is None:
                return ()
            events = await self._elsewhere(present)
        except (DatabaseUnavailableError, RefusedError):
            return ()
        if present.ended_at is None or any(message["type"] == "end" for message in events):
            return events
        return [*events, _end(present)]

    async def _tell(self, partials: bool, socket: Socket, call: Call) -> None:
        elsewhere, again = partial(self._elsewhere, call), partial(self._again, call)
        is_over = call.ended_at is not None
        async with self._stories.follow(_topic(call), elsewhere, again, is_over=is_over) as story:
            async for message in story:
                if partials or message["type"] not in PASSING:
                    async with asyncio.timeout(SEND_SECONDS):
                        await socket.send_str(orjson.dumps(message).decode())


def _end(call: Call) -> Message:
    seconds = round(call.duration or 0.0, 2)
    return {"type": "end", "outcome": call.outcome, "reason": call.reason, "duration_seconds": seconds}


def _topic(call: Call) -> str:
    return f"call.{call.id}"
