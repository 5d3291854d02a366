"""A migrated and seeded database for each test."""

from tests.storage.conftest import database, file, seeded, template

__all__ = ["database", "file", "seeded", "template"]
