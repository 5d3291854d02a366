"""Brings a database to the form that this code expects, in process. Alembic is imported only when there is work."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Connection, inspect, text

from storage.database import Database, UnusableDatabaseError

HEAD = "0001"
"""The newest revision in `versions/`."""

_LOCK = text("SELECT pg_advisory_xact_lock(hashtext('vaani migrations'))")


async def migrate(url: str) -> bool:
    """True if anything had to be changed. Of several processes that start together, one does it and the others wait.

    All of it happens or none. Raises UnusableDatabaseError, also for a database that a newer version has migrated.
    """
    async with Database(url) as database, database.connect() as connection:
        if connection.dialect.name == "postgresql":
            await connection.execute(_LOCK)
        return await connection.run_sync(_migrate)


def _migrate(connection: Connection) -> bool:
    found = _revision(connection)
    if found == HEAD:
        return False
    _upgrade(connection, found)
    return True


def _revision(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    found: str | None = connection.scalar(text("SELECT version_num FROM alembic_version"))
    return found


def _upgrade(connection: Connection, found: str | None) -> None:
    from alembic import command
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    if found is not None and found not in known:
        raise UnusableDatabaseError(f"the database has been migrated to {found} by a newer version of this server")
    command.upgrade(config, "head")
