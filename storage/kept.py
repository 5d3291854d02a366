"""Rows that are found by their id and change as a whole: what most kinds of record need and no more."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields, replace
from datetime import datetime
from typing import Any, Generic, Protocol, TypeVar

from sqlalchemy import ColumnElement, Select, Table, delete, select, update

from storage.tenancy import Owned, Tenancy, values

FIXED = frozenset({"id", "organisation_id", "created_at"})
"""What a change leaves as it is."""


class Dated(Owned, Protocol):
    """A record that can be kept: it has an id, and says when it was changed."""

    @property
    def id(self) -> str: ...
    @property
    def updated_at(self) -> datetime: ...


_R = TypeVar("_R", bound=Dated)


class Kept(Generic[_R]):
    """The rows of one table as one kind of record."""

    def __init__(self, tenancy: Tenancy, table: Table, record: type[_R]) -> None:
        self._tenancy, self._table, self._record = tenancy, table, record
        self._columns = [table.c[field.name] for field in fields(record)]  # type: ignore[arg-type]

    async def add(self, record: _R) -> None:
        await self._tenancy.add(self._table, record)

    async def get(self, record_id: str) -> _R | None:
        row = await self._tenancy.row(self._one(record_id))
        return None if row is None else self._record(**row)

    async def held(self, record_id: str) -> _R | None:
        """As `get`, and nobody else changes it until the end of the transaction."""
        row = await self._tenancy.held(self._one(record_id))
        return None if row is None else self._record(**row)

    async def page(self, limit: int, offset: int = 0, *conditions: ColumnElement[bool]) -> tuple[list[_R], int]:
        """A page of those that fulfil the conditions, oldest first, and how many there are in all."""
        found = select(*self._columns).where(self._mine, *conditions)
        rows = await self._tenancy.rows(found.order_by(self._table.c.id).limit(limit).offset(offset))
        total = await self._tenancy.count(select(self._table.c.id).where(self._mine, *conditions))
        return [self._record(**row) for row in rows], total

    async def every(self, *conditions: ColumnElement[bool]) -> list[_R]:
        """Oldest first. For what people keep by the dozen."""
        found = select(*self._columns).where(self._mine, *conditions)
        return [self._record(**row) for row in await self._tenancy.rows(found.order_by(self._table.c.id))]

    async def save(self, record: _R, *, now: datetime, but: Sequence[str] = ()) -> bool:
        """Writes every field except those in `but`. False if it is gone."""
        changed: dict[str, Any] = values(replace(record, updated_at=now))  # type: ignore[type-var]
        for fixed in (*FIXED, *but):
            del changed[fixed]
        mine = self._table.c.id == record.id, self._mine
        return await self._tenancy.change(update(self._table).where(*mine).values(changed)) == 1

    async def delete(self, record_id: str) -> bool:
        """False if it was gone."""
        return await self._tenancy.change(delete(self._table).where(self._table.c.id == record_id, self._mine)) == 1

    def _one(self, record_id: str) -> Select[*tuple[Any, ...]]:
        return select(*self._columns).where(self._table.c.id == record_id, self._mine)

    @property
    def _mine(self) -> ColumnElement[bool]:
        return self._tenancy.mine(self._table)
