"""Organisations, keys, agents, flows, calls, turns, latencies, outbox."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "organisations",
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_organisations"),
    )
    op.create_table(
        "agents",
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("organisation_id", sa.String(40), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("updated_at", TIME, nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("avatar_color", sa.String(20), nullable=False),
        sa.Column("avatar_initials", sa.String(8), nullable=False),
        sa.Column("voice_config", sa.JSON(), nullable=False),
        sa.Column("config", sa.JSON(), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisations.id"], name="fk_agents_organisation_id"),
        sa.PrimaryKeyConstraint("id", name="pk_agents"),
        sa.UniqueConstraint("organisation_id", "id", name="uq_agents_organisation_id_id"),
    )
    op.create_table(
        "api_keys",
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("organisation_id", sa.String(40), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("start", sa.String(20), nullable=False),
        sa.Column("fingerprint", sa.String(64), nullable=False),
        sa.Column("scopes", sa.Text(), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("expires_at", TIME),
        sa.Column("revoked_at", TIME),
        sa.Column("last_used_at", TIME),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisations.id"], name="fk_api_keys_organisation_id"),
        sa.PrimaryKeyConstraint("id", name="pk_api_keys"),
        sa.UniqueConstraint("fingerprint", name="uq_api_keys_fingerprint"),
    )
    op.create_index("ix_api_keys_organisation_id", "api_keys", ["organisation_id"])
    op.create_table(
        "calls",
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("organisation_id", sa.String(40), nullable=False),
        sa.Column("call_type", sa.String(20), nullable=False),
        sa.Column("status", sa.String(20), nullable=False),
        sa.Column("carrier", sa.String(40), nullable=False),
        sa.Column("node", sa.String(80), nullable=False),
        sa.Column("started_at", TIME, nullable=False),
        sa.Column("flow_id", sa.String(40)),
        sa.Column("agent_id", sa.String(40)),
        sa.Column("carrier_call", sa.String(120)),
        sa.Column("from_number", sa.String(40)),
        sa.Column("to_number", sa.String(40)),
        sa.Column("outcome", sa.String(20)),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("answered_at", TIME),
        sa.Column("ended_at", TIME),
        sa.Column("duration", sa.Float()),
        sa.Column("language", sa.String(20)),
        sa.Column("recording", sa.Text()),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisations.id"], name="fk_calls_organisation_id"),
        sa.PrimaryKeyConstraint("id", name="pk_calls"),
        sa.UniqueConstraint("organisation_id", "id", name="uq_calls_organisation_id_id"),
    )
    op.create_index("ix_calls_carrier_call", "calls", ["carrier_call"])
    op.create_index("ix_calls_node_status", "calls", ["node", "status"])
    op.create_index("ix_calls_organisation_id_started_at", "calls", ["organisation_id", "started_at"])
    op.create_table(
        "outbox",
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("organisation_id", sa.String(40), nullable=False),
        sa.Column("topic", sa.String(120), nullable=False),
        sa.Column("body", sa.JSON(), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisations.id"], name="fk_outbox_organisation_id"),
        sa.PrimaryKeyConstraint("id", name="pk_outbox"),
    )
    op.create_table(
        "flows",
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("organisation_id", sa.String(40), nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("status", sa.String(20), nullable=False),
        sa.Column("provider", sa.String(40), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("updated_at", TIME, nullable=False),
        sa.Column("agent_id", sa.String(40)),
        sa.Column("phone_number", sa.String(40)),
        sa.Column("account_sid", sa.String(80)),
        sa.Column("language_code", sa.String(20)),
        sa.Column("config", sa.JSON(), nullable=False),
        sa.Column("is_demo", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id", "agent_id"],
            ["agents.organisation_id", "agents.id"],
            name="fk_flows_organisation_id_agent_id",
        ),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisations.id"], name="fk_flows_organisation_id"),
        sa.PrimaryKeyConstraint("id", name="pk_flows"),
    )
    op.create_index("ix_flows_organisation_id", "flows", ["organisation_id"])
    op.create_index("ix_flows_phone_number", "flows", ["phone_number"])
    op.create_table(
        "turn_latencies",
        sa.Column("call_id", sa.String(40), nullable=False),
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("organisation_id", sa.String(40), nullable=False),
        sa.Column("vad_ms", sa.Float()),
        sa.Column("end_of_turn_ms", sa.Float()),
        sa.Column("stt_ms", sa.Float()),
        sa.Column("llm_ms", sa.Float()),
        sa.Column("tts_ms", sa.Float()),
        sa.Column("wire_ms", sa.Float()),
        sa.Column("total_ms", sa.Float()),
        sa.Column("stt", sa.String(40)),
        sa.Column("llm", sa.String(40)),
        sa.Column("tts", sa.String(40)),
        sa.ForeignKeyConstraint(
            ["organisation_id", "call_id"],
            ["calls.organisation_id", "calls.id"],
            name="fk_turn_latencies_organisation_id_call_id",
        ),
        sa.PrimaryKeyConstraint("call_id", "position", name="pk_turn_latencies"),
    )
    op.create_table(
        "turns",
        sa.Column("call_id", sa.String(40), nullable=False),
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("organisation_id", sa.String(40), nullable=False),
        sa.Column("speaker", sa.String(20), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("at", sa.Float(), nullable=False),
        sa.Column("seconds", sa.Float(), nullable=False),
        sa.Column("interrupted", sa.Boolean(), nullable=False),
        sa.Column("language", sa.String(20)),
        sa.ForeignKeyConstraint(
            ["organisation_id", "call_id"],
            ["calls.organisation_id", "calls.id"],
            name="fk_turns_organisation_id_call_id",
        ),
        sa.PrimaryKeyConstraint("call_id", "position", name="pk_turns"),
    )


def downgrade() -> None:
    for table in ("turns", "turn_latencies", "flows", "outbox", "calls", "api_keys", "agents", "organisations"):
        op.drop_table(table)
