"""What holds for every test."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from aiohttp import web_app


@pytest.fixture(autouse=True)
def no_settings_of_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """A developer's own `VAANI_*` change no result."""
    for name in list(os.environ):
        if name.startswith("VAANI_"):
            monkeypatch.delenv(name)


@pytest.fixture(autouse=True)
def no_application_outlives_its_test() -> Iterator[None]:
    """Its server library keeps the last thousand that were asked, and a megabyte with each: a long run slows down."""
    yield
    web_app._cached_build_middleware.cache_clear()
