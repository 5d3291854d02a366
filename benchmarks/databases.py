"""Databases of a benchmark's own, set as they come: a commit is on the disk when it is said to be."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import asyncpg  # type: ignore[import-untyped]

from tests.postgres import ADMINISTRATOR, binaries

ROLE = NAME = "vaani"
Place = AbstractAsyncContextManager[str]
"""The URL of an empty database within the block."""


@asynccontextmanager
async def sqlite(folder: Path) -> AsyncIterator[str]:
    yield f"sqlite+aiosqlite:///{folder / 'vaani.db'}"


@asynccontextmanager
async def postgresql(folder: Path) -> AsyncIterator[str]:
    """Its owner is no superuser. Raises LookupError if PostgreSQL is not installed."""
    programs = binaries()
    if programs is None:
        raise LookupError("no PostgreSQL: run tests/postgres.sh")
    user = ADMINISTRATOR if os.geteuid() == 0 else None  # it refuses to run as root
    home = folder / "postgres"
    home.mkdir(mode=0o700)
    if user is not None:
        shutil.chown(home, user)
        shutil.chown(folder, user)

    async def run(program: str, *arguments: str) -> None:
        command = [str(programs / program), "--pgdata", str(home / "data"), *arguments]
        await asyncio.to_thread(
            subprocess.run, command, check=True, user=user, group=user, cwd="/", stdout=subprocess.DEVNULL
        )

    await run("initdb", "--username", ADMINISTRATOR, "--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8")
    where = f"-c listen_addresses='' -c unix_socket_directories={home}"
    await run("pg_ctl", "--wait", "--silent", "--log", str(home / "log"), "--options", where, "start")
    try:
        administrator = await asyncpg.connect(host=str(home), user=ADMINISTRATOR, database="postgres")
        await administrator.execute(f"CREATE ROLE {ROLE} LOGIN")
        await administrator.execute(f"CREATE DATABASE {NAME} OWNER {ROLE}")
        await administrator.close()
        yield f"postgresql+asyncpg://{ROLE}@/{NAME}?host={home}"
    finally:
        await run("pg_ctl", "--wait", "--silent", "--mode=fast", "stop")


async def settle(url: str) -> None:
    """What the database does for itself within minutes of a large change, now."""
    if url.startswith("postgresql"):
        connection = await asyncpg.connect(url.replace("+asyncpg", ""))
        await connection.execute("VACUUM ANALYZE")
        await connection.close()
