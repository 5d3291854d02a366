"""How a database fails: in words for the operator, and in one type for callers."""

from __future__ import annotations

from sqlalchemy.engine.interfaces import ExceptionContext

LOST = "the connection to the database was lost"
BUSY = "the database is busy"
FULL = "the database has no room for this"

_POSTGRESQL = {"08": LOST, "25P03": LOST, "40": BUSY, "53": FULL, "55P03": BUSY, "57014": BUSY, "57P": LOST}
"""SQLSTATE, or how it begins."""
_SQLITE = {5: BUSY, 6: BUSY, 10: LOST, 13: FULL, 14: LOST}
"""Primary result code: busy, locked, I/O error, full, cannot open."""


class UnusableDatabaseError(Exception):
    """The database cannot be worked with as it is. Its text is one sentence for the operator, without the URL."""


class DatabaseUnavailableError(UnusableDatabaseError, ConnectionError):
    """The database is down, was lost, or has no time or room now: the same work may be tried again later.

    Nothing of the unit of work was kept, unless it was the commit that failed: then nobody can know.
    """


def unavailable(context: ExceptionContext) -> DatabaseUnavailableError | None:
    """For SQLAlchemy's `handle_error`. None if not the database is at fault, but what was asked of it."""
    error = context.original_exception
    state: str = getattr(error, "sqlstate", None) or ""
    code: int = getattr(error, "sqlite_errorcode", None) or 0
    told = next((told for start, told in _POSTGRESQL.items() if state.startswith(start)), _SQLITE.get(code & 0xFF))
    if told is None and context.is_disconnect and isinstance(error, Exception):
        told = LOST
    return None if told is None else DatabaseUnavailableError(told)
