"""Where a page connects: it is let in, says how its sound comes, and gets its call."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import Any, Protocol

from aiohttp import WSMsgType, web

from pipeline.transport import Incoming
from transports.browser.transport import CLOSE_WAIT, BrowserTransport
from transports.browser.wire import Start, WireError, parse_start
from transports.browser_line import BrowserLine, Refusal
from transports.playout import LEAD

START_WAIT = 10.0
"""Seconds in which `start` must come."""
BIGGEST_MESSAGE = 262_144
BAD_START = 4400
"""Close code of a socket whose first message will not do."""

_log = logging.getLogger(__name__)

Answer = Callable[[BrowserLine, Incoming], Awaitable[None]]


class Admit(Protocol):
    async def __call__(self, request: web.Request, flow: str) -> Incoming:
        """Raises Refusal."""
        ...


class BrowserEndpoint:
    """`answer` gets each call. A Refusal of either closes the socket with 4000 + its status."""

    def __init__(
        self,
        admit: Admit,
        answer: Answer,
        *,
        lead: float = LEAD,
        trouble: Callable[[str], None] = lambda kind: None,
    ) -> None:
        """`trouble` is told a short fixed name for everything that was wrong on the wire."""
        self._admit, self._answer, self._lead, self._trouble = admit, answer, lead, trouble

    def routes(self) -> Sequence[web.RouteDef]:
        return [web.get("/ws/browser-test/{flow}", self._connect, allow_head=False)]

    async def _connect(self, request: web.Request) -> web.StreamResponse:
        ws = web.WebSocketResponse(timeout=CLOSE_WAIT, max_msg_size=BIGGEST_MESSAGE, compress=False, decode_text=False)
        await ws.prepare(request)
        connection = request.transport
        try:
            incoming = await self._admit(request, request.match_info["flow"])
            start = await _start(ws)
        except Refusal as refused:
            await _close(ws, 4000 + refused.status, refused.detail)
        except WireError as error:
            self._trouble("bad_start")
            await _close(ws, BAD_START, str(error))
        except Exception:  # noqa: BLE001 - an open socket is told by its own means
            _log.exception("a browser's call could not be begun")
            await _close(ws, 1011)
        else:
            if start is not None and connection is not None:
                await self._call(ws, connection, start, replace(incoming, custom=start.variables))
        return ws

    async def _call(
        self, ws: web.WebSocketResponse[Any], connection: asyncio.WriteTransport, start: Start, incoming: Incoming
    ) -> None:
        line = BrowserTransport(ws, connection, start, call=incoming.call, lead=self._lead, trouble=self._trouble)
        try:
            await self._answer(line, incoming)
        except Refusal as refused:
            await line.shut(4000 + refused.status, refused.detail)
        except Exception:  # noqa: BLE001 - a bug in one call ends that call, never the server
            _log.exception("a call crashed", extra={"call": incoming.call})
            await line.shut(1011)
        finally:
            await line.shut()


async def _start(ws: web.WebSocketResponse[Any]) -> Start | None:
    """None if the page left. Raises WireError."""
    try:
        async with asyncio.timeout(START_WAIT):
            message = await ws.receive()
    except TimeoutError:
        raise WireError("The first message, start, did not come within 10 seconds") from None
    match message.type:
        case WSMsgType.TEXT:
            return parse_start(message.data)
        case WSMsgType.BINARY:
            raise WireError("The first message must be the JSON start, and only then sound")
    return None


async def _close(ws: web.WebSocketResponse[Any], code: int, why: str = "") -> None:
    await ws.close(code=code, message=why.encode()[:123])
