"""Brings a database to the form that this code expects, in process. Alembic is imported only when there is work."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Connection, inspect, text

from storage.database import Database, UnusableDatabaseError

HEAD = "0012"
"""The newest revision in `versions/`."""
BASE = "base"
"""Before the first: no tables."""

_LOCK = text("SELECT pg_advisory_xact_lock(hashtext('vaani migrations'))")


async def migrate(url: str, to: str = HEAD) -> bool:
    """True if anything had to be changed. Of several processes that start together, one does it and the others wait.

    All of it happens or none. `to` is a revision or BASE; one that lies behind takes away what came after it, with all
    that it holds. Raises UnusableDatabaseError, also for a database that a newer version has migrated.
    """
    async with Database(url) as database, database.connect() as connection:
        if connection.dialect.name == "postgresql":
            await connection.execute(_LOCK)
        return await connection.run_sync(_migrate, to)


def _migrate(connection: Connection, to: str) -> bool:
    found = revision(connection)
    if found == to:
        return False
    _move(connection, found, to)
    return True


def revision(connection: Connection) -> str:
    if not inspect(connection).has_table("alembic_version"):
        return BASE
    found: str | None = connection.scalar(text("SELECT version_num FROM alembic_version"))
    return found or BASE


def _move(connection: Connection, found: str, to: str) -> None:
    from alembic import command
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    newest_first = [script.revision for script in ScriptDirectory.from_config(config).walk_revisions()]
    steps = [BASE, *reversed(newest_first)]
    if found not in steps:
        raise UnusableDatabaseError(f"the database has been migrated to {found} by a newer version of this server")
    if to not in steps:
        raise UnusableDatabaseError(f"there is no revision {to} to migrate to")
    move = command.upgrade if steps.index(to) > steps.index(found) else command.downgrade
    move(config, to)
