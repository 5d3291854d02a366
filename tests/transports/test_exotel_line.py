"""A call over a real socket, as the carrier sees it."""

import asyncio
import base64
import contextlib
import json
import random
import socket
from collections import Counter
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from aiohttp import (
    ClientSession,
    ClientWebSocketResponse,
    WSMessage,
    WSMsgType,
    WSServerHandshakeError,
    encode_basic_auth,
)

from pipeline.audio import decode, encode
from pipeline.frames import (
    AudioDone,
    AudioIn,
    AudioOut,
    Digit,
    Frame,
    Hangup,
    Heard,
    Interrupt,
    Pause,
    Played,
    Resume,
    Transfer,
)
from tests.patience import until
from tests.transports.exchange import Serve, echo, say_once, start_message, until_closed
from transports.exotel import wire
from transports.exotel.endpoint import Credentials, ExotelEndpoint
from transports.exotel.transport import STALLED, ExotelTransport
from transports.loopback import quiet, tone
from transports.rfc6455 import masked_text_frame

SAMPLES = Path(__file__).parent / "samples"
CASES = {
    row["name"]: row["frames"]
    for row in map(json.loads, (SAMPLES / "exotel_voicebot_variants.jsonl").read_text().splitlines())
    if row["kind"] == "case"
}
SESSION = [json.loads(row) for row in (SAMPLES / "exotel_voicebot_session.jsonl").read_text().splitlines()]


def media(pcm: bytes, chunk: int = 0) -> dict[str, Any]:
    count = {"chunk": str(chunk)} if chunk else {}
    return {"event": "media", "media": {**count, "payload": base64.b64encode(pcm).decode()}}


async def talk(ws: ClientWebSocketResponse, pcm: bytes) -> None:
    for at in range(0, len(pcm), 320):
        await ws.send_json(media(pcm[at : at + 320]))


async def in_step(ws: ClientWebSocketResponse) -> None:
    """Returns when the server has taken all that was sent."""
    await ws.ping(b"?")
    assert (await ws.receive()).type is WSMsgType.PONG


async def stop(ws: ClientWebSocketResponse) -> list[Any]:
    await ws.send_json({"event": "stop", "stop": {"reason": "callended"}})
    return await until_closed(ws)


def sound_of(messages: list[Any]) -> bytes:
    return b"".join(base64.b64decode(each["media"]["payload"]) for each in messages if each["event"] == "media")


async def test_a_call_is_handed_over_with_all_that_the_carrier_told(serve: Serve, http: ClientSession) -> None:
    exchange = await serve()
    async with http.ws_connect(f"{exchange.url}/abc?sample-rate=16000&lead=42&flow=x") as ws:
        assert ws._response.headers["X-Vaani-Call"] == "cal_0"
        await ws.send_json({"event": "connected"})
        await ws.send_json(
            start_message(**{"account_sid": "acc", "from": "0980", "to": "0800", "custom_parameters": {"flow": "y"}})
        )
        await stop(ws)
    incoming, _, line = exchange.calls[0]
    assert (incoming.carrier, incoming.call, incoming.carrier_call) == ("exotel", "cal_0", "call1")
    assert (incoming.account, incoming.from_number, incoming.to_number) == ("acc", "0980", "0800")
    assert incoming.custom == {"lead": "42", "flow": "y", "token": "abc"}
    assert line.rate == 16000
    assert exchange.line.ending == "callended"


async def test_the_caller_is_heard_and_what_is_said_comes_back_whole(serve: Serve, http: ClientSession) -> None:
    exchange = await serve()
    async with http.ws_connect(exchange.url) as ws:
        await ws.send_json(start_message())
        await talk(ws, tone(1.0) + quiet(1.5))
        messages = await stop(ws)
    assert exchange.bot.caller == tone(1.0) + quiet(1.5)
    assert sound_of(messages) == tone(1.0)
    assert exchange.bot.heard == tone(1.0)


