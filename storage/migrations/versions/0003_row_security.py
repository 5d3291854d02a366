"""PostgreSQL lets a transaction see and write the rows of its own organisation only, whatever its statements say."""

from __future__ import annotations

from alembic import op

revision = "0003"
down_revision = "0002"

OWNER = {
    "agents": "organisation_id",
    "api_keys": "organisation_id",
    "call_days": "organisation_id",
    "call_hours": "organisation_id",
    "calls": "organisation_id",
    "contact_list_members": "organisation_id",
    "contact_lists": "organisation_id",
    "customer_tags": "organisation_id",
    "customers": "organisation_id",
    "flows": "organisation_id",
    "integrations": "organisation_id",
    "organisations": "id",
    "outbox": "organisation_id",
    "phone_numbers": "organisation_id",
    "scripts": "organisation_id",
    "speaker_samples": "organisation_id",
    "speakers": "organisation_id",
    "tags": "organisation_id",
    "turn_latencies": "organisation_id",
    "turns": "organisation_id",
    "webhook_logs": "organisation_id",
    "webhooks": "organisation_id",
}
"""Table → column that says whose a row is."""
WHOSE = "(SELECT current_setting('vaani.organisation', true))"
"""In brackets it is asked once a statement, not once a row. Nothing: nobody's; `*`: everybody's."""


def upgrade() -> None:
    if op.get_bind().dialect.name != "postgresql":
        return
    for table, owner in OWNER.items():
        condition = f"{owner} = {WHOSE} OR {WHOSE} = '*'"
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY organisation ON {table} USING ({condition}) WITH CHECK ({condition})")


def downgrade() -> None:
    if op.get_bind().dialect.name != "postgresql":
        return
    for table in OWNER:
        op.execute(f"DROP POLICY organisation ON {table}")
        op.execute(f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY, DISABLE ROW LEVEL SECURITY")
