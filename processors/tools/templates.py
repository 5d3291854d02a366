"""`{{name}}` and `{{ $.path[0] }}` in what a tool sends, and what becomes of its answer."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from processors.variables import render

MISSING = object()
_STEP = re.compile(r"\.?([A-Za-z_$][\w$-]*)|\[(-?\d{1,6})\]|\[(?:\"([^\"\]]*)\"|'([^'\]]*)')\]")
_PLACE = re.compile(r"\{\{\s*([^{}]{1,200}?)\s*\}\}")


class UnsafeAddressError(ValueError):
    """A value would lead somewhere else than the address says. The text does not show it."""


def address(template: str, variables: Mapping[str, Any]) -> str:
    """With each value encoded: none adds a part to the path, a parameter, or another host."""

    def filled(place: re.Match[str]) -> str:
        value = render(place[0], variables)
        if value in (".", "..") or not value.isprintable():
            raise UnsafeAddressError("a value cannot stand in the address")
        return quote(value, safe="")

    return re.sub(r"\{\{[^{}]*\}\}", filled, template)


def rendered(value: Any, variables: Mapping[str, Any]) -> Any:
    """The texts within it, however deep. One that is nothing but a place keeps the value's own kind."""
    if isinstance(value, str):
        alone = _PLACE.fullmatch(value)
        found = MISSING if alone is None else variables.get(alone[1], MISSING)
        return render(value, variables) if found is MISSING else found
    if isinstance(value, Mapping):
        return {key: rendered(each, variables) for key, each in value.items()}
    return [rendered(each, variables) for each in value] if isinstance(value, list) else value


def picked(template: str, answer: Any) -> Any:
    """What an alias says of an answer, which is `$`; its own properties need no `$`. None if nothing is there."""
    alone = _PLACE.fullmatch(template)
    if alone is not None:
        found = at(alone[1], answer)
        return None if found is MISSING else found

    def filled(place: re.Match[str]) -> str:
        found = at(place[1], answer)
        return "" if found is MISSING or found is None else str(found)

    return _PLACE.sub(filled, template)


def at(path: str, answer: Any) -> Any:
    """MISSING if it leads nowhere, or is no path."""
    rest, value = path.removeprefix("$"), answer
    while rest:
        step = _STEP.match(rest)
        if step is None:
            return MISSING
        name = next((each for each in (step[1], step[3], step[4]) if each is not None), None)
        if name is not None and isinstance(value, Mapping):
            value = value.get(name, MISSING)
        elif step[2] is not None and isinstance(value, list) and -len(value) <= int(step[2]) < len(value):
            value = value[int(step[2])]
        else:
            return MISSING
        rest = rest[step.end() :]
    return value
