"""Deliveries of webhooks: what is to be sent, when, and what came of it; the secret before the present one."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

TIME = sa.DateTime(timezone=True)
WHOSE = "(SELECT current_setting('vaani.organisation', true))"
GOES_ON = sa.text("due_at IS NOT NULL")


def upgrade() -> None:
    op.add_column("webhooks", sa.Column("old_secret", sa.Text()))
    op.add_column("webhooks", sa.Column("old_secret_until", TIME))
    _logs(
        sa.Column("event_id", sa.String(40), nullable=False),
        sa.Column("call_id", sa.String(40)),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("due_at", TIME),
        sa.Column("response_ms", sa.Integer()),
    )
    for name, columns in (("due", ["due_at", "id"]), ("calls", ["call_id", "id"])):
        op.create_index(
            f"ix_webhook_logs_{name}",
            "webhook_logs",
            ["webhook_id", *columns],
            sqlite_where=GOES_ON,
            postgresql_where=GOES_ON,
        )


def downgrade() -> None:
    _logs(sa.Column("success", sa.Boolean(), nullable=False))
    op.drop_column("webhooks", "old_secret_until")
    op.drop_column("webhooks", "old_secret")


def _logs(*columns: sa.Column[Any]) -> None:
    """Made anew with these columns besides: no server has written a row that the other shape has a place for."""
    op.drop_table("webhook_logs")
    op.create_table(
        "webhook_logs",
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("organisation_id", sa.String(40), nullable=False),
        sa.Column("webhook_id", sa.String(40), nullable=False),
        sa.Column("event_type", sa.String(40), nullable=False),
        sa.Column("payload", sa.JSON(), nullable=False),
        sa.Column("triggered_at", TIME, nullable=False),
        sa.Column("response_status", sa.Integer()),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("trouble", sa.Text()),
        *columns,
        sa.ForeignKeyConstraint(
            ["organisation_id", "webhook_id"],
            ["webhooks.organisation_id", "webhooks.id"],
            name="fk_webhook_logs_organisation_id_webhook_id",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_webhook_logs"),
    )
    op.create_index(
        "ix_webhook_logs_organisation_id_webhook_id_id", "webhook_logs", ["organisation_id", "webhook_id", "id"]
    )
    if op.get_bind().dialect.name == "postgresql":
        condition = f"organisation_id = {WHOSE} OR {WHOSE} = '*'"
        op.execute("ALTER TABLE webhook_logs ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY organisation ON webhook_logs USING ({condition}) WITH CHECK ({condition})")
