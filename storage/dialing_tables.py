"""The tables of campaigns' calling, column for column as in `dialing`."""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Date,
    Float,
    ForeignKey,
    Index,
    Integer,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from storage.asset_tables import ROW_NUMBER
from storage.columns import Id, Owner, Told, UtcTime, metadata, one_of
from storage.dialing import COUNTED, AttemptState, ContactState, EntryKind, ProgressKind
from storage.records import Outcome

runs = Table(
    "runs",
    metadata,
    # It outlives its flow until its contacts have been swept away.
    Id("flow_id", primary_key=True),
    Owner(index=True),
    Column("started_at", UtcTime, nullable=False),
    Column("activated_at", UtcTime, nullable=False),
    Column("enrol_after", BigInteger),
    Column("enrol_to", BigInteger, nullable=False),
    Column("places", JSON, nullable=False),
    Column("used", JSON, nullable=False),
    Id("last_line", nullable=False),
    Column("provider", String(40), nullable=False),
    Column("sequence", BigInteger, nullable=False),
    Column("attempted", Integer, nullable=False),
    *(Column(name, Integer, nullable=False) for name in COUNTED),
)

contacts = Table(
    "contacts",
    metadata,
    Column("number", ROW_NUMBER, primary_key=True, autoincrement=True),
    Owner(),
    Id("flow_id", nullable=False),
    Id("customer_id", nullable=False),
    Column("phone", String(40), nullable=False),
    Column("place", Integer, nullable=False),
    Column("state", one_of(ContactState), nullable=False),
    Column("updated_at", UtcTime, nullable=False),
    Column("due_at", UtcTime),
    Column("attempts", Integer, nullable=False),
    Column("outcome", one_of(Outcome)),
    Column("reason", String(80), nullable=False),
    UniqueConstraint("flow_id", "phone"),
    Index(None, "flow_id", "number"),
    Index(None, "customer_id", "flow_id"),
)
_due = contacts.c.due_at.is_not(None)
Index(
    "ix_contacts_due",
    contacts.c.flow_id,
    contacts.c.place,
    contacts.c.due_at,
    contacts.c.number,
    sqlite_where=_due,
    postgresql_where=_due,
)

attempts = Table(
    "attempts",
    metadata,
    Id("id", primary_key=True),
    Owner(),
    Id("flow_id", nullable=False),
    Id("customer_id", nullable=False),
    Column("phone", String(40), nullable=False),
    Column("caller_id", String(40), nullable=False),
    Id("line", nullable=False),
    Column("provider", String(40), nullable=False),
    Column("state", one_of(AttemptState), nullable=False),
    Column("node", Told(80), nullable=False),
    Column("decided_at", UtcTime, nullable=False),
    Column("deadline", UtcTime, nullable=False),
    Column("look_at", UtcTime),
    Column("number", Integer, nullable=False),
    Column("contact", ROW_NUMBER, index=True),
    Column("token", String(64), nullable=False),
    Column("carrier_call", Told(120), nullable=False),
    Column("machine", Boolean, nullable=False),
    Column("ended_at", UtcTime),
    Column("outcome", one_of(Outcome)),
    Column("reason", String(80), nullable=False),
    Column("talk_seconds", Float, nullable=False),
    Column("cost", BigInteger, nullable=False),
    Index("ix_attempts_line", "organisation_id", "line", "decided_at"),
    Index("ix_attempts_flow", "flow_id", "ended_at"),
)
_open = attempts.c.ended_at.is_(None)
Index("ix_attempts_open", attempts.c.organisation_id, attempts.c.phone, sqlite_where=_open, postgresql_where=_open)
_queued = attempts.c.state == AttemptState.QUEUED.value
Index("ix_attempts_queued", attempts.c.organisation_id, attempts.c.id, sqlite_where=_queued, postgresql_where=_queued)
_watched = attempts.c.look_at.is_not(None)
Index("ix_attempts_look_at", attempts.c.look_at, sqlite_where=_watched, postgresql_where=_watched)

progress = Table(
    "progress",
    metadata,
    Id("flow_id", primary_key=True),
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Owner(),
    Column("kind", one_of(ProgressKind), nullable=False),
    Column("body", JSON, nullable=False),
    Column("at", UtcTime, nullable=False, index=True),
)

attempt_tallies = Table(
    "attempt_tallies",
    metadata,
    Id("organisation_id", ForeignKey("organisations.id"), nullable=False),
    Id("flow_id", primary_key=True),
    Column("day", Date, primary_key=True),
    Column("hour", Integer, primary_key=True, autoincrement=False),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("outcome", String(20), primary_key=True),
    Column("attempts", Integer, nullable=False),
    Column("talk_seconds", Float, nullable=False),
    Column("cost", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)

dialled = Table(
    "dialled",
    metadata,
    Id("organisation_id", ForeignKey("organisations.id"), nullable=False),
    Column("phone", String(40), nullable=False),
    Id("flow_id", nullable=False),
    Column("at", UtcTime, nullable=False),
    PrimaryKeyConstraint("phone", "organisation_id"),
    sqlite_with_rowid=False,
)
"""When each phone was last dialled, and by which campaign: it outlives customers and campaigns."""

do_not_call = Table(
    "do_not_call",
    metadata,
    Id("organisation_id", ForeignKey("organisations.id"), nullable=False),
    Column("phone", String(40), nullable=False),
    Column("since", UtcTime, nullable=False),
    PrimaryKeyConstraint("phone", "organisation_id"),
    sqlite_with_rowid=False,
)
"""Phones whose owner does not want to be called: it outlives customers, who may be deleted and imported again."""

credit_accounts = Table(
    "credit_accounts",
    metadata,
    Id("organisation_id", ForeignKey("organisations.id"), primary_key=True),
    Column("updated_at", UtcTime, nullable=False),
    Column("balance", BigInteger, nullable=False),
    Column("threshold", BigInteger),
    Column("email", String(320)),
    Column("low_since", UtcTime),
    Column("letter_due", UtcTime),
    Column("letters_failed", Integer, nullable=False),
)

credit_entries = Table(
    "credit_entries",
    metadata,
    Id("id", primary_key=True),
    Owner(),
    Column("kind", one_of(EntryKind), nullable=False),
    Column("amount", BigInteger, nullable=False),
    Column("balance", BigInteger, nullable=False),
    Column("at", UtcTime, nullable=False),
    Id("call_id"),
    Id("flow_id"),
    Column("note", Text, nullable=False),
    Index(None, "organisation_id", "id"),
)

idempotency_keys = Table(
    "idempotency_keys",
    metadata,
    Id("organisation_id", ForeignKey("organisations.id"), nullable=False),
    Column("key", String(255), nullable=False),
    Column("fingerprint", String(64), nullable=False),
    Id("call_id", nullable=False),
    Column("created_at", UtcTime, nullable=False, index=True),
    PrimaryKeyConstraint("organisation_id", "key"),
)
