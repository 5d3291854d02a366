"""Who outside is told of calls that are over."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"

TIME = sa.DateTime(timezone=True)
WHOSE = "(SELECT current_setting('vaani.organisation', true))"
DUE = sa.text("due_at IS NOT NULL")


def upgrade() -> None:
    op.create_table(
        "call_reports",
        sa.Column("call_id", sa.String(40), nullable=False),
        sa.Column("organisation_id", sa.String(40), nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("asked_at", TIME, nullable=False),
        sa.Column("due_at", TIME),
        sa.Column("event_id", sa.String(40), nullable=False),
        sa.Column("tries", sa.Integer, nullable=False),
        sa.Column("lease", sa.String(40), nullable=False),
        sa.Column("trouble", sa.Text),
        sa.PrimaryKeyConstraint("call_id", "kind", name="pk_call_reports"),
        sa.ForeignKeyConstraint(
            ["organisation_id", "call_id"],
            ["calls.organisation_id", "calls.id"],
            name="fk_call_reports_organisation_id_call_id",
        ),
    )
    op.create_index("ix_call_reports_due_at", "call_reports", ["due_at"], sqlite_where=DUE, postgresql_where=DUE)
    if op.get_bind().dialect.name == "postgresql":
        condition = f"organisation_id = {WHOSE} OR {WHOSE} = '*'"
        op.execute("ALTER TABLE call_reports ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY organisation ON call_reports USING ({condition}) WITH CHECK ({condition})")


def downgrade() -> None:
    op.drop_table("call_reports")
