"""Where the server listens. Raises StartError where it cannot."""

from __future__ import annotations

import socket
from contextlib import AsyncExitStack

from aiohttp import web

from control_api.access.addresses import trusted_networks
from server.cluster.seat import Seat
from server.door import listening
from server.logs import AccessLog
from server.settings import Settings
from server.start import StartError


def free_port(settings: Settings) -> socket.socket:
    """Holds one until the server listens, if any will do: the API tells its own address before."""
    held = socket.socket(socket.AF_INET6 if ":" in settings.host else socket.AF_INET)
    try:
        if settings.port == 0:
            held.bind((settings.host, 0))
    except OSError as error:
        held.close()
        raise _cannot_listen(error) from None
    return held


async def listen(stack: AsyncExitStack, app: web.Application, settings: Settings, seat: Seat | None) -> None:
    """Requests are answered until the stack is unwound."""
    door = listening(
        app,
        settings.host,
        settings.port,
        trusted=trusted_networks(settings.trusted_proxies),
        access_log_class=AccessLog,
        shutdown_timeout=1.0,
        ready_made=seat.door if seat is not None else None,
        retired=seat.retired if seat is not None else None,
    )
    try:
        await stack.enter_async_context(door)
    except OSError as error:
        raise _cannot_listen(error) from None


def _cannot_listen(error: OSError) -> StartError:
    return StartError(f"The server cannot listen: {error.strerror or error}.")
