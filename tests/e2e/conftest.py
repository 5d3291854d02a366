"""Whole calls: a folder without anybody's settings."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

import pytest

from server import warmup
from tests.logged import logged


@pytest.fixture(autouse=True)
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path / "data"


@pytest.fixture
def no_models(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ready at once: nobody speaks."""

    async def load(*given: object, **more: object) -> None:
        pass

    monkeypatch.setattr(warmup, "load", load)


@pytest.fixture
def written() -> Iterator[io.StringIO]:
    """All that the process would write to its log at the level `debug`."""
    with logged() as stream:
        yield stream
