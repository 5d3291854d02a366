"""The processes at work on this database, column for column as in `nodes`. They belong to no organisation."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Integer, String, Table

from storage.columns import Id, Told, UtcTime, metadata

nodes = Table(
    "nodes",
    metadata,
    Column("name", Told(80), primary_key=True),
    Id("generation", nullable=False),
    Column("started_at", UtcTime, nullable=False),
    Column("seen_at", UtcTime, nullable=False),
    Column("calls", Integer, nullable=False),
    Column("capacity", Integer, nullable=False),
    Column("draining", Boolean, nullable=False),
    Column("version", String(40), nullable=False),
)
