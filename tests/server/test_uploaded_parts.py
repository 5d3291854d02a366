"""A call that came back from a transfer to another machine: its recording is whole in the store, whoever is first."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pytest
from prometheus_client import CollectorRegistry

from control_api.records.stored_sound import MAKING, beside
from processors.wav import WavWriter
from server.uploads import Uploads, recordings_waiting
from storage.database import Database
from storage.ids import MEMBER, QUEUE, TRANSFER, new_id
from storage.recording_store import RecordingStore, Stored
from storage.recordings import FOLDER, Recordings
from storage.records import Call, CallStatus, Outcome
from storage.seed import Seeded
from storage.transfer_records import Member, Queue, Transfer, TransferState
from tests.processors.test_wav_goes_on import LOUD, RATE, sound, written
from tests.storage import s3 as stand_in
from tests.storage.s3 import S3
from tests.storage.samples import LATER, NOW, a_call


@pytest.fixture(scope="module")
def s3() -> Iterator[S3]:
    with stand_in.running() as s3:
        yield s3


@dataclass
class Machine:
    """With a disk of its own."""

    database: Database
    store: RecordingStore
    data: Path
    recordings: Recordings = field(init=False)
    uploads: Uploads = field(init=False)

    def __post_init__(self) -> None:
        self.recordings = Recordings(self.data, stays=False)
        self.uploads = Uploads(
            self.database, self.recordings, self.store, self.data, recordings_waiting(CollectorRegistry())
        )

    def records(self, path: str, start: int = 0) -> Path:
        """A second, from second `start` on."""
        file = self.recordings.begin(path)
        written(file, start=start * RATE)
        self.recordings.finish(path)
        return file


@dataclass
class Cluster:
    database: Database
    store: RecordingStore
    s3: S3
    call: Call
    one: Machine
    two: Machine

    @property
    def path(self) -> str:
        assert self.call.recording is not None
        return self.call.recording

    async def over(self) -> None:
        async with self.database.begin(self.call.organisation_id) as work:
            await work.calls.ended(
                self.call.id, at=LATER, outcome=Outcome.CONNECTED, reason="", recording=self.call.recording
            )

    async def seconds(self, copy: Path) -> list[bool]:
        """Of what is in the store: whether there is sound."""
        assert await self.store.fetch(self.path, copy)
        loud = sound(copy)[:, 0] != 0
        return [bool(loud[start : start + RATE].all()) for start in range(0, len(loud), RATE)]


@pytest.fixture
async def cluster(database: Database, seeded: Seeded, tmp_path: Path, s3: S3) -> AsyncIterator[Cluster]:
    organisation = seeded.organisation
    call = a_call(organisation, status=CallStatus.TRANSFERRING, node="")
    call = replace(call, recording=Recordings(tmp_path).path(call.id, call.started_at))
    queue = Queue(new_id(QUEUE), organisation, "sales", NOW, NOW)
    member = Member(new_id(MEMBER), organisation, queue.id, "Asha", "+919800000003", NOW, NOW)
    transfer = Transfer(
        new_id(TRANSFER), organisation, call.id, "CA1", queue.id, "sales", "", {}, "api", TransferState.BUSY,
        NOW, NOW, None, member.id, member.name, member.phone, ended_at=NOW,
    )  # fmt: skip
    async with database.begin(organisation) as work:
        await work.calls.open(call)
        await work.queues.add(queue)
        await work.members.add(member)
        await work.transfers.add(transfer)
    async with RecordingStore(s3.bucket()) as store:
        one, two = (Machine(database, store, tmp_path / name) for name in ("one", "two"))
        yield Cluster(database, store, s3, call, one, two)


@pytest.mark.parametrize("is_first", [True, False])
async def test_both_parts_are_heard_whichever_is_uploaded_first(
    cluster: Cluster, is_first: bool, tmp_path: Path
) -> None:
    files = cluster.one.records(cluster.path), cluster.two.records(cluster.path, start=2)
    await cluster.over()
    for machine in (cluster.one, cluster.two) if is_first else (cluster.two, cluster.one):
        assert await machine.uploads.once() == 0
        assert machine.recordings.waiting() == []
    assert await cluster.seconds(tmp_path / "copy.wav") == [True, False, True]
    assert not any(file.exists() for file in files)
    assert not any(any((machine.data / FOLDER / MAKING).glob("*")) for machine in (cluster.one, cluster.two))


async def test_of_parts_that_come_at_the_same_moment_none_is_lost(
    cluster: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    machines = cluster.one, cluster.two
    look, first_two, both = cluster.store.look, iter(range(2)), asyncio.Barrier(2)

    async def together(path: str) -> Stored | None:
        found = await look(path)
        if next(first_two, None) is not None:
            await both.wait()
        return found

    monkeypatch.setattr(cluster.store, "look", together)
    for second, machine in zip((0, 2), machines, strict=True):
        machine.records(cluster.path, start=second)
    await cluster.over()
    while any(machine.recordings.waiting() for machine in machines):
        await asyncio.gather(*(machine.uploads.once() for machine in machines))
    assert await cluster.seconds(tmp_path / "copy.wav") == [True, False, True]


async def test_an_mp3_of_one_part_is_made_anew(cluster: Cluster, tmp_path: Path) -> None:
    cluster.one.records(cluster.path)
    cluster.two.records(cluster.path, start=2)
    await cluster.over()
    await cluster.two.uploads.once()
    mp3 = tmp_path / "made.mp3"
    mp3.write_bytes(b"of one part")
    await cluster.store.put(mp3, beside(cluster.path), "audio/mpeg")
    await cluster.one.uploads.once()
    assert cluster.s3.names() == [cluster.path]


async def test_on_the_way_out_a_first_part_goes_to_the_store_and_the_call_may_still_go_on_here(
    cluster: Cluster, tmp_path: Path
) -> None:
    file = cluster.one.records(cluster.path)
    assert await cluster.one.uploads.once() == 0
    assert cluster.s3.names() == []
    await cluster.one.uploads.settle(30.0)
    assert await cluster.seconds(tmp_path / "copy.wav") == [True]
    assert file.exists()
    restarted = Machine(cluster.database, cluster.store, cluster.one.data)
    again = restarted.recordings.begin(cluster.path)
    writer = WavWriter(again, RATE, 2 * RATE)
    writer.append(np.roll(np.frombuffer(LOUD, "<i2"), 1).tobytes())
    writer.close()
    restarted.recordings.finish(cluster.path)
    await cluster.over()
    assert await restarted.uploads.once() == 0
    assert await cluster.seconds(tmp_path / "copy.wav") == [True, False, True]
