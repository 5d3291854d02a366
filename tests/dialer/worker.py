"""A process of its own that dials until it is ended: the real dialer, Exotel's client, and who is called back.

Tests start it by a fork server that has loaded all this already, so that it works within milliseconds and a kill can
strike anywhere.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
from aiohttp import WSMsgType, web

import storage.postgresql  # noqa: F401 - with its driver, which is else loaded when it is first used
from dialer.dialer import Dialer
from dialer.enter import call_of
from dialer.timing import Prices, Timing
from server.callbacks import Callbacks
from server.carriers import Adapted, Places
from server.desks import OutboundDesk
from storage.calls import CallEnd
from storage.database import Database
from storage.dialing import Attempt
from storage.records import CallStatus, Outcome
from tests.dialer.campaign import PretendCarriers
from tests.transports.exotel_answers import API_KEY, API_TOKEN, SID
from transports.exotel.account import ExotelAccount
from transports.exotel.carrier import ExotelLine, exotel_session
from transports.request_pace import RequestPace

REQUEST = 1.6
"""Seconds that the exchange has to accept a call: it takes up to one."""
MANY = 1_000_000
"""Requests a minute: the exchange counts none."""


TIMING = Timing(
    lease=timedelta(seconds=1),
    request=timedelta(seconds=REQUEST),
    margin=timedelta(seconds=0.5),
    ring=timedelta(seconds=1),
    quiet=timedelta(seconds=0.5),
    talking=timedelta(seconds=1),
    again=timedelta(seconds=0.2),
    backoff=timedelta(seconds=0.3),
    call=timedelta(minutes=1),
)
"""All that is waited for happens within seconds."""


@dataclass(frozen=True, slots=True)
class Hours:
    """The usual clock, which can be put forward for all processes at once."""

    ahead: Path | None = None
    """A file that says by how many seconds it was."""

    def __call__(self) -> datetime:
        now = datetime.now(UTC)
        return now if self.ahead is None else now + timedelta(seconds=self._seconds)

    def leap(self, by: timedelta) -> None:
        """While nothing is in flight: what is waited for would seem to have passed."""
        assert self.ahead is not None
        fresh = self.ahead.with_suffix(".new")
        fresh.write_text(str(self._seconds + by.total_seconds()))
        fresh.replace(self.ahead)

    @property
    def _seconds(self) -> float:
        return float(self.ahead.read_text()) if self.ahead is not None and self.ahead.exists() else 0.0


@dataclass(frozen=True, slots=True)
class Work:
    """What a worker is told."""

    database: str
    exchange: str
    """URLs."""
    node: str
    port: int
    """Where it is called back: the next worker in its place has the same."""
    log: Path
    """Where it writes what must never happen."""
    hours: Hours = field(default_factory=Hours)
    prices: Prices = field(default_factory=Prices)


def dial_for_ever(work: Work) -> None:
    # Its errors are bugs: a round that failed. What a carrier does not answer is a warning.
    logging.basicConfig(filename=work.log, level=logging.ERROR, format="%(process)d %(message)s")
    asyncio.run(_dial(work))


async def _dial(work: Work) -> None:
    places = Places(f"http://127.0.0.1:{work.port}")
    async with Database(work.database) as database, exotel_session() as http:
        line = ExotelLine(
            ExotelAccount(SID, API_KEY, API_TOKEN, mode="direct", base_url=work.exchange),
            http,
            status_url=places.status,
            stream_url=places.stream,
            clock=work.hours,
            timeout=REQUEST,
            pace=RequestPace(MANY),
        )
        floor = Floor(database, work)
        # It stands where the simulator does: an account with Exotel is not given more than its calls a minute.
        carriers = PretendCarriers(Adapted(line))
        dialer = Dialer(
            database,
            carriers,
            node=work.node,
            clock=work.hours,
            timing=TIMING,
            prices=work.prices,
            simulator=True,
            is_live=floor.live.__contains__,
        )
        floor.desk = OutboundDesk(TIMING, work.prices, dialer.on_the_line, dialer.told)
        callbacks = Callbacks(
            database,
            carriers,
            timing=TIMING,
            prices=work.prices,
            clock=work.hours,
            is_live=floor.live.__contains__,
            hang_up=_nothing,
            told=dialer.told,
        )
        app = web.Application()
        app.add_routes([*callbacks.routes(), web.get("/ws/exotel", floor.talk)])
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", work.port).start()
        await dialer.run()


async def _nothing(call: str, reason: str) -> None:
    """These calls last as long as the exchange says."""


class Floor:
    """Calls that were answered: each lasts as long as its socket, and goes through the books as a server's would."""

    desk: OutboundDesk

    def __init__(self, database: Database, work: Work) -> None:
        self._database, self._work = database, work
        self.live: set[str] = set()

    async def talk(self, request: web.Request) -> web.StreamResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        async with self._database.read() as work:
            attempt = await work.attempts.get(request.query.get("call", ""))
        shown = hashlib.sha256(request.query.get("token", "").encode()).hexdigest()
        if attempt is None or attempt.ended_at is not None or attempt.token != shown:
            return socket
        self.live.add(attempt.id)
        try:
            await self._answered(socket, attempt)
        finally:
            self.live.discard(attempt.id)
        return socket

    async def _answered(self, socket: web.WebSocketResponse, attempt: Attempt) -> None:
        begin = self._work.hours()
        call = replace(
            call_of(attempt, None, CallStatus.IN_PROGRESS),
            carrier_call=await _carrier_call(socket),
            node=self._work.node,
            answered_at=begin,
        )
        async with self._database.begin(attempt.organisation_id) as work:
            if not await self.desk.opened(work, call):
                return
        with suppress(ConnectionError):
            async for _ in socket:
                pass
        end = self._work.hours()
        said = CallEnd(attempt.id, end, Outcome.CONNECTED, "caller hung up", (end - begin).total_seconds())
        async with self._database.begin(attempt.organisation_id) as work:
            await self.desk.ended(work, said)


async def _carrier_call(socket: web.WebSocketResponse) -> str:
    async for message in socket:
        if message.type is WSMsgType.TEXT:
            told: dict[str, Any] = orjson.loads(message.data)
            if told["event"] == "start":
                return str(told["start"]["call_sid"])
    return ""
