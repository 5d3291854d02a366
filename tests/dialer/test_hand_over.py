"""Transfers in the database, on both kinds of it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import timedelta

import pytest

from dialer import hand_over
from dialer.hand_over import NobodyThereError, NotInProgressError, UnknownQueueError, Wish
from storage.database import Database
from storage.ids import MEMBER, QUEUE, new_id
from storage.records import Call, CallStatus, OutboxEvent, Outcome
from storage.seed import Seeded
from storage.transfer_records import Member, Queue, Transfer, TransferState
from tests.storage.samples import NOW, a_call

WISH = Wish("sales", "Wants a desk.", "api", {"cart": 1})
SOON = NOW + timedelta(seconds=20)


@dataclass
class Floor:
    database: Database
    organisation: str
    queue: Queue

    async def member(self, phone: str, capacity: int = 1) -> Member:
        member = Member(new_id(MEMBER), self.organisation, self.queue.id, "Asha", phone, NOW, NOW, capacity)
        async with self.database.begin(self.organisation) as work:
            await work.members.add(member)
        return member

    async def call(self, sid: str = "CA1") -> Call:
        call = a_call(self.organisation, status=CallStatus.IN_PROGRESS, carrier_call=sid, answered_at=NOW)
        async with self.database.begin(self.organisation) as work:
            await work.calls.open(call)
        return call

    async def begun(self, call: Call) -> Transfer:
        async with self.database.begin(self.organisation) as work:
            return await hand_over.begin(work, call, WISH, NOW)

    async def obeyed(self, transfer: Transfer, after: int = 1) -> bool:
        async with self.database.begin(self.organisation) as work:
            return await hand_over.obeyed(work, transfer.id, NOW + timedelta(seconds=after))

    async def not_begun(self, transfer: Transfer) -> bool:
        async with self.database.begin(self.organisation) as work:
            return await hand_over.not_begun(work, transfer.id, SOON)

    async def announced(self) -> list[OutboxEvent]:
        async with self.database.read() as work:
            return await work.outbox.waiting(10)

    async def offered(self, transfer: Transfer, after: int = 10) -> hand_over.Offer | None:
        async with self.database.begin(self.organisation) as work:
            return await hand_over.offer(work, transfer.id, NOW + timedelta(seconds=after))

    async def heard(self, transfer: Transfer, number: int, state: TransferState, **more: bool) -> Transfer | None:
        async with self.database.begin(self.organisation) as work:
            return await hand_over.heard(work, transfer.id, number, state, SOON, **more)

    async def transfer(self, call: Call) -> Transfer:
        async with self.database.read(self.organisation) as work:
            found = await work.transfers.latest(call.id)
        assert found is not None
        return found

    async def status(self, call: Call) -> CallStatus:
        async with self.database.read(self.organisation) as work:
            found = await work.calls.get(call.id)
        assert found is not None
        return found.status


@pytest.fixture
async def floor(database: Database, seeded: Seeded) -> Floor:
    queue = Queue(new_id(QUEUE), seeded.organisation, "sales", NOW, NOW)
    async with database.begin(seeded.organisation) as work:
        await work.queues.add(queue)
    return Floor(database, seeded.organisation, queue)


async def test_a_transfer_takes_a_place_moves_the_call_and_is_announced_once_the_call_obeys(floor: Floor) -> None:
    member, call = await floor.member("+919800000001"), await floor.call()
    begun = await floor.begun(call)
    assert (begun.state, begun.member_id) == (TransferState.INITIATED, member.id)
    assert await floor.status(call) is CallStatus.TRANSFERRING
    assert await floor.transfer(call) == begun
    assert await floor.announced() == []
    assert [await floor.obeyed(begun) for _ in range(2)] == [True, False]
    (event,) = await floor.announced()
    async with floor.database.read() as work:
        taken = await work.transfers.places_taken([member.phone])
    assert (event.topic, taken) == ("call.transferred", {member.phone: 1})
    told = {"call": call.id, "transfer": begun.id, "target": "sales"}
    assert event.body == {**told, "agent_brief": WISH.brief, "context": {"cart": 1}}


async def test_the_last_place_is_given_to_one_of_many_who_ask_at_once(floor: Floor) -> None:
    await floor.member("+919800000001", capacity=2)
    calls = [await floor.call(f"CA{number}") for number in range(6)]
    came = await asyncio.gather(*(floor.begun(call) for call in calls), return_exceptions=True)
    assert sum(isinstance(one, Transfer) for one in came) == 2
    assert sum(isinstance(one, NobodyThereError) for one in came) == 4
    states = [await floor.status(call) for call in calls]
    assert states.count(CallStatus.TRANSFERRING) == 2


async def test_who_answers_in_two_queues_has_one_place(floor: Floor) -> None:
    await floor.member("+919800000001")
    other = Queue(new_id(QUEUE), floor.organisation, "support", NOW, NOW)
    async with floor.database.begin(floor.organisation) as work:
        await work.queues.add(other)
        await work.members.add(Member(new_id(MEMBER), floor.organisation, other.id, "Asha", "+919800000001", NOW, NOW))
    await floor.begun(await floor.call())
    call = await floor.call("CA2")
    with pytest.raises(NobodyThereError):
        async with floor.database.begin(floor.organisation) as work:
            await hand_over.begin(work, call, Wish("support", "x", "api"), NOW)


async def test_a_call_is_handed_over_once_at_a_time(floor: Floor) -> None:
    await floor.member("+919800000001")
    call = await floor.call()
    came = await asyncio.gather(*(floor.begun(call) for _ in range(3)), return_exceptions=True)
    assert sum(isinstance(one, NotInProgressError) for one in came) == 2


async def test_an_unknown_queue_is_told_from_an_empty_one(floor: Floor) -> None:
    call = await floor.call()
    with pytest.raises(NobodyThereError):
        await floor.begun(call)
    with pytest.raises(UnknownQueueError):
        async with floor.database.begin(floor.organisation) as work:
            await hand_over.begin(work, call, Wish("nowhere", "x", "api"), NOW)
    assert await floor.status(call) is CallStatus.IN_PROGRESS


async def test_a_question_that_comes_twice_is_answered_the_same(floor: Floor) -> None:
    await floor.member("+919800000001")
    await floor.member("+919800000002")
    begun = await floor.begun(await floor.call())
    first, again = await floor.offered(begun), await floor.offered(begun, after=12)
    assert first is not None
    assert again is not None
    assert (again.transfer.phone, again.transfer.number) == (first.transfer.phone, 1)
    assert first.transfer.hunts


async def test_without_a_word_of_the_first_the_next_question_is_for_the_next(floor: Floor) -> None:
    one, two = await floor.member("+919800000001"), await floor.member("+919800000002")
    begun = await floor.begun(await floor.call())
    first, second = await floor.offered(begun), await floor.offered(begun, after=50)
    assert first is not None
    assert second is not None
    assert [first.transfer.phone, second.transfer.phone] == [one.phone, two.phone]
    assert [tried["outcome"] for tried in second.transfer.tries] == ["no_answer"]
    assert not second.transfer.hunts


async def test_nobody_new_is_dialled_once_the_caller_has_waited_long_enough(floor: Floor) -> None:
    await floor.member("+919800000001")
    await floor.member("+919800000002")
    call = await floor.call()
    begun = await floor.begun(call)
    await floor.offered(begun)
    assert await floor.offered(begun, after=floor.queue.max_wait) is None
    late = await floor.transfer(call)
    assert (late.state, late.ended_at is not None) == (TransferState.NO_ANSWER, True)


async def test_a_late_word_of_an_earlier_human_agent_changes_nothing(floor: Floor) -> None:
    await floor.member("+919800000001")
    await floor.member("+919800000002")
    call = await floor.call()
    begun = await floor.begun(call)
    await floor.offered(begun)
    assert await floor.heard(begun, 1, TransferState.BUSY) is not None
    second = await floor.transfer(call)
    assert (second.number, second.state) == (2, TransferState.INITIATED)
    for state in (TransferState.BUSY, TransferState.ACCEPTED, TransferState.CALLER_LEFT):
        assert await floor.heard(begun, 1, state) is None
    assert await floor.transfer(call) == second


async def test_a_place_is_free_again_when_the_conversation_is_over(floor: Floor) -> None:
    member = await floor.member("+919800000001")
    begun = await floor.begun(await floor.call())
    await floor.offered(begun)
    await floor.heard(begun, 1, TransferState.ACCEPTED)
    with pytest.raises(NobodyThereError):
        await floor.begun(await floor.call("CA2"))
    over = await floor.heard(begun, 1, TransferState.ACCEPTED, is_over=True)
    assert over is not None
    assert over.state is TransferState.ACCEPTED
    assert await floor.heard(begun, 1, TransferState.FAILED) is None
    assert (await floor.begun(await floor.call("CA3"))).member_id == member.id


async def test_a_caller_comes_back_once_and_only_to_a_call_without_a_line(floor: Floor) -> None:
    await floor.member("+919800000001")
    call = await floor.call()
    begun = await floor.begun(call)
    await floor.offered(begun)
    async with floor.database.begin(floor.organisation) as work:
        assert await hand_over.returned(work, call.id, "two", SOON) is None
        assert await work.calls.parked(call.id)
        back = await hand_over.returned(work, call.id, "two", SOON)
        assert await hand_over.returned(work, call.id, "three", SOON) is None
    assert back is not None
    assert (back.state, back.look_at) == (TransferState.NO_ANSWER, None)
    assert await floor.status(call) is CallStatus.IN_PROGRESS


async def test_a_call_that_could_not_be_told_goes_on_and_the_place_is_free(floor: Floor) -> None:
    await floor.member("+919800000001")
    call = await floor.call()
    begun = await floor.begun(call)
    async with floor.database.begin(floor.organisation) as work:
        await hand_over.not_begun(work, begun.id, SOON)
    assert await floor.status(call) is CallStatus.IN_PROGRESS
    assert (await floor.begun(call)).state is TransferState.INITIATED


async def test_a_transfer_that_has_failed_is_not_obeyed_and_never_announced(floor: Floor) -> None:
    await floor.member("+919800000001")
    begun = await floor.begun(await floor.call())
    assert await floor.not_begun(begun)
    assert not await floor.obeyed(begun)
    assert await floor.announced() == []


async def test_what_the_call_has_obeyed_is_not_taken_back(floor: Floor) -> None:
    await floor.member("+919800000001")
    call = await floor.call()
    begun = await floor.begun(call)
    assert await floor.obeyed(begun)
    assert not await floor.not_begun(begun)
    assert (await floor.transfer(call)).state is TransferState.INITIATED
    assert await floor.status(call) is CallStatus.TRANSFERRING


async def test_a_call_that_is_over_obeys_nothing(floor: Floor) -> None:
    await floor.member("+919800000001")
    call = await floor.call()
    begun = await floor.begun(call)
    async with floor.database.begin(floor.organisation) as work:
        await work.calls.ended(call.id, at=SOON, outcome=Outcome.CONNECTED, reason="callended")
    assert not await floor.obeyed(begun)
    assert await floor.announced() == []
