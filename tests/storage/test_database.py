from __future__ import annotations

import asyncio
import contextlib
import traceback
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from storage import sqlite
from storage.database import Database, DatabaseUnavailableError, UnusableDatabaseError
from storage.seed import Seeded
from tests.storage.samples import NOW, a_call, an_organisation, url


async def test_what_was_written_is_there_after_the_block(database: Database, seeded: Seeded) -> None:
    call = a_call(seeded.organisation)
    async with database.begin(seeded.organisation) as work:
        await work.calls.open(call)
    async with database.read(seeded.organisation) as work:
        assert await work.calls.get(call.id) == call


async def test_a_block_that_raises_leaves_nothing(database: Database, seeded: Seeded) -> None:
    call = a_call(seeded.organisation)

    async def write() -> None:
        async with database.begin(seeded.organisation) as work:
            await work.calls.open(call)
            await work.announce("call", {"id": call.id})
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await write()
    async with database.read() as work:
        assert await work.calls.get(call.id) is None
        assert await work.outbox.waiting(10) == []
    assert not database.announced.is_set()


async def test_a_cancelled_block_leaves_nothing_and_no_lock(database: Database, seeded: Seeded) -> None:
    call = a_call(seeded.organisation)
    inside = asyncio.Event()

    async def write() -> None:
        async with database.begin(seeded.organisation) as work:
            await work.calls.open(call)
            inside.set()
            await asyncio.Event().wait()

    task = asyncio.create_task(write())
    await inside.wait()
    task.cancel()
    await asyncio.wait([task])
    assert task.cancelled()
    async with asyncio.timeout(2), database.begin(seeded.organisation) as work:
        assert await work.calls.get(call.id) is None


async def test_a_cancellation_at_any_moment_leaves_all_of_it_or_nothing_and_no_lock(
    database: Database, seeded: Seeded
) -> None:
    """Cancelled after 0, 1, 2 … turns of the loop: also in mid-statement and in mid-commit."""

    async def write(first: str, second: str) -> None:
        async with database.begin(seeded.organisation) as work:
            await work.calls.open(a_call(seeded.organisation, carrier_call=first))
            await work.calls.open(a_call(seeded.organisation, carrier_call=second))

    written = 0
    for moment in range(60):
        first, second = f"{moment}a", f"{moment}b"
        task = asyncio.create_task(write(first, second))
        for _ in range(moment):
            await asyncio.sleep(0.0002 if moment % 2 else 0)
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
        async with asyncio.timeout(5), database.begin(seeded.organisation) as work:
            there = [await work.calls.by_carrier("exotel", name) is not None for name in (first, second)]
        assert there in ([True, True], [False, False])
        written += all(there)
        if not task.cancelled():
            assert all(there)
    assert 0 < written < 60


async def test_a_cancellation_during_the_commit_waits_for_it(
    database: Database, seeded: Seeded, monkeypatch: pytest.MonkeyPatch
) -> None:
    call = a_call(seeded.organisation)
    begun, disk = asyncio.Event(), asyncio.Event()
    commit = AsyncConnection.commit

    async def slow_commit(connection: AsyncConnection) -> None:
        begun.set()
        await disk.wait()
        await commit(connection)

    async def write() -> None:
        async with database.begin(seeded.organisation) as work:
            await work.calls.open(call)
            await work.announce("call.started", {"call": call.id})

    monkeypatch.setattr(AsyncConnection, "commit", slow_commit)
    task = asyncio.create_task(write())
    await begun.wait()
    for _ in range(2):  # impatience changes nothing
        task.cancel()
        await asyncio.sleep(0)
    assert not task.done()
    disk.set()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert database.announced.is_set()
    async with database.read() as work:
        assert await work.calls.get(call.id) == call


async def test_writers_take_turns_and_none_is_lost(database: Database, seeded: Seeded) -> None:
    async def write() -> None:
        async with database.begin(seeded.organisation) as work:
            await work.calls.open(a_call(seeded.organisation))

    await asyncio.gather(*(write() for _ in range(30)))
    async with database.read(seeded.organisation) as work:
        assert (await work.calls.newest(1))[1] == 30


async def test_two_processes_may_write_to_one_file(file: Path, seeded: Seeded) -> None:
    async with Database(url(file)) as one, Database(url(file)) as other:

        async def write(database: Database) -> None:
            for _ in range(10):
                async with database.begin(seeded.organisation) as work:
                    _, before = await work.calls.newest(1)
                    await work.calls.open(a_call(seeded.organisation, carrier_call=str(before)))

        await asyncio.gather(write(one), write(other))
        async with one.read() as work:
            calls, _ = await work.calls.newest(50)
    assert sorted(int(call.carrier_call or -1) for call in calls) == list(range(20))


async def test_a_reader_waits_for_no_writer_and_sees_the_last_commit(database: Database, seeded: Seeded) -> None:
    call = a_call(seeded.organisation)
    async with database.begin(seeded.organisation) as writing:
        await writing.calls.open(call)
        async with asyncio.timeout(2), database.read(seeded.organisation) as reading:
            assert await reading.calls.get(call.id) is None


