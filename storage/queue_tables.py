"""The tables of queues, their members and transfers, column for column as in `transfer_records`."""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    ForeignKeyConstraint,
    Index,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from storage.columns import Id, Owner, Told, UtcTime, metadata, one_of
from storage.transfer_records import TransferState

queues = Table(
    "queues",
    metadata,
    Id("id", primary_key=True),
    Owner(),
    Column("name", String(80), nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("updated_at", UtcTime, nullable=False),
    Column("description", Text, nullable=False),
    Column("timezone", String(64), nullable=False),
    Column("hours", JSON(none_as_null=True)),
    Column("max_wait", Integer, nullable=False),
    Column("ring_seconds", Integer, nullable=False),
    UniqueConstraint("organisation_id", "id"),
    UniqueConstraint("organisation_id", "name"),
)

members = Table(
    "queue_members",
    metadata,
    Id("id", primary_key=True),
    Owner(),
    Id("queue_id", nullable=False),
    Column("name", Text, nullable=False),
    Column("phone", String(40), nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("updated_at", UtcTime, nullable=False),
    Column("capacity", Integer, nullable=False),
    Column("hours", JSON(none_as_null=True)),
    Column("is_on", Boolean, nullable=False),
    Column("offered_at", UtcTime),
    UniqueConstraint("queue_id", "phone"),
    ForeignKeyConstraint(["organisation_id", "queue_id"], ["queues.organisation_id", "queues.id"]),
)

transfers = Table(
    "transfers",
    metadata,
    Id("id", primary_key=True),
    Owner(),
    # It outlives the call's carrier, its queue and its member: they are history, not references.
    Id("call_id", nullable=False, index=True),
    Column("carrier_call", Told(120), nullable=False, index=True),
    Id("queue_id", nullable=False),
    Column("target", String(80), nullable=False),
    Column("brief", Text, nullable=False),
    Column("context", JSON, nullable=False),
    Column("asked_by", String(20), nullable=False),
    Column("state", one_of(TransferState), nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("updated_at", UtcTime, nullable=False),
    Column("look_at", UtcTime),
    Id("member_id", nullable=False),
    Column("member_name", Text, nullable=False),
    Column("phone", String(40), nullable=False),
    Column("number", Integer, nullable=False),
    Column("tries", JSON, nullable=False),
    Column("hunts", Boolean, nullable=False),
    Column("offered_at", UtcTime),
    Column("accepted_at", UtcTime),
    Column("ended_at", UtcTime),
)
_open = transfers.c.ended_at.is_(None)
Index("ix_transfers_open", transfers.c.organisation_id, transfers.c.phone, sqlite_where=_open, postgresql_where=_open)
_watched = transfers.c.look_at.is_not(None)
Index("ix_transfers_queue_id_id", transfers.c.queue_id, transfers.c.id)
Index("ix_transfers_look_at", transfers.c.look_at, sqlite_where=_watched, postgresql_where=_watched)
