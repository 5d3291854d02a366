"""Calls that the dialer placed, as the switchboard takes them."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from dialer.intent import fingerprint
from dialer.timing import Prices
from pipeline.transport import Incoming
from server.after_a_crash import taken_over
from storage.dialing import NODE_LOST, Attempt, AttemptState
from storage.ids import CALL, new_id
from storage.nodes import Node
from storage.records import CallStatus, CallType, Outcome
from tests.patience import until
from tests.server.house import House, scripted
from tests.server.test_switchboard import QUESTION, Waiting
from tests.storage.samples import NOW, a_call
from transports.loopback import Loopback

TOKEN = "what the carrier hands back"


async def placed(house: House, **more: Any) -> Attempt:
    """The intent of a single call, accepted by the carrier."""
    await house.agent(scripted(greeting="Hello."))
    attempt = Attempt(
        new_id(CALL),
        house.seeded.organisation,
        house.seeded.flow,
        "",
        phone="+919800000001",
        caller_id="+918000000002",
        line="",
        provider="simulator",
        state=AttemptState.PLACED,
        node="one",
        decided_at=NOW,
        deadline=NOW,
        look_at=NOW + timedelta(minutes=1),
        token=fingerprint(TOKEN),
        carrier_call="sid1",
    )
    attempt = replace(attempt, **more)
    async with house.database.begin(house.seeded.organisation) as work:
        await work.attempts.add([attempt])
    return attempt


def socket(attempt: Attempt, token: str = TOKEN) -> Incoming:
    custom = {"call": attempt.id, "token": token}
    return Incoming("exotel", "sid1", "acc", "09800000001", "08000000002", custom, call=new_id(CALL))


async def test_a_placed_call_goes_by_its_own_id_and_its_end_is_the_attempts(house: House) -> None:
    attempt = await placed(house)
    await house.switchboard.answer(Loopback(QUESTION), socket(attempt))
    row = await house.row(attempt.id)
    assert (row.call_type, row.status, row.outcome) == (CallType.OUTBOUND, CallStatus.ENDED, Outcome.CONNECTED)
    assert (row.from_number, row.to_number, row.carrier) == (attempt.caller_id, attempt.phone, "simulator")
    async with house.database.read() as work:
        ended = await work.attempts.get(attempt.id)
    assert ended is not None
    assert (ended.state, ended.outcome) == (AttemptState.ENDED, Outcome.CONNECTED)
    assert ended.talk_seconds == row.duration


@pytest.mark.parametrize("token", ["guessed", ""])
async def test_whoever_does_not_know_the_token_is_put_down(house: House, token: str) -> None:
    attempt = await placed(house)
    line = Loopback(QUESTION)
    await house.switchboard.answer(line, socket(attempt, token))
    async with house.database.read() as work:
        assert await work.attempts.get(attempt.id) == attempt
    assert len(house.switchboard) == 0


async def test_of_two_sockets_of_one_call_one_is_taken(house: House) -> None:
    attempt, rivals = await placed(house), (Waiting(), Waiting())
    answers = [
        asyncio.create_task(house.switchboard.answer(Loopback(rival.script()), socket(attempt))) for rival in rivals
    ]
    put_down, _ = await asyncio.wait(answers, return_when=asyncio.FIRST_COMPLETED)
    assert len(put_down) == 1
    winner = next(rival for rival, answer in zip(rivals, answers, strict=True) if answer not in put_down)
    await winner.up.wait()
    assert attempt.id in house.switchboard
    assert len(house.switchboard) == 1
    winner.gone.set()
    await asyncio.gather(*answers)
    assert len(house.switchboard) == 0
    assert (await house.row(attempt.id)).status is CallStatus.ENDED


async def test_nobody_talks_to_a_machine(house: House) -> None:
    attempt = await placed(house, machine=True)
    await house.switchboard.answer(Loopback(QUESTION), socket(attempt))
    async with house.database.read() as work:
        present = await work.attempts.get(attempt.id)
    assert present is not None
    assert present.state is AttemptState.PLACED


async def test_a_call_that_is_over_is_not_taken(house: House) -> None:
    attempt = await placed(house, state=AttemptState.ENDED, ended_at=NOW)
    await house.switchboard.answer(Loopback(QUESTION), socket(attempt))
    async with house.database.read() as work:
        assert await work.calls.get(attempt.id) is None


async def test_while_the_server_stops_who_is_being_called_may_still_answer(house: House) -> None:
    attempt = await placed(house)
    ringing = {attempt.id}
    house.ringing = lambda: len(ringing)
    draining = asyncio.create_task(house.switchboard.drain(20))
    await until(lambda: house.switchboard.draining)
    assert not draining.done()
    stranger = Loopback(QUESTION)
    await house.switchboard.answer(stranger, house.incoming())
    answer = asyncio.create_task(house.switchboard.answer(Loopback(QUESTION), socket(attempt)))
    await until(lambda: attempt.id in house.switchboard)
    ringing.clear()
    await answer
    await draining
    assert (await house.row(attempt.id)).outcome is Outcome.CONNECTED
    assert house.switchboard.admit() == "The server is going down."


async def test_the_attempt_of_a_call_that_a_lost_node_had_fails_and_counts_against_no_carrier(house: House) -> None:
    attempt, lost = await placed(house), Node("lost", "gen_1", NOW, NOW, 1, 200, False, "1")
    call = a_call(house.seeded.organisation, node="lost", call_type=CallType.OUTBOUND, flow_id=house.seeded.flow)
    call = replace(call, id=attempt.id, status=CallStatus.IN_PROGRESS, answered_at=NOW)
    async with house.database.begin() as work:
        await work.calls.open(call)
        await work.nodes.join(lost)
    await taken_over(house.database, house.recordings, house.bus, Prices(), lost)
    async with house.database.read(house.seeded.organisation) as work:
        ended = await work.attempts.get(attempt.id)
        counted = await work.attempts.outcomes(attempt.flow_id, since=NOW, most=10)
    assert ended is not None
    assert (ended.state, ended.outcome, ended.reason) == (AttemptState.ENDED, Outcome.FAILED, NODE_LOST)
    assert (await house.row(call.id)).outcome is Outcome.FAILED
    assert counted == []
