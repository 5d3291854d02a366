"""The way in: a server that listens, and does not let slow, silent or broken clients keep its connections.

aiohttp closes what idles between requests, if told when. What it would leave open for ever is watched here: a
connection that never asks for anything, a body that drips, an answer that nobody takes, and too many of these at once.
"""

from __future__ import annotations

import asyncio
import logging
import math
import resource
import socket
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from functools import partial
from typing import Any, cast

from aiohttp import web
from aiohttp.abc import AbstractAccessLogger
from aiohttp.http_exceptions import HttpProcessingError
from aiohttp.web_log import AccessLogger

from control_api.access.addresses import Network, client_address, is_proxy
from server.guests import Guest, Patience, Reason

BACKLOG = 1024
SPARE_FILES = 256
"""Of those that the process may have open: for the database, recordings and providers."""
SLICE = 200
"""Connections that are looked at in one go: a fifth of a millisecond."""

_log = logging.getLogger(__name__)


@asynccontextmanager
async def listening(
    app: web.Application,
    host: str,
    port: int,
    *,
    trusted: Sequence[Network] = (),
    patience: Patience | None = None,
    access_log_class: type[AbstractAccessLogger] = AccessLogger,
    shutdown_timeout: float = 60.0,
    ready_made: socket.socket | None = None,
    retired: asyncio.Event | None = None,
) -> AsyncIterator[int]:
    """Serves `app` within the block, on the port that it gives. Raises OSError.

    On `ready_made`, which is closed with it, or on a socket of its own. Once it is `retired`, no connection is accepted
    any more, and those that are there are asked to end; on the way out they have the time to.

    Connections of `trusted` proxies are not counted by address. On the way out requests have `shutdown_timeout`
    seconds to be answered.
    """
    patience = patience or Patience()
    door = Door(patience, trusted)
    app.middlewares.insert(0, door.asked)
    app.on_response_prepare.append(door.answering)
    runner = web.AppRunner(app, shutdown_timeout=shutdown_timeout)
    await runner.setup()
    try:
        assert runner.server is not None
        handler = partial(
            _Handler, door, runner.server, access_log_class=access_log_class, keepalive_timeout=patience.idle
        )
        loop = asyncio.get_running_loop()
        if ready_made is not None:
            server = await loop.create_server(lambda: _Doorstep(door, handler), sock=ready_made, backlog=BACKLOG)
        else:
            server = await loop.create_server(lambda: _Doorstep(door, handler), host, port, backlog=BACKLOG)
        keeping = asyncio.create_task(door.keep())
        retiring = asyncio.create_task(_retire(server, door, retired or asyncio.Event()))
        try:
            yield server.sockets[0].getsockname()[1]
            if retired is not None and retired.is_set():
                await door.left(patience.idle)
        finally:
            server.close()
            for task in (keeping, retiring):
                task.cancel()
            await asyncio.wait([keeping, retiring])
    finally:
        await runner.cleanup()
        door.close()


async def _retire(server: asyncio.Server, door: Door, retired: asyncio.Event) -> None:
    await retired.wait()
    server.close()
    door.is_leaving = True


