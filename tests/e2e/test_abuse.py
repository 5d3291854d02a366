"""Everything that a stranger may send, while a good call goes on beside it."""

from __future__ import annotations

import asyncio
import json
import random
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientError, WSServerHandshakeError
from pydantic import SecretStr

from server.outside import Exotel
from storage.records import CallStatus, Outcome
from tests.patience import until
from tests.server.house import scripted
from tests.server.serving import Serving, serving
from transports.loopback import tone
from transports.simulator.faults import Faults
from transports.simulator.line import Conversation
from transports.simulator.people import Person, Say, Silence, Step, WaitForBot

SAMPLES = Path(__file__).parents[1] / "transports" / "samples" / "exotel_voicebot_variants.jsonl"
CASES: list[dict[str, Any]] = [
    row for row in map(json.loads, SAMPLES.read_text().splitlines()) if row["kind"] == "case"
]
PLAN = scripted(heard=["what time is it"], says=["It is noon."], greeting="Hello.")
WORDS = ["Hello.", "what time is it", "It is noon.", "what time is it", "It is noon."]
START = {"event": "start", "start": {"stream_sid": "MZ1", "call_sid": "c1"}}

Attack = Callable[[Serving], Awaitable[None]]


@asynccontextmanager
async def beside_a_good_call(data: Path, *, speed: float = 4.0, **more: Any) -> AsyncIterator[Serving]:
    """A call of two questions, 9 s long, goes on through the block; it must be the same as ever."""
    async with serving(data, PLAN, **more) as house:
        question: list[Step] = [Silence(0.6), Say(tone(0.6)), WaitForBot()]
        person = Person([WaitForBot(), *question, *question])
        async with asyncio.TaskGroup() as tasks:
            good: asyncio.Task[Conversation] = tasks.create_task(
                house.call(person, speed=speed, faults=Faults(noise=45.0), credentials=("carrier", "open"))
            )
            await until(lambda: is_answered(house))
            yield house
        talk = good.result()
        turns = await house.turns(talk.call)
        row = await house.row(talk.call)
        assert [turn.text for turn in turns] == WORDS
        assert not any(turn.interrupted for turn in turns)
        assert (row.outcome, row.reason, talk.close_code) == (Outcome.CONNECTED, "callended", 1000)
        assert await house.metric('vaani_calls_total{outcome="failed",transport="exotel"}') == 0
        assert (await house.get("/readyz"))[0] == 200


async def is_answered(house: Serving) -> bool:
    """A call has its plan by then: what is changed later does not concern it."""
    return await house.metric('vaani_live_calls{transport="exotel"}') == 1


async def troubles(house: Serving) -> dict[str, float]:
    _, text = await house.get("/metrics")
    found = re.findall(r'^vaani_line_trouble_total\{kind="(\w+)"\} (\S+)$', text, re.MULTILINE)
    return {kind: float(count) for kind, count in found}


async def test_every_odd_shape_of_a_message_is_taken_or_counted(data: Path) -> None:
    async with beside_a_good_call(data) as house:
        for case in CASES:
            async with house.http.ws_connect(house.wire) as line:
                if case["frames"][0].get("event") not in ("start", "connected"):
                    await line.send_json(START)
                for frame in case["frames"]:
                    await (line.send_json(frame) if isinstance(frame, dict) else line.send_str(str(frame)))
                with suppress(ClientError, ConnectionError):
                    await line.send_json({"event": "stop", "stop": {"reason": "callended"}})
                async with asyncio.timeout(5):
                    async for _ in line:
                        pass
        counted = await troubles(house)
    assert {"bad_base64", "odd_length", "duplicate_start", "out_of_order", "unknown_event"} <= set(counted)


async def test_random_messages_are_counted_and_their_line_put_down(data: Path) -> None:
    dice = random.Random(11)
    async with beside_a_good_call(data) as house:
        for number in range(30):
            async with house.http.ws_connect(house.wire) as line:
                with suppress(ClientError, ConnectionError):
                    if number % 2:
                        await line.send_json(START)
                    for _ in range(60):
                        await line.send_bytes(dice.randbytes(dice.randrange(400)))
                    for _ in range(60):
                        await line.send_str(dice.randbytes(dice.randrange(400)).decode("latin-1"))
                async with asyncio.timeout(5):
                    async for _ in line:
                        pass
                assert line.close_code == 1003
        counted = await troubles(house)
    assert counted["not_text"] >= 30 * 50
    assert counted["not_a_carrier"] == 15


