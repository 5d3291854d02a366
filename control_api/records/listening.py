"""`/ws/listen/{call}`: both sides of a call, as they are heard."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncIterator, Awaitable

import orjson
from aiohttp import web

from control_api.records.call_socket import SEND_SECONDS, Socket, call_of, connected
from control_api.web.asked import NOT_LIVE, Services
from control_api.web.errors import conflict
from storage.bus import EventBus, Message
from storage.records import Call, CallStatus, Scope

NAME = "GET /ws/listen/{call}"
"""What its limit is counted under."""
ASK_SECONDS = 4.0
"""Sound comes for 10 s after it was asked for: should one asking be lost, the next is in time."""
LISTEN = {"do": "listen"}
END: Message = {"type": "end"}
NOTHING: Message = {}
"""Within the time that was waited for."""


class ListenSocket:
    """First `{"type": "start", "sample_rate": …, "channels": 2}`, then PCM16LE: the customer left, the agent right."""

    def __init__(self, services: Services, bus: EventBus) -> None:
        self._services, self._bus = services, bus

    def routes(self) -> list[web.RouteDef]:
        return [web.get("/ws/listen/{call}", self._connect, allow_head=False)]

    async def _connect(self, request: web.Request) -> web.StreamResponse:
        return await connected(request, self._asked_for, self._tell)

    async def _asked_for(self, request: web.Request) -> Call:
        """If the caller may listen to it, and it is on the line. Raises RefusedError."""
        call = await call_of(request, self._services, NAME, Scope.CALLS_LISTEN)
        if call.status not in (CallStatus.IN_PROGRESS, CallStatus.TRANSFERRING):
            raise conflict(NOT_LIVE)
        return call

    async def _tell(self, socket: Socket, call: Call) -> None:
        """Up to the call's end. Raises RefusedError once the call's process does not answer any more."""
        now = asyncio.get_running_loop().time
        async with self._bus.subscribe(f"listen.{call.id}") as news:
            answer = await self._services.commands(call, LISTEN)
            asked = now()
            start = {"type": "start", "sample_rate": answer["sample_rate"], "channels": 2}
            await _send(socket.send_str(orjson.dumps(start).decode()))
            while (message := await _next(news, asked + ASK_SECONDS - now())) != END:
                if message != NOTHING:
                    await _send(socket.send_bytes(base64.b64decode(message["pcm"])))
                if now() >= asked + ASK_SECONDS:
                    await self._services.commands(call, LISTEN)
                    asked = now()


async def _send(sending: Awaitable[None]) -> None:
    async with asyncio.timeout(SEND_SECONDS):
        await sending


async def _next(news: AsyncIterator[Message], seconds: float) -> Message:
    try:
        async with asyncio.timeout(seconds):
            return await anext(news)
    except TimeoutError:
        return NOTHING