class Door:
    """Knows every connection of one server."""

    def __init__(self, patience: Patience, trusted: Sequence[Network]) -> None:
        self._patience, self._trusted = patience, trusted
        self._guests: dict[asyncio.BaseTransport | None, Guest] = {}
        self._strangers: Counter[str] = Counter()
        self._closed: Counter[Reason] = Counter()
        self._room = min(patience.connections, _room())
        self._nobody = asyncio.Event()
        self._nobody.set()
        self.is_leaving = False
        """Every answer is the last on its connection."""

    def enter(self, transport: asyncio.Transport) -> bool:
        """Whether there is room for one more."""
        peer = (transport.get_extra_info("peername") or (None,))[0]
        address = None if is_proxy(peer, self._trusted) else client_address(peer, (), ())
        crowded = address is not None and self._strangers[address] >= self._patience.strangers
        if crowded or len(self._guests) >= self._room:
            self._closed[Reason.TOO_MANY] += 1
            return False
        self._guests[transport] = Guest(transport, address, came=_now())
        self._nobody.clear()
        return True

    def leave(self, transport: asyncio.Transport) -> None:
        guest = self._guests.pop(transport, None)
        if guest is not None:
            self._known(guest)
        if not self._guests:
            self._nobody.set()

    def close(self) -> None:
        """Ends every connection that is left."""
        for guest in self._guests.values():
            guest.transport.abort()

    @web.middleware
    async def asked(
        self, request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        guest = self._guests.get(request.transport)
        if guest is not None:
            guest.asks(request.content, _now(), self._patience)
        return await handler(request)

    async def left(self, seconds: float) -> None:
        """Waits so long for everybody to go."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._nobody.wait()

    async def answering(self, request: web.Request, response: web.StreamResponse) -> None:
        if self.is_leaving and not isinstance(response, web.WebSocketResponse):
            response.force_close()
            response.headers["Connection"] = "close"
        guest = self._guests.get(request.transport)
        if guest is not None:
            guest.socket, guest.writer = isinstance(response, web.WebSocketResponse), request.writer

    async def keep(self) -> None:
        """Sweeps until it is cancelled."""
        while True:
            await asyncio.sleep(self._patience.sweep)
            try:
                await self.sweep()
            except Exception:  # noqa: BLE001 - one bad round must not leave the door unwatched
                _log.exception("the door could not be swept")

    async def sweep(self) -> None:
        """Closes what has outstayed, letting others run in between."""
        guests = list(self._guests.values())
        for start in range(0, len(guests), SLICE):
            now = _now()
            for guest in guests[start : start + SLICE]:
                reason = guest.outstayed(now, self._patience) or self._crowds(guest)
                if reason is not None:
                    self._closed[reason] += 1
                    guest.transport.abort()
            await asyncio.sleep(0)
        if self._closed:
            _log.info("connections were closed", extra={reason.value: count for reason, count in self._closed.items()})
            self._closed.clear()

    def _crowds(self, guest: Guest) -> Reason | None:
        """Not at first sight: many callers may well connect at the same moment."""
        if guest.whole:
            self._known(guest)
        elif not guest.seen:
            guest.seen = True
        elif guest.address is not None and not guest.stranger:
            if self._strangers[guest.address] >= self._patience.strangers:
                return Reason.TOO_MANY
            guest.stranger = True
            self._strangers[guest.address] += 1
        return None

    def _known(self, guest: Guest) -> None:
        if guest.stranger and guest.address is not None:
            guest.stranger = False
            self._strangers[guest.address] -= 1
            if not self._strangers[guest.address]:
                del self._strangers[guest.address]


class _Doorstep(asyncio.Protocol):
    """A connection that has not sent a byte: it is given a handler, and the memory for it, when it does."""

    __slots__ = ("_door", "_handler", "_transport")

    def __init__(self, door: Door, handler: Callable[[asyncio.Transport], web.RequestHandler]) -> None:
        self._door, self._handler = door, handler

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        if not self._door.enter(self._transport):
            self._transport.abort()

    def data_received(self, data: bytes) -> None:
        handler = self._handler(self._transport)
        self._transport.set_protocol(handler)
        handler.connection_made(self._transport)
        handler.data_received(data)

    def connection_lost(self, exc: Exception | None) -> None:
        self._door.leave(self._transport)


class _Handler(web.RequestHandler):
    """aiohttp's own, which tells the door when it is gone, and does not repeat what it could not read."""

    __slots__ = ("_connection", "_door")

    def __init__(self, door: Door, server: web.Server, connection: asyncio.Transport, **options: Any) -> None:
        super().__init__(server, loop=asyncio.get_running_loop(), **options)
        self._door, self._connection = door, connection

    def connection_lost(self, exc: BaseException | None) -> None:
        self._door.leave(self._connection)
        super().connection_lost(exc)

    def handle_error(
        self, request: web.BaseRequest, status: int = 500, exc: BaseException | None = None, message: str | None = None
    ) -> web.StreamResponse:
        if self.transport is None and isinstance(exc, ConnectionError):
            raise ConnectionError("the client has left") from exc  # ends the connection, and is no error to be logged
        if not isinstance(exc, HttpProcessingError):
            return super().handle_error(request, status, exc, message)
        refused = web.json_response({"detail": "The request is not valid HTTP"}, status=status)
        refused.force_close()
        return refused


def _room() -> float:
    """Connections that the limit of open files leaves."""
    files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return math.inf if files == resource.RLIM_INFINITY else max(files - SPARE_FILES, files // 2)


def _now() -> float:
    return asyncio.get_running_loop().time()
