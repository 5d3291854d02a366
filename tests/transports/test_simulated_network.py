"""A carrier that is dialled, and the people at its far end, over real sockets."""

import asyncio
import logging
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from aiohttp import ClientSession

from pipeline.audio import seconds
from pipeline.frames import AudioIn, Frame, Hangup
from tests.transports.exchange import Serve, say_once
from transports.carrier import CarrierError, CarrierState, CarrierStatus, Trouble
from transports.exotel.endpoint import Credentials
from transports.loopback import tone
from transports.simulator.cast import BEEP_SECONDS, Cast, beep
from transports.simulator.fates import Fate, Mix
from transports.simulator.network import SimulatedNetwork
from transports.simulator.people import Person, Silence

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
OURS = "+918000000000"
TALKS, RINGS_OUT, BUSY, VOICEMAIL, FAILS, SILENT = (f"+91981234000{digit}" for digit in range(1, 7))

QUEUED, RINGING, IN_PROGRESS, COMPLETED = (
    CarrierState.QUEUED,
    CarrierState.RINGING,
    CarrierState.IN_PROGRESS,
    CarrierState.COMPLETED,
)


@dataclass(frozen=True)
class Order:
    """A call to be placed."""

    to_number: str
    call: str = "cal_7"
    from_number: str = OURS
    carrier_call: str = ""
    token: str = "tok"
    placed_at: datetime = NOON
    deadline: datetime = NOON + timedelta(seconds=30)
    ring_seconds: int = 30
    max_seconds: int = 600


@dataclass
class Desk:
    """Whoever is told what becomes of the calls."""

    told: list[tuple[str, str, CarrierStatus]] = field(default_factory=list)
    counts: Counter[CarrierState] = field(default_factory=Counter)
    news: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def report(self, call: str, token: str, status: CarrierStatus) -> None:
        async with self.news:
            self.told.append((call, token, status))
            self.counts[status.state] += 1
            self.news.notify_all()

    async def until(self, state: CarrierState, times: int = 1) -> CarrierStatus:
        async with asyncio.timeout(20), self.news:
            await self.news.wait_for(lambda: self.counts[state] >= times)
        return self.told[-1][2]

    @property
    def states(self) -> list[CarrierState]:
        return [status.state for _, _, status in self.told]


async def voice(text: str) -> bytes:
    return tone(0.02 * len(text))


@pytest.fixture
def desk() -> Desk:
    return Desk()


@asynccontextmanager
async def network(
    http: ClientSession, desk: Desk, url: str = "ws://127.0.0.1:9/", **options: Any
) -> AsyncIterator[Any]:
    settings: dict[str, Any] = {"person": Cast(voice), "speed": 0, "report": desk.report, "now": lambda: NOON}
    async with SimulatedNetwork(url=lambda: url, http=http, **{**settings, **options}) as running:
        yield running


@pytest.mark.parametrize(
    ("number", "last"),
    [
        (RINGS_OUT, CarrierStatus("", CarrierState.NO_ANSWER)),
        (BUSY, CarrierStatus("", CarrierState.BUSY)),
        (FAILS, CarrierStatus("", CarrierState.FAILED, reason="unreachable")),
    ],
)
async def test_who_does_not_answer_is_told_of(
    http: ClientSession, desk: Desk, number: str, last: CarrierStatus
) -> None:
    async with network(http, desk) as carrier:
        order = Order(number)
        carrier_call = await carrier.dial(order)
        assert await carrier.find(order) == CarrierStatus(carrier_call, QUEUED)
        await desk.until(last.state)
        assert await carrier.find(order) == replace(last, carrier_call=carrier_call)
    assert desk.told == [
        ("cal_7", "tok", CarrierStatus(carrier_call, RINGING)),
        ("cal_7", "tok", replace(last, carrier_call=carrier_call)),
    ]


async def test_who_answers_talks_over_our_own_socket(serve: Serve, http: ClientSession, desk: Desk) -> None:
    exchange = await serve(say_once(tone(0.5)))
    async with network(http, desk, exchange.url) as carrier:
        carrier_call = await carrier.dial(Order(TALKS))
        last = await desk.until(COMPLETED)
    ((incoming, bot, line),) = exchange.calls
    assert dict(incoming.custom) == {"call": "cal_7", "token": "tok"}
    assert (incoming.account, incoming.carrier_call) == ("simulator", carrier_call)
    assert (incoming.from_number, incoming.to_number) == (TALKS, OURS), "Exotel's From is the customer"
    assert desk.states == [RINGING, IN_PROGRESS, COMPLETED]
    assert last.talk_seconds == pytest.approx(seconds(bot.caller, 8000), abs=0.2)
    assert any(bot.caller)
    assert not last.machine
    assert line.ending == "callended"


