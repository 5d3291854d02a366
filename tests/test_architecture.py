"""Promises about the tree that no other tool keeps. Who may import whom is kept by import-linter."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGES = ("pipeline", "processors", "transports", "storage", "dialer", "control_api", "server")


def sources() -> Iterator[Path]:
    for package in PACKAGES:
        yield from (ROOT / package).rglob("*.py")


def test_only_the_settings_read_the_environment() -> None:
    readers = {
        str(file.relative_to(ROOT))
        for file in sources()
        for node in ast.walk(ast.parse(file.read_bytes()))
        if (isinstance(node, ast.Attribute) and node.attr in ("environ", "getenv"))
        or (isinstance(node, ast.alias) and node.name in ("environ", "getenv"))
    }
    assert readers == {"server/settings.py"}


@pytest.mark.parametrize(
    ("module", "heavy"),
    [
        ("storage.migrations", "alembic"),
        ("storage.database", "asyncpg"),
        ("server.settings", "sqlalchemy"),
        ("processors.catalogue", "openai"),
        ("processors.catalogue", "pipecat"),
    ],
)
def test_nothing_is_imported_that_a_start_does_not_use(module: str, heavy: str) -> None:
    program = f"import sys, {module}; sys.exit({heavy!r} in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], cwd=ROOT).returncode == 0


def test_the_lock_files_name_no_address() -> None:
    for name in ("requirements.txt", "requirements-dev.txt"):
        text = (ROOT / name).read_text()
        assert "://" not in text
        assert "--hash=sha256:" in text
        assert not [line for line in text.splitlines() if line.startswith("-")]
