"""The tables of what an organisation keeps for its calls, column for column as in the records."""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from storage.assets import DeliveryState, IntegrationKind, TrainingState
from storage.columns import Id, Owner, UtcTime, metadata, one_of

ROW_NUMBER = BigInteger().with_variant(Integer, "sqlite")
"""SQLite numbers its rows only by a column of the type INTEGER."""


def _its_customer() -> ForeignKeyConstraint:
    """Both columns together: no row can name another organisation's customer. It goes with its customer."""
    return ForeignKeyConstraint(
        ["organisation_id", "customer"], ["customers.organisation_id", "customers.number"], ondelete="CASCADE"
    )


customers = Table(
    "customers",
    metadata,
    # Short, and growing with time: what tags, lists and the search hold of a customer.
    Column("number", ROW_NUMBER, primary_key=True, autoincrement=True),
    Id("id", nullable=False, unique=True),
    Owner(),
    Column("name", Text, nullable=False),
    Column("phone", String(40), nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("updated_at", UtcTime, nullable=False),
    Column("copy", Integer, nullable=False),
    Column("email", Text),
    Column("tags", JSON, nullable=False),
    Column("preferred_language", String(20)),
    Column("timezone", String(64)),
    Column("metadata", JSON, nullable=False),
    Column("opted_out", Boolean, nullable=False),
    Column("recording_opt_out", Boolean, nullable=False),
    Column("external_id", String(40)),
    Column("extension", String(10)),
    Column("assistant_overrides", JSON, nullable=False),
    Column("inbound_calls", Integer, nullable=False),
    Column("outbound_calls", Integer, nullable=False),
    Column("last_contact", UtcTime),
    UniqueConstraint("organisation_id", "phone", "copy"),
    UniqueConstraint("organisation_id", "number"),
    Index(None, "organisation_id", "inbound_calls", "outbound_calls"),
)

tags = Table(
    "tags",
    metadata,
    # An index of numbers is a third of one of names, and planned well without statistics too.
    Column("number", ROW_NUMBER, primary_key=True, autoincrement=True),
    Owner(),
    Column("tag", String(200), nullable=False),
    UniqueConstraint("organisation_id", "tag"),
    UniqueConstraint("organisation_id", "number"),
)

customer_tags = Table(
    "customer_tags",
    metadata,
    Column("tag", ROW_NUMBER, nullable=False),
    Column("customer", ROW_NUMBER, nullable=False, index=True),
    Id("organisation_id", nullable=False),
    PrimaryKeyConstraint("tag", "customer", postgresql_include=["organisation_id"]),
    ForeignKeyConstraint(["organisation_id", "tag"], ["tags.organisation_id", "tags.number"]),
    _its_customer(),
    sqlite_with_rowid=False,
)

contact_lists = Table(
    "contact_lists",
    metadata,
    Id("id", primary_key=True),
    Owner(),
    Column("name", Text, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("updated_at", UtcTime, nullable=False),
    Column("description", Text, nullable=False),
    UniqueConstraint("organisation_id", "id"),
)

contact_list_members = Table(
    "contact_list_members",
    metadata,
    Id("list_id", nullable=False),
    Column("customer", ROW_NUMBER, nullable=False, index=True),
    Id("organisation_id", nullable=False),
    PrimaryKeyConstraint("list_id", "customer"),
    _its_customer(),
    ForeignKeyConstraint(
        ["organisation_id", "list_id"], ["contact_lists.organisation_id", "contact_lists.id"], ondelete="CASCADE"
    ),
)

scripts = Table(
    "scripts",
    metadata,
    Id("id", primary_key=True),
    Owner(index=True),
    Column("name", Text, nullable=False),
    Column("content", Text, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("updated_at", UtcTime, nullable=False),
    Column("description", Text, nullable=False),
    Column("language_code", String(20)),
)

phone_numbers = Table(
    "phone_numbers",
    metadata,
    Id("id", primary_key=True),
    Owner(),
    Column("number", String(40), nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("updated_at", UtcTime, nullable=False),
    Column("name", Text, nullable=False),
    Column("provider", String(40), nullable=False),
    Column("is_active", Boolean, nullable=False),
    UniqueConstraint("organisation_id", "number"),
)

integrations = Table(
    "integrations",
    metadata,
    Id("organisation_id", ForeignKey("organisations.id"), primary_key=True),
    Column("provider", String(40), primary_key=True),
    Column("kind", one_of(IntegrationKind), nullable=False),
    Column("connected_at", UtcTime, nullable=False),
    Column("updated_at", UtcTime, nullable=False),
    Column("settings", JSON, nullable=False),
    Column("secrets", JSON, nullable=False),
    Column("checked_at", UtcTime),
    Column("trouble", Text),
)

webhooks = Table(
    "webhooks",
    metadata,
    Id("id", primary_key=True),
    Owner(),
    Column("name", Text, nullable=False),
    Column("url", Text, nullable=False),
    Column("events", JSON, nullable=False),
    Column("secret", Text, nullable=False),
    Column("headers", Text, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("updated_at", UtcTime, nullable=False),
    Column("is_active", Boolean, nullable=False),
    Column("failures", Integer, nullable=False),
    Column("trouble", Text),
    Column("last_triggered_at", UtcTime),
    Column("old_secret", Text),
    Column("old_secret_until", UtcTime),
    UniqueConstraint("organisation_id", "id"),
)

_GOES_ON = text("due_at IS NOT NULL")
_OF_A_CALL = text("call_id IS NOT NULL")

webhook_logs = Table(
    "webhook_logs",
    metadata,
    Id("id", primary_key=True),
    Id("organisation_id", nullable=False),
    Id("webhook_id", nullable=False),
    Id("event_id", nullable=False),
    Column("event_type", String(40), nullable=False),
    Column("payload", JSON, nullable=False),
    Column("triggered_at", UtcTime, nullable=False),
    Id("call_id"),
    Column("state", one_of(DeliveryState), nullable=False),
    Column("due_at", UtcTime),
    Column("attempts", Integer, nullable=False),
    Column("response_status", Integer),
    Column("response_ms", Integer),
    Column("trouble", Text),
    ForeignKeyConstraint(
        ["organisation_id", "webhook_id"], ["webhooks.organisation_id", "webhooks.id"], ondelete="CASCADE"
    ),
    Index(None, "organisation_id", "webhook_id", "id"),
    Index("ix_webhook_logs_due", "webhook_id", "due_at", "id", sqlite_where=_GOES_ON, postgresql_where=_GOES_ON),
    Index("ix_webhook_logs_calls", "webhook_id", "call_id", "id", sqlite_where=_GOES_ON, postgresql_where=_GOES_ON),
    Index("ix_webhook_logs_call_id", "call_id", sqlite_where=_OF_A_CALL, postgresql_where=_OF_A_CALL),
)

speakers = Table(
    "speakers",
    metadata,
    Id("organisation_id", ForeignKey("organisations.id"), primary_key=True),
    Column("name", String(64), primary_key=True),
    Column("language", String(20), nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("updated_at", UtcTime, nullable=False),
    Column("description", Text, nullable=False),
    Column("reference", Text, nullable=False),
    Column("reference_type", String(40), nullable=False),
    Column("reference_seconds", Float, nullable=False),
    Column("deployed", Boolean, nullable=False),
    Id("voice_sample_id"),
    Column("consent_owner", Text),
    Column("consent_statement", Text),
    Column("consented_at", UtcTime),
    Column("consent_by", String(200)),
    Column("engine", String(40)),
    Column("voice", Text),
)

speaker_trainings = Table(
    "speaker_trainings",
    metadata,
    Id("organisation_id", primary_key=True),
    Column("speaker", String(64), primary_key=True),
    Id("id", nullable=False),
    Column("state", one_of(TrainingState), nullable=False),
    Column("queued_at", UtcTime, nullable=False),
    Column("progress", Float, nullable=False),
    Column("tries", Integer, nullable=False),
    Column("lease_until", UtcTime),
    Column("started_at", UtcTime),
    Column("ended_at", UtcTime),
    Column("reason", Text),
    Column("adapter", Text),
    ForeignKeyConstraint(
        ["organisation_id", "speaker"], ["speakers.organisation_id", "speakers.name"], ondelete="CASCADE"
    ),
    Index("ix_speaker_trainings_state", "state", "queued_at"),
)

speaker_samples = Table(
    "speaker_samples",
    metadata,
    Id("id", primary_key=True),
    Id("organisation_id", nullable=False),
    Column("speaker", String(64), nullable=False),
    Column("transcript", Text, nullable=False),
    Column("path", Text, nullable=False),
    Column("seconds", Float, nullable=False),
    Column("size", Integer, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    ForeignKeyConstraint(
        ["organisation_id", "speaker"], ["speakers.organisation_id", "speakers.name"], ondelete="CASCADE"
    ),
    Index(None, "organisation_id", "speaker"),
)
