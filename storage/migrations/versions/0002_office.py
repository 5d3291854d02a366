"""Customers, lists, scripts, numbers, integrations, webhooks, voices; what a campaign is told; calls counted by day."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

TIME = sa.DateTime(timezone=True)
ROW_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
Columns = dict[str, sa.ColumnElement[Any]]

SQLITE_SEARCH = (
    """CREATE VIRTUAL TABLE customer_search
    USING fts5(name, phone, content='customers', content_rowid='number', tokenize='trigram')""",
    """CREATE TRIGGER customers_search_added AFTER INSERT ON customers BEGIN
    INSERT INTO customer_search(rowid, name, phone) VALUES (new.number, new.name, new.phone);
    END""",
    """CREATE TRIGGER customers_search_gone AFTER DELETE ON customers BEGIN
    INSERT INTO customer_search(customer_search, rowid, name, phone)
    VALUES ('delete', old.number, old.name, old.phone);
    END""",
    """CREATE TRIGGER customers_search_changed AFTER UPDATE OF name, phone ON customers
    WHEN old.name <> new.name OR old.phone <> new.phone BEGIN
    INSERT INTO customer_search(customer_search, rowid, name, phone)
    VALUES ('delete', old.number, old.name, old.phone);
    INSERT INTO customer_search(rowid, name, phone) VALUES (new.number, new.name, new.phone);
    END""",
)
"""Trigrams of names and phones, kept by the database itself. FTS5 copies nothing: it reads the customers' rows."""

DROPPED_TABLES = (
    "webhook_logs",
    "speaker_samples",
    "customer_tags",
    "contact_list_members",
    "tags",
    "webhooks",
    "speakers",
    "scripts",
    "phone_numbers",
    "integrations",
    "customers",
    "contact_lists",
    "call_hours",
    "call_days",
)
DROPPED_COLUMNS = {
    "organisations": ("assistant_overrides",),
    "flows": (
        "assistant_overrides",
        "ended_reason",
        "dedupe_hours",
        "distribution",
        "phone_numbers",
        "retry_on",
        "retry_delay_minutes",
        "retry_attempts",
        "rate_limit_per_number",
        "max_parallel_calls",
        "end_at",
        "start_at",
        "time_window",
        "end_date",
        "start_date",
        "contact_list_id",
        "branches",
        "script_id",
        "description",
    ),
    "calls": (
        "key_details",
        "summary",
        "sentiment",
        "customer_id",
    ),
    "agents": ("assistant_overrides",),
}
DROPPED_INDEXES = {
    "flows": ("ix_flows_is_demo",),
    "calls": (
        "ix_calls_organisation_id_status",
        "ix_calls_organisation_id_sentiment_started_at",
        "ix_calls_organisation_id_outcome_started_at",
        "ix_calls_organisation_id_flow_id_started_at",
        "ix_calls_organisation_id_customer_id_started_at",
    ),
}


def upgrade() -> None:
    _add_columns()
    _add_tables()
    _make_searchable()
    _count_the_calls()


def downgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        op.execute("DROP TABLE customer_search")
    for table in DROPPED_TABLES:
        op.drop_table(table)
    for table, indexes in DROPPED_INDEXES.items():
        for index in indexes:
            op.drop_index(index, table_name=table)
    for table, columns in DROPPED_COLUMNS.items():
        for column in columns:
            op.drop_column(table, column)


def _make_searchable() -> None:
    connection = op.get_bind()
    if connection.dialect.name == "sqlite":
        for statement in SQLITE_SEARCH:
            op.execute(statement)
    elif connection.scalar(sa.text("SELECT true FROM pg_available_extensions WHERE name = 'pg_trgm'")):
        op.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
        op.execute("CREATE INDEX ix_customers_search ON customers USING gin (name gin_trgm_ops, phone gin_trgm_ops)")


