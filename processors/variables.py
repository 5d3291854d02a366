"""`{{name}}` in a user's text → its value. No expressions, no loops: no text can cost more than its length."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

_PLACE = re.compile(r"\{\{([^{}|]{1,200})(?:\|([^{}]{0,1000}))?\}\}")
_MISSING = object()


def render(template: str, variables: Mapping[str, Any]) -> str:
    """`{{customer.name|there}}`: a dotted path into nested mappings, and what stands for it if it is unknown or empty.

    Unknown and without a default: empty. A value is put in as it is; braces in it are text.
    """
    return _PLACE.sub(lambda place: _filled(place, variables), template)


def unknown(template: str, variables: Mapping[str, Any]) -> list[str]:
    """The paths that have no value, each once, in order; those with a default too."""
    paths = (place.group(1).strip() for place in _PLACE.finditer(template))
    return [path for path in dict.fromkeys(paths) if _value(path, variables) is _MISSING]


def _filled(place: re.Match[str], variables: Mapping[str, Any]) -> str:
    value = _value(place.group(1).strip(), variables)
    shown = "" if value is _MISSING or value is None else str(value)
    return shown or (place.group(2) or "").strip()


def _value(path: str, variables: Mapping[str, Any]) -> Any:
    if path in variables:
        return variables[path]
    value: Any = variables
    for key in path.split("."):
        if not isinstance(value, Mapping) or key not in value:
            return _MISSING
        value = value[key]
    return value
