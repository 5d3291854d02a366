"""Finished recordings on their way to the object store: none is lost, whatever happens."""

from __future__ import annotations

import asyncio
import fcntl
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry

from control_api.records.stored_sound import beside
from server.keeper import GIVEN_UP, Keeper
from server.uploads import LOCK, Uploads, recordings_waiting
from storage.database import Database
from storage.recording_store import RecordingStore, StoreUnavailableError
from storage.recordings import Recordings
from storage.records import Call, Outcome
from storage.seed import Seeded
from tests.storage import s3 as stand_in
from tests.storage.s3 import S3
from tests.storage.samples import LATER, NOW, a_call

WAV = b"RIFF" + bytes(range(256)) * 8


@pytest.fixture(scope="module")
def s3() -> Iterator[S3]:
    with stand_in.running() as s3:
        yield s3


@dataclass
class Depot:
    database: Database
    data: Path
    organisation: str
    s3: S3
    store: RecordingStore

    def __post_init__(self) -> None:
        self.recordings = Recordings(self.data, stays=False)
        self.registry = CollectorRegistry()
        self.uploads = Uploads(self.database, self.recordings, self.store, self.data, recordings_waiting(self.registry))

    async def recorded(self, *, over: bool = True) -> tuple[Call, Path]:
        """A call whose recording is whole and waits, and the file."""
        call = a_call(self.organisation)
        path = self.recordings.path(call.id, call.started_at)
        file = self.recordings.begin(path)
        file.write_bytes(WAV)
        async with self.database.begin(self.organisation) as work:
            await work.calls.open(replace(call, recording=path))
            if over:
                await work.calls.ended(call.id, at=LATER, outcome=Outcome.CONNECTED, reason="", recording=path)
        self.recordings.finish(path)
        return replace(call, recording=path), file

    def waiting(self) -> float | None:
        return self.registry.get_sample_value("vaani_recordings_waiting")

    def keeper(self, node: str = "one", *, with_store: bool = True, days: float = 0) -> Keeper:
        store = self.store if with_store else None
        return Keeper(self.database, self.recordings, store, node=node, clock=lambda: NOW + timedelta(days=days))


@pytest.fixture
async def depot(database: Database, seeded: Seeded, tmp_path: Path, s3: S3) -> AsyncIterator[Depot]:
    async with RecordingStore(s3.bucket()) as store:
        yield Depot(database, tmp_path / "data", seeded.organisation, s3, store)


async def test_a_recording_goes_to_the_store_and_leaves_the_disk(depot: Depot) -> None:
    call, file = await depot.recorded()
    file.with_suffix(".mp3").write_bytes(b"made of it")
    assert await depot.uploads.once() == 0
    assert depot.s3.names() == [call.recording]
    assert not file.exists()
    assert not file.with_suffix(".mp3").exists()
    assert depot.recordings.waiting() == []
    assert await depot.uploads.once() == 0


async def test_while_the_store_is_away_nothing_is_lost_and_a_restart_goes_on(depot: Depot) -> None:
    calls = [await depot.recorded() for _ in range(6)]
    depot.s3.stop()
    try:
        assert await depot.uploads.once() == 6
        assert depot.waiting() == 6
        assert all(file.read_bytes() == WAV for _, file in calls)
    finally:
        depot.s3.start()
    restarted = Uploads(
        depot.database,
        Recordings(depot.data, stays=False),
        depot.store,
        depot.data,
        recordings_waiting(CollectorRegistry()),
    )
    assert await restarted.once() == 0
    assert depot.s3.names() == sorted(call.recording or "" for call, _ in calls)
    assert not any(file.exists() for _, file in calls)


async def test_what_was_uploaded_before_a_crash_is_only_tidied(depot: Depot) -> None:
    call, file = await depot.recorded()
    assert call.recording is not None
    await depot.store.put(file, call.recording, "audio/wav")
    file.unlink()
    assert await depot.uploads.once() == 0
    assert depot.s3.names() == [call.recording]
    assert depot.recordings.waiting() == []


async def test_on_the_way_out_what_waits_is_taken_or_told_of(depot: Depot, caplog: pytest.LogCaptureFixture) -> None:
    await depot.recorded()
    await depot.uploads.settle(30.0)
    assert len(depot.s3.names()) == 1
    assert "recordings stay on this disk" not in caplog.text
    _, file = await depot.recorded()
    depot.s3.stop()
    try:
        await depot.uploads.settle(30.0)
    finally:
        depot.s3.start()
    assert "recordings stay on this disk" in caplog.text
    assert file.exists()


async def test_a_recording_that_nobody_wants_any_more_is_not_uploaded(depot: Depot) -> None:
    call, file = await depot.recorded()
    async with depot.database.begin(depot.organisation) as work:
        await work.keeping.let_go(call.id, now=NOW)
    assert await depot.uploads.once() == 0
    assert (depot.s3.names(), file.exists(), depot.recordings.waiting()) == ([], False, [])