async def test_messages_of_100_ms_are_five_slices(serve: Serve, http: ClientSession) -> None:
    exchange = await serve()
    async with http.ws_connect(exchange.url) as ws:
        await ws.send_json(start_message())
        await ws.send_json(media(tone(0.1)))
        await stop(ws)
    assert [frame.at for frame in exchange.bot.seen if isinstance(frame, AudioIn)] == [n * 0.02 for n in range(5)]


async def test_a_mark_that_comes_back_completes_the_reply(serve: Serve, http: ClientSession) -> None:
    exchange = await serve(say_once(tone(0.2)))
    async with http.ws_connect(exchange.url) as ws:
        await ws.send_json(start_message())
        await talk(ws, quiet(0.3))
        while (message := await ws.receive_json())["event"] != "mark":
            pass
        await ws.send_json({"event": "mark", "mark": message["mark"]})
        await stop(ws)
    last = [each for each in exchange.bot.seen if isinstance(each, Played)][-1]
    assert (last.reply, last.seconds, last.text, last.complete) == (1, 0.2, "Good morning.", True)


async def test_a_whole_recorded_session_is_a_call(serve: Serve, http: ClientSession) -> None:
    exchange = await serve()
    async with http.ws_connect(exchange.url) as ws:
        for row in SESSION:
            if row["kind"] == "frame" and row["dir"] == "exotel_to_bot":
                await ws.send_json(row["frame"])
        await until_closed(ws)
    assert any(isinstance(frame, Digit) and frame.key == "5" for frame in exchange.bot.seen)
    assert len(exchange.bot.caller) == 7 * 1600
    assert not exchange.troubles


@pytest.mark.parametrize(
    ("case", "calls", "troubles"),
    [
        ("ints_instead_of_strings", 1, {}),
        ("camel_case_keys", 1, {}),
        ("connected_with_protocol", 1, {}),
        ("mulaw_media_format", 1, {"duplicate_start": 1}),
        ("missing_optional_fields", 1, {}),
        ("unknown_event", 1, {"unknown_event": 1}),
        ("bad_base64", 1, {"bad_base64": 1}),
        ("odd_length_pcm", 1, {"odd_length": 1}),
        ("duplicate_start", 1, {"duplicate_start": 1}),
        ("out_of_order_media", 1, {"out_of_order": 1}),
        ("inbound_clear_echo", 1, {}),
        ("stop_reason_stopped", 1, {}),
        ("stop_before_start", 0, {}),
    ],
)
async def test_every_variant_is_taken(
    serve: Serve, http: ClientSession, case: str, calls: int, troubles: dict[str, int]
) -> None:
    exchange = await serve()
    frames = CASES[case]
    begins = any(frame["event"] == "start" for frame in frames)
    async with http.ws_connect(exchange.url) as ws:
        if not begins and calls:
            await ws.send_json(start_message())
        for frame in frames:
            await ws.send_json(frame)
        if not any(frame["event"] == "stop" for frame in frames):
            await talk(ws, tone(0.1))
            await stop(ws)
        else:
            await until_closed(ws)
        assert ws.close_code == 1000
    if calls:
        await exchange.over.wait()
    assert len(exchange.calls) == calls
    if case != "mulaw_media_format":
        assert exchange.troubles == troubles
    if calls and "stop" not in case and case not in {"odd_length_pcm", "mulaw_media_format", "camel_case_keys"}:
        assert exchange.bot.caller.endswith(tone(0.1))


async def test_half_samples_are_joined(serve: Serve, http: ClientSession) -> None:
    exchange = await serve(lambda frame: [])
    pcm = tone(0.1)
    async with http.ws_connect(exchange.url) as ws:
        await ws.send_json(start_message())
        for piece in (pcm[:333], pcm[333:1001], pcm[1001:]):
            await ws.send_json(media(piece))
        await stop(ws)
    assert exchange.bot.caller == pcm


