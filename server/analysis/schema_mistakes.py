"""Whether a JSON schema can be followed at all, before there is a value to hold against it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

import orjson

from processors.json_schema import UnusableSchemaError, wrong

KINDS: tuple[Any, ...] = ("", 0, [], {})
"""A value of each kind: a keyword says nothing of others, and would not be read."""
DEEPEST = 40
MOST_PATTERNS = 50
"""Others are looked at when there is a value: each takes its time."""

NAMED, SINGLE, LISTS = (
    ("properties", "$defs", "definitions"),
    ("items", "additionalProperties", "not"),
    ("allOf", "anyOf", "oneOf", "prefixItems"),
)
"""Keywords that hold schemas: by names, one, and several."""
WITHIN = frozenset({*NAMED, *SINGLE, *LISTS, "$ref"})

_COSTLY = re.compile(r"\\[pP](?:\{[^}]*\}|\w)|\\[wWdDsS]|\\[xuU]\{[0-9A-Fa-f]+\}|\\.|\{\d+(?:,\d*)?\}", re.DOTALL)


def mistake(schema: Mapping[str, Any]) -> str | None:
    """The first, in words that begin with its place."""
    return _mistake(orjson.dumps(schema))


@lru_cache(256)
def _mistake(text: bytes) -> str | None:
    root, patterns = orjson.loads(text), 0
    try:
        for place, schema in _all(root, root, "$", DEEPEST):
            own = schema
            if isinstance(schema, Mapping):
                own = {name: value for name, value in schema.items() if name not in WITHIN}
            if isinstance(schema, Mapping) and isinstance(schema.get("pattern"), str):
                patterns += 1
                own["pattern"] = _skeleton(schema["pattern"]) if patterns <= MOST_PATTERNS else ""
            _read(own, place)
    except UnusableSchemaError as error:
        return str(error)
    return None


def _read(own: Any, place: str) -> None:
    try:
        for value in KINDS:
            wrong(value, own)
    except UnusableSchemaError as error:
        raise UnusableSchemaError(place + str(error).removeprefix("$")) from None


def _all(root: Any, schema: Any, place: str, depth: int) -> Iterator[tuple[str, Any]]:
    """Each schema within this one, and its place."""
    if not depth:
        raise UnusableSchemaError(f"{place}: the schema is too deep")
    yield place, schema
    if not isinstance(schema, Mapping):
        return
    if "$ref" in schema:
        _must_lead(root, schema["$ref"], place)
    for keyword in NAMED:
        named = schema.get(keyword, {})
        if not isinstance(named, Mapping):
            raise UnusableSchemaError(f"{place}: {keyword!r} must be an object")
        before = place if keyword == "properties" else f"{place}.{keyword}"
        for name, each in named.items():
            yield from _all(root, each, f"{before}.{name}", depth - 1)
    for keyword in SINGLE:
        if keyword in schema:
            yield from _all(root, schema[keyword], f"{place}.{keyword}", depth - 1)
    for keyword in LISTS:
        several = schema.get(keyword, [])
        if not isinstance(several, list):
            raise UnusableSchemaError(f"{place}: {keyword!r} must be a list")
        for index, each in enumerate(several):
            yield from _all(root, each, f"{place}.{keyword}[{index}]", depth - 1)


def _must_lead(root: Any, reference: Any, place: str) -> None:
    if not isinstance(reference, str) or not reference.startswith("#"):
        raise UnusableSchemaError(f"{place}: '$ref' must lead into the schema itself")
    found = root
    for part in filter(None, reference[1:].split("/")):
        name = part.replace("~1", "/").replace("~0", "~")
        if not isinstance(found, Mapping) or name not in found:
            raise UnusableSchemaError(f"{place}: '$ref' leads nowhere: {reference[:100]}")
        found = found[name]


def _skeleton(pattern: str) -> str:
    """Of the same form, without what takes a tenth of a second to compile: classes of all of Unicode, many times."""

    def plain(found: re.Match[str]) -> str:
        token = found[0]
        if token.startswith("{"):
            return "?"
        return "a" if token[1] in "pPwWdDsS" or token.endswith("}") else token

    return _COSTLY.sub(plain, pattern)
