"""Where Exotel connects: refuses strangers before the socket opens, waits for `start`, hands the call over."""

from __future__ import annotations

import asyncio
import hmac
import logging
from base64 import b64encode
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from aiohttp import WSMsgType, web

from pipeline.transport import Incoming, Transport
from transports.exotel import wire
from transports.exotel.transport import BIGGEST_CHUNK, CLOSE_WAIT, MOST_BAD, ExotelTransport
from transports.playout import ALIGNMENT, LEAD

START_WAIT = 10.0
"""Seconds in which `start` must come; Exotel itself allows about as much for our first answer."""
BIGGEST_MESSAGE = 262_144

_log = logging.getLogger(__name__)

Answer = Callable[[Transport, Incoming], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Credentials:
    """What a carrier must show. Empty fields are not asked for."""

    user: str = ""
    password: str = field(default="", repr=False)
    token: str = field(default="", repr=False)
    """The last part of the path `/ws/exotel/{token}`."""


class ExotelEndpoint:
    """`answer` gets each call, and the line is put down when it returns. `admit` names why no call can be taken."""

    def __init__(
        self,
        answer: Answer,
        *,
        new_call_id: Callable[[], str],
        admit: Callable[[], str | None] = lambda: None,
        credentials: Credentials = Credentials(),
        chunk_bytes: int = 1600,
        lead: float = LEAD,
        outbound_shape: wire.OutboundShape = "extended",
        trouble: Callable[[str], None] = lambda kind: None,
    ) -> None:
        """`chunk_bytes` is the sound in one message at 8 kHz, and grows with the rate: 1600 bytes are 100 ms.

        `trouble` is told a short fixed name for everything that was wrong on the wire. Raises ValueError if
        `chunk_bytes` is not a multiple of 320 within 320 and 100000.
        """
        if not ALIGNMENT <= chunk_bytes <= BIGGEST_CHUNK or chunk_bytes % ALIGNMENT:
            raise ValueError(f"chunk_bytes must be a multiple of {ALIGNMENT} within {ALIGNMENT} and {BIGGEST_CHUNK}")
        self._answer, self._admit, self._new_call_id = answer, admit, new_call_id
        self._chunk_bytes, self._lead, self._shape, self._trouble = chunk_bytes, lead, outbound_shape, trouble
        self._token = credentials.token.encode()
        self._basic = b""
        if credentials.user or credentials.password:
            self._basic = b"Basic " + b64encode(f"{credentials.user}:{credentials.password}".encode())

    def routes(self) -> Sequence[web.RouteDef]:
        return [
            web.get("/ws/exotel", self._connect, allow_head=False),
            web.get("/ws/exotel/{token}", self._connect, allow_head=False),
        ]

    async def _connect(self, request: web.Request) -> web.StreamResponse:
        rate = self._check(request)
        ws = web.WebSocketResponse(timeout=CLOSE_WAIT, max_msg_size=BIGGEST_MESSAGE, compress=False, decode_text=False)
        if not ws.can_prepare(request).ok:
            raise web.HTTPUpgradeRequired(headers={"Upgrade": "websocket"})
        if reason := self._admit():
            raise web.HTTPServiceUnavailable(text=reason)
        call = self._new_call_id()
        ws.headers["X-Vaani-Call"] = call
        await ws.prepare(request)
        connection = request.transport
        start = await self._start(ws, call)
        if start is None or connection is None:
            return ws
        line = ExotelTransport(
            ws,
            connection,
            start,
            rate=start.rate or rate,
            call=call,
            chunk_bytes=self._chunk_bytes,
            lead=self._lead,
            shape=self._shape,
            trouble=self._trouble,
        )
        try:
            await self._answer(line, self._incoming(request, start, call))
        except Exception:  # noqa: BLE001 - a bug in one call ends that call, never the server
            _log.exception("a call crashed", extra={"call": call})
            await line.close(1011)
        finally:
            await line.close()
        return ws

    def _check(self, request: web.Request) -> int:
        """The sample rate that the URL asks for. Raises the HTTP answer to whoever may not come in."""
        shown = request.headers.get("Authorization", "").encode()
        if self._basic and not hmac.compare_digest(shown, self._basic):
            raise web.HTTPUnauthorized(headers={"WWW-Authenticate": 'Basic realm="vaani"'})
        if self._token and not hmac.compare_digest(request.match_info.get("token", "").encode(), self._token):
            raise web.HTTPForbidden
        asked = request.query.get("sample-rate") or request.query.get("sample_rate") or wire.RATES[0]
        rate = wire.read_rate(asked)
        if rate is None:
            raise web.HTTPBadRequest(text="sample-rate must be 8000, 16000 or 24000")
        return rate

    async def _start(self, ws: web.WebSocketResponse[Any], call: str) -> wire.Start | None:
        """The call's `start`; None if none came, and the socket is closed."""
        bad = 0
        try:
            async with asyncio.timeout(START_WAIT):
                while bad < MOST_BAD:
                    message = await ws.receive()
                    if message.type not in (WSMsgType.TEXT, WSMsgType.BINARY):
                        return None
                    try:
                        if message.type is WSMsgType.BINARY:
                            raise wire.WireError("not_text")
                        event = wire.parse(message.data)
                    except wire.WireError as error:
                        self._trouble(error.kind)
                        bad += 1
                        continue
                    match event:
                        case wire.Start():
                            return event
                        case wire.Stop():
                            await ws.close()
                            return None
                        case wire.Unknown():
                            self._trouble("unknown_event")
                        case wire.Media():
                            self._trouble("media_before_start")
        except TimeoutError:
            self._refused(call, "no_start")
            await ws.close(code=1008)
            return None
        self._refused(call, "not_a_carrier")
        await ws.close(code=1003)
        return None

    def _refused(self, call: str, kind: str) -> None:
        self._trouble(kind)
        _log.warning("an Exotel line came to no call", extra={"call": call, "kind": kind})

    def _incoming(self, request: web.Request, start: wire.Start, call: str) -> Incoming:
        """Custom parameters come back in `start`, and stand in the URL in any case: `start` wins."""
        custom = {key: value[: wire.LONGEST_FIELD] for key, value in request.query.items()}
        for name in ("sample-rate", "sample_rate"):
            custom.pop(name, None)
        if not self._token and (token := request.match_info.get("token")):
            custom["token"] = token  # not our secret: whoever minted the URL knows what it stands for
        return Incoming(
            carrier="exotel",
            call=call,
            carrier_call=start.call_sid,
            account=start.account_sid,
            from_number=start.from_number,
            to_number=start.to_number,
            custom=custom | dict(start.custom),
        )
