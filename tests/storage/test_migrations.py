from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import fields
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, func, inspect, select, text

from storage import migrations, records, tables
from storage.columns import metadata
from storage.database import Database, UnusableDatabaseError
from storage.keys import fingerprint
from storage.migrations import BASE, HEAD, migrate
from storage.moment_records import Moment
from storage.records import CallStatus, CallType, Outcome, Scope
from tests.storage.first_version import fill, plain
from tests.storage.samples import NOW, TOKEN, a_call, a_flow, a_turn, an_agent, an_organisation, url

ROOT = Path(migrations.__file__).parents[2]
SEARCH = ("customer_search", "ix_customers_search")
"""How names begin that are no table's of ours: what each database searches customers with."""


def described(connection: Connection) -> dict[str, dict[str, Any]]:
    """Every table, with all that the database knows of it."""
    inspector = inspect(connection)

    def told(value: Any) -> str:
        return str({key: str(option) for key, option in value.items()} if isinstance(value, dict) else value)

    def named(things: list[Any]) -> dict[str, str]:
        return {
            str(thing["name"]): repr(sorted((key, told(value)) for key, value in thing.items()))
            for thing in things
            if not str(thing["name"]).startswith(SEARCH)
        }

    return {
        name: {
            "columns": named(list(inspector.get_columns(name))),
            "key": inspector.get_pk_constraint(name),
            "references": named(list(inspector.get_foreign_keys(name))),
            "unique": named(list(inspector.get_unique_constraints(name))),
            "checks": named(list(inspector.get_check_constraints(name))),
            "indexes": named(list(inspector.get_indexes(name))),
        }
        for name in inspector.get_table_names()
        if name != "alembic_version" and not name.startswith(SEARCH)
    }


async def test_migrating_makes_exactly_the_tables_and_going_back_leaves_nothing(empty_url: str) -> None:
    assert await migrate(empty_url)
    async with Database(empty_url) as database:
        async with database.connect() as connection:
            migrated = await connection.run_sync(described)
        assert await migrate(empty_url, to=BASE)
        async with database.connect() as connection:
            left = await connection.run_sync(lambda one: inspect(one).get_table_names())
            assert left == ["alembic_version"]
            await connection.run_sync(metadata.create_all)
            assert await connection.run_sync(described) == migrated


async def test_each_step_can_be_taken_back_and_again(empty_url: str) -> None:
    assert await migrate(empty_url)
    steps = [BASE, "0001", "0002", "0003", HEAD]
    for step in [*reversed(steps[:-1]), *steps[1:]]:
        assert await migrate(empty_url, to=step)
        assert not await migrate(empty_url, to=step)


async def test_a_step_that_is_not_known_is_refused_and_nothing_done(empty_url: str) -> None:
    with pytest.raises(UnusableDatabaseError, match="no revision 0000 to migrate to"):
        await migrate(empty_url, to="0000")
    async with Database(empty_url) as database, database.connect() as connection:
        assert await connection.run_sync(lambda one: inspect(one).get_table_names()) == []


def test_the_newest_revision_is_the_one_the_code_wants() -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(migrations.__file__).parent))
    assert ScriptDirectory.from_config(config).get_current_head() == HEAD


