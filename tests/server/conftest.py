"""A house for each test."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from server.assembly import Workshop
from storage.database import Database
from storage.seed import Seeded
from tests.server.house import House, a_workshop
from tests.storage.conftest import database, database_url, file, seeded, template
from tests.storage.databases import Place
from tests.storage.samples import url

__all__ = ["database", "database_url", "file", "seeded", "template"]


@pytest.fixture
def place(file: Path, template: tuple[Path, Seeded]) -> Place:
    """On SQLite alone: what the server does with its database, storage's own tests do on both."""
    return Place(url(file), template[1])


@pytest.fixture
async def workshop() -> AsyncIterator[Workshop]:
    async with a_workshop() as workshop:
        yield workshop


@pytest.fixture
def house(database: Database, seeded: Seeded, workshop: Workshop, tmp_path: Path) -> House:
    return House(database, seeded, tmp_path / "data", workshop)
