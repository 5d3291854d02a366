"""What holds for every test."""

from __future__ import annotations

import os

import pytest


@pytest.fixture(autouse=True)
def no_settings_of_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """A developer's own `VAANI_*` change no result."""
    for name in list(os.environ):
        if name.startswith("VAANI_"):
            monkeypatch.delenv(name)
