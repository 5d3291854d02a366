"""What conversations stumbled over, when answers were measured, webhooks by their calls, transfers by their queues."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"

TIME = sa.DateTime(timezone=True)
WHOSE = "(SELECT current_setting('vaani.organisation', true))"
OF_A_CALL = sa.text("call_id IS NOT NULL")


def upgrade() -> None:
    op.add_column("turn_latencies", sa.Column("measured_at", TIME))
    op.create_index(
        "ix_turn_latencies_organisation_id_measured_at", "turn_latencies", ["organisation_id", "measured_at"]
    )
    op.create_index(
        "ix_webhook_logs_call_id", "webhook_logs", ["call_id"], sqlite_where=OF_A_CALL, postgresql_where=OF_A_CALL
    )
    op.create_index("ix_transfers_queue_id_id", "transfers", ["queue_id", "id"])
    op.create_table(
        "call_moments",
        sa.Column("call_id", sa.String(40), nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("at", sa.Float, nullable=False),
        sa.Column("organisation_id", sa.String(40), nullable=False),
        sa.Column("seconds", sa.Float, nullable=False),
        sa.Column("noticed_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("call_id", "kind", "at", name="pk_call_moments"),
        sa.ForeignKeyConstraint(
            ["organisation_id", "call_id"],
            ["calls.organisation_id", "calls.id"],
            name="fk_call_moments_organisation_id_call_id",
        ),
    )
    op.create_index("ix_call_moments_organisation_id_noticed_at", "call_moments", ["organisation_id", "noticed_at"])
    if op.get_bind().dialect.name == "postgresql":
        condition = f"organisation_id = {WHOSE} OR {WHOSE} = '*'"
        op.execute("ALTER TABLE call_moments ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY organisation ON call_moments USING ({condition}) WITH CHECK ({condition})")


def downgrade() -> None:
    op.drop_table("call_moments")
    op.drop_index("ix_transfers_queue_id_id", "transfers")
    op.drop_index("ix_webhook_logs_call_id", "webhook_logs")
    op.drop_index("ix_turn_latencies_organisation_id_measured_at", "turn_latencies")
    op.drop_column("turn_latencies", "measured_at")
