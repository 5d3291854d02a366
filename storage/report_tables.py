"""The table of what is told of calls that are over, column for column as in `report_records`."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKeyConstraint, Index, Integer, String, Table, Text, text

from storage.columns import Id, UtcTime, metadata, one_of
from storage.report_records import ReportKind

call_reports = Table(
    "call_reports",
    metadata,
    Id("call_id", primary_key=True),
    Id("organisation_id", nullable=False),
    Column("kind", one_of(ReportKind), primary_key=True),
    Column("asked_at", UtcTime, nullable=False),
    Column("due_at", UtcTime),
    Id("event_id", nullable=False),
    Column("tries", Integer, nullable=False),
    Column("lease", String(40), nullable=False),
    Column("trouble", Text),
    ForeignKeyConstraint(["organisation_id", "call_id"], ["calls.organisation_id", "calls.id"]),
)

_due = text("due_at IS NOT NULL")
Index("ix_call_reports_due_at", call_reports.c.due_at, sqlite_where=_due, postgresql_where=_due)
