"""Calls placed over a socket, with everything that can go wrong on the way."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest
from aiohttp import ClientSession, TCPConnector, web
from aiohttp.abc import AbstractResolver, ResolveResult

from tests.patience import until
from tests.transports.exotel_answers import SID, Fault, refusing
from tests.transports.exotel_dials import (
    DIRECT,
    FLOW,
    FOREVER,
    SETTLED,
    Clock,
    Wanted,
    line_to,
    trouble_of,
)
from tests.transports.exotel_exchange import ExotelExchange
from tests.transports.exotel_subscribers import Manner
from transports.carrier import CarrierError, Trouble
from transports.exotel.account import ExotelAccount
from transports.exotel.carrier import exotel_session
from transports.request_pace import RequestPace


@pytest.fixture
async def http() -> AsyncIterator[ClientSession]:
    async with exotel_session() as session:
        yield session


@pytest.mark.parametrize("account", [FLOW, DIRECT])
async def test_a_dial_places_a_call_with_our_reference(http: ClientSession, account: ExotelAccount) -> None:
    async with ExotelExchange(Manner(ring=FOREVER)) as exchange:
        sid = await line_to(exchange.url, http, account=account).dial(Wanted())
        call = exchange.calls[sid]
        assert (call.customer, call.exophone, call.custom) == ("09800000001", "08000000002", "cal_1")
        assert call.status_url.endswith("token=fab")
        assert call.events == {"terminal", "answered"}
        assert bool(call.stream_url) is (account.mode == "direct")


async def test_the_bots_socket_is_opened_on_the_answer(http: ClientSession) -> None:
    opened: list[Any] = []

    async def bot(request: web.Request) -> web.WebSocketResponse:
        ws = web.WebSocketResponse()
        await ws.prepare(request)
        opened.extend([orjson.loads(message.data) async for message in ws])
        return ws

    app = web.Application()
    app.router.add_get("/ws", bot)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    url = f"ws://127.0.0.1:{runner.addresses[0][1]}/ws"
    async with ExotelExchange(Manner(ring=0, talk=0.04, opens_streams=True)) as exchange:
        sid = await line_to(exchange.url, http, account=DIRECT, stream_url=url).dial(Wanted())
        await exchange.over()
    await runner.cleanup()
    assert [message["event"] for message in opened] == ["connected", "start", "media", "media", "stop"]
    assert opened[1]["start"]["call_sid"] == sid
    assert opened[1]["start"]["custom_parameters"] == {"call": "cal_1"}


@pytest.mark.parametrize(
    ("fault", "trouble"),
    [
        (refusing(400, "Bad or missing parameters", code=34001), Trouble.INVALID_NUMBER),
        (refusing(400, "Invalid CallerId"), Trouble.ACCOUNT),
        (refusing(401, "Authentication failed"), Trouble.ACCOUNT),
        (refusing(401, "Authentication failed", xml=True), Trouble.ACCOUNT),
        (refusing(402, "Low balance"), Trouble.BALANCE),
        (refusing(403, "Because of NDNC regulations"), Trouble.REFUSED),
        (refusing(403, "On the DND list", xml=True), Trouble.REFUSED),
        (refusing(403, "Feature off"), Trouble.ACCOUNT),
        (refusing(404, "No such account"), Trouble.ACCOUNT),
        (refusing(409, "Conflict"), Trouble.DOUBT),
        (refusing(429, "Too many requests"), Trouble.BUSY_LINE),
        (refusing(500, "Oops"), Trouble.DOUBT),
        (refusing(503, "Oops", xml=True), Trouble.DOUBT),
        (Fault(502, b"<html>Bad Gateway</html>"), Trouble.DOUBT),
        (Fault(302, headers={"Location": f"/v1/Accounts/{SID}/Calls/connect.json"}), Trouble.DOUBT),
        (Fault(307, headers={"Location": f"/v1/Accounts/{SID}/Calls/connect.json"}), Trouble.DOUBT),
        (Fault(200, b"rubbish", placed=True), Trouble.DOUBT),
        (Fault(200, b"{}", placed=True), Trouble.DOUBT),
        (Fault(200, b"x" * 2_000_000, placed=True), Trouble.DOUBT),
        (Fault(500, b"", placed=True), Trouble.DOUBT),
        (Fault(cut=True), Trouble.DOUBT),
        (Fault(cut=True, placed=True), Trouble.DOUBT),
    ],
)
async def test_every_refusal_and_fault_is_told_apart_and_nothing_is_sent_twice(
    http: ClientSession, fault: Fault, trouble: Trouble
) -> None:
    async with ExotelExchange(Manner(ring=FOREVER)) as exchange:
        exchange.faults.append(fault)
        error = await trouble_of(line_to(exchange.url, http).dial(Wanted()))
        assert error.trouble is trouble
        assert len(exchange.asked) == 1
        assert len(exchange.calls) == fault.placed
        if exchange.calls:
            assert trouble is Trouble.DOUBT


async def test_wrong_credentials_are_the_accounts_trouble(http: ClientSession) -> None:
    async with ExotelExchange() as exchange:
        account = replace(FLOW, api_token="other")
        error = await trouble_of(line_to(exchange.url, http, account=account).dial(Wanted()))
        assert error.trouble is Trouble.ACCOUNT
        assert exchange.calls == {}


async def test_after_a_429_nothing_is_asked_for_as_long_as_it_says(http: ClientSession) -> None:
    now = 1000.0
    async with ExotelExchange() as exchange:
        exchange.faults.append(refusing(429, Retry_After="45"))
        line = line_to(exchange.url, http, pace=RequestPace(clock=lambda: now))
        assert (await trouble_of(line.dial(Wanted()))).retry_after == 45
        held = await trouble_of(line.dial(Wanted()))
        assert (held.trouble, held.retry_after) == (Trouble.BUSY_LINE, 45)
        held = await trouble_of(line.find(Wanted(carrier_call="a")))
        assert (held.trouble, held.retry_after) == (Trouble.DOUBT, 45)
        assert len(exchange.asked) == 1
        now += 45
        await line.dial(Wanted())


async def test_a_connection_refused_is_surely_no_call(http: ClientSession) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # and nobody listens
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
        assert (await trouble_of(line_to(url, http).dial(Wanted()))).trouble is Trouble.UNREACHABLE


async def test_a_failed_handshake_is_surely_no_call(http: ClientSession) -> None:
    async with ExotelExchange() as exchange:
        line = line_to(exchange.url.replace("http", "https"), http)
        assert (await trouble_of(line.dial(Wanted()))).trouble is Trouble.UNREACHABLE
        assert exchange.asked == []


class Names(AbstractResolver):
    """Finds every name on this machine. `asked` is called first."""

    def __init__(self, asked: Callable[[], None]) -> None:
        self._asked = asked

    async def resolve(self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET) -> Any:
        self._asked()
        return [ResolveResult(hostname=host, host="127.0.0.1", port=port, family=socket.AF_INET, proto=0, flags=0)]

    async def close(self) -> None:
        pass


def unknown() -> None:
    raise OSError("no such name")


async def test_a_name_that_is_not_found_is_surely_no_call() -> None:
    async with ClientSession(connector=TCPConnector(resolver=Names(unknown))) as http:
        line = line_to("http://exotel.test", http)
        assert (await trouble_of(line.dial(Wanted()))).trouble is Trouble.UNREACHABLE


async def test_a_dial_that_is_late_already_is_not_sent_and_takes_no_other_ones_turn(http: ClientSession) -> None:
    pace = RequestPace(2, clock=lambda: 1000.0)
    async with ExotelExchange() as exchange:
        line = line_to(exchange.url, http, pace=pace)
        for _ in range(2):
            assert (await trouble_of(line.dial(Wanted(deadline=datetime.now(UTC))))).trouble is Trouble.UNREACHABLE
        assert exchange.asked == []
        assert pace.take() == 0


async def test_a_deadline_that_passes_while_the_name_is_looked_up_stops_the_request() -> None:
    clock = Clock()

    def sleepy() -> None:
        clock.ahead = timedelta(seconds=31)

    async with (
        ExotelExchange() as exchange,
        ClientSession(connector=TCPConnector(resolver=Names(sleepy))) as http,
    ):
        line = line_to(exchange.url.replace("127.0.0.1", "exotel.test"), http, clock=clock)
        assert (await trouble_of(line.dial(Wanted()))).trouble is Trouble.UNREACHABLE
        assert exchange.asked == []
        assert exchange.calls == {}


async def test_a_deadline_that_passes_in_the_queue_for_a_connection_stops_the_request() -> None:
    clock = Clock()
    async with (
        ExotelExchange(Manner(ring=FOREVER, accept_delay=(0.2, 0.2))) as exchange,
        ClientSession(connector=TCPConnector(limit=1)) as http,
    ):
        line = line_to(exchange.url, http, clock=clock)
        first = asyncio.create_task(line.dial(Wanted(call="cal_1")))
        await until(lambda: len(exchange.calls) == 1)
        second = asyncio.create_task(line.dial(Wanted(call="cal_2")))
        await asyncio.sleep(0)
        clock.ahead = timedelta(seconds=31)
        assert await first in exchange.calls  # it was sent in time
        assert (await trouble_of(second)).trouble is Trouble.UNREACHABLE
        assert len(exchange.asked) == 1


async def test_the_line_is_good_for_more_after_a_dial_that_was_stopped(http: ClientSession) -> None:
    clock = Clock()
    async with ExotelExchange(Manner(ring=FOREVER)) as exchange:
        line = line_to(exchange.url, http, clock=clock)
        await line.dial(Wanted(call="cal_1"))
        times = iter([clock(), clock() + SETTLED])  # the second look is the last before the bytes go
        late = line_to(exchange.url, http, clock=lambda: next(times))
        assert (await trouble_of(late.dial(Wanted(call="cal_2")))).trouble is Trouble.UNREACHABLE
        await line.dial(Wanted(call="cal_3"))
        assert [call.custom for call in exchange.calls.values()] == ["cal_1", "cal_3"]
        assert len(exchange.asked) == 2


async def test_dials_and_look_ups_share_one_pace(http: ClientSession) -> None:
    now = 1000.0

    async def sleep(seconds: float) -> None:
        nonlocal now
        now += seconds

    async with ExotelExchange(Manner(ring=FOREVER)) as exchange:
        line = line_to(exchange.url, http, pace=RequestPace(10, clock=lambda: now, sleep=sleep))
        asked = []
        for number in range(25):
            sid = await line.dial(Wanted(call=f"cal_{number}", deadline=datetime.now(UTC) + timedelta(hours=1)))
            asked.append(now)
            if number % 5 == 0:
                with contextlib.suppress(CarrierError):
                    await line.find(Wanted(carrier_call=sid))
                    asked.append(now)
        assert len(asked) == len(exchange.asked) == 30
        assert max(sum(at <= other < at + 60 for other in asked) for at in asked) == 10


async def test_a_dial_whose_turn_comes_after_its_deadline_is_a_busy_line(http: ClientSession) -> None:
    async with ExotelExchange(Manner(ring=FOREVER)) as exchange:
        line = line_to(exchange.url, http, pace=RequestPace(2, clock=lambda: 1000.0))
        await line.dial(Wanted(call="cal_1"))
        await line.dial(Wanted(call="cal_2"))
        error = await trouble_of(line.dial(Wanted(call="cal_3")))
        assert error.trouble is Trouble.BUSY_LINE
        assert error.retry_after is not None
        assert error.retry_after >= 60
        assert len(exchange.asked) == 2


async def test_an_exchange_with_a_limit_refuses_what_is_over_it(http: ClientSession) -> None:
    async with ExotelExchange(Manner(ring=FOREVER, requests_a_minute=2)) as exchange:
        lines = [line_to(exchange.url, http) for _ in range(3)]  # that know nothing of each other
        told = await asyncio.gather(*(line.dial(Wanted()) for line in lines), return_exceptions=True)
        refused = [each for each in told if isinstance(each, CarrierError)]
        assert [(each.trouble, each.retry_after) for each in refused] == [(Trouble.BUSY_LINE, 1)]
        assert len(exchange.calls) == 2
