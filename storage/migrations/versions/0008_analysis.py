"""What is to be made of calls once they are over."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"

TIME = sa.DateTime(timezone=True)
WHOSE = "(SELECT current_setting('vaani.organisation', true))"
DUE = sa.text("due_at IS NOT NULL")


def upgrade() -> None:
    op.create_table(
        "analyses",
        sa.Column("call_id", sa.String(40), nullable=False),
        sa.Column("organisation_id", sa.String(40), nullable=False),
        sa.Column("status", sa.String(20), nullable=False),
        sa.Column("asked_at", TIME, nullable=False),
        sa.Column("due_at", TIME),
        sa.Column("tries", sa.Integer, nullable=False),
        sa.Column("lease", sa.String(40), nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("finished_at", TIME),
        sa.Column("written", sa.JSON, nullable=False, server_default="{}"),
        sa.PrimaryKeyConstraint("call_id", name="pk_analyses"),
        sa.ForeignKeyConstraint(
            ["organisation_id", "call_id"],
            ["calls.organisation_id", "calls.id"],
            name="fk_analyses_organisation_id_call_id",
        ),
    )
    op.create_index("ix_analyses_due_at", "analyses", ["due_at"], sqlite_where=DUE, postgresql_where=DUE)
    if op.get_bind().dialect.name == "postgresql":
        condition = f"organisation_id = {WHOSE} OR {WHOSE} = '*'"
        op.execute("ALTER TABLE analyses ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY organisation ON analyses USING ({condition}) WITH CHECK ({condition})")


def downgrade() -> None:
    op.drop_table("analyses")
