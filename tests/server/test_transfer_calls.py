"""A call is handed to a human agent, over real sockets, and what becomes of it."""

from __future__ import annotations

import asyncio
import wave
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from processors.lines import Lines
from storage.records import CallStatus, Outcome
from tests.e2e.test_outgoing import Campaigner
from tests.server.house import scripted
from tests.server.serving import Serving, serving
from tests.server.transferring import CALLER, QUEUE, Desk, Listener, Phone
from tests.storage.samples import TOKEN
from transports.loopback import tone
from transports.simulator.flow import Next
from transports.simulator.people import Person, Say, Silence, WaitForBot

ANSWERS, SILENT, BUSY = "+919800000001", "+919800000002", "+919800000003"
FAILS, DECLINES, LEAVES = "+919800000005", "+919800000007", "+919800000008"
LINES = Lines()
GREETING = "Hello."
QUESTION = tone(0.5, loud=20) + tone(0.6) + tone(3, loud=20)
"""Of somebody in a room that is not quite silent."""


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[Serving]:
    async with serving(tmp_path, scripted(greeting=GREETING)) as house:
        yield house


@pytest.fixture
def desk(house: Serving) -> Desk:
    return Desk(house)


async def handed_over(phone: Phone, desk: Desk, **more: Any) -> tuple[str, asyncio.Task[None]]:
    running = asyncio.create_task(phone.run())
    call = await phone.call()
    await desk.said(call.id, GREETING)
    status, answer = await desk.transfer(call.id, **more)
    assert (status, answer) == (200, {"status": "transfer_initiated", "call_uuid": call.id, "target": QUEUE})
    return call.id, running


async def test_a_human_agent_takes_the_call_and_it_ends_when_they_do(house: Serving, desk: Desk) -> None:
    await desk.queue(ANSWERS)
    phone = Phone(house)
    call, running = await handed_over(phone, desk, context={"cart_value": 850})
    await running
    row = await house.over(call)
    assert (row.outcome, row.reason, phone.ways) == (Outcome.CONNECTED, "transferred", [Next.TALKED])
    assert phone.flows[0].dialled == [ANSWERS]
    assert phone.flows[0].whispers == ["Wants the desk by Friday."]
    (transfer,) = await desk.transfers(call)
    assert (transfer["status"], transfer["context"]) == ("accepted", {"cart_value": 850})
    assert [turn.text for turn in await house.turns(call)] == [GREETING, LINES.handing_over]
    assert await house.metric('vaani_calls_total{outcome="connected",transport="exotel"}') == 1


@pytest.mark.parametrize(
    ("phone_number", "outcome", "told"),
    [
        (SILENT, "no_answer", LINES.nobody_answered),
        (DECLINES, "declined", LINES.nobody_answered),
        (BUSY, "busy", LINES.nobody_free),
        (FAILS, "failed", LINES.not_connected),
    ],
)
async def test_the_call_goes_on_where_nobody_takes_it(
    house: Serving, desk: Desk, phone_number: str, outcome: str, told: str
) -> None:
    await desk.queue(phone_number)
    person = Listener()
    phone = Phone(house, person)
    call, running = await handed_over(phone, desk)
    await desk.said(call, told)
    row = await house.row(call)
    assert (row.status, row.node) == (CallStatus.IN_PROGRESS, "one")
    assert len(house.server.switchboard) == 1
    person.leaves = True
    await running
    row = await house.over(call)
    assert (row.reason, phone.streams) == ("callended", 2)
    (transfer,) = await desk.transfers(call)
    assert transfer["status"] == outcome
    turns = await house.turns(call)
    assert [turn.text for turn in turns] == [GREETING, LINES.handing_over, told]
    assert [turn.position for turn in turns] == [0, 1, 2]
    assert sorted(turn.at for turn in turns) == [turn.at for turn in turns]


async def test_one_after_the_other_is_tried(house: Serving, desk: Desk) -> None:
    await desk.queue(BUSY, SILENT, ANSWERS)
    phone = Phone(house)
    call, running = await handed_over(phone, desk)
    await running
    assert phone.flows[0].dialled == [BUSY, SILENT, ANSWERS]
    (transfer,) = await desk.transfers(call)
    assert [one["outcome"] for one in transfer["earlier"]] == ["busy", "no_answer"]
    assert transfer["status"] == "accepted"


async def test_a_caller_who_leaves_meanwhile_ends_the_call(house: Serving, desk: Desk) -> None:
    await desk.queue(LEAVES, ANSWERS)
    phone = Phone(house)
    call, running = await handed_over(phone, desk)
    await running
    row = await house.over(call)
    assert (row.outcome, row.reason) == (Outcome.CONNECTED, "caller_left")
    (transfer,) = await desk.transfers(call)
    assert transfer["status"] == "caller_left"


async def test_a_call_goes_to_a_second_queue_after_the_first_failed(house: Serving, desk: Desk) -> None:
    queue = await desk.queue(BUSY)
    phone = Phone(house)
    call, running = await handed_over(phone, desk)
    await desk.said(call, LINES.nobody_free)
    await desk.ask("POST", f"/queues/{queue}/members", {"name": "Ravi", "phone": ANSWERS})
    _, members = await desk.ask("GET", f"/queues/{queue}/members")
    busy = next(one["uuid"] for one in members["members"] if one["phone"] == BUSY)
    assert (await desk.ask("PATCH", f"/queues/{queue}/members/{busy}", {"is_on": False}))[0] == 200
    assert (await desk.transfer(call))[0] == 200
    await running
    assert [one["status"] for one in await desk.transfers(call)] == ["busy", "accepted"]
    assert (await house.over(call)).reason == "transferred"


