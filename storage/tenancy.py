"""One organisation's view of the tables: it finds nothing of another's and cannot write into another's."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, fields, replace
from typing import Any, Protocol

from sqlalchemy import (
    Column,
    ColumnElement,
    Delete,
    FromClause,
    Select,
    Table,
    Update,
    and_,
    any_,
    bindparam,
    func,
    insert,
    select,
    true,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.many import Array, insert_many

WHOSE, EVERYBODY = "vaani.organisation", "*"
"""The setting by which a transaction on PostgreSQL says whose it is, and what it says when it is nobody's."""


class Owned(Protocol):
    """A record that says whose it is."""

    @property
    def organisation_id(self) -> str: ...


class WrongOrganisationError(Exception):
    """A row of one organisation was about to be written in another's name: a bug in the caller."""


@dataclass(frozen=True, slots=True)
class Tenancy:
    """A connection, and the organisation that it works for. None: for all of them, as sign-in and start-up do."""

    connection: AsyncConnection
    organisation: str | None

    def mine(self, table: FromClause) -> ColumnElement[bool]:
        """The condition that every statement on `table` carries."""
        return true() if self.organisation is None else table.c.organisation_id == self.organisation

    def among(self, column: ColumnElement[Any], wanted: Collection[Any]) -> ColumnElement[bool]:
        """That it is one of many. PostgreSQL is handed an array: it would plan anew for every number of parameters."""
        if not self._is_on_postgresql:
            return column.in_(wanted)
        return column == any_(bindparam(None, list(wanted), type_=Array(column.type)))

    def named(self, key: Column[Any], wanted: Collection[Any]) -> ColumnElement[bool]:
        """As `among` of a key that no two rows share, and mine.

        No index is offered for whose they are: a PostgreSQL that has no statistics yet would take that one, and read
        all of the organisation's.
        """
        its = self.among(key, wanted)
        if self.organisation is None:
            return its
        return and_(its, func.coalesce(key.table.c.organisation_id, "") == self.organisation)

    async def add(self, table: Table, record: Owned) -> None:
        self._must_be_mine(record)
        await self.connection.execute(insert(table), values(record))

    async def add_many(self, table: Table, records: Sequence[Owned]) -> None:
        """As `add`, of at least one, in one statement."""
        for record in records:
            self._must_be_mine(record)
        await insert_many(self.connection, table, [values(record) for record in records])

    async def adopt(self, table: Table, records: Sequence[object]) -> None:
        """Rows that name no organisation of their own: they become this one's, in one statement."""
        if self.organisation is None:
            raise WrongOrganisationError(f"rows of nobody for {table.name}")
        if records:
            rows = [{**values(record), "organisation_id": self.organisation} for record in records]
            await insert_many(self.connection, table, rows)

    async def alone(self, table: Table) -> None:
        """Nobody else adds to this organisation's rows of `table` until the end of the transaction.

        For what looks first and adds then. SQLite lets one writer in at a time anyway.
        """
        if self._is_on_postgresql:
            what = f"{table.name} {self.organisation}"
            await self.connection.execute(select(func.pg_advisory_xact_lock(func.hashtext(what))))

    @asynccontextmanager
    async def unbound(self) -> AsyncIterator[Tenancy]:
        """The same transaction in the eyes of all organisations: for what none may do to another without seeing it.

        Nothing of what is seen may be told to whoever asked.
        """
        await self._see(None)
        yield replace(self, organisation=None)
        await self._see(self.organisation)  # after an error there is nothing more to see: it ends the transaction

    def tolerant_insert(self, table: Table) -> postgresql.Insert | sqlite.Insert:
        """One that can be told what to do about a row that is there already."""
        return postgresql.insert(table) if self._is_on_postgresql else sqlite.insert(table)

    async def count(self, query: Select[*tuple[Any, ...]]) -> int:
        """How many rows it has."""
        return await self.connection.scalar(select(func.count()).select_from(query.subquery())) or 0

    async def rows(self, query: Select[*tuple[Any, ...]]) -> list[dict[str, Any]]:
        result = await self.connection.execute(query)
        names = list(result.keys())
        return [dict(zip(names, row, strict=True)) for row in result]

    async def row(self, query: Select[*tuple[Any, ...]]) -> dict[str, Any] | None:
        """The first one."""
        found = (await self.connection.execute(query.limit(1))).mappings().first()
        return None if found is None else dict(found)

    async def held(self, query: Select[*tuple[Any, ...]]) -> dict[str, Any] | None:
        """As `row`, and nobody else changes it until the end of the transaction. Others may refer to it meanwhile."""
        return await self.row(query.with_for_update(key_share=True))

    async def change(self, statement: Update | Delete) -> int:
        """How many rows it touched."""
        return (await self.connection.execute(statement)).rowcount

    @property
    def _is_on_postgresql(self) -> bool:
        return self.connection.dialect.name == "postgresql"

    async def _see(self, organisation: str | None) -> None:
        """Whose rows PostgreSQL's row security lets this transaction see from now on."""
        if self._is_on_postgresql:
            await self.connection.execute(select(func.set_config(WHOSE, organisation or EVERYBODY, True)))

    def _must_be_mine(self, record: Owned) -> None:
        if self.organisation not in (None, record.organisation_id):
            raise WrongOrganisationError(f"a row of {record.organisation_id} in the name of {self.organisation}")


def values(record: object) -> dict[str, Any]:
    """Column → value. Not `asdict`, which would copy every JSON value."""
    return {column.name: getattr(record, column.name) for column in fields(record)}  # type: ignore[arg-type]
