from __future__ import annotations

import uuid
from dataclasses import replace
from datetime import date, datetime
from typing import Any

import asyncpg  # type: ignore[import-untyped]
import pytest
from sqlalchemy import Column, Enum, Table, TypeDecorator, delete, func, insert, select, text, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.columns import metadata
from storage.database import Database, UnitOfWork
from storage.nodes import Node
from tests import postgres
from tests.storage.databases import ROLE, Cluster
from tests.storage.samples import NOW, a_flow

ONE, OTHER = "org_1", "org_2"
NOBODYS = {"alembic_version"}
UNBOUND = {"nodes"}
"""Of no organisation: hidden from all that are bound to one."""
OWNED = [table for table in metadata.sorted_tables if table.name not in UNBOUND]
VALUES: dict[type[Any], Any] = {bool: True, float: 1.0, object: {}, datetime: NOW, date: NOW.date()}


def owner(table: Table) -> Column[str]:
    return table.c["id" if table.name == "organisations" else "organisation_id"]


def value(column: Column[Any], organisation: str, rows: dict[str, dict[str, Any]]) -> Any:
    """Something that the column takes; of what it refers to, the same organisation's."""
    for reference in column.foreign_keys:
        return rows[reference.column.table.name][reference.column.name]
    kind = column.type.impl_instance if isinstance(column.type, TypeDecorator) else column.type
    if isinstance(kind, Enum):
        return kind.enum_class and next(iter(kind.enum_class))
    if kind.python_type is str:
        return organisation
    return int(organisation[-1]) if kind.python_type is int else VALUES[kind.python_type]


def a_row_of_each(organisation: str) -> dict[str, dict[str, Any]]:
    rows: dict[str, dict[str, Any]] = {}
    for table in OWNED:
        rows[table.name] = {column.name: value(column, organisation, rows) for column in table.c}
    return rows


def connection_of(work: UnitOfWork) -> AsyncConnection:
    return work.keys._tenancy.connection


@pytest.fixture
async def shared(database: Database, cluster: Cluster) -> Database:
    """Has a row of each of two organisations in every table."""
    async with database.begin() as work:
        for organisation in (ONE, OTHER):
            for table, row in a_row_of_each(organisation).items():
                await connection_of(work).execute(insert(metadata.tables[table]), row)
    return database


async def test_who_is_bound_sees_and_writes_its_own_rows_alone_in_every_table(shared: Database) -> None:
    foreign = a_row_of_each(OTHER)
    for table in OWNED:
        whose = owner(table)
        async with shared.begin(ONE) as work:
            connection = connection_of(work)
            assert (await connection.execute(select(whose))).scalars().all() == [ONE], table.name
            assert (await connection.execute(update(table).values({whose: whose}))).rowcount == 1, table.name
            assert (await connection.execute(delete(table).where(whose == OTHER))).rowcount == 0, table.name
        for statement in (update(table).values({whose: OTHER}), insert(table).values(foreign[table.name])):
            with pytest.raises(DBAPIError, match="row-level security"):
                async with shared.begin(ONE) as work:
                    await connection_of(work).execute(statement)


async def test_who_is_not_bound_sees_everybodys(shared: Database) -> None:
    async with shared.read() as work:
        for table in OWNED:
            seen = await connection_of(work).execute(select(owner(table)))
            assert {ONE, OTHER} <= set(seen.scalars()), table.name


async def test_the_nodes_are_seen_and_written_by_who_is_bound_to_nobody_alone(
    database: Database, cluster: Cluster
) -> None:
    node = Node("one", "gen_1", NOW, NOW, 0, 200, False, "1")
    async with database.begin() as work:
        await work.nodes.join(node)
    async with database.begin(ONE) as work:
        assert await work.nodes.every() == []
        assert not await work.nodes.beat(node)
    with pytest.raises(DBAPIError, match="row-level security"):
        async with database.begin(ONE) as work:
            await work.nodes.join(replace(node, name="two"))
    async with database.read() as work:
        assert await work.nodes.every() == [node]


async def test_who_has_looked_for_rivals_everywhere_sees_its_own_rows_alone_again(shared: Database) -> None:
    async with shared.begin(OTHER) as work:
        await work.flows.add(a_flow(OTHER, phone_number="+911"))
    async with shared.begin(ONE) as work:
        assert not await work.flows.line_is_free(a_flow(ONE, phone_number="+911"))
        seen = await connection_of(work).execute(select(metadata.tables["flows"].c.organisation_id))
        assert seen.scalars().all() == [ONE]


async def test_who_does_not_say_whose_it_is_sees_nothing(shared: Database, database_url: str, cluster: Cluster) -> None:
    name = database_url.partition("?")[0].rpartition("/")[2]
    stranger = await asyncpg.connect(host=str(cluster.folder), user=ROLE, database=name)
    try:
        for table in metadata.sorted_tables:
            count = select(func.count()).select_from(table)
            assert await stranger.fetchval(str(count)) == 0, table.name
    finally:
        await stranger.close()


async def test_no_table_is_without_row_security(database: Database, cluster: Cluster) -> None:
    query = "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace {}"
    async with database.read() as work:
        every = await connection_of(work).execute(text(query.format("")))
        secured = await connection_of(work).execute(text(query.format("AND relrowsecurity AND relforcerowsecurity")))
    assert set(every.scalars()) - set(secured.scalars()) == NOBODYS


@pytest.mark.parametrize(
    ("rights", "secured"), [("", True), ("BYPASSRLS", False), ("SUPERUSER", False), ("CREATEROLE CREATEDB", True)]
)
async def test_it_is_known_whether_row_security_holds_the_server(
    database_url: str, cluster: Cluster, rights: str, secured: bool
) -> None:
    name = f"user_{uuid.uuid4().hex}"
    administrator = await asyncpg.connect(host=str(cluster.folder), user=postgres.ADMINISTRATOR, database="postgres")
    try:
        await administrator.execute(f"CREATE ROLE {name} LOGIN {rights}")
        async with Database(database_url.replace(f"{ROLE}@", f"{name}@")) as database:
            assert await database.is_secured() is secured
    finally:
        await administrator.execute(f"DROP ROLE {name}")
        await administrator.close()


async def test_the_tests_themselves_are_held_and_sqlite_has_nobody_to_hold(database: Database) -> None:
    assert await database.is_secured()


@pytest.mark.parametrize("whose", ["", "*", "org'; SET LOCAL vaani.organisation = '*", "o" * 41])
async def test_what_is_no_organisations_id_opens_nothing(database: Database, cluster: Cluster, whose: str) -> None:
    for opening in (database.begin, database.read):
        with pytest.raises(ValueError, match="not the id of an organisation"):
            async with opening(whose) as work:
                await work.organisations.first()