async def test_one_that_is_let_go_of_while_it_is_uploaded_is_taken_back(
    depot: Depot, monkeypatch: pytest.MonkeyPatch
) -> None:
    call, file = await depot.recorded()
    put = depot.store.put

    async def let_go_meanwhile(*what: object) -> object:
        stored = await put(*what)  # type: ignore[arg-type]
        async with depot.database.begin(depot.organisation) as work:
            await work.keeping.let_go(call.id, now=NOW)
        return stored

    monkeypatch.setattr(depot.store, "put", let_go_meanwhile)
    assert await depot.uploads.once() == 0
    assert (depot.s3.names(), file.exists()) == ([], False)


async def test_a_call_that_may_go_on_keeps_its_recording_here(depot: Depot) -> None:
    _, file = await depot.recorded(over=False)
    over, _ = await depot.recorded()
    assert await depot.uploads.once() == 0  # it holds up nobody
    assert (depot.s3.names(), file.exists(), depot.waiting()) == ([over.recording], True, 1)


async def test_of_processes_that_share_a_folder_one_uploads(depot: Depot) -> None:
    _, file = await depot.recorded()
    with (depot.data / "recordings" / LOCK).open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        assert await depot.uploads.once() == 0
        assert file.exists()
    assert await depot.uploads.once() == 0
    assert not file.exists()


async def test_what_expires_goes_from_row_disk_and_store(depot: Depot) -> None:
    call, _ = await depot.recorded()
    assert call.recording is not None
    await depot.uploads.once()
    mp3 = depot.data / "made.mp3"
    mp3.write_bytes(b"made of it")
    await depot.store.put(mp3, beside(call.recording), "audio/mpeg")
    _, young = await depot.recorded()
    await limit(depot, 7)
    assert await depot.keeper(days=6.9).once() == 0
    assert await depot.keeper(days=7.1).once() == 2
    assert (depot.s3.names(), young.exists()) == ([], False)
    async with depot.database.read() as work:
        found = await work.calls.get(call.id)
        assert await work.keeping.removals(10) == []
    assert found == replace(found or call, recording=None, carrier_recording="")


async def test_what_was_let_go_of_is_removed_even_if_the_store_was_away_at_first(depot: Depot) -> None:
    call, _ = await depot.recorded()
    await depot.uploads.once()
    await limit(depot, 7)
    depot.s3.stop()
    try:
        with pytest.raises(StoreUnavailableError):
            await depot.keeper(days=8).once()
    finally:
        depot.s3.start()
    assert depot.s3.names() == [call.recording]
    assert await depot.keeper("another", days=8).once() == 1
    assert depot.s3.names() == []


async def test_a_file_on_another_nodes_disk_waits_for_that_node(depot: Depot) -> None:
    _, file = await depot.recorded()
    await limit(depot, 7)
    elsewhere = Recordings(depot.data.with_name("elsewhere"))

    def keeper(recordings: Recordings, node: str, days: float) -> Keeper:
        return Keeper(depot.database, recordings, None, node=node, clock=lambda: NOW + timedelta(days=days))

    assert await keeper(elsewhere, "two", 8).once() == 0
    assert file.exists()
    assert await keeper(depot.recordings, "one", 8).once() == 1
    assert not file.exists()


async def test_a_node_that_never_comes_back_is_not_waited_for_for_ever(depot: Depot) -> None:
    await depot.recorded()
    await limit(depot, 7)
    elsewhere = Recordings(depot.data.with_name("elsewhere"))
    for days, removed in ((8, 0), (8 + GIVEN_UP.days, 0), (9 + GIVEN_UP.days, 1)):
        clock = NOW + timedelta(days=days)
        assert await Keeper(depot.database, elsewhere, None, node="two", clock=lambda at=clock: at).once() == removed  # type: ignore[misc]


async def test_more_than_a_slice_expires_in_one_sweep(depot: Depot) -> None:
    calls = [a_call(depot.organisation, recording=f"recordings/{number}.wav") for number in range(250)]
    async with depot.database.begin(depot.organisation) as work:
        for call in calls:
            await work.calls.open(call)
            await work.calls.ended(call.id, at=LATER, outcome=Outcome.CONNECTED, reason="", recording=call.recording)
    await limit(depot, 7)
    sweeps = (depot.keeper(with_store=False, days=8).once() for _ in range(2))
    assert sum(await asyncio.gather(*sweeps)) >= 250
    async with depot.database.read() as work:
        assert await work.keeping.removals(10) == []


async def limit(depot: Depot, days: int) -> None:
    async with depot.database.begin(depot.organisation) as work:
        organisation = await work.organisations.held(depot.organisation)
        assert organisation is not None
        await work.organisations.save(replace(organisation, recording_retention_days=days))