def mutated(dice: random.Random, text: bytes) -> bytes:
    """A good message with a few bytes changed, cut out, or put in."""
    changed = bytearray(text)
    for _ in range(dice.randint(1, 6)):
        at = dice.randrange(len(changed))
        match dice.randrange(3):
            case 0:
                changed[at] = dice.randrange(256)
            case 1:
                del changed[at : at + dice.randrange(1, 12)]
            case _:
                changed[at:at] = dice.randbytes(dice.randrange(1, 5))
        if not changed:
            return b"{"
    return bytes(changed)


async def test_messages_that_are_nearly_right_harm_nobody(data: Path) -> None:
    dice = random.Random(12)
    good = [json.dumps(frame).encode() for case in CASES for frame in case["frames"] if isinstance(frame, dict)]
    async with beside_a_good_call(data) as house:
        for _ in range(8):
            async with house.http.ws_connect(house.wire) as line:
                await line.send_json(START)
                with suppress(ClientError, ConnectionError):
                    for _ in range(40):
                        await line.send_frame(mutated(dice, dice.choice(good)), 1)  # type: ignore[arg-type]
                    await line.send_json({"event": "stop", "stop": {"reason": "callended"}})
                async with asyncio.timeout(5):
                    async for _ in line:
                        pass
        counted = await troubles(house)
    assert sum(counted.values()) > 30


async def raw(house: Serving, sent: bytes, then: bytes = b"") -> bytes:
    """What comes back on a bare connection until it is closed; `then` is sent after the first answer."""
    reader, writer = await asyncio.open_connection("127.0.0.1", int(house.server.url.rsplit(":", 1)[1]))
    try:
        writer.write(sent)
        answer = await reader.readuntil(b"\r\n\r\n") if then else b""
        with suppress(ConnectionError):
            writer.write(then)
            writer.write_eof()
            async with asyncio.timeout(5):
                answer += await reader.read(-1)
        return answer
    finally:
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()


HANDSHAKE = (
    b"GET /ws/exotel HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)


async def test_random_bytes_before_and_after_the_handshake_harm_nobody(data: Path) -> None:
    dice = random.Random(13)
    async with beside_a_good_call(data) as house:
        for _ in range(40):
            answer = await raw(house, dice.randbytes(dice.randrange(1, 2000)))
            assert answer == b"" or answer.startswith(b"HTTP/1.")
        for _ in range(40):
            assert (await raw(house, HANDSHAKE, dice.randbytes(dice.randrange(1, 3000)))).startswith(b"HTTP/1.1 101 ")


@pytest.mark.parametrize(
    ("path", "headers", "status"),
    [
        ("", {}, 401),
        ("/hidden", {}, 401),
        ("", {"Authorization": "Basic Y2FycmllcjpvcGVu"}, 403),
        ("/wrong", {"Authorization": "Basic Y2FycmllcjpvcGVu"}, 403),
        ("/hidden?sample-rate=44100", {"Authorization": "Basic Y2FycmllcjpvcGVu"}, 400),
    ],
)
async def test_a_stranger_is_refused_before_the_socket_opens(
    data: Path, path: str, headers: dict[str, str], status: int
) -> None:
    exotel = Exotel(token=SecretStr("hidden"), user="carrier", password=SecretStr("open"))
    async with serving(data, PLAN, exotel=exotel) as house:
        with pytest.raises(WSServerHandshakeError) as refused:
            await house.http.ws_connect(house.wire + path, headers=headers)
        assert refused.value.status == status
        async with house.database.read() as work:
            assert (await work.calls.newest(1))[1] == 0


async def test_a_call_whose_plan_is_bad_fails_alone(data: Path) -> None:
    async with beside_a_good_call(data) as house:
        await house.agent({"greetings": "?"})
        async with house.http.ws_connect(house.wire) as line:
            await line.send_json(START)
            async with asyncio.timeout(5):
                assert [message async for message in line] == []
            assert line.close_code == 1011


async def test_many_who_ring_and_say_nothing_hold_no_line(data: Path) -> None:
    async with beside_a_good_call(data, max_calls=2) as house:
        mute = [await house.http.ws_connect(house.wire) for _ in range(20)]
        async with house.http.ws_connect(house.wire) as line:
            await line.send_json(START)
            assert (await line.receive_json())["event"] == "media"
            await line.send_json({"event": "stop", "stop": {"reason": "callended"}})
            async for _ in line:
                pass
        for each in mute:
            await each.close()
    async with serving(data) as house, house.database.read() as work:
        calls, total = await work.calls.newest(10)
        assert total == 2
        assert all(call.status is CallStatus.ENDED for call in calls)
