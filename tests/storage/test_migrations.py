from __future__ import annotations

import subprocess
import sys
import time
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

from storage import migrations, records, tables
from storage.database import Database, UnusableDatabaseError
from storage.migrations import HEAD, migrate
from tests.storage.samples import url


async def test_migrating_makes_exactly_the_tables(tmp_path: Path) -> None:
    place = url(tmp_path / "new" / "vaani.db")
    assert await migrate(place)

    def compare(connection: Connection) -> list[Any]:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        return list(compare_metadata(context, tables.metadata))

    async with Database(place) as database, database.connect() as connection:
        assert await connection.run_sync(compare) == []


def test_the_newest_revision_is_the_one_the_code_wants() -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(migrations.__file__).parent))
    assert ScriptDirectory.from_config(config).get_current_head() == HEAD


async def test_a_database_that_is_up_to_date_is_left_alone_at_once(file: Path) -> None:
    started = time.perf_counter()
    assert not await migrate(url(file))
    assert time.perf_counter() - started < 0.5  # 10 ms seen; a busy machine is no failure


def test_alembic_is_not_imported_when_there_is_nothing_to_do(file: Path) -> None:
    program = (
        "import asyncio, sys; from storage.migrations import migrate;"
        f"assert not asyncio.run(migrate({url(file)!r})); assert 'alembic' not in sys.modules"
    )
    root = Path(migrations.__file__).parents[2]
    subprocess.run([sys.executable, "-c", program], check=True, cwd=root)


async def test_a_database_of_a_newer_version_is_refused_and_left_alone(file: Path) -> None:
    async with Database(url(file)) as database, database.connect() as connection:
        await connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(UnusableDatabaseError, match="9999 by a newer version"):
        await migrate(url(file))


async def test_a_migration_that_fails_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = url(tmp_path / "vaani.db")
    async with Database(place) as database:
        async with database.connect() as connection:
            await connection.execute(text("CREATE TABLE turns (in_the_way TEXT)"))
        with pytest.raises(Exception, match="turns"):
            await migrate(place)
        async with database.connect() as connection:
            names = (
                (await connection.execute(text("SELECT name FROM sqlite_master WHERE type = 'table'"))).scalars().all()
            )
    assert names == ["turns"]


@pytest.mark.parametrize(
    ("record", "table"),
    [
        (records.Organisation, tables.organisations),
        (records.ApiKey, tables.api_keys),
        (records.Agent, tables.agents),
        (records.Flow, tables.flows),
        (records.Call, tables.calls),
        (records.Turn, tables.turns),
        (records.TurnLatency, tables.turn_latencies),
        (records.OutboxEvent, tables.outbox),
    ],
)
def test_a_record_and_its_table_have_the_same_fields(record: type[Any], table: Any) -> None:
    columns = {column.name for column in table.c}
    named = {field.name for field in fields(record)}
    assert columns - named <= {"organisation_id"}
    assert named <= columns
