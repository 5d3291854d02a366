"""Examples run as processes beside a whole server, in a folder without anybody's settings."""

from tests.e2e.conftest import data, no_models

__all__ = ["data", "no_models"]