def _count_the_calls() -> None:
    """What `call_days` and `call_hours` would hold, had they been there from the first call on."""
    connection = op.get_bind()
    start: sa.ColumnElement[Any] = sa.column("started_at", TIME)
    if connection.dialect.name == "postgresql":  # which would tell it in the session's zone; SQLite keeps UTC
        start = sa.func.timezone("UTC", start)
    half = sa.case((sa.extract("minute", start) >= 30, 1), else_=0)
    calls = sa.func.count()
    whose: Columns = {
        "organisation_id": sa.column("organisation_id"),
        "flow_id": sa.func.coalesce(sa.column("flow_id"), ""),
    }
    for_days: Columns = {
        **whose,
        "day": sa.func.date(start),
        "call_type": sa.column("call_type"),
        "outcome": sa.column("outcome"),
        "sentiment": sa.literal("", sa.String),
        "calls": calls,
        "seconds": sa.func.sum(sa.func.coalesce(sa.column("duration"), 0.0)),
    }
    half_hour = sa.cast(sa.extract("hour", start) * 2 + half, sa.Integer)
    counters = {"call_days": for_days, "call_hours": {**whose, "half_hour": half_hour, "calls": calls}}
    for table, columns in counters.items():
        over = sa.select(*columns.values()).select_from(sa.table("calls"))
        over = over.where(sa.column("status") == "ended", sa.column("outcome").is_not(None))
        # By place: to PostgreSQL an expression with a parameter is another one each time it is written.
        key = [str(place) for place, name in enumerate(columns, 1) if name not in ("calls", "seconds")]
        counted = over.group_by(*map(sa.literal_column, key))
        into = sa.table(table, *map(sa.column, columns))
        connection.execute(into.insert().from_select(list(columns), counted))


def _add_columns() -> None:
    op.add_column("agents", sa.Column("assistant_overrides", sa.JSON(), server_default="{}", nullable=False))
    op.add_column("calls", sa.Column("customer_id", sa.String(40)))
    op.add_column("calls", sa.Column("sentiment", sa.String(20)))
    op.add_column("calls", sa.Column("summary", sa.Text()))
    op.add_column("calls", sa.Column("key_details", sa.JSON(), server_default="{}", nullable=False))
    op.create_index(
        "ix_calls_organisation_id_customer_id_started_at", "calls", ["organisation_id", "customer_id", "started_at"]
    )
    op.create_index(
        "ix_calls_organisation_id_flow_id_started_at", "calls", ["organisation_id", "flow_id", "started_at"]
    )
    op.create_index(
        "ix_calls_organisation_id_outcome_started_at", "calls", ["organisation_id", "outcome", "started_at"]
    )
    op.create_index(
        "ix_calls_organisation_id_sentiment_started_at", "calls", ["organisation_id", "sentiment", "started_at"]
    )
    op.create_index("ix_calls_organisation_id_status", "calls", ["organisation_id", "status"])
    op.create_index("ix_flows_is_demo", "flows", ["is_demo"])
    op.add_column("flows", sa.Column("description", sa.Text(), server_default="", nullable=False))
    op.add_column("flows", sa.Column("script_id", sa.String(40)))
    op.add_column("flows", sa.Column("branches", sa.JSON(), server_default="[]", nullable=False))
    op.add_column("flows", sa.Column("contact_list_id", sa.String(40)))
    op.add_column("flows", sa.Column("start_date", sa.Date()))
    op.add_column("flows", sa.Column("end_date", sa.Date()))
    op.add_column("flows", sa.Column("time_window", sa.JSON(none_as_null=True)))
    op.add_column("flows", sa.Column("start_at", TIME))
    op.add_column("flows", sa.Column("end_at", TIME))
    op.add_column("flows", sa.Column("max_parallel_calls", sa.Integer(), server_default="5", nullable=False))
    op.add_column("flows", sa.Column("rate_limit_per_number", sa.Integer(), server_default="10", nullable=False))
    op.add_column("flows", sa.Column("retry_attempts", sa.Integer(), server_default="2", nullable=False))
    op.add_column("flows", sa.Column("retry_delay_minutes", sa.JSON(), server_default="[30]", nullable=False))
    op.add_column(
        "flows", sa.Column("retry_on", sa.JSON(), server_default='["no-answer","busy","failed"]', nullable=False)
    )
    op.add_column("flows", sa.Column("phone_numbers", sa.JSON(), server_default="[]", nullable=False))
    op.add_column("flows", sa.Column("distribution", sa.String(20), server_default="round_robin", nullable=False))
    op.add_column("flows", sa.Column("dedupe_hours", sa.Integer(), server_default="24", nullable=False))
    op.add_column("flows", sa.Column("ended_reason", sa.String(80)))
    op.add_column("flows", sa.Column("assistant_overrides", sa.JSON(), server_default="{}", nullable=False))
    op.add_column("organisations", sa.Column("assistant_overrides", sa.JSON(), server_default="{}", nullable=False))


