"""A migrated and seeded database for each test: the test runs on SQLite and on PostgreSQL.

One that asks for `file` is about SQLite, one that asks for `cluster` about PostgreSQL: it runs on that alone. One that
is marked `either` is about what happens before the database is asked: on PostgreSQL only `make test-all` runs it.
"""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from storage.database import Database
from storage.seed import Seeded
from tests import postgres
from tests.storage import databases
from tests.storage.databases import Cluster, Place
from tests.storage.samples import url

ONLY = {"file": ["sqlite"], "cluster": ["postgresql"]}
BOTH = ["sqlite", "postgresql"]
EITHER = ["sqlite", pytest.param("postgresql", marks=pytest.mark.soak)]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "origin" in metafunc.fixturenames:
        asked = [kinds for name, kinds in ONLY.items() if name in metafunc.fixturenames]
        usual = EITHER if metafunc.definition.get_closest_marker("either") else BOTH
        metafunc.parametrize("origin", asked[0] if asked else usual, indirect=True)


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Seeded]:
    """Made once and copied: migrating takes longer than most tests."""
    made = tmp_path_factory.mktemp("storage") / "template.db"
    return made, asyncio.run(databases.furnish(url(made)))


@pytest.fixture(scope="session")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    if postgres.binaries() is None:
        if os.environ.get("CI") == "true":
            pytest.fail("no PostgreSQL: run tests/postgres.sh")
        pytest.skip("no PostgreSQL: run tests/postgres.sh")
    own = tmp_path_factory.getbasetemp()
    with databases.cluster(own.parent if "PYTEST_XDIST_WORKER" in os.environ else own) as cluster:
        yield cluster


@pytest.fixture
def file(template: tuple[Path, Seeded], tmp_path: Path) -> Path:
    return Path(shutil.copy(template[0], tmp_path / "vaani.db"))


@pytest.fixture
def origin(request: pytest.FixtureRequest) -> Cluster | Place:
    """What the test's database is made by, or the database itself."""
    if request.param == "postgresql":
        cluster: Cluster = request.getfixturevalue("cluster")
        return cluster
    return Place(url(request.getfixturevalue("file")), request.getfixturevalue("template")[1])


@pytest.fixture
async def place(origin: Cluster | Place) -> AsyncIterator[Place]:
    if isinstance(origin, Place):
        yield origin
        return
    async with origin.copied() as place:
        yield place


@pytest.fixture
async def empty_url(origin: Cluster | Place, tmp_path: Path) -> AsyncIterator[str]:
    """Of a database that nothing was done to."""
    if isinstance(origin, Place):
        yield url(tmp_path / "empty.db")
        return
    async with origin.made() as made:
        yield made


@pytest.fixture
def database_url(place: Place) -> str:
    return place.url


@pytest.fixture
def seeded(place: Place) -> Seeded:
    return place.seeded


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    async with Database(database_url) as database:
        yield database