async def test_reading_changes_nothing(database: Database) -> None:
    with pytest.raises(DBAPIError, match=r"read-?only"):
        async with database.read() as work:
            await work.organisations.add(an_organisation())


async def test_a_commit_with_an_event_wakes_whoever_passes_events_on(database: Database, seeded: Seeded) -> None:
    async with database.begin(seeded.organisation) as work:
        await work.announce("call.started", {"call": "cal_1"})
        assert not database.announced.is_set()
    assert database.announced.is_set()
    async with database.begin() as work:
        (event,) = await work.outbox.waiting(10)
        assert (event.topic, event.body, event.organisation_id) == (
            "call.started",
            {"call": "cal_1"},
            seeded.organisation,
        )
        assert await work.outbox.taken([event.id]) == [event]
        assert await work.outbox.taken([event.id]) == []
        assert await work.outbox.waiting(10) == []


async def test_events_wait_in_the_order_they_were_told(database: Database, seeded: Seeded) -> None:
    async with database.begin(seeded.organisation) as work:
        for number in range(20):
            await work.announce("tick", {"number": number})
    async with database.read() as work:
        assert [event.body["number"] for event in await work.outbox.waiting(5)] == [0, 1, 2, 3, 4]


async def test_an_event_belongs_to_somebody(database: Database) -> None:
    with pytest.raises(ValueError, match="nobody"):
        async with database.begin() as work:
            await work.announce("call", {})


async def test_a_commit_is_on_the_disk(database: Database, file: Path) -> None:
    async with database.connect() as connection:
        settings = [
            await connection.scalar(text(f"PRAGMA {name}")) for name in ("journal_mode", "synchronous", "foreign_keys")
        ]
        version = await connection.scalar(text("SELECT sqlite_version()"))
    assert settings == ["wal", 2, 1]
    assert tuple(map(int, version.split("."))) >= sqlite.SAFE


def test_an_unsafe_sqlite_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite, "SAFE", (99, 0, 0))
    with pytest.raises(
        UnusableDatabaseError, match=r"can lose data: install the package pysqlite3, or SQLite 99\.0\.0"
    ):
        Database(url(tmp_path / "x.db"))


@pytest.mark.parametrize(
    ("bad", "sentence"),
    [
        ("nonsense", "cannot be understood"),
        ("mysql://root:secret@host/db", "must begin with"),
        ("sqlite+aiosqlite://", "needs a file"),
        ("sqlite+aiosqlite:///:memory:", "needs a file"),
    ],
)
def test_a_url_that_will_not_do_is_refused_without_repeating_it(bad: str, sentence: str) -> None:
    with pytest.raises(UnusableDatabaseError, match=sentence) as refusal:
        Database(bad)
    assert "secret" not in str(refusal.value)


async def test_an_error_repeats_no_words_of_a_caller(database: Database, seeded: Seeded) -> None:
    call = a_call(seeded.organisation, to_number="+919812345678")
    async with database.begin(seeded.organisation) as work:
        await work.calls.open(call)
    with pytest.raises(IntegrityError) as failure:
        async with database.begin(seeded.organisation) as work:
            await work.calls.open(call)
    assert "+919812345678" not in "".join(traceback.format_exception(failure.value))


async def test_who_waits_too_long_for_another_process_is_told_that_the_database_is_busy(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite, "WRITER_SETTINGS", (*sqlite.WRITER_SETTINGS, "PRAGMA busy_timeout = 10"))
    async with Database(url(file)) as one, Database(url(file)) as other, one.begin():
        with pytest.raises(DatabaseUnavailableError, match="the database is busy"):
            async with other.begin():
                pass


async def test_work_that_waits_too_long_for_a_connection_is_told_that_the_database_is_busy(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite, "BUSY_SECONDS", 0.05)
    async with Database(url(file)) as database, database.begin():
        with pytest.raises(DatabaseUnavailableError, match="the database is busy"):
            async with asyncio.timeout(5), database.begin():
                pass


async def test_a_database_whose_file_cannot_be_opened_is_unavailable(tmp_path: Path) -> None:
    (tmp_path / "vaani.db").mkdir()
    async with Database(url(tmp_path / "vaani.db")) as database:
        with pytest.raises(DatabaseUnavailableError):
            async with database.read():
                pass


async def test_a_time_without_a_zone_is_refused(database: Database, seeded: Seeded) -> None:
    with pytest.raises(Exception, match="without a zone"):
        async with database.begin(seeded.organisation) as work:
            await work.calls.open(a_call(seeded.organisation, started_at=NOW.replace(tzinfo=None)))


async def test_the_file_is_nobody_elses_to_read(file: Path, tmp_path: Path) -> None:
    made = tmp_path / "new" / "vaani.db"
    async with Database(url(made)) as database, database.begin():
        assert made.stat().st_mode & 0o777 == 0o600
