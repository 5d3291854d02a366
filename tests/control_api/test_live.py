from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession, ClientWebSocketResponse, web

from control_api.access.limits import Limits, Rules
from control_api.records import live
from control_api.records import stories as stories_module
from control_api.records.live import LiveSocket
from control_api.records.stories import Stories
from control_api.web.asked import Services
from control_api.web.errors import RefusedError
from control_api.web.serving import answers
from storage.bus import MemoryBus
from storage.calls import Calls
from storage.database import Database
from storage.errors import DatabaseUnavailableError
from storage.keys import Keys, key_for, new_token
from storage.records import Call, Outcome, Scope
from storage.seed import Seeded
from tests.control_api.api import serving_api
from tests.patience import until
from tests.storage.samples import TOKEN, a_call, an_organisation

NOW = datetime.now(UTC)
LIMIT = 5
"""Requests a minute."""
START, END = {"type": "start"}, {"type": "end"}
PARTIAL = {"type": "partial", "speaker": "customer", "text": "he"}


def line(text: str) -> dict[str, Any]:
    return {"type": "transcript", "text": text}


class Desk:
    """The socket on a port of its own, and one call."""

    def __init__(self, services: Services, stories: Stories, call: str, http: ClientSession, url: str) -> None:
        self.services, self.database, self.stories = services, services.database, stories
        self.call, self.http, self._url = call, http, url

    async def open(self, token: str | None = TOKEN, *, call: str = "", query: str = "") -> ClientWebSocketResponse[Any]:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        return await self.http.ws_connect(f"{self._url}/ws/live/{call or self.call}{query}", headers=headers)

    async def tell(self, *messages: dict[str, Any]) -> None:
        for message in messages:
            await self.stories.publish(f"call.{self.call}", message)

    async def listening(self, listeners: int = 1) -> None:
        bus: Any = self.stories._bus
        await until(lambda: len(bus._subscribers.get(f"call.{self.call}", ())) == listeners)

    async def key(self, organisation: str, *, scopes: set[Scope], expires_at: datetime | None = None) -> str:
        token = new_token()
        async with self.database.begin() as work:
            await work.keys.add(key_for(token, organisation, "key", scopes, NOW, expires_at))
        return token


