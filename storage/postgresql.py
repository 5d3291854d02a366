"""PostgreSQL as it must be here: a transaction says whose it is, and nobody who is lost holds a lock for long."""

from __future__ import annotations

import inspect
import re
from collections.abc import Mapping
from typing import Any

import asyncpg  # type: ignore[import-untyped]
from sqlalchemy import Connection, Engine, event, text
from sqlalchemy.engine.interfaces import ExceptionContext
from sqlalchemy.exc import DataError, DBAPIError, DisconnectionError

from storage.errors import DatabaseUnavailableError, unavailable
from storage.tenancy import EVERYBODY, WHOSE

CONNECTIONS = 8
"""Of one process: units of work are short, and ten processes fit into the 97 that PostgreSQL lets in by default."""
WAITS_SECONDS = 10
"""How long work waits for a connection, and a statement for another's lock: as long as on SQLite."""
CONNECT_SECONDS = 5
STATEMENT_SECONDS = 30
"""What takes longer is a mistake: the server gives it up."""
SILENCE_SECONDS = STATEMENT_SECONDS + 5
"""A server that has not even said that is gone."""
IDLE_SECONDS = 60
"""A transaction whose client says nothing for so long is undone, and its locks are freed."""

NOT_HELD = text("SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = current_user")
"""Whether row security does not hold whom the server is signed in as."""

_ID = re.compile(r"[0-9A-Za-z_-]{1,40}")
_SETTINGS = {
    "application_name": "vaani",
    "jit": "off",  # compiling takes longer than our statements do
    "tcp_keepalives_idle": "30",
    "tcp_keepalives_interval": "10",
    "tcp_keepalives_count": "3",
}
_HURRIED = {
    "statement_timeout": f"{STATEMENT_SECONDS}s",
    "lock_timeout": f"{WAITS_SECONDS}s",
    "idle_in_transaction_session_timeout": f"{IDLE_SECONDS}s",
}
_PATIENT = dict.fromkeys(_HURRIED, "0")
_REFUSALS = {
    "28": "the database does not let this user in",
    "3D000": "there is no database of this name",
    "53300": "the database takes no more connections",
    "57P03": "the database is starting or stopping",
}
"""SQLSTATE, or how it begins."""


class _Transaction:
    """Begins, and says whose it is, in one round trip."""

    def __init__(self, connection: Any, opening: str) -> None:
        self._connection, self._opening = connection, opening

    async def start(self) -> None:
        await self._connection.execute(self._opening)

    async def commit(self) -> None:
        # After a statement that failed the server answers COMMIT with a rollback, and does not call that an error.
        if await self._connection.execute("COMMIT") != "COMMIT":
            raise asyncpg.InFailedSQLTransactionError("nothing was committed: a statement had failed")

    async def rollback(self) -> None:
        await self._connection.execute("ROLLBACK")


class _Connection(asyncpg.Connection):  # type: ignore[misc]
    opening = "BEGIN"

    def transaction(self, **options: object) -> _Transaction:
        return _Transaction(self, self.opening)


def unknown_options(query: Mapping[str, object]) -> list[str]:
    """Those of a URL that the driver would not take."""
    return sorted(set(query) - set(inspect.signature(asyncpg.connect).parameters))


def arguments(*, patient: bool) -> dict[str, object]:
    """For the driver. Patient: a statement may take its time, as migrations do."""
    return {
        "async_creator_fn": _connect,
        "connection_class": _Connection,
        "server_settings": _SETTINGS | (_PATIENT if patient else _HURRIED),
        "timeout": CONNECT_SECONDS,
        "command_timeout": None if patient else SILENCE_SECONDS,
    }


def prepare(engine: Engine) -> None:
    event.listen(engine, "begin", _begin)
    event.listen(engine, "checkout", _let_no_dead_one_out)
    event.listen(engine, "handle_error", _told)


async def _connect(*arguments: object, **options: object) -> Any:
    try:
        return await asyncpg.connect(*arguments, **options)
    except asyncpg.PostgresError as error:
        state = error.sqlstate or ""
        told = next((told for start, told in _REFUSALS.items() if state.startswith(start)), None)
        raise DatabaseUnavailableError(told or f"the database takes no connection ({state})") from None
    except (OSError, asyncpg.InterfaceError):  # they name host and user
        raise DatabaseUnavailableError("the database cannot be reached") from None


def _begin(connection: Connection) -> None:
    """It is sent with the first statement: a unit of work that does nothing costs nothing."""
    options = connection.get_execution_options()
    whose: str | None = options.get("organisation")
    if whose is not None and not _ID.fullmatch(whose):
        raise ValueError("not the id of an organisation")
    how = " ISOLATION LEVEL REPEATABLE READ READ ONLY" if options.get("reads_only") else ""
    raw: Any = connection.connection.driver_connection
    raw.opening = f"BEGIN{how}; SET LOCAL {WHOSE} = '{whose or EVERYBODY}'"


def _let_no_dead_one_out(connection: Any, record: object, proxy: object) -> None:
    """The end of its stream has been read by now: to ask the server would cost a round trip each time."""
    if connection.driver_connection.is_closed():
        raise DisconnectionError


def _told(context: ExceptionContext) -> Exception | None:
    return unavailable(context) or _without_values(context)


def _without_values(context: ExceptionContext) -> Exception | None:
    """An error may be logged: it must not say what was in the row, or what it was that could not be understood."""
    told, error = context.sqlalchemy_exception, context.original_exception
    cause = error.__cause__
    if not isinstance(told, DBAPIError) or not isinstance(cause, asyncpg.PostgresError):
        return None
    kind = type(told)
    cause.detail = cause.__cause__ = None
    if (cause.sqlstate or "").startswith("22"):
        kind = DataError  # which SQLAlchemy does not know these for
        if not isinstance(cause, asyncpg.StringDataRightTruncationError):
            cause.args = ("a value that the database does not take",)
    error.args = (f"{type(cause).__name__}: {cause.args[0]}",)
    return kind(context.statement, context.parameters, error, hide_parameters=True)
