"""Calls from a page, of a whole server: who gets one, and what its books say."""

from __future__ import annotations

import asyncio
import contextlib
import wave
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientWebSocketResponse, WSMsgType

from pipeline.audio import level
from server import warmup
from storage.keys import key_for, new_token
from storage.records import CallStatus, CallType, FlowKind, FlowStatus, Outcome, Scope
from tests.server.house import scripted
from tests.server.serving import Serving, serving
from tests.storage.samples import NOW, TOKEN, a_flow, an_agent, an_organisation
from transports.loopback import quiet, tone


@pytest.fixture
async def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Serving]:
    async def load(*given: object, **more: object) -> None:
        pass

    monkeypatch.setattr(warmup, "load", load)
    async with serving(tmp_path / "data", rate_limits="off", max_calls=1) as house:
        yield house


async def a_campaign(house: Serving, config: dict[str, Any], **about: Any) -> str:
    """One that was never launched."""
    async with house.database.begin() as work:
        organisation = await work.organisations.first()
        assert organisation is not None
    async with house.database.begin(organisation.id) as work:
        agent = an_agent(organisation.id, config=config)
        about = {"kind": FlowKind.OUTBOUND, "status": FlowStatus.DRAFT, **about}
        flow = a_flow(organisation.id, agent_id=agent.id, **about)
        await work.agents.add(agent)
        await work.flows.add(flow)
    return flow.id


async def opened(house: Serving, flow: str, token: str = TOKEN) -> ClientWebSocketResponse:
    url = house.server.url.replace("http", "ws", 1)
    return await house.http.ws_connect(f"{url}/ws/browser-test/{flow}?token={token}")


async def closed(house: Serving, flow: str, token: str = TOKEN) -> tuple[Any, Any]:
    """The code and the reason with which a socket is closed."""
    ws = await opened(house, flow, token)
    await ws.send_json({"type": "start"})
    message = await ws.receive()
    assert message.type is WSMsgType.CLOSE
    return message.data, message.extra


async def story(ws: ClientWebSocketResponse, until: str = "end") -> list[dict[str, Any]]:
    messages: list[dict[str, Any]] = []
    async with asyncio.timeout(10):
        while not messages or messages[-1]["type"] != until:
            message = await ws.receive()
            assert message.type in (WSMsgType.TEXT, WSMsgType.BINARY), message
            if message.type is WSMsgType.TEXT:
                messages.append(message.json())
    return messages


async def listening(ws: ClientWebSocketResponse, until: str) -> list[dict[str, Any]]:
    """All that is told while the page's room is quiet, up to the line of the transcript that says this."""
    messages: list[dict[str, Any]] = []
    async with asyncio.timeout(10):
        while not messages or messages[-1].get("text") != until:
            await ws.send_bytes(tone(0.02, 16000, loud=20))
            with contextlib.suppress(TimeoutError):
                message = await ws.receive(timeout=0.005)
                if message.type is WSMsgType.TEXT:
                    messages.append(message.json())
    return messages


async def test_a_page_is_told_only_what_its_plan_says(house: Serving) -> None:
    plan = scripted(greeting="Hello.", client_messages=["hang", "tool-calls"])
    ws = await opened(house, await a_campaign(house, plan))
    await ws.send_json({"type": "start"})
    for _ in range(100):
        await ws.send_bytes(tone(0.02, 16000, loud=20))
    (start,) = await story(ws, "start")
    async with asyncio.timeout(10):
        while not await house.turns(start["call_uuid"]):
            await ws.send_bytes(tone(0.02, 16000, loud=20))
    await ws.send_json({"type": "end"})
    assert [one["type"] for one in await story(ws)] == ["end"]


