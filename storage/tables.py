"""The tables, column for column as in the records."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    DateTime,
    Dialect,
    Enum,
    Float,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
)

from storage.records import CallStatus, CallType, FlowKind, FlowStatus, Outcome, Scope, Speaker


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
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


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

organisations = Table(
    "organisations",
    metadata,
    Id("id", primary_key=True),
    Column("name", Text, nullable=False),
    Column("created_at", UtcTime, nullable=False),
)

api_keys = Table(
    "api_keys",
    metadata,
    Id("id", primary_key=True),
    Owner(index=True),
    Column("name", Text, nullable=False),
    Column("start", String(20), nullable=False),
    Column("fingerprint", String(64), nullable=False, unique=True),
    Column("scopes", Scopes, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("expires_at", UtcTime),
    Column("revoked_at", UtcTime),
    Column("last_used_at", UtcTime),
)

agents = Table(
    "agents",
    metadata,
    Id("id", primary_key=True),
    Owner(),
    Column("name", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("updated_at", UtcTime, nullable=False),
    Column("description", Text, nullable=False),
    Column("avatar_color", String(20), nullable=False),
    Column("avatar_initials", String(8), nullable=False),
    Column("voice_config", JSON, nullable=False),
    Column("config", JSON, nullable=False),
    Column("is_active", Boolean, nullable=False),
    UniqueConstraint("organisation_id", "id"),
)

flows = Table(
    "flows",
    metadata,
    Id("id", primary_key=True),
    Owner(index=True),
    Column("kind", one_of(FlowKind), nullable=False),
    Column("name", Text, nullable=False),
    Column("status", one_of(FlowStatus), nullable=False),
    Column("provider", String(40), nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("updated_at", UtcTime, nullable=False),
    Id("agent_id"),
    Column("phone_number", String(40), index=True),
    Column("account_sid", String(80)),
    Column("language_code", String(20)),
    Column("config", JSON, nullable=False),
    Column("is_demo", Boolean, nullable=False),
    # Both columns together, so that no flow can name another organisation's agent.
    ForeignKeyConstraint(["organisation_id", "agent_id"], ["agents.organisation_id", "agents.id"]),
)

calls = Table(
    "calls",
    metadata,
    Id("id", primary_key=True),
    Owner(),
    Column("call_type", one_of(CallType), nullable=False),
    Column("status", one_of(CallStatus), nullable=False),
    Column("carrier", String(40), nullable=False),
    Column("node", String(80), nullable=False),
    Column("started_at", UtcTime, nullable=False),
    # A call outlives the flow and the agent that it names: they are history, not references.
    Id("flow_id"),
    Id("agent_id"),
    Column("carrier_call", String(120)),
    Column("from_number", String(40)),
    Column("to_number", String(40)),
    Column("outcome", one_of(Outcome)),
    Column("reason", Text, nullable=False),
    Column("answered_at", UtcTime),
    Column("ended_at", UtcTime),
    Column("duration", Float),
    Column("language", String(20)),
    Column("recording", Text),
    UniqueConstraint("organisation_id", "id"),
    Index(None, "carrier_call"),
    Index(None, "organisation_id", "started_at"),
    Index(None, "node", "status"),
)


def _of_a_call(name: str, *columns: Column[Any]) -> Table:
    """Rows of one call, each at a position of its own."""
    return Table(
        name,
        metadata,
        Id("call_id", primary_key=True),
        Column("position", Integer, primary_key=True, autoincrement=False),
        Id("organisation_id", nullable=False),
        *columns,
        ForeignKeyConstraint(["organisation_id", "call_id"], ["calls.organisation_id", "calls.id"]),
    )


turns = _of_a_call(
    "turns",
    Column("speaker", one_of(Speaker), nullable=False),
    Column("text", Text, nullable=False),
    Column("at", Float, nullable=False),
    Column("seconds", Float, nullable=False),
    Column("interrupted", Boolean, nullable=False),
    Column("language", String(20)),
)

turn_latencies = _of_a_call(
    "turn_latencies",
    Column("vad_ms", Float),
    Column("end_of_turn_ms", Float),
    Column("stt_ms", Float),
    Column("llm_ms", Float),
    Column("tts_ms", Float),
    Column("wire_ms", Float),
    Column("total_ms", Float),
    Column("stt", String(40)),
    Column("llm", String(40)),
    Column("tts", String(40)),
)

outbox = Table(
    "outbox",
    metadata,
    Id("id", primary_key=True),
    Owner(),
    Column("topic", String(120), nullable=False),
    Column("body", JSON, nullable=False),
    Column("created_at", UtcTime, nullable=False),
)
