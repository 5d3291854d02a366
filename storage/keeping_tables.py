"""What is still to be removed of recordings that are not to be kept any longer."""

from __future__ import annotations

from sqlalchemy import Column, Table, Text

from storage.columns import Id, Owner, Told, UtcTime, metadata

recording_removals = Table(
    "recording_removals",
    metadata,
    Id("call_id", primary_key=True),
    Owner(),
    Column("node", Told(80), nullable=False),
    Column("path", Text, nullable=False),
    Column("at", UtcTime, nullable=False),
)
