"""Who allowed a voice to be cloned, where its clone lives, and the training of it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"

TIME = sa.DateTime(timezone=True)
WHOSE = "(SELECT current_setting('vaani.organisation', true))"
NEW = (
    ("consent_owner", sa.Text),
    ("consent_statement", sa.Text),
    ("consented_at", TIME),
    ("consent_by", sa.String(200)),
    ("engine", sa.String(40)),
    ("voice", sa.Text),
)


def upgrade() -> None:
    for name, kind in NEW:
        op.add_column("speakers", sa.Column(name, kind))
    op.create_table(
        "speaker_trainings",
        sa.Column("organisation_id", sa.String(40), nullable=False),
        sa.Column("speaker", sa.String(64), nullable=False),
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("queued_at", TIME, nullable=False),
        sa.Column("progress", sa.Float, nullable=False),
        sa.Column("tries", sa.Integer, nullable=False),
        sa.Column("lease_until", TIME),
        sa.Column("started_at", TIME),
        sa.Column("ended_at", TIME),
        sa.Column("reason", sa.Text),
        sa.Column("adapter", sa.Text),
        sa.PrimaryKeyConstraint("organisation_id", "speaker", name="pk_speaker_trainings"),
        sa.ForeignKeyConstraint(
            ["organisation_id", "speaker"],
            ["speakers.organisation_id", "speakers.name"],
            name="fk_speaker_trainings_organisation_id_speaker",
            ondelete="CASCADE",
        ),
    )
    op.create_index("ix_speaker_trainings_state", "speaker_trainings", ["state", "queued_at"])
    if op.get_bind().dialect.name == "postgresql":
        condition = f"organisation_id = {WHOSE} OR {WHOSE} = '*'"
        op.execute("ALTER TABLE speaker_trainings ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY organisation ON speaker_trainings USING ({condition}) WITH CHECK ({condition})")


def downgrade() -> None:
    op.drop_table("speaker_trainings")
    for name, _ in reversed(NEW):
        op.drop_column("speakers", name)
