"""The table of what is to be made of calls once they are over, column for column as in `analyses`."""

from __future__ import annotations

from sqlalchemy import JSON, Column, ForeignKeyConstraint, Index, Integer, String, Table, Text, text

from storage.analysis_records import AnalysisStatus
from storage.columns import Id, UtcTime, metadata, one_of
from storage.tables import EMPTY_OBJECT

analyses = Table(
    "analyses",
    metadata,
    Id("call_id", primary_key=True),
    Id("organisation_id", nullable=False),
    Column("status", one_of(AnalysisStatus), nullable=False),
    Column("asked_at", UtcTime, nullable=False),
    Column("due_at", UtcTime),
    Column("tries", Integer, nullable=False),
    Column("lease", String(40), nullable=False),
    Column("reason", Text, nullable=False),
    Column("finished_at", UtcTime),
    Column("written", JSON, nullable=False, server_default=EMPTY_OBJECT),
    ForeignKeyConstraint(["organisation_id", "call_id"], ["calls.organisation_id", "calls.id"]),
)

_due = text("due_at IS NOT NULL")
Index("ix_analyses_due_at", analyses.c.due_at, sqlite_where=_due, postgresql_where=_due)
