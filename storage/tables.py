"""The tables of calls and of who answers them, column for column as in the records."""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Date,
    Float,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
    literal_column,
    or_,
)

from storage.columns import Id, Owner, Scopes, Told, UtcTime, metadata, one_of
from storage.moment_records import MomentKind
from storage.records import (
    CallStatus,
    CallType,
    Distribution,
    FlowKind,
    FlowStatus,
    Outcome,
    Sentiment,
    Speaker,
)

EMPTY_OBJECT, EMPTY_LIST = "{}", "[]"
"""What a JSON column that came later holds in older rows."""

organisations = Table(
    "organisations",
    metadata,
    Id("id", primary_key=True),
    Column("name", Text, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("assistant_overrides", JSON, nullable=False, server_default=EMPTY_OBJECT),
    Column("max_parallel_calls", Integer),
    Column("recording_retention_days", Integer),
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
    Column("assistant_overrides", JSON, nullable=False, server_default=EMPTY_OBJECT),
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
    Column("description", Text, nullable=False, server_default=""),
    Id("script_id"),
    Column("branches", JSON, nullable=False, server_default=EMPTY_LIST),
    Id("contact_list_id"),
    Column("start_date", Date),
    Column("end_date", Date),
    Column("time_window", JSON(none_as_null=True)),
    Column("start_at", UtcTime),
    Column("end_at", UtcTime),
    Column("max_parallel_calls", Integer, nullable=False, server_default="5"),
    Column("rate_limit_per_number", Integer, nullable=False, server_default="10"),
    Column("retry_attempts", Integer, nullable=False, server_default="2"),
    Column("retry_delay_minutes", JSON, nullable=False, server_default="[30]"),
    Column("retry_on", JSON, nullable=False, server_default='["no-answer","busy","failed"]'),
    Column("phone_numbers", JSON, nullable=False, server_default=EMPTY_LIST),
    Column("distribution", one_of(Distribution), nullable=False, server_default="round_robin"),
    Column("dedupe_hours", Integer, nullable=False, server_default="24"),
    Column("ended_reason", String(80)),
    Column("assistant_overrides", JSON, nullable=False, server_default=EMPTY_OBJECT),
    Column("pause_reason", Text, nullable=False, server_default=""),
    Index(None, "is_demo"),
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
    Column("node", Told(80), nullable=False),
    Column("started_at", UtcTime, nullable=False),
    # A call outlives the flow and the agent that it names: they are history, not references.
    Id("flow_id"),
    Id("agent_id"),
    Column("carrier_call", Told(120)),
    Column("from_number", Told(40)),
    Column("to_number", Told(40)),
    Column("outcome", one_of(Outcome)),
    Column("reason", Text, nullable=False),
    Column("answered_at", UtcTime),
    Column("ended_at", UtcTime),
    Column("duration", Float),
    Column("language", Told(20)),
    Column("recording", Text),
    Column("carrier_recording", Text),
    Id("customer_id"),
    Column("sentiment", one_of(Sentiment)),
    Column("summary", Text),
    Column("key_details", JSON, nullable=False, server_default=EMPTY_OBJECT),
    UniqueConstraint("organisation_id", "id"),
    Index(None, "carrier_call"),
    Index(None, "organisation_id", "started_at"),
    Index(None, "organisation_id", "flow_id", "started_at"),
    Index(None, "organisation_id", "customer_id", "started_at"),
    Index(None, "organisation_id", "outcome", "started_at"),
    Index(None, "organisation_id", "sentiment", "started_at"),
    Index(None, "organisation_id", "status"),
    Index(None, "node", "status"),
)
is_recorded = or_(calls.c.recording.is_not(None), calls.c.carrier_recording > literal_column("''"))
"""By us or by the carrier, and to be heard. Literally so, or no database would find the index for it."""
Index(
    "ix_calls_recorded",
    calls.c.organisation_id,
    calls.c.started_at,
    sqlite_where=is_recorded,
    postgresql_where=is_recorded,
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
    Column("measured_at", UtcTime),
)
Index(None, turn_latencies.c.organisation_id, turn_latencies.c.measured_at)

call_moments = Table(
    "call_moments",
    metadata,
    Id("call_id", primary_key=True),
    Column("kind", one_of(MomentKind), primary_key=True),
    Column("at", Float, primary_key=True),
    Id("organisation_id", nullable=False),
    Column("seconds", Float, nullable=False),
    Column("noticed_at", UtcTime, nullable=False),
    ForeignKeyConstraint(["organisation_id", "call_id"], ["calls.organisation_id", "calls.id"]),
    Index(None, "organisation_id", "noticed_at"),
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

call_days = Table(
    "call_days",
    metadata,
    Id("organisation_id", ForeignKey("organisations.id"), primary_key=True),
    # Empty where a call has none: a key holds no NULL.
    Id("flow_id", primary_key=True),
    Column("day", Date, primary_key=True),
    Column("call_type", String(20), primary_key=True),
    Column("outcome", String(20), primary_key=True),
    Column("sentiment", String(20), primary_key=True),
    Column("calls", Integer, nullable=False),
    Column("seconds", Float, nullable=False),
    sqlite_with_rowid=False,
)
"""Calls that are over, counted by the UTC day on which they started: what a million of them are told from."""

call_hours = Table(
    "call_hours",
    metadata,
    Id("organisation_id", ForeignKey("organisations.id"), primary_key=True),
    Id("flow_id", primary_key=True),
    Column("half_hour", Integer, primary_key=True, autoincrement=False),
    Column("calls", Integer, nullable=False),
    sqlite_with_rowid=False,
)
"""The same calls by the half-hour of the UTC day, 0 to 47: fine enough for every zone with many telephones."""
