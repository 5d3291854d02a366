"""A supervisor at a live call, over the wire of a carrier and the API of a whole server."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import numpy as np
from aiohttp import ClientWebSocketResponse, WSMessage, WSMsgType

from tests.patience import until
from tests.processors.test_tones import heard_keys
from tests.server.house import scripted
from tests.server.serving import Serving, serving
from tests.storage.samples import TOKEN
from transports.simulator.exotel_wire import CallFacts
from transports.simulator.people import Silence

CALLER = "+919876543210"


async def asked(house: Serving, method: str, path: str, body: Any = None) -> Any:
    headers = {"Authorization": f"Bearer {TOKEN}"}
    async with house.http.request(method, f"{house.server.url}{path}", headers=headers, json=body) as answer:
        assert answer.status == 200, await answer.text()
        return await answer.json()


async def test_a_supervisor_listens_takes_over_presses_keys_and_ends_the_call(tmp_path: Path) -> None:
    plan = scripted(greeting="Good morning, how may I help you today?")
    async with serving(tmp_path / "data", plan) as house, asyncio.timeout(60):
        calling = asyncio.create_task(house.call([Silence(60)], facts=CallFacts(from_number=CALLER), speed=1))
        await until(lambda: len(house.server.switchboard) == 1)
        live: dict[str, Any] = {"calls": []}
        while not live["calls"]:
            live = await asked(house, "GET", "/v1/calls/live")
        (shown,) = live["calls"]
        assert (shown["status"], shown["node"], live["total"]) == ("in_progress", "one", 1)
        call = f"/api/voice/calls/{shown['uuid']}"
        await asked(house, "POST", f"{call}/mute")
        ws = house.server.url.replace("http", "ws", 1)
        async with (
            house.http.ws_connect(f"{ws}/ws/listen/{shown['uuid']}?token={TOKEN}") as ear,
            house.http.ws_connect(f"{ws}/ws/live/{shown['uuid']}?token={TOKEN}") as eye,
        ):
            assert await ear.receive_json() == {"type": "start", "sample_rate": 8000, "channels": 2}
            while sounding(await ear.receive_bytes()):
                pass  # the last of what was cut is still going by
            await asked(house, "POST", f"{call}/dtmf", {"digits": "42"})
            heard = b""
            while heard_keys(sounding(heard), 8000) != "42":
                heard += await ear.receive_bytes()
            ended = await asked(house, "POST", f"{call}/end", {"reason": "dnc_request", "say": "Never again."})
            assert ended == {"status": "end_initiated", "call_uuid": shown["uuid"], "reason": "dnc_request"}
            rest, story, talk = await asyncio.gather(read(ear), read(eye), calling)
        assert {message.type for message in rest} <= {WSMsgType.BINARY}
        told = [message.json() for message in story]
        assert (ear.close_code, eye.close_code) == (1000, 1000)
        assert [one["status"] for one in told if one["type"] == "status"] == ["muted", "ending"]
        assert [one["text"] for one in told if one["type"] == "transcript"][-1] == "Never again."
        assert (told[-1]["type"], told[-1]["reason"]) == ("end", "dnc_request")
        row = await house.over(talk.call)
        assert row.reason == "dnc_request"
        async with house.database.read(row.organisation_id) as work:
            assert await work.phones.opted_out([CALLER]) == {CALLER}


async def read(socket: ClientWebSocketResponse[Any]) -> list[WSMessage]:
    return [message async for message in socket]


def sounding(pcm: bytes) -> bytes:
    """The agent's side, from its first sound on."""
    right = np.frombuffer(pcm, "<i2")[1::2]
    return right[np.argmax(right != 0) :].tobytes() if right.any() else b""
