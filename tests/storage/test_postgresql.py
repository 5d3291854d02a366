from __future__ import annotations

import asyncio
import traceback
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import asyncpg  # type: ignore[import-untyped]
import pytest
from sqlalchemy import TextClause, insert, text, update
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, SQLAlchemyError

from storage import postgresql
from storage.database import Database, DatabaseUnavailableError, UnitOfWork, UnusableDatabaseError
from storage.seed import Seeded
from storage.tables import calls
from tests.patience import until
from tests.storage.databases import ROLE, Cluster
from tests.storage.line import Line, line
from tests.storage.samples import NOW, a_call, a_flow
from tests.storage.test_row_security import connection_of

PHONE = "+919812345678"


@pytest.fixture
async def wire(cluster: Cluster, tmp_path: Path) -> AsyncIterator[Line]:
    async with line(tmp_path, cluster.folder) as wire:
        yield wire


@pytest.fixture
async def far(wire: Line, database_url: str, tmp_path: Path) -> AsyncIterator[Database]:
    """The database, over a line that can be cut."""
    async with Database(f"{database_url.partition('?')[0]}?host={tmp_path}") as database:
        yield database


async def waits_for_a_lock(database: Database) -> bool:
    """Whether somebody does. On SQLite whoever wants to write waits for who does, and nobody can ask."""
    async with database.read() as work:
        if connection_of(work).dialect.name == "sqlite":
            return True
        waiting = "SELECT true FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
        return await connection_of(work).scalar(text(waiting)) is True


async def test_a_unit_of_work_costs_two_round_trips_more_than_its_statements(
    far: Database, wire: Line, seeded: Seeded
) -> None:
    for unit in (far.read, far.begin):
        for statements in (1, 1, 3):
            before = wire.asked
            async with unit(seeded.organisation) as work:
                for _ in range(statements):
                    assert await work.flows.get(seeded.flow) is not None
        assert wire.asked - before == statements + 2


async def test_a_unit_of_work_that_does_nothing_costs_nothing(far: Database, wire: Line, seeded: Seeded) -> None:
    async with far.begin(seeded.organisation) as work:
        await work.flows.get(seeded.flow)
    before = wire.asked
    async with far.begin(seeded.organisation):
        pass
    assert wire.asked == before


async def test_a_view_stays_the_same_whatever_is_written_beside_it(database: Database, seeded: Seeded) -> None:
    async with database.read(seeded.organisation) as reading:
        before = await reading.flows.every()
        async with database.begin(seeded.organisation) as writing:
            await writing.flows.add(a_flow(seeded.organisation))
        assert await reading.flows.every() == before
    async with database.read(seeded.organisation) as reading:
        assert len(await reading.flows.every()) == len(before) + 1


async def test_after_the_line_was_cut_work_goes_on_without_an_error(
    far: Database, wire: Line, seeded: Seeded, database_url: str, tmp_path: Path
) -> None:
    async with far.read(seeded.organisation) as one, far.read(seeded.organisation) as other:
        for work in (one, other):
            await work.flows.every()
    name = database_url.partition("?")[0].rpartition("/")[2]
    witness = await asyncpg.connect(host=str(tmp_path), user=ROLE, database=name)
    await wire.cut()
    await until(witness.is_closed)
    await wire.mend()
    async with far.begin(seeded.organisation) as one, far.read(seeded.organisation) as other:
        for work in (one, other):
            assert await work.flows.get(seeded.flow) is not None


async def test_while_the_database_is_down_everything_raises_one_error_that_names_no_part_of_the_url(
    far: Database, wire: Line, seeded: Seeded, tmp_path: Path
) -> None:
    async def before() -> None:
        async with far.read(seeded.organisation) as work:
            await work.flows.every()

    async def in_mid_block() -> None:
        async with far.begin(seeded.organisation) as work:
            await work.flows.every()
            await wire.cut()
            await work.flows.every()

    async def at_the_commit() -> None:
        async with far.begin(seeded.organisation) as work:
            await work.flows.add(a_flow(seeded.organisation, name="lost"))
            await wire.cut()

    for step in (in_mid_block, before, at_the_commit, before):
        with pytest.raises(DatabaseUnavailableError) as failure:
            await step()
        shown = "".join(traceback.format_exception(failure.value))
        assert str(tmp_path) not in shown
        assert f"//{ROLE}" not in shown
        if step is before:
            await wire.mend()
    async with far.read(seeded.organisation) as work:
        assert [flow.id for flow in await work.flows.every()] == [seeded.flow]


async def test_the_error_is_one_of_the_operating_systems_too(far: Database, wire: Line) -> None:
    """Loops that try again after an OSError do so after this."""
    await wire.cut()
    with pytest.raises(OSError, match=r"^the database cannot be reached$"):
        async with far.read() as work:
            await work.organisations.first()
    await wire.mend()


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        (f"//{ROLE}@", "//nobody@", "the database does not let this user in"),
        ("/test_", "/no_test_", "there is no database of this name"),
    ],
)
async def test_who_is_not_let_in_is_told_why_without_the_url(
    database_url: str, cluster: Cluster, old: str, new: str, sentence: str
) -> None:
    async with Database(database_url.replace(old, new)) as database:
        with pytest.raises(DatabaseUnavailableError, match=rf"^{sentence}$"):
            async with database.connect():
                pass


async def test_an_unknown_option_in_the_url_is_refused(cluster: Cluster) -> None:
    with pytest.raises(UnusableDatabaseError, match=r"^the database URL has an unknown option: sslmode$"):
        Database("postgresql+asyncpg://vaani:secret@host/vaani?sslmode=require")


