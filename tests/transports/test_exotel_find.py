"""What became of a call: asked of Exotel over a socket, which may not know, or not say."""

import asyncio
import socket
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest
from aiohttp import ClientSession
from multidict import MultiDict

from tests.patience import until
from tests.transports.exotel_answers import SID, Fault, refusing
from tests.transports.exotel_dials import (
    FOREVER,
    SETTLED,
    Clock,
    Wanted,
    line_to,
    samples,
    trouble_of,
)
from tests.transports.exotel_exchange import ExotelExchange
from tests.transports.exotel_subscribers import Manner, PlacedCall
from transports.carrier import CarrierError, CarrierState, CarrierStatus, Dial, Trouble
from transports.exotel.carrier import exotel_session

REST = samples("exotel_rest.jsonl")


@pytest.fixture
async def http() -> AsyncIterator[ClientSession]:
    async with exotel_session() as session:
        yield session


def book(exchange: ExotelExchange, wanted: Dial, *, later: float = 0.0, **fields: str) -> PlacedCall:
    """A call in the exchange's books, so many seconds after it was decided upon."""
    form = {"From": wanted.to_number, "CallerId": wanted.from_number, "CustomField": wanted.call} | fields
    return exchange.place(MultiDict(form), created=wanted.placed_at + timedelta(seconds=later))


@pytest.mark.parametrize("placed_late", [False, True])
async def test_an_answer_that_does_not_come_in_time_is_doubt_that_the_list_ends(
    http: ClientSession, placed_late: bool
) -> None:
    manner = Manner(ring=FOREVER, accept_delay=(0.3, 0.3), placed_late=placed_late)
    clock = Clock()
    async with ExotelExchange(manner) as exchange:
        line, wanted = line_to(exchange.url, http, timeout=0.15, clock=clock), Wanted()
        assert (await trouble_of(line.dial(wanted))).trouble is Trouble.DOUBT
        await until(lambda: len(exchange.calls) == 1)
        clock.ahead = SETTLED
        found = await line.find(wanted)
        assert found == CarrierStatus(next(iter(exchange.calls)), CarrierState.QUEUED)


async def test_lost_answers_are_doubt_and_every_call_is_found(http: ClientSession) -> None:
    clock = Clock()
    async with ExotelExchange(Manner(ring=0, talk=0, lose_answers=0.5, seed=1)) as exchange:
        line = line_to(exchange.url, http, clock=clock)
        dials = [Wanted(call=f"cal_{n}", to_number=f"+9198000100{n:02d}") for n in range(20)]
        told = await asyncio.gather(*(line.dial(each) for each in dials), return_exceptions=True)
        await exchange.over()
        clock.ahead = SETTLED
        lost = [each for each, sid in zip(dials, told, strict=True) if isinstance(sid, CarrierError)]
        assert 0 < len(lost) < 20
        for each in lost:
            found = await line.find(each)
            assert found is not None
            assert exchange.calls[found.carrier_call].custom == each.call


