"""What the first version of the tables held, written as it wrote it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, MetaData

from storage.database import Database

Rows = Mapping[str, Sequence[Mapping[str, Any]]]
"""By table. What a table does not know is left out."""


async def fill(database: Database, rows: Rows) -> None:
    def write(connection: Connection) -> None:
        old = MetaData()
        old.reflect(connection)
        for name, several in rows.items():
            kept = old.tables[name].c.keys()
            written = [{column: in_utc(row.get(column)) for column in kept} for row in several]
            connection.execute(old.tables[name].insert(), written)

    async with database.connect() as connection:
        await connection.run_sync(write)


def in_utc(value: Any) -> Any:
    return value.astimezone(UTC) if isinstance(value, datetime) else value


def plain(record: object) -> dict[str, Any]:
    return {field.name: getattr(record, field.name) for field in fields(record)}  # type: ignore[arg-type]