@pytest.fixture
async def desk(database: Database, seeded: Seeded, tmp_path: Path) -> AsyncIterator[Desk]:
    call = a_call(seeded.organisation)
    async with database.begin() as work:
        await work.calls.open(call)
    stories = Stories(MemoryBus())
    async with serving_api(database, tmp_path, limits=Limits(None, Rules.parse(f"default={LIMIT}/minute"))) as api:
        app = web.Application(middlewares=[answers])
        app.add_routes(LiveSocket(api.services, stories).routes())
        runner = web.AppRunner(app, shutdown_timeout=0.1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield Desk(api.services, stories, call.id, api.http, f"http://127.0.0.1:{runner.addresses[0][1]}")
        await runner.cleanup()


async def told(socket: ClientWebSocketResponse[Any]) -> tuple[list[Any], int | None]:
    """What still comes, and the code with which it closes."""
    async with asyncio.timeout(5):
        messages = [message.json() async for message in socket]
    return messages, socket.close_code


async def test_the_story_so_far_comes_first_and_then_the_rest(desk: Desk) -> None:
    await desk.tell(START, line("one"))
    socket = await desk.open()
    assert await socket.receive_json() == START
    await desk.tell(line("two"), END)
    assert await told(socket) == ([line("one"), line("two"), END], 1000)


async def test_a_call_that_is_over_is_told_and_closed(desk: Desk) -> None:
    await desk.tell(START, line("one"), END)
    assert await told(await desk.open()) == ([START, line("one"), END], 1000)


async def test_partial_words_come_only_to_who_asks_for_them(desk: Desk) -> None:
    plain, eager, other = await desk.open(), await desk.open(query="?partials=1"), await desk.open(query="?partials=0")
    await desk.listening(3)
    await desk.tell(START, PARTIAL, line("hello"), END)
    assert await told(plain) == ([START, line("hello"), END], 1000)
    assert await told(eager) == ([START, PARTIAL, line("hello"), END], 1000)
    assert await told(other) == ([START, line("hello"), END], 1000)


@pytest.mark.parametrize("token", [None, "nn_k_" + "b" * 40, "", "?"])
async def test_a_stranger_is_refused(desk: Desk, token: str | None) -> None:
    await desk.tell(START)
    assert await told(await desk.open(token)) == ([], 4401)


async def test_a_key_in_the_query_opens(desk: Desk) -> None:
    await desk.tell(START, END)
    assert await told(await desk.open(None, query=f"?token={TOKEN}")) == ([START, END], 1000)


async def test_a_key_that_is_not_for_calls_is_refused(desk: Desk, seeded: Seeded) -> None:
    token = await desk.key(seeded.organisation, scopes=set(Scope) - {Scope.CALLS_READ})
    assert await told(await desk.open(token)) == ([], 4403)


async def test_a_key_that_has_expired_is_refused(desk: Desk, seeded: Seeded) -> None:
    token = await desk.key(seeded.organisation, scopes=set(Scope), expires_at=NOW - timedelta(seconds=1))
    assert await told(await desk.open(token)) == ([], 4401)


async def test_another_organisations_call_is_not_there(desk: Desk) -> None:
    await desk.tell(START, line("secret"))
    other = an_organisation()
    async with desk.database.begin() as work:
        await work.organisations.add(other)
    token = await desk.key(other.id, scopes=set(Scope))
    assert await told(await desk.open(token)) == ([], 4404)
    assert await told(await desk.open(call="cal_nobodys")) == ([], 4404)


@pytest.mark.parametrize("call", ["%00", "%ff", "a%20b", "x" * 81])
async def test_what_can_be_nobodys_id_is_not_there(desk: Desk, call: str) -> None:
    assert await told(await desk.open(call=call)) == ([], 4404)


async def test_sockets_are_counted_as_requests_are(desk: Desk) -> None:
    await desk.tell(START, END)
    for _ in range(LIMIT):
        assert await told(await desk.open()) == ([START, END], 1000)
    assert await told(await desk.open()) == ([], 4429)
    for _ in range(LIMIT):
        assert await told(await desk.open("nn_k_wrong")) == ([], 4401)
    assert await told(await desk.open("nn_k_wrong")) == ([], 4429)


@pytest.mark.parametrize("fault", [DatabaseUnavailableError("the database is busy"), ZeroDivisionError("a bug")])
@pytest.mark.parametrize("where", [Keys, Calls])
async def test_what_fails_before_the_story_closes_the_socket_and_is_logged(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, where: type, fault: Exception
) -> None:
    async def fails(*given: object, **more: object) -> None:
        raise fault

    monkeypatch.setattr(where, "find" if where is Keys else "get", fails)
    assert await told(await desk.open()) == ([], 1011)
    assert "a live call could not be looked up" in caplog.text


async def test_a_reader_who_takes_nothing_is_dropped_and_the_call_goes_on(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "SEND_SECONDS", 0.1)
    slow, quick = await desk.open(), await desk.open()
    await desk.listening(2)
    reading = asyncio.create_task(told(quick))
    # Nobody reads from this end: what the sockets' buffers do not take waits at the server.
    connection: Any = slow._response.connection
    connection.transport.pause_reading()
    text = "x" * 100_000
    async with asyncio.timeout(20):
        for number in range(200):
            await desk.tell(line(f"{number} {text}"))
            await asyncio.sleep(0.005)
        await desk.listening(1)
    await desk.tell(END)
    heard, code = await reading
    assert (len(heard), code) == (201, 1000)
    connection.transport.resume_reading()
    missed, code = await told(slow)
    assert len(missed) < 200
    assert code == 1013


async def test_who_leaves_is_forgotten(desk: Desk) -> None:
    socket = await desk.open()
    await desk.listening(1)
    await socket.close()
    await desk.listening(0)


async def test_what_a_reader_says_is_ignored(desk: Desk) -> None:
    socket = await desk.open()
    await socket.send_str("hello?")
    await socket.send_bytes(b"\0" * 1000)
    await desk.listening(1)
    await desk.tell(START, END)
    assert await told(socket) == ([START, END], 1000)


async def test_a_bug_closes_the_socket_and_is_logged(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    socket = await desk.open()
    await desk.listening()
    await desk.tell({"type": "transcript", "text": object()})
    assert await told(socket) == ([], 1011)
    assert "a live call could not be told" in caplog.text


async def test_a_handler_that_is_cancelled_while_it_puts_away_stays_cancelled(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    held, handlers = asyncio.Event(), []
    connect, tell = LiveSocket._connect, LiveSocket._tell

    async def noted(self: LiveSocket, request: web.Request) -> web.StreamResponse:
        handlers.append(asyncio.current_task())
        return await connect(self, request)

    async def slow(self: LiveSocket, *given: Any) -> None:
        try:
            await tell(self, *given)
        finally:
            held.set()
            await asyncio.sleep(0.05)

    monkeypatch.setattr(LiveSocket, "_tell", slow)
    live_socket = LiveSocket(desk.services, desk.stories)
    over = asyncio.get_running_loop().create_future()

    async def handler(request: web.Request) -> web.StreamResponse:
        try:
            return await noted(live_socket, request)
        except asyncio.CancelledError:
            over.set_result("cancelled")
            raise

    app = web.Application()
    app.add_routes([web.get("/ws/live/{call}", handler, allow_head=False)])
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    url = f"http://127.0.0.1:{runner.addresses[0][1]}/ws/live/{desk.call}"
    socket = await desk.http.ws_connect(url, headers={"Authorization": f"Bearer {TOKEN}"})
    await desk.listening()
    await socket.close()
    async with asyncio.timeout(5):
        await held.wait()
        (task,) = handlers
        assert task is not None
        task.cancel()
        assert await over == "cancelled"
    await runner.cleanup()


async def test_a_call_of_another_process_is_told_from_its_beginning_though_it_is_over(
    database: Database, seeded: Seeded, tmp_path: Path
) -> None:
    bus, call, over = MemoryBus(), a_call(seeded.organisation), a_call(seeded.organisation)
    there = Stories(bus)
    async with database.begin() as work:
        for one in (call, over):
            await work.calls.open(one)
        await work.calls.ended(over.id, at=NOW, outcome=Outcome.CONNECTED, reason="callended")
    await there.publish(f"call.{over.id}", START)
    await there.publish(f"call.{over.id}", END)
    await there.publish(f"call.{call.id}", START)
    away = False

    async def ask(asked: Call, command: Mapping[str, Any]) -> Mapping[str, Any]:
        assert command == {"do": "story"}
        if away:
            raise RefusedError(503, "Its process is away")
        return {"ok": True, "events": list(there.so_far(f"call.{asked.id}"))}

    async with serving_api(database, tmp_path, commands=ask) as api:
        app = web.Application(middlewares=[answers])
        app.add_routes(LiveSocket(api.services, Stories(bus)).routes())
        runner = web.AppRunner(app, shutdown_timeout=0.1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        desk = Desk(api.services, there, call.id, api.http, f"http://127.0.0.1:{runner.addresses[0][1]}")
        assert await told(await desk.open(call=over.id)) == ([START, END], 1000)
        socket = await desk.open()
        assert await socket.receive_json() == START
        away = True
        refused = await desk.open()
        assert await told(refused) == ([], 4503)
        assert await told(await desk.open(call=over.id)) == ([], 4409)
        await desk.tell(line("two"), END)
        assert await told(socket) == ([line("two"), END], 1000)
        await runner.cleanup()


async def test_the_end_of_a_call_whose_process_is_gone_is_told_by_its_row(
    database: Database, seeded: Seeded, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was told over the bus while that was away."""
    monkeypatch.setattr(stories_module, "SILENCE_SECONDS", 0.02)
    call, gone, asked = a_call(seeded.organisation), False, 0
    async with database.begin() as work:
        await work.calls.open(call)

    async def ask(_: Call, command: Mapping[str, Any]) -> Mapping[str, Any]:
        nonlocal asked
        asked += 1
        if gone:
            raise RefusedError(503, "Its process is away")
        return {"ok": True, "events": []}

    stories = Stories(MemoryBus())
    async with serving_api(database, tmp_path, commands=ask) as api:
        app = web.Application(middlewares=[answers])
        app.add_routes(LiveSocket(api.services, stories).routes())
        runner = web.AppRunner(app, shutdown_timeout=0.1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        desk = Desk(api.services, stories, call.id, api.http, f"http://127.0.0.1:{runner.addresses[0][1]}")
        socket = await desk.open()
        await desk.listening()
        gone, before = True, asked
        await until(lambda: asked > before + 1)
        assert not socket.closed
        async with database.begin() as work:
            await work.calls.ended(call.id, at=NOW, outcome=Outcome.FAILED, reason="node lost", duration=12.5)
        end = {"type": "end", "outcome": "failed", "reason": "node lost", "duration_seconds": 12.5}
        assert await told(socket) == ([end], 1000)
        await runner.cleanup()