async def test_a_dial_that_was_given_up_leaves_nothing_on_its_way(http: ClientSession) -> None:
    """The connection is reset: an ordinary end would let the system send what it still holds for minutes."""
    ends: list[type[Exception] | None] = []
    came = asyncio.Event()

    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await reader.read(-1)
            ends.append(None)
        except ConnectionResetError:
            ends.append(ConnectionResetError)
        finally:
            writer.close()
            came.set()

    server = await asyncio.start_server(silent, "127.0.0.1", 0)
    async with server:
        line = line_to(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", http, timeout=0.1)
        assert (await trouble_of(line.dial(Wanted()))).trouble is Trouble.DOUBT
        await came.wait()
    assert ends == [ConnectionResetError]


async def test_details_tell_what_became_of_a_call(http: ClientSession) -> None:
    async with ExotelExchange(Manner(ring=0, talk=0)) as exchange:
        line = line_to(exchange.url, http)
        states = {}
        for digits in ("0001", "0002", "0003", "0004", "0005"):
            sid = await line.dial(Wanted(to_number=f"+91980000{digits}"))
            await exchange.over()
            found = await line.find(Wanted(carrier_call=sid))
            assert found is not None
            states[digits] = (found.state, found.machine)
        assert states == {
            "0001": (CarrierState.COMPLETED, False),
            "0002": (CarrierState.NO_ANSWER, False),
            "0003": (CarrierState.BUSY, False),
            "0004": (CarrierState.COMPLETED, True),
            "0005": (CarrierState.FAILED, False),
        }


async def test_an_answered_call_is_in_progress_and_a_placed_one_only_queued(http: ClientSession) -> None:
    async with ExotelExchange(Manner(ring=FOREVER)) as exchange:
        line = line_to(exchange.url, http)
        sid = await line.dial(Wanted())
        wanted = Wanted(carrier_call=sid)
        assert await line.find(wanted) == CarrierStatus(sid, CarrierState.QUEUED)
        exchange.calls[sid].answer(datetime.now(UTC))
        assert await line.find(wanted) == CarrierStatus(sid, CarrierState.IN_PROGRESS)


async def test_an_id_that_exotel_does_not_know_is_no_call(http: ClientSession) -> None:
    async with ExotelExchange() as exchange:
        assert await line_to(exchange.url, http).find(Wanted(carrier_call="f" * 32)) is None


@pytest.mark.parametrize("number", ["+919800000001", "+4915112345678"])
@pytest.mark.parametrize("tells", [True, False])
async def test_a_call_is_found_by_our_reference_or_by_number_and_time(
    http: ClientSession, tells: bool, number: str
) -> None:
    async with ExotelExchange(Manner(ring=FOREVER, lists_custom_field=tells)) as exchange:
        wanted = Wanted(to_number=number, call="cal_mine")
        book(exchange, wanted, later=-3600, CustomField="cal_old")
        book(exchange, wanted, later=1, CallerId="+918000000009", CustomField="cal_of_another_number")
        book(exchange, wanted, later=2, From="+919811111111", CustomField="cal_of_another_customer")
        mine = book(exchange, wanted, later=3)
        found = await line_to(exchange.url, http).find(wanted)
        assert found == CarrierStatus(mine.sid, CarrierState.QUEUED)


async def test_our_reference_counts_more_than_the_time(http: ClientSession) -> None:
    async with ExotelExchange(Manner(ring=FOREVER)) as exchange:
        wanted = Wanted(call="cal_mine")
        book(exchange, wanted, later=0, CustomField="cal_other")
        mine = book(exchange, wanted, later=20)
        found = await line_to(exchange.url, http).find(wanted)
        assert found is not None
        assert found.carrier_call == mine.sid


async def test_without_a_reference_the_nearest_call_after_the_decision_is_ours(http: ClientSession) -> None:
    async with ExotelExchange(Manner(ring=FOREVER, lists_custom_field=False)) as exchange:
        wanted = Wanted()
        before = book(exchange, wanted, later=-5)
        line = line_to(exchange.url, http)
        found = await line.find(wanted)
        assert found is not None
        assert found.carrier_call == before.sid  # its clock may be behind ours
        nearest = book(exchange, wanted, later=9)
        book(exchange, wanted, later=20)
        found = await line.find(wanted)
        assert found is not None
        assert found.carrier_call == nearest.sid


async def test_a_call_on_a_later_page_is_found(http: ClientSession) -> None:
    clock = Clock(SETTLED)
    async with ExotelExchange(Manner(ring=FOREVER)) as exchange:
        wanted = Wanted(call="cal_mine")
        for number in range(230):
            book(exchange, wanted, later=number / 100, CustomField=f"cal_{number}")
        mine = book(exchange, wanted, later=5)
        line = line_to(exchange.url, http, clock=clock)
        found = await line.find(wanted)
        assert found is not None
        assert found.carrier_call == mine.sid
        assert sum("After=" in asked for asked in exchange.asked) == 2
        assert await line.find(replace(wanted, call="cal_none")) is None


async def test_a_call_that_is_surely_not_there_is_none(http: ClientSession) -> None:
    async with ExotelExchange(Manner(ring=FOREVER)) as exchange:
        wanted = Wanted()
        book(exchange, wanted, CustomField="cal_other")
        assert await line_to(exchange.url, http, clock=Clock(SETTLED)).find(wanted) is None


async def test_an_empty_list_proves_nothing_while_a_request_may_be_on_its_way(http: ClientSession) -> None:
    async with ExotelExchange() as exchange:
        wanted = Wanted()
        just_before = wanted.deadline + timedelta(seconds=10) - timedelta(milliseconds=1)
        line = line_to(exchange.url, http, clock=lambda: just_before)
        assert (await trouble_of(line.find(wanted))).trouble is Trouble.DOUBT
        line = line_to(exchange.url, http, clock=lambda: wanted.deadline + timedelta(seconds=10))
        assert await line.find(wanted) is None


def page(following: str | None = None, *calls: dict[str, Any]) -> Fault:
    return Fault(body=orjson.dumps({"Calls": list(calls), "Metadata": {"NextPageUri": following}}))


UNTIMED = {"Sid": "a", "From": "09800000001", "To": "08000000002", "DateCreated": None}


@pytest.mark.parametrize("sid", ["", "f" * 32])
@pytest.mark.parametrize(
    "fault",
    [
        refusing(401),
        refusing(403),
        refusing(429, Retry_After="3"),
        refusing(500),
        Fault(503),
        Fault(302, headers={"Location": "/"}),
        Fault(body=b"rubbish"),
        Fault(body=b"{}"),
        Fault(body=b"x" * 2_000_000),
        Fault(cut=True),
    ],
)
async def test_a_look_up_that_fails_is_doubt_and_never_absence(http: ClientSession, fault: Fault, sid: str) -> None:
    async with ExotelExchange() as exchange:
        exchange.read_faults.extend([fault] * 2)  # a reader may ask once more on a new connection
        error = await trouble_of(line_to(exchange.url, http, clock=Clock(SETTLED)).find(Wanted(carrier_call=sid)))
        assert error.trouble is Trouble.DOUBT
        assert error.retry_after == (3 if fault.status == 429 else None)


@pytest.mark.parametrize(
    "fault",
    [
        page(None, {}),
        page(None, UNTIMED),
        page("https://elsewhere.example.com/v1/steal"),
        page("/v1/Accounts/another/Calls.json?After=a"),
        page("http://["),
    ],
)
async def test_a_list_that_is_not_clear_is_doubt(http: ClientSession, fault: Fault) -> None:
    async with ExotelExchange() as exchange:
        exchange.read_faults.append(fault)
        error = await trouble_of(line_to(exchange.url, http, clock=Clock(SETTLED)).find(Wanted()))
        assert error.trouble is Trouble.DOUBT
        assert len(exchange.asked) == 1


async def test_a_list_without_end_is_doubt(http: ClientSession) -> None:
    async with ExotelExchange() as exchange:
        exchange.read_faults.extend([page(f"/v1/Accounts/{SID}/Calls.json?After=a")] * 30)
        error = await trouble_of(line_to(exchange.url, http, clock=Clock(SETTLED)).find(Wanted()))
        assert error.trouble is Trouble.DOUBT


async def test_an_unreachable_exotel_is_doubt_for_a_look_up(http: ClientSession) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        line = line_to(f"http://127.0.0.1:{taken.getsockname()[1]}", http, clock=Clock(SETTLED))
        for wanted in (Wanted(), Wanted(carrier_call="a")):
            assert (await trouble_of(line.find(wanted))).trouble is Trouble.DOUBT


async def test_another_calls_details_are_not_taken_for_ours(http: ClientSession) -> None:
    async with ExotelExchange() as exchange:
        exchange.read_faults.append(Fault(body=orjson.dumps(REST["call_details"]["response"]["json"])))
        error = await trouble_of(line_to(exchange.url, http).find(Wanted(carrier_call="f" * 32)))
        assert error.trouble is Trouble.DOUBT
