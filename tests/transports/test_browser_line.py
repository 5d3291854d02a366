"""A call over a page's socket, as the page sees it."""

from __future__ import annotations

import asyncio
import logging
import socket
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest
from aiohttp import ClientSession, ClientWebSocketResponse, WSMessage, WSMsgType, web

from pipeline.audio import level, resample
from pipeline.frames import AudioDone, AudioIn, AudioOut, Digit, Frame, Hangup, Heard, Interrupt, Pause, Played, Resume
from pipeline.pipeline import Pipeline
from pipeline.session import CallSession
from pipeline.transport import Incoming
from tests.patience import until
from tests.transports.exchange import Bot, echo, say_once
from transports.browser import transport
from transports.browser.endpoint import BrowserEndpoint
from transports.browser.transport import STALLED, BrowserTransport
from transports.browser.wire import WireError, parse_start
from transports.browser_line import BrowserLine, Refusal
from transports.loopback import quiet, tone

START = {"type": "start"}


@dataclass
class Exchange:
    """What the page's calls came to on the server's side."""

    on: Callable[[Frame], list[Frame]] = echo
    refusal: Refusal | None = None
    url: str = ""
    bots: list[Bot] = field(default_factory=list)
    lines: list[BrowserLine] = field(default_factory=list)
    calls: list[Incoming] = field(default_factory=list)
    troubles: Counter[str] = field(default_factory=Counter)

    async def admit(self, request: web.Request, flow: str) -> Incoming:
        if self.refusal is not None:
            raise self.refusal
        return Incoming("browser", call="cal_1", flow=flow)

    async def answer(self, line: BrowserLine, incoming: Incoming) -> None:
        bot = Bot(self.on)
        self.bots.append(bot)
        self.lines.append(line)
        self.calls.append(incoming)
        await CallSession(line, Pipeline([bot])).run()
        line.tell({"type": "end", "reason": line.ending})

    def trouble(self, kind: str) -> None:
        self.troubles[kind] += 1


Page = Callable[..., Awaitable[tuple[Exchange, ClientWebSocketResponse]]]


@asynccontextmanager
async def served(exchange: Exchange) -> AsyncIterator[str]:
    endpoint = BrowserEndpoint(exchange.admit, exchange.answer, trouble=exchange.trouble)
    app = web.Application()
    app.add_routes(endpoint.routes())
    runner = web.AppRunner(app, shutdown_timeout=1.0)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host, port = runner.addresses[0][:2]
    yield f"ws://{host}:{port}/ws/browser-test/flw_1"
    await runner.cleanup()


@pytest.fixture
async def page() -> AsyncIterator[Page]:
    async with AsyncExitStack() as stack:
        http = await stack.enter_async_context(ClientSession())

        async def opened(
            on: Callable[[Frame], list[Frame]] = echo, start: Any = START, refusal: Refusal | None = None
        ) -> tuple[Exchange, ClientWebSocketResponse]:
            exchange = Exchange(on, refusal)
            exchange.url = await stack.enter_async_context(served(exchange))
            ws = await stack.enter_async_context(http.ws_connect(exchange.url))
            if start is not None:
                await ws.send_json(start)
            return exchange, ws

        yield opened


async def speak(ws: ClientWebSocketResponse, pcm: bytes, size: int = 640) -> None:
    for at in range(0, len(pcm), size):
        await ws.send_bytes(pcm[at : at + size])


async def rest(ws: ClientWebSocketResponse, *, end: bool = True) -> list[WSMessage]:
    """All that still comes; with `end` the page hangs up first."""
    if end:
        await ws.send_json({"type": "end"})
    messages = []
    async with asyncio.timeout(10):
        while (message := await ws.receive()).type in (WSMsgType.TEXT, WSMsgType.BINARY):
            messages.append(message)
    return messages


def sound_of(messages: list[WSMessage]) -> bytes:
    return b"".join(message.data for message in messages if message.type is WSMsgType.BINARY)


