"""A migrated and seeded database for each test, which runs on SQLite and on PostgreSQL."""

from tests.storage.conftest import (
    cluster,
    database,
    database_url,
    file,
    origin,
    place,
    pytest_generate_tests,
    seeded,
    template,
)

__all__ = [
    "cluster",
    "database",
    "database_url",
    "file",
    "origin",
    "place",
    "pytest_generate_tests",
    "seeded",
    "template",
]
