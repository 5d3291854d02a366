"""Many rows written at once.

PostgreSQL is handed each column as an array, and the rows are put together there: it plans and runs one statement,
where a statement for every row would cost both sides a multiple. SQLite runs a prepared one for each, which suits it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy import Dialect, Table, bindparam, column, func, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.sql.selectable import TableValuedAlias
from sqlalchemy.types import TypeEngine

Insert = postgresql.Insert | sqlite.Insert
NEW = "new_"


class Array(postgresql.ARRAY[Any]):
    """Of one dimension, its items never asked whether they are lists themselves: JSON is one."""

    cache_ok = True

    def __init__(self, item_type: TypeEngine[Any]) -> None:
        super().__init__(item_type, dimensions=1)

    def bind_processor(self, dialect: Dialect) -> Callable[[Any], Any]:
        item = self.item_type.dialect_impl(dialect).bind_processor(dialect)
        return list if item is None else lambda many: [item(one) for one in many]


async def insert_many(
    connection: AsyncConnection,
    table: Table,
    rows: Sequence[Mapping[str, Any]],
    conflict: Callable[[Insert], Insert] | None = None,
) -> None:
    """Rows of the same columns, at least one. `conflict` says what becomes of those that are there already.

    If it changes them, no two rows may be of one key.
    """
    names = list(rows[0])
    if connection.dialect.name != "postgresql":
        statement = sqlite.insert(table)
        await connection.execute(statement if conflict is None else conflict(statement), rows)
    elif len(rows) == 1:
        single = postgresql.insert(table).values(rows[0])
        await connection.execute(single if conflict is None else conflict(single))
    else:
        new = _side_by_side(table, names)
        several = postgresql.insert(table).from_select(names, select(*new.c), include_defaults=False)
        await connection.execute(several if conflict is None else conflict(several), _columns(rows, names))


async def update_many(connection: AsyncConnection, table: Table, key: str, rows: Sequence[Mapping[str, Any]]) -> None:
    """Rows of the same columns, no two of one key, which none of them changes. Hold them before.

    They are found by the key alone: to ask whose they are as well would have a PostgreSQL that has no statistics yet
    read all of the organisation's.
    """
    if not rows:
        return
    names = [name for name in rows[0] if name != key]
    if connection.dialect.name == "postgresql":
        new = _side_by_side(table, [key, *names])
        its = update(table).where(table.c[key] == new.c[key]).values({name: new.c[name] for name in names})
        await connection.execute(its, _columns(rows, [key, *names]))
    else:
        its = update(table).where(table.c[key] == bindparam(NEW + key))
        its = its.values({name: bindparam(NEW + name) for name in names})
        await connection.execute(its, [{NEW + name: value for name, value in row.items()} for row in rows])


def _side_by_side(table: Table, names: Sequence[str]) -> TableValuedAlias:
    types = {name: table.c[name].type for name in names}
    arrays = [bindparam(NEW + name, type_=Array(kind)) for name, kind in types.items()]
    laid = func.unnest(*arrays).table_valued(*(column(name, kind) for name, kind in types.items()))
    return laid.render_derived(name="new")


def _columns(rows: Sequence[Mapping[str, Any]], names: Sequence[str]) -> dict[str, list[Any]]:
    return {NEW + name: [row[name] for row in rows] for name in names}