async def test_what_the_first_version_kept_is_there_and_counted_after_all_later_ones(empty_url: str) -> None:
    await migrate(empty_url, to="0001")
    one, other = an_organisation(), an_organisation()
    agent = an_agent(one.id, config={"prompt": "दुकान", "vad": {"stop": 0.2}})
    flow = a_flow(one.id, agent_id=agent.id, phone_number="+911")
    morning = NOW.replace(hour=3, minute=29)
    over = {"status": CallStatus.ENDED, "flow_id": flow.id, "answered_at": NOW, "ended_at": NOW}
    connected = {**over, "outcome": Outcome.CONNECTED}
    calls = [
        a_call(one.id, **connected, started_at=morning, duration=60.0),
        a_call(one.id, **connected, started_at=morning + timedelta(minutes=1), duration=30.5),
        a_call(one.id, **over, outcome=Outcome.BUSY, started_at=morning, call_type=CallType.OUTBOUND),
        a_call(one.id, **connected | {"flow_id": None}, started_at=morning + timedelta(days=1), duration=1.0),
        a_call(one.id, started_at=morning),
        a_call(other.id, **connected, started_at=morning, duration=7.0),
    ]
    turns = [a_turn(calls[0].id, position, text=f"{position}: नमस्ते") for position in range(2)]
    key = {
        "id": "key_1",
        "organisation_id": one.id,
        "name": "Key",
        "start": TOKEN[:10],
        "fingerprint": fingerprint(TOKEN),
        "scopes": " ".join(sorted(Scope)),
        "created_at": NOW,
    }
    event = {"id": "evt_1", "organisation_id": one.id, "topic": "call", "body": {"a": [1]}, "created_at": NOW}
    rows: dict[str, list[Mapping[str, Any]]] = {
        "organisations": [plain(one), plain(other)],
        "api_keys": [key],
        "agents": [plain(agent)],
        "flows": [plain(flow)],
        "calls": [plain(call) for call in calls],
        "turns": [{**plain(turn), "organisation_id": one.id} for turn in turns],
        "outbox": [event],
    }

    async with Database(empty_url) as database:
        await fill(database, rows)
        assert await migrate(empty_url)
        async with database.read(one.id) as work:
            assert await work.agents.get(agent.id) == agent
            assert await work.flows.get(flow.id) == flow
            for call in calls[:-1]:
                assert await work.calls.get(call.id) == call
            assert await work.calls.turns(calls[0].id) == turns
            found = await work.keys.find(TOKEN, now=NOW)
            assert found is not None
            assert found.scopes == frozenset(Scope)
            (told,) = await work.outbox.waiting(10)
            assert told.body == event["body"]
        async with database.connect() as connection:
            for name, several in rows.items():
                assert await connection.scalar(select(func.count()).select_from(metadata.tables[name])) == len(several)
            days = {tuple(row) for row in await connection.execute(select(tables.call_days))}
            hours = {tuple(row) for row in await connection.execute(select(tables.call_hours))}
    day, next_day = morning.date(), (morning + timedelta(days=1)).date()
    assert days == {
        (one.id, flow.id, day, "inbound", "connected", "", 2, 90.5),
        (one.id, flow.id, day, "outbound", "busy", "", 1, 0.0),
        (one.id, "", next_day, "inbound", "connected", "", 1, 1.0),
        (other.id, flow.id, day, "inbound", "connected", "", 1, 7.0),
    }
    assert hours == {(one.id, flow.id, 6, 2), (one.id, flow.id, 7, 1), (one.id, "", 6, 1), (other.id, flow.id, 6, 1)}


async def test_of_two_processes_that_start_at_once_one_migrates_and_the_other_waits(empty_url: str) -> None:
    program = f"import asyncio; from storage.migrations import migrate; print(asyncio.run(migrate({empty_url!r})))"

    async def start() -> str:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-c", program, cwd=ROOT, stdout=asyncio.subprocess.PIPE
        )
        told, _ = await process.communicate()
        assert process.returncode == 0
        return told.decode().strip()

    assert sorted(await asyncio.gather(start(), start())) == ["False", "True"]


async def test_a_database_that_is_up_to_date_is_left_alone_at_once(database_url: str) -> None:
    started = time.perf_counter()
    assert not await migrate(database_url)
    assert time.perf_counter() - started < 0.5  # 10 ms seen; a busy machine is no failure


def test_alembic_is_not_imported_when_there_is_nothing_to_do(file: Path) -> None:
    program = (
        "import asyncio, sys; from storage.migrations import migrate;"
        f"assert not asyncio.run(migrate({url(file)!r})); assert 'alembic' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", program], check=True, cwd=ROOT)


async def test_a_database_of_a_newer_version_is_refused_and_left_alone(database_url: str) -> None:
    async with Database(database_url) as database, database.connect() as connection:
        await connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(UnusableDatabaseError, match="9999 by a newer version"):
        await migrate(database_url)


async def test_a_migration_that_fails_leaves_nothing(empty_url: str) -> None:
    async with Database(empty_url) as database:
        async with database.connect() as connection:
            await connection.execute(text("CREATE TABLE turns (in_the_way TEXT)"))
        with pytest.raises(Exception, match="turns"):
            await migrate(empty_url)
        async with database.connect() as connection:
            assert await connection.run_sync(lambda one: inspect(one).get_table_names()) == ["turns"]


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
        (Moment, tables.call_moments),
        (records.OutboxEvent, tables.outbox),
    ],
)
def test_a_record_and_its_table_have_the_same_fields(record: type[Any], table: Any) -> None:
    columns = {column.name for column in table.c}
    named = {field.name for field in fields(record)}
    assert columns - named <= {"organisation_id"}
    assert named <= columns