async def test_work_that_finds_every_connection_taken_is_told_that_the_database_is_busy(
    database_url: str, cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgresql, "CONNECTIONS", 1)
    monkeypatch.setattr(postgresql, "WAITS_SECONDS", 0.05)
    async with Database(database_url) as database, database.read():
        with pytest.raises(DatabaseUnavailableError, match=r"^the database is busy$"):
            async with database.read():
                pass


async def rename(work: UnitOfWork, flow_id: str, name: str) -> None:
    flow = await work.flows.get(flow_id)
    assert flow is not None
    await work.flows.save(replace(flow, name=name), now=NOW)


async def test_who_waits_too_long_for_a_lock_is_told_that_the_database_is_busy(
    database_url: str, cluster: Cluster, seeded: Seeded, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(postgresql._HURRIED, "lock_timeout", "50ms")
    async with Database(database_url) as database, database.begin(seeded.organisation) as first:
        await rename(first, seeded.flow, "first")
        with pytest.raises(DatabaseUnavailableError, match=r"^the database is busy$"):
            async with database.begin(seeded.organisation) as second:
                await rename(second, seeded.flow, "second")


async def test_who_says_nothing_for_too_long_loses_its_locks(
    database_url: str, cluster: Cluster, seeded: Seeded, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(postgresql._HURRIED, "idle_in_transaction_session_timeout", "200ms")

    async def silent(database: Database, rest: asyncio.Event) -> None:
        async with database.begin(seeded.organisation) as work:
            await rename(work, seeded.flow, "silent")
            rest.set()
            await until(lambda: waits_for_a_lock(other))
            await until(lambda: renamed.done())
            await work.flows.every()

    async def eager(database: Database) -> None:
        async with database.begin(seeded.organisation) as work:
            await rename(work, seeded.flow, "eager")

    async with Database(database_url) as database, Database(database_url) as other:
        rest = asyncio.Event()
        lost = asyncio.create_task(silent(database, rest))
        await rest.wait()
        renamed = asyncio.create_task(eager(other))
        with pytest.raises(DatabaseUnavailableError):
            await lost
        await renamed
        async with other.read() as work:
            assert [flow.name for flow in await work.flows.every()] == ["eager"]


async def test_a_server_that_does_not_answer_is_given_up(
    database_url: str, cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgresql, "SILENCE_SECONDS", 0.2)
    async with Database(database_url) as impatient:
        with pytest.raises(DatabaseUnavailableError, match=r"^the connection to the database was lost$"):
            async with impatient.read() as work:
                await connection_of(work).execute(text("SELECT pg_sleep(30)"))


async def test_a_block_that_goes_on_after_a_statement_that_failed_is_told_that_nothing_was_kept(
    database: Database, seeded: Seeded, cluster: Cluster
) -> None:
    call = a_call(seeded.organisation)

    async def go_on() -> None:
        async with database.begin(seeded.organisation) as work:
            await work.calls.open(call)
            with pytest.raises(IntegrityError):
                await work.calls.open(call)

    with pytest.raises(SQLAlchemyError, match="nothing was committed"):
        await go_on()
    async with database.read(seeded.organisation) as work:
        assert await work.calls.get(call.id) is None


async def test_an_error_says_nothing_of_the_row(database: Database, seeded: Seeded, cluster: Cluster) -> None:
    call = a_call(seeded.organisation, to_number=PHONE)
    mine = {"id": call.id, "organisation_id": seeded.organisation, "to_number": PHONE}
    statements = {
        "null value in column": insert(calls).values({column.name: None for column in calls.c} | mine),
        "value too long for type character varying": update(calls).values(carrier=PHONE * 9),
        "a value that the database does not take": update(calls).values(to_number=f"{PHONE}\0"),
        "DataError: a value that the database does not take": update(calls).values(duration=PHONE),
    }
    async with database.begin(seeded.organisation) as work:
        await work.calls.open(call)
    for told, statement in statements.items():
        with pytest.raises((IntegrityError, DataError), match=told) as failure:
            async with database.begin(seeded.organisation) as work:
                await connection_of(work).execute(statement)
        assert PHONE not in "".join(traceback.format_exception(failure.value))


async def test_an_error_says_nothing_of_the_row_to_one_who_may_see_every_row_either(
    database: Database, cluster: Cluster
) -> None:
    """The server itself is silent only about tables with row security."""
    open_to_all = text("CREATE TEMPORARY TABLE open (phone text PRIMARY KEY, n int NOT NULL)")
    statements = {
        "null value in column": text("INSERT INTO open VALUES (:phone, NULL)"),
        "duplicate key value": text("INSERT INTO open VALUES (:phone, 1), (:phone, 2)"),
    }

    async def fail(statement: TextClause) -> None:
        async with database.connect() as connection:
            await connection.execute(open_to_all)
            await connection.execute(statement, {"phone": PHONE})

    for told, statement in statements.items():
        with pytest.raises(IntegrityError, match=told) as failure:
            await fail(statement)
        assert PHONE not in "".join(traceback.format_exception(failure.value))


async def test_the_server_knows_who_is_there_and_lets_nobody_hang(database: Database, cluster: Cluster) -> None:
    names = ("application_name", "statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout", "jit")
    shown = text("SELECT " + ", ".join(f"current_setting('{name}')" for name in names))
    async with database.read() as work:
        assert (await connection_of(work).execute(shown)).one() == ("vaani", "30s", "10s", "1min", "off")
    async with database.connect() as patient:
        assert (await patient.execute(shown)).one() == ("vaani", "0", "0", "0", "off")


async def test_reading_writes_nothing(database: Database, seeded: Seeded, cluster: Cluster) -> None:
    with pytest.raises(DBAPIError, match="read-only transaction"):
        async with database.read(seeded.organisation) as work:
            await work.flows.delete(seeded.flow)
