"""Nodes and their heartbeats."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"

TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "nodes",
        sa.Column("name", sa.String(80), nullable=False),
        sa.Column("generation", sa.String(40), nullable=False),
        sa.Column("started_at", TIME, nullable=False),
        sa.Column("seen_at", TIME, nullable=False),
        sa.Column("calls", sa.Integer, nullable=False),
        sa.Column("capacity", sa.Integer, nullable=False),
        sa.Column("draining", sa.Boolean, nullable=False),
        sa.Column("version", sa.String(40), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_nodes"),
    )
    if op.get_bind().dialect.name == "postgresql":
        op.execute("ALTER TABLE nodes ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY")
        # They are no organisation's: who is bound to one sees none of them.
        nobodys = "(SELECT current_setting('vaani.organisation', true)) = '*'"
        op.execute(f"CREATE POLICY nobody ON nodes USING ({nobodys}) WITH CHECK ({nobodys})")


def downgrade() -> None:
    op.drop_table("nodes")
