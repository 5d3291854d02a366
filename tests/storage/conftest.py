"""A migrated and seeded database for each test."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from storage.database import Database
from storage.migrations import migrate
from storage.seed import Seeded, seed
from tests.storage.samples import NOW, TOKEN, url


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Seeded]:
    """Made once and copied: migrating takes longer than most tests."""
    file = tmp_path_factory.mktemp("storage") / "template.db"

    async def make() -> Seeded:
        await migrate(url(file))
        async with Database(url(file)) as database, database.begin() as work:
            made = await seed(
                work, now=NOW, config={"greeting": "Hello."}, voice_config={}, language="en-IN", token=TOKEN
            )
        assert made is not None
        return made

    return file, asyncio.run(make())


@pytest.fixture
def seeded(template: tuple[Path, Seeded]) -> Seeded:
    return template[1]


@pytest.fixture
def file(template: tuple[Path, Seeded], tmp_path: Path) -> Path:
    return Path(shutil.copy(template[0], tmp_path / "vaani.db"))


@pytest.fixture
async def database(file: Path) -> AsyncIterator[Database]:
    async with Database(url(file)) as database:
        yield database
