from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientWebSocketResponse, WSMsgType, web

from control_api.records import listening
from control_api.records.listening import ListenSocket
from control_api.web.errors import RefusedError
from control_api.web.serving import answers
from storage.bus import MemoryBus
from storage.database import Database
from storage.records import Call, CallStatus, Outcome, Scope
from storage.seed import Seeded
from tests.control_api.api import Api, serving_api
from tests.patience import until
from tests.storage.customer_samples import a_customer
from tests.storage.samples import NOW, TOKEN, a_call

START = {"type": "start", "sample_rate": 8000, "channels": 2}
END = {"type": "end"}
PIECE = bytes(range(256)) * 12


def audio(pcm: bytes = PIECE) -> dict[str, Any]:
    return {"type": "audio", "pcm": base64.b64encode(pcm).decode()}


@dataclass
class Ear:
    """The socket on a port of its own, and one call."""

    api: Api
    bus: MemoryBus
    call: Call
    asked: list[Mapping[str, Any]] = field(default_factory=list)
    refusal: RefusedError | None = None
    url: str = ""

    async def answer(self, call: Call, command: Mapping[str, Any]) -> Mapping[str, Any]:
        if self.refusal is not None:
            raise self.refusal
        self.asked.append(command)
        return {"ok": True, "sample_rate": 8000}

    async def open(self, token: str = TOKEN, call: str = "") -> ClientWebSocketResponse[Any]:
        return await self.api.http.ws_connect(f"{self.url}/ws/listen/{call or self.call.id}?token={token}")

    async def tell(self, *messages: Mapping[str, Any]) -> None:
        for message in messages:
            await self.bus.publish(f"listen.{self.call.id}", message)

    async def listeners(self, count: int) -> None:
        await until(lambda: len(self.bus._subscribers.get(f"listen.{self.call.id}", ())) == count)


@pytest.fixture
async def ear(database: Database, seeded: Seeded, tmp_path: Path) -> AsyncIterator[Ear]:
    call = a_call(seeded.organisation, status=CallStatus.IN_PROGRESS)
    async with database.begin(seeded.organisation) as work:
        await work.calls.open(call)

    async def commands(call: Call, command: Mapping[str, Any]) -> Mapping[str, Any]:
        return await here.answer(call, command)

    async with serving_api(database, tmp_path, commands=commands) as api:
        here = Ear(api, MemoryBus(), call)
        app = web.Application(middlewares=[answers])
        app.add_routes(ListenSocket(api.services, here.bus).routes())
        runner = web.AppRunner(app, shutdown_timeout=0.1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        here.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        yield here
        await runner.cleanup()


async def heard(socket: ClientWebSocketResponse[Any]) -> tuple[list[Any], int | None]:
    """What still comes, and the code with which it closes."""
    async with asyncio.timeout(5):
        messages = [message.json() if message.type is WSMsgType.TEXT else message.data async for message in socket]
    return messages, socket.close_code


async def test_who_listens_is_told_the_rate_and_then_hears_until_the_end(ear: Ear) -> None:
    socket = await ear.open()
    assert await socket.receive_json() == START
    await ear.tell(audio(), audio(b"\1\2\3\4"), END)
    assert await heard(socket) == ([PIECE, b"\1\2\3\4"], 1000)
    assert ear.asked == [{"do": "listen"}]


async def test_sound_is_asked_for_again_while_somebody_listens_and_no_longer(
    ear: Ear, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listening, "ASK_SECONDS", 0.02)
    socket = await ear.open()
    await until(lambda: len(ear.asked) > 3)
    await ear.tell(audio())
    assert await socket.receive_json() == START
    assert await socket.receive_bytes() == PIECE
    await socket.close()
    await ear.listeners(0)


async def test_sound_that_never_pauses_keeps_nobody_from_asking(ear: Ear, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listening, "ASK_SECONDS", 0.0)
    socket = await ear.open()
    await ear.listeners(1)
    await ear.tell(*[audio()] * 20, END)
    messages, _ = await heard(socket)
    assert len(messages) == 21
    assert len(ear.asked) >= 20


@pytest.mark.parametrize("status", [409, 503])
async def test_a_process_that_is_gone_leaves_nobody_waiting(
    ear: Ear, monkeypatch: pytest.MonkeyPatch, status: int
) -> None:
    monkeypatch.setattr(listening, "ASK_SECONDS", 0.02)
    socket = await ear.open()
    assert await socket.receive_json() == START
    ear.refusal = RefusedError(status, "It is gone")
    assert await heard(socket) == ([], 4000 + status)
    assert await heard(await ear.open()) == ([], 4000 + status)


async def test_only_who_may_listen_does(ear: Ear) -> None:
    every = await ear.api.key(*(set(Scope) - {Scope.CALLS_LISTEN}))
    only = await ear.api.key(Scope.CALLS_LISTEN)
    _, stranger = await ear.api.stranger()
    for token, code in (("nobody's", 4401), ("", 4401), (every, 4403), (stranger, 4404)):
        assert await heard(await ear.open(token)) == ([], code)
    assert await heard(await ear.open(call="cal_nobodys")) == ([], 4404)
    assert ear.asked == []
    socket = await ear.open(only)
    assert await socket.receive_json() == START
    await socket.close()


@pytest.mark.parametrize("status", [CallStatus.QUEUED, CallStatus.RINGING, CallStatus.ENDED])
async def test_what_is_not_on_the_line_cannot_be_listened_to(ear: Ear, seeded: Seeded, status: CallStatus) -> None:
    call = a_call(seeded.organisation, status=CallStatus.RINGING if status is CallStatus.ENDED else status)
    async with ear.api.database.begin(seeded.organisation) as work:
        await work.calls.open(call)
        if status is CallStatus.ENDED:
            await work.calls.ended(call.id, at=NOW, outcome=Outcome.CONNECTED, reason="callended")
    assert await heard(await ear.open(call=call.id)) == ([], 4409)


async def test_who_does_not_want_to_be_recorded_can_be_listened_to(ear: Ear, seeded: Seeded) -> None:
    """Nothing is kept of it."""
    customer = a_customer(seeded.organisation, recording_opt_out=True)
    call = a_call(seeded.organisation, status=CallStatus.IN_PROGRESS, customer_id=customer.id)
    async with ear.api.database.begin(seeded.organisation) as work:
        assert await work.customers.add(customer)
        await work.calls.open(call)
    socket = await ear.open(call=call.id)
    assert await socket.receive_json() == START
    await socket.close()


async def test_a_listener_who_takes_nothing_is_dropped_and_the_others_hear_on(
    ear: Ear, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listening, "SEND_SECONDS", 0.1)
    slow, quick = await ear.open(), await ear.open()
    await ear.listeners(2)
    hearing = asyncio.create_task(heard(quick))
    connection: Any = slow._response.connection
    connection.transport.pause_reading()
    async with asyncio.timeout(20):
        for _ in range(200):
            await ear.tell(audio(PIECE * 30))
            await asyncio.sleep(0.005)
        await ear.listeners(1)
    await ear.tell(END)
    messages, code = await hearing
    assert (len(messages), code) == (201, 1000)
    connection.transport.resume_reading()
    missed, code = await heard(slow)
    assert len(missed) < 200
    assert code == 1013