async def test_a_machine_says_its_greeting_and_beeps(serve: Serve, http: ClientSession, desk: Desk) -> None:
    exchange = await serve()
    async with network(http, desk, exchange.url) as carrier:
        await carrier.dial(Order(VOICEMAIL))
        await desk.until(COMPLETED)
    assert [(status.state, status.machine) for _, _, status in desk.told] == [
        (RINGING, False),
        (IN_PROGRESS, True),
        (COMPLETED, True),
    ]
    spoken = exchange.bot.caller.rstrip(b"\0")
    assert spoken.endswith(beep(8000).rstrip(b"\0"))
    assert seconds(spoken, 8000) > BEEP_SECONDS + 1


async def test_who_says_nothing_hangs_up_after_five_seconds(serve: Serve, http: ClientSession, desk: Desk) -> None:
    exchange = await serve(say_once(tone(20)))
    async with network(http, desk, exchange.url) as carrier:
        await carrier.dial(Order(SILENT))
        last = await desk.until(COMPLETED)
    assert not any(exchange.bot.caller)
    assert last.talk_seconds == pytest.approx(5.0, abs=0.1)


async def test_our_own_hanging_up_completes_the_call(serve: Serve, http: ClientSession, desk: Desk) -> None:
    def on(frame: Frame) -> list[Frame]:
        return [Hangup("done")] if isinstance(frame, AudioIn) and frame.at > 1 else []

    exchange = await serve(on)
    async with network(http, desk, exchange.url) as carrier:
        await carrier.dial(Order(SILENT))
        last = await desk.until(COMPLETED)
    assert last.talk_seconds == pytest.approx(1.0, abs=0.3)


async def test_no_call_is_longer_than_it_may_be(serve: Serve, http: ClientSession, desk: Desk) -> None:
    exchange = await serve()
    async with network(http, desk, exchange.url) as carrier:
        await carrier.dial(Order(SILENT, max_seconds=2))
        last = await desk.until(COMPLETED)
    assert last.talk_seconds == pytest.approx(2.0)
    assert exchange.line.ending == "stopped"


async def test_it_rings_no_longer_than_was_asked_for(http: ClientSession, desk: Desk) -> None:
    async with network(http, desk) as carrier:
        await carrier.dial(Order(TALKS, ring_seconds=1))
        await desk.until(CarrierState.NO_ANSWER)
    assert desk.states == [RINGING, CarrierState.NO_ANSWER]


async def test_a_server_that_takes_no_call_fails_it(serve: Serve, http: ClientSession, desk: Desk) -> None:
    exchange = await serve(admit=lambda: "All lines are busy.")
    for url in (exchange.url, "ws://127.0.0.1:9/"):
        async with network(http, desk, url) as carrier:
            await carrier.dial(Order(TALKS))
            last = await desk.until(CarrierState.FAILED)
        assert last.reason == "refused"
        assert desk.states == [RINGING, CarrierState.FAILED]
        desk = Desk()


async def test_credentials_are_shown_to_the_server(serve: Serve, http: ClientSession, desk: Desk) -> None:
    exchange = await serve(credentials=Credentials("exo", "secret"))
    async with network(http, desk, exchange.url, credentials=("exo", "secret")) as carrier:
        await carrier.dial(Order(SILENT))
        await desk.until(COMPLETED)
    assert len(exchange.calls) == 1


async def test_a_call_in_progress_is_found_by_either_id(serve: Serve, http: ClientSession, desk: Desk) -> None:
    exchange = await serve()
    async with network(http, desk, exchange.url, speed=1) as carrier:
        order = Order(RINGS_OUT)
        carrier_call = await carrier.dial(order)
        await desk.until(RINGING)
        ringing = CarrierStatus(carrier_call, RINGING)
        assert await carrier.find(order) == ringing
        assert await carrier.find(replace(order, call="", carrier_call=carrier_call)) == ringing
        assert await carrier.find(replace(order, call="cal_8")) is None
        assert await carrier.find(replace(order, carrier_call="sim_other")) is None


async def test_a_new_network_knows_nothing_of_an_older_ones_calls(http: ClientSession, desk: Desk) -> None:
    async with network(http, desk) as carrier:
        carrier_call = await carrier.dial(Order(BUSY))
    async with network(http, desk) as carrier:
        assert await carrier.find(Order(BUSY, carrier_call=carrier_call)) is None