@pytest.mark.parametrize("status", [FlowStatus.DRAFT, FlowStatus.PAUSED])
async def test_a_flow_that_is_not_launched_is_spoken_with_and_its_books_are_kept(
    house: Serving, status: FlowStatus
) -> None:
    plan = scripted(heard=["what time is it"], says=["It is noon."], greeting="Hello {{name}}.")
    flow = await a_campaign(house, plan, status=status)
    ws = await opened(house, flow)
    await ws.send_json({"type": "start", "variables": {"name": "Asha", "call": "cal_other", "token": "x"}})
    told = await listening(ws, "Hello Asha.")
    await ws.send_bytes(tone(0.6, 16000))
    told += await listening(ws, "It is noon.")
    await ws.send_json({"type": "end"})
    told += await story(ws)
    lines = [(one["speaker"], one["text"]) for one in told if one["type"] == "transcript"]
    assert lines == [("agent", "Hello Asha."), ("customer", "what time is it"), ("agent", "It is noon.")]
    (start, end) = told[0], told[-1]
    assert (end["outcome"], end["reason"]) == ("connected", "callended")
    assert {"latency"} <= {one["type"] for one in told}
    assert "partial" not in {one["type"] for one in told}
    assert (await ws.receive()).data == 1000
    row = await house.row(start["call_uuid"])
    assert (row.call_type, row.status, row.outcome) == (CallType.BROWSER, CallStatus.ENDED, Outcome.CONNECTED)
    assert (row.carrier, row.flow_id, row.from_number, row.customer_id) == ("browser", flow, None, None)
    assert row.recording is not None
    with wave.open(str(house.settings.data_dir / row.recording)) as file:
        sound = file.readframes(file.getnframes())
        assert (file.getnchannels(), file.getframerate()) == (2, 16000)
    left, right = (b"".join(sound[at : at + 2] for at in range(start, len(sound), 4)) for start in (0, 2))
    assert level(left) > -40
    assert level(right) > -60
    async with house.database.begin(row.organisation_id) as work:
        assert (await work.statistics.by_flow([flow])).get(flow) is None
        assert await work.statistics.half_hours([flow]) == {}


async def test_who_may_not_have_a_call_is_told_why_by_the_code(house: Serving) -> None:
    flow = await a_campaign(house, scripted())
    async with house.database.begin() as work:
        first = await work.organisations.first()
        assert first is not None
        other = an_organisation()
        await work.organisations.add(other)
        reader, theirs = new_token(), new_token()
        await work.keys.add(key_for(reader, first.id, "reader", {Scope.CALLS_READ}, NOW))
        await work.keys.add(key_for(theirs, other.id, "theirs", set(Scope), NOW))
    assert await closed(house, flow, "nn_k_wrong") == (4401, "Invalid or expired token")
    code, why = await closed(house, flow, reader)
    assert (code, why) == (4403, "Insufficient permissions. Required scopes: voice:calls:write")
    assert await closed(house, flow, theirs) == (4404, "Flow not found")
    assert await closed(house, "flw_nobody") == (4404, "Flow not found")
    assert await closed(house, "%00") == (4404, "Flow not found")


async def test_no_more_calls_than_the_server_carries(house: Serving) -> None:
    flow = await a_campaign(house, scripted(greeting="Hello."))
    ws = await opened(house, flow)
    await ws.send_json({"type": "start"})
    await story(ws, until="start")
    assert await closed(house, flow) == (4503, "All lines are busy.")
    house.server.switchboard.draining = True
    assert await closed(house, flow) == (4503, "The server is going down.")
    house.server.switchboard.draining = False
    await ws.close()


async def test_a_transfer_is_refused_kindly_for_there_is_no_telephone_line(house: Serving) -> None:
    plan = scripted(heard=["a colleague please"], greeting="Hello.")
    flow = await a_campaign(house, plan)
    async with house.http.post(
        f"{house.server.url}/api/voice/queues", json={"name": "sales"}, headers={"Authorization": f"Bearer {TOKEN}"}
    ) as answer:
        assert answer.status == 201, await answer.text()
    ws = await opened(house, flow)
    await ws.send_json({"type": "start"})
    (start,) = await story(ws, until="start")
    async with house.http.post(
        f"{house.server.url}/api/voice/calls/{start['call_uuid']}/transfer",
        json={"target": "sales", "agent_brief": "A page."},
        headers={"Authorization": f"Bearer {TOKEN}"},
    ) as answer:
        detail = "The call runs through no flow of its carrier, and cannot be transferred"
        assert (answer.status, await answer.json()) == (409, {"detail": detail})
    assert (await house.row(start["call_uuid"])).status is CallStatus.IN_PROGRESS
    await ws.send_json({"type": "end"})
    assert (await story(ws))[-1]["outcome"] == "connected"


async def test_a_page_that_is_closed_ends_the_call(house: Serving) -> None:
    flow = await a_campaign(house, scripted(greeting="Hello."))
    ws = await opened(house, flow)
    await ws.send_json({"type": "start"})
    await ws.send_bytes(quiet(0.1, 16000))
    (start,) = await story(ws, until="start")
    await ws.close()
    assert (await house.over(start["call_uuid"])).outcome is Outcome.CONNECTED
