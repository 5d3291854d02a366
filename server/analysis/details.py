"""What we make of a call, laid beneath what others have written of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def laid_beneath(kept: Mapping[str, Any], ours: Mapping[str, Any], before: Mapping[str, Any]) -> dict[str, Any]:
    """`kept`, with what is only in `ours`. `before` is what we laid there earlier: that alone may change, and go."""
    found = dict(kept)
    for key in before.keys() - ours.keys():
        if key in kept and kept[key] == before[key]:
            del found[key]
    for key, value in ours.items():
        was = before.get(key)
        if key not in kept or (key in before and kept[key] == was):
            found[key] = value
        elif isinstance(kept[key], dict) and isinstance(value, dict):
            found[key] = laid_beneath(kept[key], value, was if isinstance(was, dict) else {})
    return found
