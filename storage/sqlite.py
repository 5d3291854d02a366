"""SQLite as it must be here: new enough, and set so that a commit survives a power cut."""

from __future__ import annotations

import importlib
import sys
from types import ModuleType

SAFE = (3, 51, 3)
"""Older ones can lose a commit when a checkpoint and a reset of the write-ahead log meet."""
BUSY_SECONDS = 10
"""How long work waits for a connection, and a write for another process's."""

_SETTINGS = (
    f"PRAGMA busy_timeout = {BUSY_SECONDS * 1000}",
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = FULL",
    "PRAGMA foreign_keys = ON",
)
WRITER_SETTINGS = _SETTINGS
READER_SETTINGS = (*_SETTINGS, "PRAGMA query_only = ON")


def _best() -> ModuleType | None:
    """The first safe one: what is loaded already, the bundled one, Python's own. None if none is."""
    for name in ("pysqlite3", "sqlite3"):
        try:
            module = importlib.import_module(name)
        except ImportError:
            continue
        if module.sqlite_version_info >= SAFE:
            return module
    return None


def install() -> str | None:
    """Puts a safe SQLite in the place of Python's own, before aiosqlite is imported. Returns what is wrong, or None."""
    best = _best()
    if best is None:
        found = importlib.import_module("sqlite3").sqlite_version
        wanted = ".".join(map(str, SAFE))
        return f"SQLite {found} can lose data: install the package pysqlite3, or SQLite {wanted} or later"
    sys.modules["sqlite3"] = best
    driver = importlib.import_module("aiosqlite.core").sqlite3
    if driver.sqlite_version_info < SAFE:
        return f"aiosqlite was imported before a Database was made, and holds SQLite {driver.sqlite_version}"
    return None