async def test_nobody_is_promised_who_is_not_there(house: Serving, desk: Desk) -> None:
    await desk.queue()
    person = Listener()
    phone = Phone(house, person)
    running = asyncio.create_task(phone.run())
    call = await phone.call()
    assert await desk.transfer(call.id) == (503, {"detail": "No agents available in target queue"})
    assert (await house.row(call.id)).status is CallStatus.IN_PROGRESS
    person.leaves = True
    await running
    await house.over(call.id)
    assert await desk.transfer(call.id) == (409, {"detail": "Call is not currently active"})


async def test_the_recording_goes_on_in_the_same_file(tmp_path: Path) -> None:
    async with serving(tmp_path, scripted(greeting=GREETING, record=True)) as house:
        desk = Desk(house)
        await desk.queue(BUSY)
        person = Listener()
        phone = Phone(house, person)
        call, running = await handed_over(phone, desk)
        await desk.said(call, LINES.nobody_free)
        person.leaves = True
        await running
        row = await house.over(call)
        assert row.recording is not None
        last = (await house.turns(call))[-1]
    with wave.open(str(tmp_path / row.recording), "rb") as file:
        sound = np.frombuffer(file.readframes(file.getnframes()), "<i2").reshape(-1, 2)
        rate = file.getframerate()
    agent = np.abs(sound[:, 1].astype(int))
    assert len(sound) >= (last.at + last.seconds) * rate - 1
    assert agent[:rate].max() > 0
    assert agent[round(last.at * rate) :].max() > 0


async def test_who_opted_out_before_a_human_agent_took_the_call_leaves_no_recording(tmp_path: Path) -> None:
    async with serving(tmp_path, scripted(greeting=GREETING, record=True)) as house:
        desk = Desk(house)
        await desk.queue(ANSWERS)
        phone = Phone(house)
        running = asyncio.create_task(phone.run())
        call = (await phone.call()).id
        await desk.said(call, GREETING)
        about = {"name": "Priya", "phone": CALLER, "recording_opt_out": True}
        assert (await desk.ask("POST", "/customers", about))[0] == 201
        assert (await desk.transfer(call))[0] == 200
        await running
        row = await house.over(call)
        async with house.database.read() as work:
            (removal,) = await work.keeping.removals(10)
    assert (row.reason, row.recording, removal.call_id) == ("transferred", None, call)


async def test_the_model_itself_hands_the_call_over(tmp_path: Path) -> None:
    plan = scripted(greeting=GREETING, says=["She wants the desk by Friday."])
    plan["llm"]["options"]["transfer_to"] = QUEUE
    async with serving(tmp_path, plan) as house:
        desk = Desk(house)
        await desk.queue(ANSWERS)
        phone = Phone(house, Person([WaitForBot(), Say(QUESTION), Silence(60)]))
        await phone.run()
        call = (await phone.row()).id
        row = await house.over(call)
        (transfer,) = await desk.transfers(call)
    assert (row.reason, phone.ways) == ("transferred", [Next.TALKED])
    assert (transfer["asked_by"], transfer["agent_brief"]) == ("agent", "She wants the desk by Friday.")


async def test_a_model_that_asks_in_vain_has_the_caller_told(tmp_path: Path) -> None:
    plan = scripted(greeting=GREETING, says=["I will see."])
    plan["llm"]["options"]["transfer_to"] = QUEUE
    async with serving(tmp_path, plan) as house:
        desk = Desk(house)
        await desk.queue()
        phone = Phone(house, Person([WaitForBot(), Say(QUESTION), WaitForBot(2.0), Silence(1)]))
        await phone.run()
        call = (await phone.row()).id
        row = await house.over(call)
        assert await desk.transfers(call) == []
        assert LINES.nobody_free in [turn.text for turn in await house.turns(call)]
    assert (row.reason, phone.ways) == ("callended", [])


async def test_who_looks_on_is_told_of_the_transfer_and_its_end(house: Serving, desk: Desk) -> None:
    await desk.queue(ANSWERS)
    phone = Phone(house)
    call, running = await handed_over(phone, desk)
    await running
    await house.over(call)
    url = house.server.url.replace("http", "ws", 1) + f"/ws/live/{call}?token={TOKEN}"
    async with house.http.ws_connect(url) as socket:
        told = [message.json() async for message in socket]
    assert {"type": "status", "status": "transfer_initiated", "target": QUEUE} in told
    assert [one["type"] for one in told].count("end") == 1
    assert (told[-1]["type"], told[-1]["outcome"]) == ("end", "warm_transfer")


@pytest.mark.timeout(120)
async def test_a_call_that_was_placed_is_handed_over_on_the_simulated_network(tmp_path: Path) -> None:
    plan = scripted(greeting=GREETING, says=["She wants the desk by Friday."])
    plan["llm"]["options"]["transfer_to"] = QUEUE
    async with serving(tmp_path, plan, simulator_speed=0, rate_limits="off") as house:
        desk = Desk(house)
        await desk.queue(BUSY, ANSWERS)
        user = Campaigner(house)
        flow = await user.campaign("+919800000001")
        await user.completed(flow)
        async with house.database.read() as work:
            calls, _ = await work.calls.newest(10)
            attempt = await work.attempts.get(calls[0].id)
        (transfer,) = await desk.transfers(calls[0].id)
    assert (calls[0].outcome, calls[0].reason) == (Outcome.CONNECTED, "transferred")
    assert attempt is not None
    assert (attempt.outcome, attempt.reason) == (Outcome.CONNECTED, "transferred")
    assert (transfer["status"], len(transfer["earlier"])) == ("accepted", 1)