def _add_tables() -> None:
    op.create_table(
        "call_days",
        sa.Column("organisation_id", sa.String(40), nullable=False),
        sa.Column("flow_id", sa.String(40), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("call_type", sa.String(20), nullable=False),
        sa.Column("outcome", sa.String(20), nullable=False),
        sa.Column("sentiment", sa.String(20), nullable=False),
        sa.Column("calls", sa.Integer(), nullable=False),
        sa.Column("seconds", sa.Float(), nullable=False),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisations.id"], name="fk_call_days_organisation_id"),
        sa.PrimaryKeyConstraint(
            "organisation_id", "flow_id", "day", "call_type", "outcome", "sentiment", name="pk_call_days"
        ),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "call_hours",
        sa.Column("organisation_id", sa.String(40), nullable=False),
        sa.Column("flow_id", sa.String(40), nullable=False),
        sa.Column("half_hour", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("calls", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisations.id"], name="fk_call_hours_organisation_id"),
        sa.PrimaryKeyConstraint("organisation_id", "flow_id", "half_hour", name="pk_call_hours"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "contact_lists",
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("organisation_id", sa.String(40), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("updated_at", TIME, nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisations.id"], name="fk_contact_lists_organisation_id"),
        sa.PrimaryKeyConstraint("id", name="pk_contact_lists"),
        sa.UniqueConstraint("organisation_id", "id", name="uq_contact_lists_organisation_id_id"),
    )
    op.create_table(
        "customers",
        sa.Column("number", ROW_NUMBER, autoincrement=True, nullable=False),
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("organisation_id", sa.String(40), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("phone", sa.String(40), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("updated_at", TIME, nullable=False),
        sa.Column("copy", sa.Integer(), nullable=False),
        sa.Column("email", sa.Text()),
        sa.Column("tags", sa.JSON(), nullable=False),
        sa.Column("preferred_language", sa.String(20)),
        sa.Column("timezone", sa.String(64)),
        sa.Column("metadata", sa.JSON(), nullable=False),
        sa.Column("opted_out", sa.Boolean(), nullable=False),
        sa.Column("recording_opt_out", sa.Boolean(), nullable=False),
        sa.Column("external_id", sa.String(40)),
        sa.Column("extension", sa.String(10)),
        sa.Column("assistant_overrides", sa.JSON(), nullable=False),
        sa.Column("inbound_calls", sa.Integer(), nullable=False),
        sa.Column("outbound_calls", sa.Integer(), nullable=False),
        sa.Column("last_contact", TIME),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisations.id"], name="fk_customers_organisation_id"),
        sa.PrimaryKeyConstraint("number", name="pk_customers"),
        sa.UniqueConstraint("id", name="uq_customers_id"),
        sa.UniqueConstraint("organisation_id", "number", name="uq_customers_organisation_id_number"),
        sa.UniqueConstraint("organisation_id", "phone", "copy", name="uq_customers_organisation_id_phone_copy"),
    )
    op.create_index(
        "ix_customers_organisation_id_inbound_calls_outbound_calls",
        "customers",
        ["organisation_id", "inbound_calls", "outbound_calls"],
    )
    op.create_table(
        "integrations",
        sa.Column("organisation_id", sa.String(40), nullable=False),
        sa.Column("provider", sa.String(40), nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("connected_at", TIME, nullable=False),
        sa.Column("updated_at", TIME, nullable=False),
        sa.Column("settings", sa.JSON(), nullable=False),
        sa.Column("secrets", sa.JSON(), nullable=False),
        sa.Column("checked_at", TIME),
        sa.Column("trouble", sa.Text()),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisations.id"], name="fk_integrations_organisation_id"),
        sa.PrimaryKeyConstraint("organisation_id", "provider", name="pk_integrations"),
    )
    op.create_table(
        "phone_numbers",
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("organisation_id", sa.String(40), nullable=False),
        sa.Column("number", sa.String(40), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("updated_at", TIME, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("provider", sa.String(40), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisations.id"], name="fk_phone_numbers_organisation_id"),
        sa.PrimaryKeyConstraint("id", name="pk_phone_numbers"),
        sa.UniqueConstraint("organisation_id", "number", name="uq_phone_numbers_organisation_id_number"),
    )
    op.create_table(
        "scripts",
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("organisation_id", sa.String(40), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("updated_at", TIME, nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("language_code", sa.String(20)),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisations.id"], name="fk_scripts_organisation_id"),
        sa.PrimaryKeyConstraint("id", name="pk_scripts"),
    )
    op.create_index("ix_scripts_organisation_id", "scripts", ["organisation_id"])
    op.create_table(
        "speakers",
        sa.Column("organisation_id", sa.String(40), nullable=False),
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("language", sa.String(20), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("updated_at", TIME, nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("reference_type", sa.String(40), nullable=False),
        sa.Column("reference_seconds", sa.Float(), nullable=False),
        sa.Column("deployed", sa.Boolean(), nullable=False),
        sa.Column("voice_sample_id", sa.String(40)),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisations.id"], name="fk_speakers_organisation_id"),
        sa.PrimaryKeyConstraint("organisation_id", "name", name="pk_speakers"),
    )
    op.create_table(
        "tags",
        sa.Column("number", ROW_NUMBER, autoincrement=True, nullable=False),
        sa.Column("organisation_id", sa.String(40), nullable=False),
        sa.Column("tag", sa.String(200), nullable=False),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisations.id"], name="fk_tags_organisation_id"),
        sa.PrimaryKeyConstraint("number", name="pk_tags"),
        sa.UniqueConstraint("organisation_id", "number", name="uq_tags_organisation_id_number"),
        sa.UniqueConstraint("organisation_id", "tag", name="uq_tags_organisation_id_tag"),
    )
    op.create_table(
        "webhooks",
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("organisation_id", sa.String(40), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("events", sa.JSON(), nullable=False),
        sa.Column("secret", sa.Text(), nullable=False),
        sa.Column("headers", sa.Text(), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("updated_at", TIME, nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("trouble", sa.Text()),
        sa.Column("last_triggered_at", TIME),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisations.id"], name="fk_webhooks_organisation_id"),
        sa.PrimaryKeyConstraint("id", name="pk_webhooks"),
        sa.UniqueConstraint("organisation_id", "id", name="uq_webhooks_organisation_id_id"),
    )
    op.create_table(
        "contact_list_members",
        sa.Column("list_id", sa.String(40), nullable=False),
        sa.Column("customer", ROW_NUMBER, nullable=False),
        sa.Column("organisation_id", sa.String(40), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id", "customer"],
            ["customers.organisation_id", "customers.number"],
            name="fk_contact_list_members_organisation_id_customer",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id", "list_id"],
            ["contact_lists.organisation_id", "contact_lists.id"],
            name="fk_contact_list_members_organisation_id_list_id",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("list_id", "customer", name="pk_contact_list_members"),
    )
    op.create_index("ix_contact_list_members_customer", "contact_list_members", ["customer"])
    op.create_table(
        "customer_tags",
        sa.Column("tag", ROW_NUMBER, nullable=False),
        sa.Column("customer", ROW_NUMBER, nullable=False),
        sa.Column("organisation_id", sa.String(40), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id", "customer"],
            ["customers.organisation_id", "customers.number"],
            name="fk_customer_tags_organisation_id_customer",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id", "tag"],
            ["tags.organisation_id", "tags.number"],
            name="fk_customer_tags_organisation_id_tag",
        ),
        sa.PrimaryKeyConstraint("tag", "customer", name="pk_customer_tags", postgresql_include=["organisation_id"]),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_customer_tags_customer", "customer_tags", ["customer"])
    op.create_table(
        "speaker_samples",
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("organisation_id", sa.String(40), nullable=False),
        sa.Column("speaker", sa.String(64), nullable=False),
        sa.Column("transcript", sa.Text(), nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("seconds", sa.Float(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id", "speaker"],
            ["speakers.organisation_id", "speakers.name"],
            name="fk_speaker_samples_organisation_id_speaker",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_speaker_samples"),
    )
    op.create_index("ix_speaker_samples_organisation_id_speaker", "speaker_samples", ["organisation_id", "speaker"])
    op.create_table(
        "webhook_logs",
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("organisation_id", sa.String(40), nullable=False),
        sa.Column("webhook_id", sa.String(40), nullable=False),
        sa.Column("event_type", sa.String(40), nullable=False),
        sa.Column("payload", sa.JSON(), nullable=False),
        sa.Column("triggered_at", TIME, nullable=False),
        sa.Column("response_status", sa.Integer()),
        sa.Column("success", sa.Boolean(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("trouble", sa.Text()),
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
