"""One object over another."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def merged(*layers: Mapping[str, Any] | None) -> dict[str, Any]:
    """Objects merge; anything else takes the place of what the layers before say. So does a null: nothing is said."""
    whole: dict[str, Any] = {}
    for layer in layers:
        for key, value in (layer or {}).items():
            if isinstance(value, Mapping):
                below = whole.get(key)
                whole[key] = merged(below if isinstance(below, Mapping) else None, value)
            else:
                whole[key] = value
    return whole