async def test_who_did_not_answer_once_may_answer_the_next_time(http: ClientSession, desk: Desk) -> None:
    mix = Mix({Fate.BUSY: 1, Fate.FAILS: 1})
    async with network(http, desk, mix=mix, seed=1) as carrier:
        for attempt in range(8):
            await carrier.dial(Order("+919812345678", call=f"cal_{attempt}"))
        await desk.until(CarrierState.BUSY)
        await desk.until(CarrierState.FAILED)


@pytest.mark.parametrize(
    ("order", "trouble"),
    [
        (Order(BUSY, deadline=NOON), Trouble.UNREACHABLE),
        (Order("0981234"), Trouble.INVALID_NUMBER),
        (Order("+91 98123 40003"), Trouble.INVALID_NUMBER),
    ],
)
async def test_what_cannot_be_placed_is_refused_and_leaves_nothing(
    http: ClientSession, desk: Desk, order: Order, trouble: Trouble
) -> None:
    async with network(http, desk) as carrier:
        with pytest.raises(CarrierError) as refused:
            await carrier.dial(order)
        assert await carrier.find(order) is None
    assert refused.value.trouble is trouble
    assert order.to_number not in str(refused.value)
    assert desk.told == []


async def test_a_network_that_is_not_running_takes_no_call(http: ClientSession, desk: Desk) -> None:
    async with network(http, desk) as carrier:
        pass
    with pytest.raises(CarrierError) as refused:
        await carrier.dial(Order(BUSY))
    assert refused.value.trouble is Trouble.UNREACHABLE


async def test_a_report_that_fails_is_logged_and_stops_nothing(
    http: ClientSession, desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    async def report(call: str, token: str, status: CarrierStatus) -> None:
        await desk.report(call, token, status)
        raise RuntimeError("the database is away")

    async with network(http, desk, report=report) as carrier:
        await carrier.dial(Order(BUSY))
        await desk.until(CarrierState.BUSY)
        await carrier.dial(Order(FAILS))
        await desk.until(CarrierState.FAILED)
    assert desk.states == [RINGING, CarrierState.BUSY, RINGING, CarrierState.FAILED]
    assert {record.getMessage() for record in caplog.records} == {"a simulated call's status was not taken"}
    assert BUSY not in caplog.text
    assert "tok" not in [getattr(record, "token", "") for record in caplog.records]


async def test_a_bug_in_one_call_ends_that_call_alone(
    serve: Serve, http: ClientSession, desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    cast = Cast(voice)

    async def person(fate: Fate, number: str, seed: int) -> Person:
        if fate is Fate.VOICEMAIL:
            raise LookupError("no such voice")
        return await cast(fate, number, seed)

    exchange = await serve()
    with caplog.at_level(logging.CRITICAL):
        async with network(http, desk, exchange.url, person=person) as carrier:
            await carrier.dial(Order(SILENT, call="cal_1"))
            await carrier.dial(Order(VOICEMAIL, call="cal_2"))
            await desk.until(CarrierState.FAILED)
            await desk.until(COMPLETED)
    ends = {call: (status.state, status.reason) for call, _, status in desk.told}
    assert ends == {"cal_1": (COMPLETED, ""), "cal_2": (CarrierState.FAILED, "error")}


async def test_a_network_that_is_left_ends_its_calls_and_leaves_no_task(
    serve: Serve, http: ClientSession, desk: Desk
) -> None:
    async def patient(fate: Fate, number: str, seed: int) -> Person:
        return Person([Silence(3000)])

    exchange = await serve()
    async with network(http, desk, exchange.url, speed=100, person=patient) as carrier:
        await carrier.dial(Order(SILENT, max_seconds=3600))
        await desk.until(IN_PROGRESS)
        for number in range(1000):
            await carrier.dial(Order(RINGS_OUT, call=f"cal_{number}", ring_seconds=100_000))
        await desk.until(RINGING, times=1001)
        assert len(carrier) == 1001
        assert any("simulator/network.py" in repr(task) for task in asyncio.all_tasks())
    assert len(carrier) == 0
    assert not any("transports/simulator" in repr(task) for task in asyncio.all_tasks())
    await exchange.over.wait()
    assert set(desk.states) == {RINGING, IN_PROGRESS}, "a network that is gone tells nothing"


async def test_a_cancelled_network_leaves_no_task(http: ClientSession, desk: Desk) -> None:
    before = asyncio.all_tasks()

    async def campaign() -> None:
        async with network(http, desk, speed=1) as carrier:
            await carrier.dial(Order(RINGS_OUT))
            await asyncio.Event().wait()

    running = asyncio.create_task(campaign())
    await desk.until(RINGING)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert asyncio.all_tasks() == before
