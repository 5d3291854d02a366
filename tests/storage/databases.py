"""Databases for tests, on both kinds: each migrated and seeded once, and copied for each test."""

from __future__ import annotations

import asyncio
import json
import uuid
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import asyncpg  # type: ignore[import-untyped]

from storage.database import Database
from storage.migrations import migrate
from storage.seed import Seeded, seed
from tests import postgres
from tests.storage.samples import NOW, TOKEN

ROLE = "vaani"
"""Whom the server signs in as: the owner of its database, and no superuser, whom no row security holds back."""
TEMPLATE = "template_vaani"


@dataclass(frozen=True, slots=True)
class Place:
    """A migrated and seeded database of a test's own."""

    url: str
    seeded: Seeded


async def furnish(url: str) -> Seeded:
    """Migrates and seeds it."""
    await migrate(url)
    async with Database(url) as database, database.begin() as work:
        made = await seed(work, now=NOW, config={"greeting": "Hello."}, voice_config={}, language="en-IN", token=TOKEN)
    assert made is not None
    return made


@dataclass(frozen=True, slots=True)
class Cluster:
    """The test run's PostgreSQL."""

    folder: Path
    seeded: Seeded

    @asynccontextmanager
    async def copied(self) -> AsyncIterator[Place]:
        async with self.made(TEMPLATE) as url:
            yield Place(url, self.seeded)

    @asynccontextmanager
    async def made(self, template: str = "template0") -> AsyncIterator[str]:
        """The URL of a database of the server's own, a copy of `template`; by default there is nothing in it."""
        name = f"test_{uuid.uuid4().hex}"
        async with _administrator(self.folder) as administrator:
            # From version 15 on every page would be written to the log too, which takes three times as long.
            how = "STRATEGY file_copy" if administrator.get_server_version() >= (15,) else ""
            await administrator.execute(f"CREATE DATABASE {name} TEMPLATE {template} OWNER {ROLE} {how}")
            try:
                yield _url(self.folder, name)
            finally:
                await administrator.execute(f"DROP DATABASE {name} WITH (FORCE)")


@contextmanager
def cluster(shared: Path) -> Iterator[Cluster]:
    """One for all processes that know the folder `shared`; started by the first and gone after the last."""
    lock = shared / "postgres.lock"
    with postgres.locked(lock):
        folder, line = postgres.join(shared)
    with line:
        known = folder / "seeded.json"
        with postgres.locked(lock):
            if not known.exists():
                known.write_text(json.dumps(asdict(asyncio.run(_prepare(folder)))))
        yield Cluster(folder, Seeded(**json.loads(known.read_text())))


async def _prepare(folder: Path) -> Seeded:
    async with _administrator(folder) as administrator:
        await administrator.execute(f"CREATE ROLE {ROLE} LOGIN")
        await administrator.execute(f"CREATE DATABASE {TEMPLATE} OWNER {ROLE}")
    return await furnish(_url(folder, TEMPLATE))


@asynccontextmanager
async def _administrator(folder: Path) -> AsyncIterator[Any]:
    connection = await asyncpg.connect(host=str(folder), user=postgres.ADMINISTRATOR, database="postgres")
    try:
        yield connection
    finally:
        await connection.close()


def _url(folder: Path, name: str) -> str:
    return f"postgresql+asyncpg://{ROLE}@/{name}?host={folder}"
