from __future__ import annotations

import asyncio
import json
import logging
import resource
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import aiohttp
import pytest
import uvloop
from aiohttp import web

from control_api.access.addresses import trusted_networks
from server.door import Door, listening
from server.guests import Patience
from tests.logged import logged
from tests.patience import until

QUICK = Patience(head=0.3, idle=0.4, body=0.3, rate=1000, unsent=0.3, sweep=0.02)
"""A thirtieth of the time."""
ANSWER = 32 << 20
"""Bytes: more than the two sides of a connection hold by themselves."""
HEAD = b"POST /upload HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n"


@dataclass
class Place:
    """A small server behind the door."""

    port: int
    finished: list[str]
    released: asyncio.Event
    lines: list[Line] = field(default_factory=list)

    async def connect(self) -> Line:
        self.lines.append(Line(*await asyncio.open_connection("127.0.0.1", self.port, limit=1 << 16)))
        return self.lines[-1]


@dataclass
class Line:
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def send(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()

    async def ended(self, within: float = 1.0) -> bytes:
        """What came before the server closed it."""
        heard = b""
        async with asyncio.timeout(within):
            try:
                while data := await self.reader.read(1 << 16):
                    heard += data
            except ConnectionError:
                pass
        self.close()
        return heard

    def close(self) -> None:
        self.writer.transport.abort()


@asynccontextmanager
async def place(patience: Patience = QUICK, **more: Any) -> AsyncIterator[Place]:
    finished: list[str] = []
    released = asyncio.Event()

    async def quick(request: web.Request) -> web.Response:
        return web.Response(text="here")

    async def upload(request: web.Request) -> web.Response:
        try:
            body = await request.read()
        except ConnectionError:
            finished.append("cut")
            raise web.HTTPBadRequest from None
        finished.append(str(len(body)))
        return web.Response(text=str(len(body)))

    async def slow(request: web.Request) -> web.Response:
        await released.wait()
        body = await request.read()
        return web.Response(text=str(len(body)))

    async def large(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        try:
            for _ in range(ANSWER >> 16):
                await response.write(bytes(1 << 16))
        except ConnectionError:
            finished.append("cut")
        return response

    async def careless(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        try:
            while True:
                await response.write(bytes(1 << 16))
        finally:
            finished.append("cut")

    async def socket(request: web.Request) -> web.WebSocketResponse:
        line = web.WebSocketResponse()
        await line.prepare(request)
        async for message in line:
            await line.send_str(message.data)
        return line

    app = web.Application(client_max_size=1 << 24)
    app.add_routes(
        [
            web.get("/", quick),
            web.post("/upload", upload),
            web.route("*", "/slow", slow),
            web.get("/large", large),
            web.get("/careless", careless),
            web.get("/socket", socket),
        ]
    )
    async with listening(app, "127.0.0.1", 0, patience=patience, shutdown_timeout=0.1, **more) as port:
        here = Place(port, finished, released)
        yield here
        released.set()
        for line in here.lines:
            line.close()


async def elapsed(ended: Awaitable[Any]) -> float:
    clock = asyncio.get_running_loop().time
    began = clock()
    await ended
    return clock() - began


@pytest.mark.parametrize("head", [b"", b"GET / HTTP/1.1\r\nHost: x\r\nX-Long: "])
async def test_a_connection_that_never_asks_is_closed(head: bytes) -> None:
    async with place() as here:
        line = await here.connect()
        await line.send(head)
        assert 0.2 < await elapsed(line.ended()) < 0.6


async def test_a_head_that_drips_is_closed() -> None:
    async with place() as here:
        line = await here.connect()
        ended = asyncio.create_task(line.ended())
        for sign in b"GET / HTTP/1.1\r\nX-Drip: " + b"x" * 1000:
            if ended.done():
                break
            line.writer.write(bytes([sign]))
            await asyncio.sleep(0.01)
        assert await ended == b""


@pytest.mark.parametrize("more", [b"", b"GET / HT"])
async def test_a_connection_that_idles_between_requests_is_closed(more: bytes) -> None:
    async with place() as here:
        line = await here.connect()
        for _ in range(3):
            await line.send(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            assert (await line.reader.readuntil(b"here")).startswith(b"HTTP/1.1 200 OK")
        await line.send(more)
        assert 0.3 < await elapsed(line.ended()) < 0.7


@pytest.mark.parametrize("path", [b"/upload", b"/", b"/nowhere"])
async def test_a_body_that_stops_or_drips_is_closed(path: bytes) -> None:
    async with place() as here:
        half, dripping = await here.connect(), await here.connect()
        for line in (half, dripping):
            await line.send((HEAD % 5000).replace(b"/upload", path) + b"x" * 20)

        async def drip() -> None:
            for _ in range(1000):
                dripping.writer.write(b"x")
                await asyncio.sleep(0.02)

        dripper = asyncio.create_task(drip())
        assert await elapsed(asyncio.gather(half.ended(), dripping.ended())) < 0.8
        dripper.cancel()
        if path == b"/upload":
            assert here.finished == ["cut", "cut"]


async def test_a_body_that_starts_fast_may_not_drip_later() -> None:
    async with place() as here:
        line = await here.connect()
        await line.send(HEAD % 90_000 + bytes(60_000))
        assert await elapsed(line.ended()) < 0.8
        assert here.finished == ["cut"]


async def test_a_slow_honest_upload_is_taken_whole() -> None:
    async with place() as here:
        line = await here.connect()
        await line.send(HEAD % 3000)
        for _ in range(50):
            await line.send(bytes(60))
            await asyncio.sleep(0.02)
        assert (await line.reader.readuntil(b"3000")).startswith(b"HTTP/1.1 200 OK")


async def test_an_upload_that_the_server_is_slow_to_take_is_not_held_against_its_client() -> None:
    async with place() as here:
        line = await here.connect()
        line.writer.write((HEAD % 4_000_000).replace(b"/upload", b"/slow") + bytes(4_000_000))
        await asyncio.sleep(0.7)
        here.released.set()
        async with asyncio.timeout(2):
            assert (await line.reader.readuntil(b"4000000")).startswith(b"HTTP/1.1 200 OK")


async def test_who_waits_for_an_answer_or_talks_on_a_websocket_stays() -> None:
    async with (
        place() as here,
        aiohttp.ClientSession(f"http://127.0.0.1:{here.port}") as http,
        http.ws_connect("/socket") as socket,
    ):
        waiting = asyncio.create_task(http.get("/slow"))
        for _ in range(2):
            await (await here.connect()).ended()
        await socket.send_str("still here")
        assert await socket.receive_str() == "still here"
        assert not waiting.done()
        here.released.set()
        assert await (await waiting).text() == "0"


async def test_an_answer_that_nobody_takes_is_given_up() -> None:
    async with place() as here:
        line = await here.connect()
        line.writer.transport.pause_reading()  # type: ignore[attr-defined]
        await line.send(b"GET /large HTTP/1.1\r\nHost: x\r\n\r\n")
        await until(lambda: here.finished == ["cut"], 2)
        line.close()


async def test_a_slow_reader_gets_the_whole_answer() -> None:
    async with place(replace(QUICK, unsent=0.6)) as here:
        line = await here.connect()
        await line.send(b"GET /large HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        size = 0
        async with asyncio.timeout(5):
            for _ in range(100):
                size += len(await line.reader.read(1 << 16))
                await asyncio.sleep(0.01)
            assert size < ANSWER / 2
            while not line.reader.at_eof():
                size += len(await line.reader.read(1 << 20))
        assert size > ANSWER


GET = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"


async def welcome(here: Place) -> bool:
    """Whether one who asks at once is answered."""
    line = await here.connect()
    await line.send(GET.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"))
    return b"here" in await line.ended()


async def crowd(here: Place) -> list[Line]:
    """The five that are left of eight who ask for nothing."""
    lines = [await here.connect() for _ in range(8)]
    ended = [asyncio.create_task(line.reader.read()) for line in lines]
    await until(lambda: sum(task.done() for task in ended) == 3)
    left = [line for line, task in zip(lines, ended, strict=True) if not task.done()]
    for task in ended:
        task.cancel()
    await asyncio.wait(ended)
    return left


FEW = replace(QUICK, head=10.0, idle=10.0, strangers=5, sweep=0.2)


async def test_too_many_of_one_address_that_ask_for_nothing_are_closed_at_once() -> None:
    async with place(FEW) as here:
        known = await here.connect()
        await known.send(GET)
        await known.reader.readuntil(b"here")
        await crowd(here)
        assert await elapsed((await here.connect()).ended()) < FEW.sweep
        await known.send(GET)
        await known.reader.readuntil(b"here")


async def test_who_asks_at_last_is_no_stranger_any_more() -> None:
    async with place(FEW) as here:
        left = await crowd(here)
        assert not await welcome(here)
        for line in left:
            await line.send(GET)
            await line.reader.readuntil(b"here")
        await until(lambda: welcome(here))
        assert not any(line.reader.at_eof() for line in left)


async def test_strangers_that_leave_make_room_for_others() -> None:
    async with place(FEW) as here:
        left = await crowd(here)
        assert not await welcome(here)
        for line in left:
            line.close()
        await until(lambda: welcome(here))


async def test_many_callers_may_connect_at_the_same_moment() -> None:
    async with place(replace(QUICK, strangers=5)) as here, aiohttp.ClientSession() as http:
        url = f"http://127.0.0.1:{here.port}/socket"
        calls = await asyncio.gather(*(http.ws_connect(url) for _ in range(60)))
        for call in calls:
            await call.send_str("hello")
        assert [await call.receive_str() for call in calls] == ["hello"] * 60
        await asyncio.gather(*(call.close() for call in calls))


async def test_a_proxy_may_have_as_many_as_it_likes() -> None:
    few = replace(QUICK, head=1.0, strangers=2)
    async with place(few, trusted=trusted_networks("127.0.0.0/8")) as here:
        lines = [await here.connect() for _ in range(10)]
        ended = [asyncio.create_task(line.ended(3)) for line in lines]
        done, _ = await asyncio.wait(ended, timeout=0.3)
        assert not done
        assert 0 < await elapsed(asyncio.wait(ended)) < 1.2


async def test_a_process_has_room_for_so_many_and_more_when_they_leave(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resource, "getrlimit", lambda what: (20, 20))  # half of it is for other things
    async with place(replace(QUICK, head=5.0)) as here:
        lines = [await here.connect() for _ in range(10)]
        await asyncio.sleep(0.05)
        assert await (await here.connect()).ended() == b""
        lines[0].close()

        await until(lambda: welcome(here))
        for line in lines:
            line.close()


@pytest.mark.parametrize(
    "sent",
    [
        b"GET /?token=hunter2 HTTP/1.1\r\nHost: x\r\nhunter2 hunter2\r\n\r\n",
        b"hunter2\r\n\r\n",
        b"\x16\x03\x01hunter2\r\n\r\n",
        b"POST /upload HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nhunter2\r\n",
        b"POST /upload HTTP/1.1\r\nHost: x\r\nContent-Length: 7, 8\r\n\r\nhunter2",
        b"GET /" + b"x" * 10_000 + b"hunter2 HTTP/1.1\r\n\r\n",
    ],
)
async def test_what_is_no_request_is_refused_and_not_repeated(sent: bytes) -> None:
    with logged() as log:
        async with place() as here:
            line = await here.connect()
            await line.send(sent)
            heard = await line.ended()
    assert heard.split(b"\r\n")[0].endswith(b" 400 Bad Request")
    assert heard.endswith(b'\r\n\r\n{"detail": "The request is not valid HTTP"}')
    assert "hunter2" not in log.getvalue()
    told = [json.loads(line) for line in log.getvalue().splitlines()]
    ours = [line for line in told if line["logger"].startswith(("aiohttp", "server"))]
    assert [line for line in ours if line["level"] not in ("debug", "info")] == []


async def test_a_client_that_leaves_in_the_middle_of_an_answer_is_no_error(caplog: pytest.LogCaptureFixture) -> None:
    async with place() as here:
        line = await here.connect()
        await line.send(b"GET /careless HTTP/1.1\r\nHost: x\r\n\r\n")
        await line.reader.read(1)
        line.close()
        await until(lambda: here.finished == ["cut"])
    assert [record for record in caplog.records if record.name.startswith("aiohttp")] == []


async def test_what_was_closed_is_told_by_number_and_reason(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    async with place() as here:
        lines = [await here.connect() for _ in range(6)]
        await asyncio.gather(*(line.ended() for line in lines))
        await until(lambda: sum(getattr(record, "silent", 0) for record in caplog.records) == 6)
    told = [record for record in caplog.records if record.name == "server.door"]
    assert {record.getMessage() for record in told} == {"connections were closed"}
    assert not any("127.0.0.1" in repr(vars(record)) for record in told)


async def test_one_bad_round_leaves_the_door_watched(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    sweep, rounds = Door.sweep, 0

    async def bad(self: Door) -> None:
        nonlocal rounds
        rounds += 1
        if rounds == 1:
            raise RuntimeError("a bug")
        await sweep(self)

    monkeypatch.setattr(Door, "sweep", bad)
    async with place() as here:
        assert await (await here.connect()).ended() == b""
    assert caplog.messages == ["the door could not be swept"]


async def test_on_the_way_out_nothing_is_left() -> None:
    async with place(replace(QUICK, head=30.0, idle=30.0)) as here:
        lines = [await here.connect() for _ in range(3)]
        await lines[0].send(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        await lines[0].reader.readuntil(b"here")
        await lines[1].send(HEAD % 10)
        here.lines.clear()
    assert await asyncio.gather(*(line.ended() for line in lines)) == [b"", b"", b""]
    with pytest.raises(ConnectionRefusedError):
        await here.connect()
    await until(lambda: len(asyncio.all_tasks()) == 1)


async def test_a_port_in_use_is_an_error() -> None:
    async with place() as here:
        with pytest.raises(OSError):
            async with listening(web.Application(), "127.0.0.1", here.port):
                pass
    assert len(asyncio.all_tasks()) == 1


@pytest.mark.parametrize(
    "promise",
    [
        test_a_head_that_drips_is_closed,
        test_a_body_that_starts_fast_may_not_drip_later,
        test_a_slow_honest_upload_is_taken_whole,
        test_an_upload_that_the_server_is_slow_to_take_is_not_held_against_its_client,
        test_who_waits_for_an_answer_or_talks_on_a_websocket_stays,
        test_an_answer_that_nobody_takes_is_given_up,
        test_too_many_of_one_address_that_ask_for_nothing_are_closed_at_once,
        test_many_callers_may_connect_at_the_same_moment,
        test_on_the_way_out_nothing_is_left,
    ],
)
def test_the_promises_hold_on_the_servers_own_loop(promise: Callable[[], Coroutine[Any, Any, None]]) -> None:
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(promise())
