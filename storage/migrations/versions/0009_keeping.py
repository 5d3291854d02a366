"""How long recordings are kept, and where they lie."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"

WHOSE = "(SELECT current_setting('vaani.organisation', true))"
RECORDED = sa.text("recording IS NOT NULL OR carrier_recording > ''")


def upgrade() -> None:
    op.add_column("organisations", sa.Column("recording_retention_days", sa.Integer))
    op.add_column("calls", sa.Column("carrier_recording", sa.Text))
    op.create_index(
        "ix_calls_recorded",
        "calls",
        ["organisation_id", "started_at"],
        sqlite_where=RECORDED,
        postgresql_where=RECORDED,
    )
    key = sa.ForeignKey("organisations.id", name="fk_recording_removals_organisation_id")
    op.create_table(
        "recording_removals",
        sa.Column("call_id", sa.String(40), nullable=False),
        sa.Column("organisation_id", sa.String(40), key, nullable=False),
        sa.Column("node", sa.String(80), nullable=False),
        sa.Column("path", sa.Text, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("call_id", name="pk_recording_removals"),
    )
    if op.get_bind().dialect.name == "postgresql":
        condition = f"organisation_id = {WHOSE} OR {WHOSE} = '*'"
        op.execute("ALTER TABLE recording_removals ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY organisation ON recording_removals USING ({condition}) WITH CHECK ({condition})")


def downgrade() -> None:
    op.drop_table("recording_removals")
    op.drop_index("ix_calls_recorded", "calls")
    op.drop_column("calls", "carrier_recording")
    op.drop_column("organisations", "recording_retention_days")
