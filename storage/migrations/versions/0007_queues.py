"""Queues of human agents, their members, and transfers."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"

TIME = sa.DateTime(timezone=True)
TABLES = ("queues", "queue_members", "transfers")
WHOSE = "(SELECT current_setting('vaani.organisation', true))"


def upgrade() -> None:
    op.create_table(
        "queues",
        _id("id"),
        _owner("queues"),
        _text("name", 80),
        _time("created_at"),
        _time("updated_at"),
        sa.Column("description", sa.Text, nullable=False),
        _text("timezone", 64),
        sa.Column("hours", sa.JSON),
        sa.Column("max_wait", sa.Integer, nullable=False),
        sa.Column("ring_seconds", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_queues"),
        sa.UniqueConstraint("organisation_id", "id", name="uq_queues_organisation_id_id"),
        sa.UniqueConstraint("organisation_id", "name", name="uq_queues_organisation_id_name"),
    )
    op.create_table(
        "queue_members",
        _id("id"),
        _owner("queue_members"),
        _id("queue_id"),
        sa.Column("name", sa.Text, nullable=False),
        _text("phone", 40),
        _time("created_at"),
        _time("updated_at"),
        sa.Column("capacity", sa.Integer, nullable=False),
        sa.Column("hours", sa.JSON),
        sa.Column("is_on", sa.Boolean, nullable=False),
        _time("offered_at", nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_queue_members"),
        sa.UniqueConstraint("queue_id", "phone", name="uq_queue_members_queue_id_phone"),
        sa.ForeignKeyConstraint(
            ["organisation_id", "queue_id"],
            ["queues.organisation_id", "queues.id"],
            name="fk_queue_members_organisation_id_queue_id",
        ),
    )
    _transfers()
    _secure()


def downgrade() -> None:
    for table in reversed(TABLES):
        op.drop_table(table)


def _transfers() -> None:
    op.create_table(
        "transfers",
        _id("id"),
        _owner("transfers"),
        _id("call_id"),
        _text("carrier_call", 120),
        _id("queue_id"),
        _text("target", 80),
        sa.Column("brief", sa.Text, nullable=False),
        sa.Column("context", sa.JSON, nullable=False),
        _text("asked_by", 20),
        _text("state", 20),
        _time("created_at"),
        _time("updated_at"),
        _time("look_at", nullable=True),
        _id("member_id"),
        sa.Column("member_name", sa.Text, nullable=False),
        _text("phone", 40),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("tries", sa.JSON, nullable=False),
        sa.Column("hunts", sa.Boolean, nullable=False),
        _time("offered_at", nullable=True),
        _time("accepted_at", nullable=True),
        _time("ended_at", nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_transfers"),
    )
    op.create_index("ix_transfers_call_id", "transfers", ["call_id"])
    op.create_index("ix_transfers_carrier_call", "transfers", ["carrier_call"])
    _partial_index("ix_transfers_open", ["organisation_id", "phone"], "ended_at IS NULL")
    _partial_index("ix_transfers_look_at", ["look_at"], "look_at IS NOT NULL")


def _secure() -> None:
    if op.get_bind().dialect.name != "postgresql":
        return
    for table in TABLES:
        condition = f"organisation_id = {WHOSE} OR {WHOSE} = '*'"
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY organisation ON {table} USING ({condition}) WITH CHECK ({condition})")


def _partial_index(name: str, columns: list[str], where: str) -> None:
    op.create_index(name, "transfers", columns, sqlite_where=sa.text(where), postgresql_where=sa.text(where))


def _id(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.String(40), nullable=False)


def _owner(table: str) -> sa.Column[Any]:
    key = sa.ForeignKey("organisations.id", name=f"fk_{table}_organisation_id")
    return sa.Column("organisation_id", sa.String(40), key, nullable=False)


def _text(name: str, length: int) -> sa.Column[Any]:
    return sa.Column(name, sa.String(length), nullable=False)


def _time(name: str, *, nullable: bool = False) -> sa.Column[Any]:
    return sa.Column(name, TIME, nullable=nullable)