async def test_a_mulaw_line_speaks_mulaw_both_ways(serve: Serve, http: ClientSession) -> None:
    exchange = await serve()
    spoken = decode(encode(tone(0.4), "mulaw"), "mulaw")
    async with http.ws_connect(exchange.url) as ws:
        await ws.send_json(start_message(media_format={"encoding": "audio/x-mulaw", "sample_rate": "8000"}))
        await ws.send_json(media(encode(tone(0.4), "mulaw")))
        for _ in range(10):
            await ws.send_json(media(encode(quiet(0.1), "mulaw")))
        messages = await stop(ws)
    assert exchange.bot.caller == spoken + quiet(1.0)
    assert decode(sound_of(messages), "mulaw") == spoken
    assert all(len(base64.b64decode(each["media"]["payload"])) % 320 == 0 for each in messages if "media" in each)


@pytest.mark.parametrize("rate", [8000, 16000, 24000])
async def test_messages_are_aligned_and_grow_with_the_rate(serve: Serve, http: ClientSession, rate: int) -> None:
    exchange = await serve(say_once(tone(1.01, rate)))
    async with http.ws_connect(f"{exchange.url}?sample_rate={rate}") as ws:
        await ws.send_json(start_message())
        for _ in range(75):
            await ws.send_json(media(quiet(0.02, rate)))
        messages = await stop(ws)
    sizes = [len(base64.b64decode(each["media"]["payload"])) for each in messages if each["event"] == "media"]
    assert all(size % 320 == 0 for size in sizes)
    assert set(sizes[:-1]) == {rate // 5}
    assert sound_of(messages).startswith(tone(1.01, rate))


async def test_sound_goes_out_no_faster_than_the_caller_hears_it(serve: Serve, http: ClientSession) -> None:
    exchange = await serve(say_once(tone(3.0)))
    async with http.ws_connect(exchange.url, autoping=False) as ws:
        await ws.send_json(start_message())
        received = b""
        for tick in range(1, 160):
            await talk(ws, quiet(0.02))
            await ws.ping(b"?")
            while (message := await ws.receive()).type is WSMsgType.TEXT:
                received += sound_of([message.json()])
            ahead = len(received) / 16000 - tick * 0.02
            assert ahead <= 0.2 + 0.1
            assert ahead >= 0 or len(received) == len(tone(3.0))
    assert received == tone(3.0)


async def test_an_interrupt_clears_at_once_and_nothing_stale_follows_in_200_cuts(
    serve: Serve, http: ClientSession
) -> None:
    """The bot speaks in replies of their own level; the caller cuts it at random; after each `clear` no old level."""
    dice = random.Random(7)
    state = {"reply": 0, "cut": 0.0}

    def on(frame: Frame) -> list[Frame]:
        if not isinstance(frame, AudioIn) or frame.at < state["cut"]:
            return []
        state["reply"] += 1
        state["cut"] = frame.at + dice.randrange(1, 12) * 0.02
        reply = int(state["reply"])
        stale = [AudioOut(tone(1, loud=100 + reply - 1), reply - 1)] if reply > 1 else []
        return [Interrupt(frame.at), *stale, AudioOut(tone(1, loud=100 + reply), reply)]

    exchange = await serve(on)
    async with http.ws_connect(exchange.url) as ws:
        await ws.send_json(start_message())
        sender = asyncio.create_task(talk(ws, quiet(40)))
        clears = 0
        while clears < 200:
            message = json.loads((await ws.receive()).data)
            if message["event"] == "clear":
                clears += 1
            else:
                pcm = base64.b64decode(message["media"]["payload"])
                assert int.from_bytes(pcm[:2], "little", signed=True) in {101 + clears, -101 - clears}
        sender.cancel()
    assert state["reply"] >= 200


async def test_a_pause_clears_and_a_resume_goes_on_where_it_was(serve: Serve, http: ClientSession) -> None:
    pcm = b"".join((n % 30000).to_bytes(2, "little") for n in range(8000))

    def on(frame: Frame) -> list[Frame]:
        if not isinstance(frame, AudioIn):
            return []
        plan: dict[int, list[Frame]] = {
            1: [AudioOut(pcm, 1), AudioDone(1)],
            12: [Pause(frame.at)],
            30: [Resume(frame.at)],
        }
        return plan.get(round(frame.at / 0.02), [])

    exchange = await serve(on)
    async with http.ws_connect(exchange.url) as ws:
        await ws.send_json(start_message())
        await talk(ws, quiet(2.0))
        messages = await stop(ws)
    assert [each["event"] for each in messages].count("clear") == 1
    assert exchange.bot.heard.startswith(pcm)
    assert len(exchange.bot.heard) - len(pcm) < 320


async def test_a_hang_up_closes_at_once(serve: Serve, http: ClientSession) -> None:
    exchange = await serve(lambda frame: [AudioOut(tone(5), 1), Hangup("done")] if isinstance(frame, AudioIn) else [])
    async with http.ws_connect(exchange.url) as ws:
        await ws.send_json(start_message())
        await talk(ws, quiet(0.02))
        await until_closed(ws)
        assert ws.close_code == 1000
    assert exchange.line.ending == "hangup"


async def test_a_transfer_waits_until_it_was_said(serve: Serve, http: ClientSession) -> None:
    reply = [AudioOut(tone(0.1), 1, "One moment."), AudioDone(1), Transfer("sales")]
    exchange = await serve(lambda frame: list(reply) if isinstance(frame, AudioIn) and frame.at == 0 else [])
    async with http.ws_connect(exchange.url) as ws:
        await ws.send_json(start_message())
        await talk(ws, quiet(0.1))
        while (message := await ws.receive_json())["event"] != "mark":
            pass
        assert exchange.line.ending == ""
        await ws.send_json({"event": "mark", "mark": message["mark"]})
        await until_closed(ws)
    assert (exchange.line.ending, exchange.line.transfer_to) == ("transfer", "sales")


async def test_an_abrupt_end_ends_the_call(serve: Serve, http: ClientSession) -> None:
    exchange = await serve()
    ws = await http.ws_connect(exchange.url, autoping=False)
    await ws.send_json(start_message())
    await talk(ws, quiet(0.1))
    await in_step(ws)
    ws._response.connection.transport.abort()  # type: ignore[union-attr]
    await exchange.over.wait()
    await ws.close()
    assert exchange.line.ending == "closed"


async def test_who_may_not_come_in_is_refused_before_the_socket_opens(serve: Serve, http: ClientSession) -> None:
    exchange = await serve(credentials=Credentials("user", "pass", "s3cret"))

    async def status(path: str, headers: dict[str, str]) -> int:
        with pytest.raises(WSServerHandshakeError) as caught:
            await http.ws_connect(exchange.url + path, headers=headers)
        if caught.value.status == 401:
            assert caught.value.headers is not None
            assert caught.value.headers["WWW-Authenticate"].startswith("Basic ")
        return caught.value.status

    right = {"Authorization": encode_basic_auth("user", "pass")}
    assert await status("/s3cret", {}) == 401
    assert await status("/s3cret", {"Authorization": encode_basic_auth("user", "wrong")}) == 401
    assert await status("/wrong", right) == 403
    assert await status("", right) == 403
    assert await status("/s3cret?sample-rate=44100", right) == 400
    async with http.get(exchange.url.replace("ws:", "http:") + "/s3cret", headers=right) as answer:
        assert answer.status == 426
    ws = await http.ws_connect(exchange.url + "/s3cret", headers=right)
    await ws.close()
    assert not exchange.calls


async def test_a_full_server_says_so(serve: Serve, http: ClientSession) -> None:
    exchange = await serve(admit=lambda: "draining")
    with pytest.raises(WSServerHandshakeError) as caught:
        await http.ws_connect(exchange.url)
    assert caught.value.status == 503


async def test_a_carrier_that_never_starts_is_closed(
    serve: Serve, http: ClientSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("transports.exotel.endpoint.START_WAIT", 0.05)
    exchange = await serve()
    async with http.ws_connect(exchange.url) as ws:
        await ws.send_json({"event": "connected"})
        await until_closed(ws)
        assert ws.close_code == 1008
    assert exchange.troubles == {"no_start": 1}
    assert not exchange.calls


@pytest.mark.parametrize("started", [True, False])
async def test_fifty_bad_messages_in_a_row_end_the_line(serve: Serve, http: ClientSession, started: bool) -> None:
    exchange = await serve()
    async with http.ws_connect(exchange.url) as ws:
        if started:
            await ws.send_json(start_message())
            for _ in range(49):
                await ws.send_str("{")
            await talk(ws, tone(0.02))
        for _ in range(50):
            await ws.send_str("{")
        await until_closed(ws)
        assert ws.close_code == 1003
    assert exchange.troubles["bad_json"] == (99 if started else 50)
    assert len(exchange.calls) == started


async def test_a_message_too_big_ends_the_line(serve: Serve, http: ClientSession) -> None:
    exchange = await serve()
    async with http.ws_connect(exchange.url) as ws:
        await ws.send_json(start_message())
        await ws.send_str("x" * 300_000)
        await until_closed(ws)
        assert ws.close_code == 1009
    assert exchange.troubles == {"oversize": 1}


async def test_rubbish_on_one_line_harms_no_other(serve: Serve, http: ClientSession) -> None:
    dice = random.Random(3)
    exchange = await serve()
    async with http.ws_connect(exchange.url) as good:
        await good.send_json(start_message())
        for _ in range(30):
            ws = await http.ws_connect(exchange.url)
            await ws.send_json(start_message())
            for _ in range(dice.randrange(60)):
                rubbish = dice.choice(
                    [
                        dice.randbytes(dice.randrange(200)),
                        json.dumps({"event": dice.choice(["media", "mark", "dtmf", "start", "clear"])}).encode(),
                        json.dumps(media(dice.randbytes(dice.randrange(2000)), dice.randrange(1, 9))).encode(),
                    ]
                )
                kind = WSMsgType.TEXT if dice.random() < 0.8 else WSMsgType.BINARY
                await ws.send_frame(rubbish, kind)
            assert ws._response.connection is not None
            if dice.random() < 0.5 and (transport := ws._response.connection.transport) is not None:
                transport.write(dice.randbytes(50))  # no frame at all  # type: ignore[attr-defined]
            await ws.close()
            await talk(good, tone(0.04))
        await talk(good, quiet(1.5))
        messages = await stop(good)
    assert exchange.calls[0][1].caller == tone(0.04) * 30 + quiet(1.5)
    assert sound_of(messages) == tone(0.04) * 30


async def test_a_crash_in_a_call_closes_its_line(serve: Serve, http: ClientSession) -> None:
    def crash(frame: Frame) -> list[Frame]:
        raise ZeroDivisionError

    exchange = await serve(crash)
    async with http.ws_connect(exchange.url) as ws:
        await ws.send_json(start_message())
        await talk(ws, tone(0.02))
        await until_closed(ws)
        assert ws.close_code == 1011
    await exchange.over.wait()


STARTED = wire.Start("MZ1", "call1", "", "pcm16", 8000, "", "", {})


class Stuck:
    """A socket and its connection: sound comes for ever, nothing that is written is taken."""

    def __init__(self) -> None:
        self.waiting = 0
        self.closed_with = 0
        self.aborted = False

    async def receive(self) -> WSMessage:
        return WSMessage(WSMsgType.TEXT, json.dumps(media(tone(0.1))).encode(), "")

    async def close(self, code: int) -> bool:
        self.closed_with = code
        return True

    def abort(self) -> None:
        self.aborted = True

    def is_closing(self) -> bool:
        return False

    def get_write_buffer_size(self) -> int:
        return self.waiting

    def write(self, frame: bytes) -> None:
        self.waiting += len(frame)


async def test_what_a_carrier_does_not_take_stays_bounded_and_ends_the_line() -> None:
    stuck, troubles = Stuck(), Counter[str]()
    line = ExotelTransport(
        stuck,  # type: ignore[arg-type]
        stuck,  # type: ignore[arg-type]
        STARTED,
        rate=8000,
        trouble=lambda kind: troubles.update([kind]),
    )
    line.send(AudioOut(tone(60), 1))
    async for _ in line.receive():
        pass
    await line.close()
    assert (line.ending, stuck.closed_with, stuck.aborted) == ("stalled", 1001, True)
    assert stuck.waiting < STALLED + 3000
    assert troubles["stalled"] == 1


class Deaf:
    """A carrier's raw socket: it speaks, and reads nothing but the answer to its handshake."""

    def __init__(self, url: str) -> None:
        address = urlsplit(url)
        self._socket = socket.socket()
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        self._socket.setblocking(False)
        self._to = (address.hostname, address.port)
        self._path = address.path

    async def __aenter__(self) -> "Deaf":
        await self._loop.sock_connect(self._socket, self._to)
        ask = f"GET {self._path} HTTP/1.1\r\nHost: vaani\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        ask += "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==\r\n\r\n"
        await self._loop.sock_sendall(self._socket, ask.encode())
        assert b" 101 " in await self._loop.sock_recv(self._socket, 1000)
        await self.say(start_message())
        return self

    async def __aexit__(self, *error: object) -> None:
        self._socket.close()

    async def say(self, message: dict[str, Any]) -> None:
        await self._loop.sock_sendall(self._socket, masked_text_frame(json.dumps(message).encode()))

    @property
    def _loop(self) -> asyncio.AbstractEventLoop:
        return asyncio.get_running_loop()


async def test_a_carrier_that_reads_nothing_is_let_go_at_once(serve: Serve) -> None:
    exchange = await serve(lambda frame: [AudioOut(tone(0.1), 1)] if isinstance(frame, AudioIn) else [], lead=5.0)
    async with Deaf(exchange.url) as deaf:
        with contextlib.suppress(ConnectionError):
            async with asyncio.timeout(20):
                while not exchange.over.is_set():
                    await deaf.say(media(quiet(0.1)))
                    await asyncio.sleep(0)
        async with asyncio.timeout(1):
            await exchange.over.wait()
            await exchange.line.close()
        assert exchange.line.ending == "stalled"
        assert exchange.line._connection.get_write_buffer_size() == 0
    assert exchange.troubles["stalled"] == 1


async def test_a_close_behind_sound_that_is_not_taken_does_not_wait_for_ever(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("transports.exotel.transport.CLOSE_WAIT", 0.05)
    exchange = await serve(lambda frame: [])
    async with Deaf(exchange.url):
        await until(lambda: bool(exchange.calls))
        line = exchange.line
        while line._connection.get_write_buffer_size() < 200_000:
            line._connection.write(bytes(50_000))
        async with asyncio.timeout(1):
            await line.close()
            await exchange.over.wait()
            await until(lambda: not line._connection.get_write_buffer_size())


async def test_the_alarm_is_off_when_a_call_was_left_in_the_middle() -> None:
    stuck = Stuck()
    line = ExotelTransport(stuck, stuck, STARTED, rate=8000)  # type: ignore[arg-type]
    frames = line.receive()
    await anext(frames)
    assert line._alarm is not None
    assert not line._alarm._timer.cancelled()
    await line.close()
    assert line._alarm._timer.cancelled()


async def test_what_a_carrier_counts_but_does_not_bring_is_silence_at_its_place() -> None:
    """Each second message of a burst after a stall is missing; one comes late; then the count begins anew."""
    wall, troubles = 100.0, Counter[str]()
    said = [media(tone(0.02), chunk) for chunk in (5, 7, 9, 8, 10, 400, 1, 2)]

    class Burst(Stuck):
        async def receive(self) -> WSMessage:
            message = said.pop(0) if said else {"event": "stop"}
            return WSMessage(WSMsgType.TEXT, json.dumps(message).encode(), "")

    burst = Burst()
    line = ExotelTransport(
        burst,  # type: ignore[arg-type]
        burst,  # type: ignore[arg-type]
        STARTED,
        rate=8000,
        trouble=lambda kind: troubles.update([kind]),
        clock=lambda: wall,
    )
    wall += 4.0
    came = [frame async for frame in line.receive() if isinstance(frame, AudioIn)]
    assert [any(frame.pcm) for frame in came[:7]] == [True, False, True, False, True, True, True]
    assert len(came) == 200 + 3
    assert troubles == {"lost": 3, "out_of_order": 2}


@pytest.mark.parametrize(("cut", "kept"), [(Pause, True), (Interrupt, False)])
async def test_our_own_clear_that_comes_back_drops_nothing(
    serve: Serve, http: ClientSession, cut: type[Pause] | type[Interrupt], kept: bool
) -> None:
    def on(frame: Frame) -> list[Frame]:
        plan: dict[int, list[Frame]] = {
            1: [AudioOut(tone(0.5), 1), AudioDone(1)],
            10: [cut(0.2)],
            (90 if kept else 20): [Resume(1.8)] if kept else [AudioOut(tone(0.5), 2), AudioDone(2)],
        }
        return plan.get(round(frame.at / 0.02), []) if isinstance(frame, AudioIn) else []

    exchange = await serve(on)
    async with http.ws_connect(exchange.url) as ws:
        await ws.send_json(start_message())
        for seconds in (0.3, 1.3 if kept else 0.5):
            await talk(ws, quiet(seconds))
            await ws.send_json({"event": "clear"})
        await talk(ws, quiet(3.0))
        await stop(ws)
    assert exchange.troubles == {"echoed_clear": 2}
    played = [each for each in exchange.bot.seen if isinstance(each, Played) and each.over]
    assert (played[-1].reply, played[-1].seconds, played[-1].complete) == (1 if kept else 2, 0.5, True)


async def test_a_clear_that_we_did_not_ask_for_says_what_was_heard(serve: Serve, http: ClientSession) -> None:
    exchange = await serve(say_once(tone(2.0)))
    async with http.ws_connect(exchange.url) as ws:
        await ws.send_json(start_message())
        await talk(ws, quiet(1.0))
        await ws.send_json({"event": "clear"})
        await talk(ws, quiet(1.0))
        await stop(ws)
    played = [each for each in exchange.bot.seen if isinstance(each, Played)][-1]
    assert (played.over, played.complete) == (True, False)
    assert 0.9 < played.seconds < 1.3
    assert not exchange.troubles


@pytest.mark.parametrize("size", [0, 100, 1000, 100_160, 320_000])
def test_chunks_that_exotel_would_not_take_are_refused(size: int) -> None:
    with pytest.raises(ValueError):
        ExotelEndpoint(lambda line, incoming: asyncio.sleep(0), new_call_id=str, chunk_bytes=size)


async def test_what_is_heard_follows_the_caller_in_time(serve: Serve, http: ClientSession) -> None:
    """A reply said while slice n is processed is heard from the end of slice n on: the recording is aligned."""
    exchange = await serve(say_once(tone(0.3)))
    async with http.ws_connect(exchange.url) as ws:
        await ws.send_json(start_message())
        await talk(ws, quiet(1.0))
        await stop(ws)
    first = next(frame for frame in exchange.bot.seen if isinstance(frame, Heard))
    assert 0.02 <= first.at < 0.03
    assert echo(AudioIn(quiet(0.02), 0.0)) == []
