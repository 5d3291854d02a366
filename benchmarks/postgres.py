"""A PostgreSQL of a benchmark's own, set as it comes: a commit is on the disk when it is said to be."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg  # type: ignore[import-untyped]

SUPERUSER, ROLE, NAME = "postgres", "vaani", "vaani"


def binaries() -> Path | None:
    """Where `initdb` and `pg_ctl` are. None if PostgreSQL is not installed."""
    found = shutil.which("initdb")
    if found is not None:
        return Path(found).resolve().parent
    versions = Path("/usr/lib/postgresql").glob("*/bin/initdb")
    return max((file.parent for file in versions), key=lambda folder: int(folder.parent.name), default=None)


@asynccontextmanager
async def postgres(programs: Path, folder: Path) -> AsyncIterator[str]:
    """The URL of an empty database in `folder`, which must not be there yet. Its owner is no superuser."""
    user = SUPERUSER if os.geteuid() == 0 else None  # PostgreSQL refuses to run as root
    folder.mkdir(mode=0o700)
    if user is not None:
        shutil.chown(folder, user)
        folder.parent.chmod(0o711)

    async def run(program: str, *arguments: str) -> None:
        command = [str(programs / program), "--pgdata", str(folder / "data"), *arguments]
        await asyncio.to_thread(
            subprocess.run, command, check=True, user=user, group=user, cwd="/", stdout=subprocess.DEVNULL
        )

    await run("initdb", "--username", SUPERUSER, "--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8")
    where = f"-c listen_addresses='' -c unix_socket_directories={folder}"
    await run("pg_ctl", "--wait", "--silent", "--log", str(folder / "log"), "--options", where, "start")
    try:
        administrator = await asyncpg.connect(host=str(folder), user=SUPERUSER, database="postgres")
        await administrator.execute(f"CREATE ROLE {ROLE} LOGIN")
        await administrator.execute(f"CREATE DATABASE {NAME} OWNER {ROLE}")
        await administrator.close()
        yield f"postgresql+asyncpg://{ROLE}@/{NAME}?host={folder}"
    finally:
        await run("pg_ctl", "--wait", "--silent", "--mode=fast", "stop")
