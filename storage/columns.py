"""Kinds of columns that the tables share, and what keeps their names."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Column, DateTime, Dialect, Enum, ForeignKey, MetaData, String, Text, TypeDecorator

from storage.records import Scope


class UtcTime(TypeDecorator[datetime]):
    """An aware time, kept in UTC. Raises ValueError for one that names no zone."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a time without a zone")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None or value.tzinfo is UTC:
            return value
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Told(TypeDecorator[str]):
    """Text of somebody whom nothing was promised, as a carrier or an operator: kept as far as the column goes.

    No call is lost for a long name. What is looked for is cut the same way, and so found.
    """

    impl = String
    cache_ok = True

    def __init__(self, length: int) -> None:
        super().__init__(length)
        self.length = length

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        return None if value is None else value[: self.length]


class Scopes(TypeDecorator[frozenset[Scope]]):
    """A set of scopes, kept as words in one line."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Iterable[Scope] | None, dialect: Dialect) -> str | None:
        return None if value is None else " ".join(sorted(value))

    def process_result_value(self, value: str | None, dialect: Dialect) -> frozenset[Scope] | None:
        return None if value is None else frozenset(Scope(word) for word in value.split())


def one_of(words: type[StrEnum]) -> Enum:
    return Enum(words, native_enum=False, length=20, values_callable=lambda kind: [member.value for member in kind])


def Id(name: str, *more: Any, **options: Any) -> Column[str]:  # noqa: N802 - reads as the column types do
    return Column(name, String(40), *more, **options)


def Owner(**options: Any) -> Column[str]:  # noqa: N802
    return Id("organisation_id", ForeignKey("organisations.id"), nullable=False, **options)


metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)