def told(messages: list[WSMessage]) -> list[Any]:
    return [message.json() for message in messages if message.type is WSMsgType.TEXT]


async def test_the_caller_is_heard_and_what_is_said_comes_back_whole(page: Page) -> None:
    exchange, ws = await page(start={**START, "variables": {"name": "Asha"}})
    said = tone(0.6, 16000) + quiet(0.8, 16000)
    await speak(ws, said)
    messages = await rest(ws)
    assert exchange.bots[0].caller == said
    assert sound_of(messages) == tone(0.6, 16000)
    assert exchange.bots[0].heard == tone(0.6, 16000)
    assert told(messages) == [{"type": "end", "reason": "callended"}]
    assert ws.close_code == 1000
    incoming = exchange.calls[0]
    assert (incoming.carrier, incoming.flow, incoming.custom) == ("browser", "flw_1", {"name": "Asha"})


@pytest.mark.parametrize(
    ("rate", "line"), [(8000, 8000), (11025, 8000), (24000, 24000), (44100, 16000), (48000, 16000)]
)
async def test_a_page_has_its_own_rate_both_ways(page: Page, rate: int, line: int) -> None:
    exchange, ws = await page(say_once(tone(0.4, line)), {**START, "sample_rate": rate})
    await speak(ws, resample(tone(0.5, 16000), 16000, rate), size=rate // 50 * 2)
    await speak(ws, bytes(rate * 2), size=rate // 50 * 2)
    said = sound_of(await rest(ws))
    assert exchange.lines[0].rate == line
    heard = exchange.bots[0].caller
    assert len(heard) / 2 / line == pytest.approx(1.5, abs=0.05)
    assert level(heard[: line // 2]) == pytest.approx(level(tone(0.25, line)), abs=1.5)
    assert len(said) / 2 / rate == pytest.approx(0.4, abs=0.002)
    spectrum = np.abs(np.fft.rfft(np.frombuffer(said, "<i2")))
    assert np.argmax(spectrum) * rate / (len(said) // 2) == pytest.approx(200, abs=5)


async def test_sound_is_put_together_however_it_is_cut(page: Page) -> None:
    exchange, ws = await page(lambda frame: [])
    said = tone(0.5, 16000)
    await speak(ws, said, size=333)
    await rest(ws)
    assert exchange.bots[0].caller == said
    assert exchange.troubles.keys() == {"odd_length"}


async def test_what_was_cut_is_cleared_at_the_page_and_comes_again(page: Page) -> None:
    steps = iter([Pause(0.0), Resume(0.0)])

    def on(frame: Frame) -> list[Frame]:
        first = say_once(tone(0.3, 16000))(frame)
        key = isinstance(frame, Digit)
        return first or ([next(steps)] if key else [])

    exchange, ws = await page(on)
    await speak(ws, quiet(0.1, 16000))
    await ws.send_json({"type": "dtmf", "digits": "1"})
    await speak(ws, quiet(0.04, 16000))
    while (message := await ws.receive()).type is WSMsgType.BINARY:
        pass
    assert message.json() == {"type": "clear"}
    await ws.send_json({"type": "dtmf", "digits": "#"})
    await speak(ws, quiet(0.6, 16000))
    after = sound_of(await rest(ws))
    heard = exchange.bots[0].heard
    assert heard == tone(0.3, 16000)
    assert len(after) > 0.1 * 32000
    assert tone(0.3, 16000).endswith(after)
    last = [frame for frame in exchange.bots[0].seen if isinstance(frame, Played)][-1]
    assert (last.text, last.complete) == ("Good morning.", True)


async def test_after_an_interruption_nothing_stale_follows_the_clear(page: Page) -> None:
    def on(frame: Frame) -> list[Frame]:
        if isinstance(frame, Digit):
            return [Interrupt(0.0), AudioOut(bytes(range(1, 65)) * 5, 2, "Yes."), AudioDone(2)]
        return say_once(tone(5.0, 16000))(frame)

    exchange, ws = await page(on)
    await speak(ws, quiet(0.1, 16000))
    await ws.send_json({"type": "dtmf", "digits": "5"})
    await speak(ws, quiet(0.3, 16000))
    messages = await rest(ws)
    kinds = [message.type for message in messages]
    clear = told(messages).index({"type": "clear"})
    assert clear == 0
    cut = kinds.index(WSMsgType.TEXT)
    assert 0 < len(sound_of(messages[:cut])) < 0.4 * 32000
    assert sound_of(messages[cut:]) == bytes(range(1, 65)) * 5
    played = [frame for frame in exchange.bots[0].seen if isinstance(frame, Played) and frame.over]
    assert [(frame.reply, frame.complete) for frame in played] == [(1, False), (2, True)]
    assert 0 < played[0].seconds < 0.3


@pytest.mark.parametrize("partials", [False, True])
async def test_only_a_page_that_asks_for_them_is_told_the_news_of_the_moment(page: Page, partials: bool) -> None:
    exchange, ws = await page(start={**START, "partials": partials})
    await speak(ws, quiet(0.02, 16000))
    await until(lambda: bool(exchange.bots and exchange.bots[0].seen))
    for kind in ("partial", "transcript", "speech", "latency"):
        exchange.lines[0].tell({"type": kind})
    kinds = [message["type"] for message in told(await rest(ws))]
    assert kinds == (
        ["partial", "transcript", "speech", "latency", "end"] if partials else ["transcript", "latency", "end"]
    )


async def test_a_bot_that_hangs_up_still_tells_the_end(page: Page) -> None:
    exchange, ws = await page(lambda frame: [Hangup("goodbye")] if isinstance(frame, AudioIn) else [])
    await speak(ws, quiet(0.04, 16000))
    assert told(await rest(ws, end=False)) == [{"type": "end", "reason": "hangup"}]
    assert ws.close_code == 1000
    assert exchange.lines[0].ending == "hangup"


async def test_a_page_that_is_closed_ends_its_call(page: Page) -> None:
    exchange, ws = await page()
    await speak(ws, quiet(0.02, 16000))
    await ws.close()
    await until(lambda: bool(exchange.lines and exchange.lines[0].ending))
    assert exchange.lines[0].ending == "closed"


BAD_STARTS: list[tuple[Any, str]] = [
    ("not json", "The message must be a JSON object"),
    ("[]", "The message must be a JSON object"),
    ('{"type": "hello"}', "type must be 'start'"),
    ('{"sample_rate": 16000}', "type is required"),
    ('{"type": "start", "sample_rate": 7999}', "sample_rate must be greater than or equal to 8000"),
    ('{"type": "start", "sample_rate": 48001}', "sample_rate must be less than or equal to 48000"),
    ('{"type": "start", "sample_rate": "fast"}', "sample_rate must be a valid integer"),
    ('{"type": "start", "variables": {"name": 1}}', "variables must be a valid string"),
    (b"\0\0", "The first message must be the JSON start, and only then sound"),
]


@pytest.mark.parametrize(("first", "why"), BAD_STARTS, ids=[str(first)[:40] for first, _ in BAD_STARTS])
async def test_a_wrong_start_is_refused_with_the_field(page: Page, first: Any, why: str) -> None:
    exchange, ws = await page(start=None)
    await (ws.send_bytes(first) if isinstance(first, bytes) else ws.send_str(first))
    closed = await ws.receive()
    assert (closed.type, closed.data, closed.extra) == (WSMsgType.CLOSE, 4400, why)
    assert not exchange.calls


def test_a_start_without_a_rate_means_16_khz() -> None:
    assert parse_start('{"type": "start"}').sample_rate == 16000
    with pytest.raises(WireError, match="variables"):
        parse_start('{"type": "start", "variables": {"a": "\\u0000"}}')


async def test_a_page_that_never_starts_is_sent_away(page: Page, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("transports.browser.endpoint.START_WAIT", 0.01)
    exchange, ws = await page(start=None)
    closed = await ws.receive()
    assert (closed.data, closed.extra) == (4400, "The first message, start, did not come within 10 seconds")
    assert not exchange.calls


async def test_a_refusal_closes_with_its_status(page: Page) -> None:
    exchange, ws = await page(start=None, refusal=Refusal(503, "All lines are busy."))
    closed = await ws.receive()
    assert (closed.data, closed.extra) == (4503, "All lines are busy.")
    assert not exchange.calls


async def test_messages_that_are_none_are_passed_over_until_they_are_too_many(
    page: Page, caplog: pytest.LogCaptureFixture
) -> None:
    exchange, ws = await page(lambda frame: [])
    with caplog.at_level(logging.WARNING):
        for wrong in ('{"type":"dtmf","digits":"x"}', '{"type":"dtmf"}', "{", '{"type":"sing"}', "5"):
            await ws.send_str(wrong)
        await speak(ws, quiet(0.02, 16000))
        for _ in range(transport.MOST_BAD):
            await ws.send_str("{}")
        assert told(await rest(ws, end=False)) == [{"type": "end", "reason": "broken"}]
    assert ws.close_code == 1003
    assert exchange.troubles == {"bad_message": 5 + transport.MOST_BAD}
    assert [frame for frame in exchange.bots[0].seen if isinstance(frame, Digit)] == []
    assert len(caplog.records) == 1


async def test_a_flood_of_sound_is_dropped_and_the_call_goes_on(page: Page) -> None:
    exchange, ws = await page(lambda frame: [])
    await speak(ws, tone(20.0, 16000), size=64000)
    await ws.send_json({"type": "dtmf", "digits": "7"})
    await speak(ws, quiet(0.02, 16000))
    await rest(ws)
    assert exchange.troubles["flood"]
    assert len(exchange.bots[0].caller) < 10 * 32000


async def test_silence_stands_in_for_a_page_that_sends_nothing(page: Page) -> None:
    exchange, ws = await page(say_once(tone(0.3, 16000)))
    await speak(ws, quiet(0.02, 16000))
    await until(lambda: bool(exchange.bots) and len(exchange.bots[0].heard) == len(tone(0.3, 16000)))
    assert not any(exchange.bots[0].caller)
    await rest(ws)


async def test_a_page_that_does_not_read_is_dropped(page: Page) -> None:
    exchange, ws = await page()
    sock = ws._response.connection.transport.get_extra_info("socket")  # type: ignore[union-attr]
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    await speak(ws, quiet(0.02, 16000))
    await until(lambda: bool(exchange.bots and exchange.bots[0].seen))
    ws._response.connection.transport.pause_reading()  # type: ignore[union-attr]
    line = exchange.lines[0]
    assert isinstance(line, BrowserTransport)
    for _ in range(200):
        line.tell({"type": "transcript", "text": "x" * (STALLED // 20)})
    assert line.ending == "stalled"
    assert exchange.troubles == {"stalled": 1}
    ws._response.close()  # a close would be answered by nobody


async def test_heard_is_reckoned_by_time_for_a_page_sends_no_marks(page: Page) -> None:
    exchange, ws = await page(say_once(tone(0.2, 16000)))
    await speak(ws, quiet(0.1, 16000))
    await ws.receive()
    assert not [frame for frame in exchange.bots[0].seen if isinstance(frame, Played) and frame.complete]
    await speak(ws, quiet(0.2, 16000))
    await rest(ws)
    assert sum(len(frame.pcm) for frame in exchange.bots[0].seen if isinstance(frame, Heard)) == len(tone(0.2, 16000))
