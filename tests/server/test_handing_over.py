"""The line of a call that is being handed over: whatever comes between, its books are closed and tell why."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime
from itertools import chain, repeat

import pytest

from dialer import hand_over
from pipeline.frames import Frame, Hangup, Say
from server import transfers
from server.desks import InboundDesk
from server.transfers import TransferDesk
from storage.calls import CallEnd
from storage.database import UnitOfWork
from storage.ids import MEMBER, QUEUE, new_id
from storage.records import CallStatus, Outcome
from storage.transfer_records import Member, Queue, Transfer, TransferState
from tests.server.house import House, scripted
from tests.storage.samples import LATER, NOW
from transports.loopback import Line, Loopback, quiet


async def handed_over(house: House, *, then: Frame | None = None, ended_elsewhere: bool = False) -> str:
    """A call that is told of a transfer of which the database knows nothing (any more)."""
    await house.agent(scripted(greeting="Hello."))
    incoming = house.incoming()
    call = incoming.call

    async def talk() -> AsyncIterator[Line]:
        yield quiet(1.0)
        live = house.switchboard.live(call)
        assert live is not None
        live.hand_over("sales")
        if then is not None:
            live.command(then)
        if ended_elsewhere:
            async with house.database.begin(house.seeded.organisation) as work:
                await work.calls.ended(call, at=LATER, outcome=Outcome.CONNECTED, reason="transferred")
        yield quiet(6.0)

    await house.switchboard.answer(Loopback(talk()), incoming)
    return call


async def test_a_transfer_that_was_given_up_while_the_caller_was_told_of_it_leaves_no_call_open(house: House) -> None:
    call = await handed_over(house)
    row = await house.row(call)
    assert (row.status, row.reason) == (CallStatus.ENDED, "transfer_failed")
    assert (await house.story(call))[-1]["type"] == "end"


@pytest.mark.parametrize("end", [Hangup("dnc_request"), Say("Goodbye.", hangup="dnc_request")], ids=["now", "words"])
async def test_who_ends_a_call_that_is_being_handed_over_is_told_in_the_books(house: House, end: Frame) -> None:
    call = await handed_over(house, then=end)
    assert (await house.row(call)).reason == "dnc_request"


async def test_a_human_agent_who_was_faster_than_our_books_ends_the_call_once(house: House) -> None:
    call = await handed_over(house, ended_elsewhere=True)
    row = await house.row(call)
    assert (row.status, row.reason) == (CallStatus.ENDED, "transferred")
    assert "end" not in [message["type"] for message in house.bus.so_far(f"call.{call}")]


async def test_a_bad_round_does_not_end_the_looking_after_transfers(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transfers, "SECONDS", 0.0)
    office, again = house.office, asyncio.Event()
    desk = TransferDesk(house.database, house.bus, inbound=office.inbound, outbound=office.outbound, clock=lambda: NOW)

    async def sweep() -> int:
        if rounds := next(left):
            raise RuntimeError(f"a bug, {rounds} times")
        again.set()
        return 0

    left = chain([2, 1], repeat(0))
    monkeypatch.setattr(desk, "sweep", sweep)
    async with asyncio.timeout(5), asyncio.TaskGroup() as group:
        keeping = group.create_task(desk.keep())
        await again.wait()
        keeping.cancel()


async def test_a_call_that_ends_before_it_is_told_of_its_transfer_takes_nobodys_place(house: House) -> None:
    await house.agent(scripted(greeting="Hello."))
    organisation, incoming = house.seeded.organisation, house.incoming(carrier_call="CA1")
    queue = Queue(new_id(QUEUE), organisation, "sales", NOW, NOW)
    member = Member(new_id(MEMBER), organisation, queue.id, "Asha", "+919800000001", NOW, NOW)
    async with house.database.begin(organisation) as work:
        await work.queues.add(queue)
        await work.members.add(member)

    async def talk() -> AsyncIterator[Line]:
        yield quiet(1.0)
        async with house.database.begin(organisation) as work:
            call = await work.calls.get(incoming.call)
            assert call is not None
            await hand_over.begin(work, call, hand_over.Wish("sales", "", "agent"), NOW)

    await house.switchboard.answer(Loopback(talk()), incoming)
    async with house.database.read(organisation) as work:
        (transfer,) = await work.transfers.of(incoming.call)
        taken = await work.transfers.places_taken({member.phone})
    assert (transfer.state, taken.total()) == (TransferState.CALLER_LEFT, 0)


async def test_a_transfer_is_locked_before_its_call_in_our_books_too(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As the carrier's reports do it: two transactions in opposite orders wait for each other for ever."""
    steps: list[str] = []
    left, ended = hand_over.left, InboundDesk.ended

    async def leave(work: UnitOfWork, call_id: str, at: datetime) -> Transfer | None:
        steps.append("transfer")
        return await left(work, call_id, at)

    async def end(self: InboundDesk, work: UnitOfWork, end: CallEnd) -> None:
        steps.append("call")
        await ended(self, work, end)

    monkeypatch.setattr(hand_over, "left", leave)
    monkeypatch.setattr(InboundDesk, "ended", end)
    await handed_over(house, then=Hangup("dnc_request"))
    assert steps == ["transfer", "call"]
