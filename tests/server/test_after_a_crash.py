from __future__ import annotations

import asyncio
import wave
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from dialer import hand_over
from dialer.timing import Prices
from processors.wav import WavWriter
from server.after_a_crash import mended, taken_over
from storage.bus import MemoryBus
from storage.database import Database
from storage.dialing import NODE_LOST
from storage.ids import MEMBER, QUEUE, new_id
from storage.nodes import Node
from storage.recordings import Recordings
from storage.records import Call, CallStatus, Outcome
from storage.seed import Seeded
from storage.transfer_records import Member, Queue, TransferState
from tests.server.books import Books
from tests.storage.samples import NOW, a_call, a_turn
from transports.loopback import tone

LOST, LIVING = (Node(name, f"gen_{name}", NOW, NOW, 1, 200, False, "1") for name in ("lost", "living"))


@pytest.fixture
async def books(database: Database) -> Books:
    async with database.begin() as work:
        for node in (LOST, LIVING):
            await work.nodes.join(node)
    return Books(database)


async def open_call(books: Books, seeded: Seeded, data: Path, node: Node, *, recorded: bool = True) -> Call:
    """One whose recording was cut off in mid-write."""
    recordings = Recordings(data, node=node.name)
    call = a_call(seeded.organisation, node=node.name, status=CallStatus.IN_PROGRESS, answered_at=NOW)
    call = replace(call, recording=recordings.path(call.id, NOW))
    async with books.database.begin(seeded.organisation) as work:
        await work.calls.open(call)
        await work.calls.add_turns([a_turn(call.id, 0)])
    file = recordings.begin(call.recording or "")
    if recorded:
        writer = WavWriter(file, 8000)
        writer.append(tone(1) * 2)
        writer.close()
        with file.open("ab") as half:
            half.write(tone(0.5))
    return call


def frames(data: Path, call: Call) -> int:
    with wave.open(str(data / (call.recording or ""))) as file:
        count: int = file.getnframes()
        return count


async def test_what_a_lost_node_left_open_is_closed_and_mended_and_a_living_one_is_left_alone(
    books: Books, seeded: Seeded, tmp_path: Path
) -> None:
    lost = await open_call(books, seeded, tmp_path, LOST)
    living = await open_call(books, seeded, tmp_path, LIVING)
    whole = frames(tmp_path, living)
    bus, recordings = MemoryBus(), Recordings(tmp_path, node="me")
    async with bus.subscribe(f"call.{lost.id}") as news:
        await taken_over(books.database, recordings, bus, Prices(), LOST)
        end = await anext(news)
    row = await books.row(lost.id)
    assert (row.status, row.outcome, row.reason) == (CallStatus.ENDED, Outcome.FAILED, NODE_LOST)
    assert (end["type"], end["outcome"], end["reason"]) == ("end", "failed", NODE_LOST)
    assert frames(tmp_path, lost) > whole
    assert row.duration == frames(tmp_path, lost) / 8000
    assert (await books.row(living.id)).status is CallStatus.IN_PROGRESS
    assert (frames(tmp_path, living), recordings.begun()) == (whole, [(living.recording, "living")])
    async with books.database.read() as work:
        assert [event.body["call"] for event in await work.outbox.waiting(10) if event.topic == "call.ended"] == [
            lost.id
        ]


async def test_several_who_find_a_node_dead_close_its_calls_once(books: Books, seeded: Seeded, tmp_path: Path) -> None:
    call = await open_call(books, seeded, tmp_path, LOST)
    recordings, bus = Recordings(tmp_path), MemoryBus()
    await asyncio.gather(*(taken_over(books.database, recordings, bus, Prices(), LOST) for _ in range(3)))
    async with books.database.read() as work:
        assert [event.body["call"] for event in await work.outbox.waiting(10)] == [call.id]


async def test_a_node_that_has_been_seen_since_keeps_its_calls(books: Books, seeded: Seeded, tmp_path: Path) -> None:
    call = await open_call(books, seeded, tmp_path, LOST)
    async with books.database.begin() as work:
        await work.nodes.beat(replace(LOST, seen_at=NOW + timedelta(seconds=2)))
    await taken_over(books.database, Recordings(tmp_path), MemoryBus(), Prices(), LOST)
    assert (await books.row(call.id)).status is CallStatus.IN_PROGRESS
    assert Recordings(tmp_path).unfinished() == [call.recording]


async def test_a_recording_is_given_up_only_if_its_folder_is_seen(books: Books, seeded: Seeded, tmp_path: Path) -> None:
    here = await open_call(books, seeded, tmp_path / "here", LOST, recorded=False)
    there = await open_call(books, seeded, tmp_path / "there", LOST)
    await taken_over(books.database, Recordings(tmp_path / "here"), MemoryBus(), Prices(), LOST)
    assert (await books.row(here.id)).recording is None
    assert (await books.row(there.id)).recording == there.recording


async def test_who_starts_again_leaves_the_recordings_of_living_nodes_alone(
    books: Books, seeded: Seeded, tmp_path: Path
) -> None:
    mine = await open_call(books, seeded, tmp_path, LOST)
    living = await open_call(books, seeded, tmp_path, LIVING)
    recordings = Recordings(tmp_path, node="lost")
    await mended(books.database, recordings, "lost", Prices())
    row = await books.row(mine.id)
    assert (row.outcome, row.reason) == (Outcome.CONNECTED, "server stopped")
    assert recordings.begun() == [(living.recording, "living")]


@pytest.mark.parametrize("by", ["another", "itself"])
async def test_a_transfer_that_a_lost_node_had_begun_ends_with_its_call(
    books: Books, seeded: Seeded, tmp_path: Path, by: str
) -> None:
    queue = Queue(new_id(QUEUE), seeded.organisation, "sales", NOW, NOW)
    member = Member(new_id(MEMBER), seeded.organisation, queue.id, "Asha", "+919800000001", NOW, NOW, capacity=2)
    about = {"status": CallStatus.IN_PROGRESS, "answered_at": NOW}
    calls = [a_call(seeded.organisation, node=node.name, carrier_call=node.name, **about) for node in (LOST, LIVING)]
    async with books.database.begin(seeded.organisation) as work:
        await work.queues.add(queue)
        await work.members.add(member)
        for call in calls:
            await work.calls.open(call)
            begun = await hand_over.begin(work, call, hand_over.Wish("sales", "Wants a desk.", "api"), NOW)
            await hand_over.obeyed(work, begun.id, NOW)
    recordings = Recordings(tmp_path, node="me")
    if by == "another":
        await taken_over(books.database, recordings, MemoryBus(), Prices(), LOST)
    else:
        await mended(books.database, recordings, LOST.name, Prices())
    async with books.database.read(seeded.organisation) as work:
        lost, living = [await work.transfers.latest(call.id) for call in calls]
        taken = await work.transfers.places_taken([member.phone])
        waiting = await work.transfers.waiting([queue.id])
    assert lost is not None
    assert living is not None
    assert (lost.state, lost.ended_at is not None, lost.look_at) == (TransferState.FAILED, True, None)
    assert (living.state, living.ended_at) == (TransferState.INITIATED, None)
    assert (taken.total(), waiting.total()) == (1, 1)
    assert (await books.row(calls[0].id)).status is CallStatus.ENDED
