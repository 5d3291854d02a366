"""Contacts, attempts and runs of campaigns; who is not to be called; credits; keys of repeated requests."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

TIME = sa.DateTime(timezone=True)
ROW_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TABLES = (
    "runs",
    "contacts",
    "attempts",
    "progress",
    "attempt_tallies",
    "dialled",
    "do_not_call",
    "credit_accounts",
    "credit_entries",
    "idempotency_keys",
)
WHOSE = "(SELECT current_setting('vaani.organisation', true))"
COUNTERS = ("pending", "dialing", "in_call", "retry", "done", "skipped", "cancelled")


def upgrade() -> None:
    op.add_column("flows", sa.Column("pause_reason", sa.Text, nullable=False, server_default=""))
    op.add_column("organisations", sa.Column("max_parallel_calls", sa.Integer))
    _runs()
    _attempts()
    _phones()
    _credits()
    _secure()
    # They were marked active before there was a dialer: nobody is to be called by surprise.
    op.execute(
        "UPDATE flows SET status = 'paused', pause_reason = 'Campaigns call now: resume it to begin.'"
        " WHERE kind = 'outbound' AND status = 'active'"
    )


def downgrade() -> None:
    for table in reversed(TABLES):
        op.drop_table(table)
    op.drop_column("organisations", "max_parallel_calls")
    op.drop_column("flows", "pause_reason")


def _runs() -> None:
    op.create_table(
        "runs",
        _id("flow_id"),
        _owner("runs"),
        _time("started_at"),
        _time("activated_at"),
        sa.Column("enrol_after", sa.BigInteger),
        sa.Column("enrol_to", sa.BigInteger, nullable=False),
        sa.Column("places", sa.JSON, nullable=False),
        sa.Column("used", sa.JSON, nullable=False),
        _id("last_line"),
        sa.Column("provider", sa.String(40), nullable=False),
        sa.Column("sequence", sa.BigInteger, nullable=False),
        *(sa.Column(name, sa.Integer, nullable=False) for name in ("attempted", *COUNTERS)),
        sa.PrimaryKeyConstraint("flow_id", name="pk_runs"),
    )
    op.create_index("ix_runs_organisation_id", "runs", ["organisation_id"])
    op.create_table(
        "contacts",
        sa.Column("number", ROW_NUMBER, autoincrement=True, nullable=False),
        _owner("contacts"),
        _id("flow_id"),
        _id("customer_id"),
        _phone("phone"),
        sa.Column("place", sa.Integer, nullable=False),
        _word("state"),
        _time("updated_at"),
        _time("due_at", nullable=True),
        sa.Column("attempts", sa.Integer, nullable=False),
        _word("outcome", nullable=True),
        sa.Column("reason", sa.String(80), nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_contacts"),
        sa.UniqueConstraint("flow_id", "phone", name="uq_contacts_flow_id_phone"),
    )
    op.create_index("ix_contacts_flow_id_number", "contacts", ["flow_id", "number"])
    op.create_index("ix_contacts_customer_id_flow_id", "contacts", ["customer_id", "flow_id"])
    _partial_index("ix_contacts_due", "contacts", ["flow_id", "place", "due_at", "number"], "due_at IS NOT NULL")
    op.create_table(
        "progress",
        _id("flow_id"),
        sa.Column("number", sa.BigInteger, autoincrement=False, nullable=False),
        _owner("progress"),
        _word("kind"),
        sa.Column("body", sa.JSON, nullable=False),
        _time("at"),
        sa.PrimaryKeyConstraint("flow_id", "number", name="pk_progress"),
    )
    op.create_index("ix_progress_at", "progress", ["at"])


def _attempts() -> None:
    op.create_table(
        "attempts",
        _id("id"),
        _owner("attempts"),
        _id("flow_id"),
        _id("customer_id"),
        _phone("phone"),
        _phone("caller_id"),
        _id("line"),
        sa.Column("provider", sa.String(40), nullable=False),
        _word("state"),
        sa.Column("node", sa.String(80), nullable=False),
        _time("decided_at"),
        _time("deadline"),
        _time("look_at", nullable=True),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("contact", ROW_NUMBER),
        sa.Column("token", sa.String(64), nullable=False),
        sa.Column("carrier_call", sa.String(120), nullable=False),
        sa.Column("machine", sa.Boolean, nullable=False),
        _time("ended_at", nullable=True),
        _word("outcome", nullable=True),
        sa.Column("reason", sa.String(80), nullable=False),
        sa.Column("talk_seconds", sa.Float, nullable=False),
        sa.Column("cost", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_attempts"),
    )
    op.create_index("ix_attempts_contact", "attempts", ["contact"])
    op.create_index("ix_attempts_line", "attempts", ["organisation_id", "line", "decided_at"])
    op.create_index("ix_attempts_flow", "attempts", ["flow_id", "ended_at"])
    _partial_index("ix_attempts_open", "attempts", ["organisation_id", "phone"], "ended_at IS NULL")
    _partial_index("ix_attempts_queued", "attempts", ["organisation_id", "id"], "state = 'queued'")
    _partial_index("ix_attempts_look_at", "attempts", ["look_at"], "look_at IS NOT NULL")
    op.create_table(
        "attempt_tallies",
        _owner("attempt_tallies"),
        _id("flow_id"),
        sa.Column("day", sa.Date, nullable=False),
        sa.Column("hour", sa.Integer, autoincrement=False, nullable=False),
        sa.Column("number", sa.Integer, autoincrement=False, nullable=False),
        sa.Column("outcome", sa.String(20), nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("talk_seconds", sa.Float, nullable=False),
        sa.Column("cost", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("flow_id", "day", "hour", "number", "outcome", name="pk_attempt_tallies"),
        sqlite_with_rowid=False,
    )


def _phones() -> None:
    op.create_table(
        "dialled",
        _owner("dialled"),
        _phone("phone"),
        _id("flow_id"),
        _time("at"),
        sa.PrimaryKeyConstraint("phone", "organisation_id", name="pk_dialled"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "do_not_call",
        _owner("do_not_call"),
        _phone("phone"),
        _time("since"),
        sa.PrimaryKeyConstraint("phone", "organisation_id", name="pk_do_not_call"),
        sqlite_with_rowid=False,
    )
    op.execute(
        "INSERT INTO do_not_call (organisation_id, phone, since) SELECT organisation_id, phone, max(updated_at)"
        " FROM customers WHERE opted_out GROUP BY organisation_id, phone"
    )
    op.execute(
        "INSERT INTO dialled (organisation_id, phone, flow_id, at)"
        " SELECT customers.organisation_id, customers.phone, coalesce(max(calls.flow_id), ''), max(calls.started_at)"
        " FROM calls JOIN customers ON customers.id = calls.customer_id"
        " AND customers.organisation_id = calls.organisation_id"
        " WHERE calls.call_type = 'outbound' GROUP BY customers.organisation_id, customers.phone"
    )


def _credits() -> None:
    op.create_table(
        "credit_accounts",
        _owner("credit_accounts"),
        _time("updated_at"),
        sa.Column("balance", sa.BigInteger, nullable=False),
        sa.Column("threshold", sa.BigInteger),
        sa.Column("email", sa.String(320)),
        _time("low_since", nullable=True),
        _time("letter_due", nullable=True),
        sa.Column("letters_failed", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("organisation_id", name="pk_credit_accounts"),
    )
    op.create_table(
        "credit_entries",
        _id("id"),
        _owner("credit_entries"),
        _word("kind"),
        sa.Column("amount", sa.BigInteger, nullable=False),
        sa.Column("balance", sa.BigInteger, nullable=False),
        _time("at"),
        _id("call_id", nullable=True),
        _id("flow_id", nullable=True),
        sa.Column("note", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_credit_entries"),
    )
    op.create_index("ix_credit_entries_organisation_id_id", "credit_entries", ["organisation_id", "id"])
    op.create_table(
        "idempotency_keys",
        _owner("idempotency_keys"),
        sa.Column("key", sa.String(255), nullable=False),
        sa.Column("fingerprint", sa.String(64), nullable=False),
        _id("call_id"),
        _time("created_at"),
        sa.PrimaryKeyConstraint("organisation_id", "key", name="pk_idempotency_keys"),
    )
    op.create_index("ix_idempotency_keys_created_at", "idempotency_keys", ["created_at"])


def _secure() -> None:
    if op.get_bind().dialect.name != "postgresql":
        return
    for table in TABLES:
        condition = f"organisation_id = {WHOSE} OR {WHOSE} = '*'"
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY organisation ON {table} USING ({condition}) WITH CHECK ({condition})")


def _partial_index(name: str, table: str, columns: list[str], where: str) -> None:
    op.create_index(name, table, columns, sqlite_where=sa.text(where), postgresql_where=sa.text(where))


def _id(name: str, *, nullable: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.String(40), nullable=nullable)


def _owner(table: str) -> sa.Column[Any]:
    key = sa.ForeignKey("organisations.id", name=f"fk_{table}_organisation_id")
    return sa.Column("organisation_id", sa.String(40), key, nullable=False)


def _phone(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.String(40), nullable=False)


def _time(name: str, *, nullable: bool = False) -> sa.Column[Any]:
    return sa.Column(name, TIME, nullable=nullable)


def _word(name: str, *, nullable: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.String(20), nullable=nullable)
