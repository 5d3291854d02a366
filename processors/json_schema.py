"""Whether a value is as a JSON schema says. The schema and the value are strangers' words: neither may cost much time.

Patterns run in linear time, references lead nowhere but into the schema itself, and the whole of it has so many steps
and so long.
Checked are the keywords in `_CHECKS`, and `properties`, `items`, `allOf` and their like; others say nothing.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any

from pydantic_core import SchemaError, SchemaValidator, ValidationError, core_schema

STEPS = 20_000
SECONDS = 0.1
"""Of the processor: one step may be a list of thousands of choices."""
AT_ONCE = 0.001
"""Of these on the event loop. What takes longer takes a thread."""
DEPTH = 40
LONGEST_PATTERN = 1000


class UnusableSchemaError(ValueError):
    """The schema itself cannot be followed. Its text names the place."""


def wrong(value: Any, schema: Mapping[str, Any], seconds: float = SECONDS) -> list[str]:
    """What is wrong with it: a place and the keyword that it fails, never the value. Raises UnusableSchemaError."""
    return list(_Check(schema, seconds).of(value, schema, "$", DEPTH))


async def wrong_beside(value: Any, schema: Mapping[str, Any]) -> list[str]:
    """The same, on an event loop that must not be blocked."""
    try:
        return wrong(value, schema, AT_ONCE)
    except UnusableSchemaError:  # perhaps for want of time
        return await asyncio.to_thread(wrong, value, schema)


class _Check:
    def __init__(self, root: Mapping[str, Any], seconds: float) -> None:
        self._root = root
        self._steps = STEPS
        self._until = time.thread_time() + seconds

    def of(self, value: Any, schema: Any, place: str, depth: int) -> Iterator[str]:
        self._steps -= 1
        if not depth or self._steps < 0 or time.thread_time() > self._until:
            raise UnusableSchemaError(f"{place}: the schema is too deep, or too much work")
        if isinstance(schema, bool):
            yield from () if schema else (f"{place} must not be there",)
            return
        if not isinstance(schema, Mapping):
            raise UnusableSchemaError(f"{place}: a schema must be an object")
        if "$ref" in schema:
            yield from self.of(value, self._referred(schema["$ref"]), place, depth - 1)
        try:
            for keyword, holds in _CHECKS.items():
                if keyword in schema and not holds(value, schema[keyword]):
                    yield f"{place} fails {keyword!r}"
        except (TypeError, ValueError, ArithmeticError):
            raise UnusableSchemaError(f"{place}: {keyword!r} of the schema cannot be understood") from None
        if isinstance(value, dict):
            yield from self._object(value, schema, place, depth)
        if isinstance(value, list):
            yield from self._array(value, schema, place, depth)
        yield from self._combined(value, schema, place, depth)

    def _object(self, value: dict[str, Any], schema: Mapping[str, Any], place: str, depth: int) -> Iterator[str]:
        known = schema.get("properties", {})
        if not isinstance(known, Mapping):
            raise UnusableSchemaError(f"{place}: 'properties' must be an object")
        others = schema.get("additionalProperties", True)
        for name, each in value.items():
            if name in known:
                yield from self.of(each, known[name], f"{place}.{name}", depth - 1)
            elif others is False:
                yield f"{place} has a property that is not in the schema"
            else:
                yield from self.of(each, others, f"{place}.*", depth - 1)

    def _array(self, value: list[Any], schema: Mapping[str, Any], place: str, depth: int) -> Iterator[str]:
        first = schema.get("prefixItems", ())
        for index, each in enumerate(value):
            its = first[index] if isinstance(first, list) and index < len(first) else schema.get("items", True)
            yield from self.of(each, its, f"{place}[{index}]", depth - 1)

    def _combined(self, value: Any, schema: Mapping[str, Any], place: str, depth: int) -> Iterator[str]:
        for each in _list(schema.get("allOf", []), place):
            yield from self.of(value, each, place, depth - 1)
        for keyword, most in (("anyOf", STEPS), ("oneOf", 1)):
            if keyword in schema:
                met = sum(self._fits(value, each, place, depth) for each in _list(schema[keyword], place))
                if not 1 <= met <= most:
                    yield f"{place} fails {keyword!r}"
        if "not" in schema and self._fits(value, schema["not"], place, depth):
            yield f"{place} fails 'not'"

    def _fits(self, value: Any, schema: Any, place: str, depth: int) -> bool:
        return next(self.of(value, schema, place, depth - 1), None) is None

    def _referred(self, reference: Any) -> Any:
        if not isinstance(reference, str) or not reference.startswith("#"):
            raise UnusableSchemaError("'$ref' must lead into the schema itself")
        found: Any = self._root
        for part in filter(None, reference[1:].split("/")):
            name = part.replace("~1", "/").replace("~0", "~")
            if not isinstance(found, Mapping) or name not in found:
                raise UnusableSchemaError(f"'$ref' leads nowhere: {reference[:100]}")
            found = found[name]
        return found


def _list(schemas: Any, place: str) -> Sequence[Any]:
    if not isinstance(schemas, list):
        raise UnusableSchemaError(f"{place}: a list of schemas must be a list")
    return schemas


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


_TYPES: Mapping[str, Callable[[Any], bool]] = {
    "string": lambda value: isinstance(value, str),
    "number": _is_number,
    "integer": lambda value: _is_number(value) and value == int(value),
    "boolean": lambda value: isinstance(value, bool),
    "array": lambda value: isinstance(value, list),
    "object": lambda value: isinstance(value, dict),
    "null": lambda value: value is None,
}


def _is_of(value: Any, types: Any) -> bool:
    named = types if isinstance(types, list) else [types]
    if not all(name in _TYPES for name in named):
        raise ValueError("no such type")
    return any(_TYPES[name](value) for name in named)


def _is_same(one: Any, other: Any) -> bool:
    """As JSON has it, in which `true` is not 1."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_is_same(one[key], other[key]) for key in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(_is_same, one, other))
    return isinstance(one, bool) == isinstance(other, bool) and bool(one == other)


def _is_unique(value: Any, wanted: Any) -> bool:
    return not (wanted and isinstance(value, list)) or len({json.dumps(each, sort_keys=True) for each in value}) == len(
        value
    )


@lru_cache(256)
def _compiled(pattern: str) -> SchemaValidator:
    if len(pattern) > LONGEST_PATTERN:
        raise ValueError("too long")
    try:
        return SchemaValidator(core_schema.str_schema(pattern=pattern, regex_engine="rust-regex"))
    except SchemaError:
        raise ValueError("no pattern of a kind that takes linear time") from None


def _matches(value: Any, pattern: Any) -> bool:
    compiled = _compiled(pattern)
    if not isinstance(value, str):
        return True
    try:
        compiled.validate_python(value)
    except ValidationError:
        return False
    return True


def _of(kind: Callable[[Any], bool], holds: Callable[[Any, Any], bool]) -> Callable[[Any, Any], bool]:
    """Of a value of another kind the keyword says nothing."""
    return lambda value, wanted: not kind(value) or holds(value, wanted)


_CHECKS: Mapping[str, Callable[[Any, Any], bool]] = {
    "type": _is_of,
    "enum": lambda value, wanted: any(_is_same(value, each) for each in list(wanted)),
    "const": _is_same,
    "minimum": _of(_is_number, lambda value, wanted: bool(value >= wanted)),
    "maximum": _of(_is_number, lambda value, wanted: bool(value <= wanted)),
    "exclusiveMinimum": _of(_is_number, lambda value, wanted: bool(value > wanted)),
    "exclusiveMaximum": _of(_is_number, lambda value, wanted: bool(value < wanted)),
    "multipleOf": _of(_is_number, lambda value, wanted: abs(value / wanted - round(value / wanted)) < 1e-9),
    "minLength": _of(_TYPES["string"], lambda value, wanted: len(value) >= wanted),
    "maxLength": _of(_TYPES["string"], lambda value, wanted: len(value) <= wanted),
    "pattern": _matches,
    "minItems": _of(_TYPES["array"], lambda value, wanted: len(value) >= wanted),
    "maxItems": _of(_TYPES["array"], lambda value, wanted: len(value) <= wanted),
    "uniqueItems": _is_unique,
    "required": _of(_TYPES["object"], lambda value, wanted: set(wanted) <= value.keys()),
    "minProperties": _of(_TYPES["object"], lambda value, wanted: len(value) >= wanted),
    "maxProperties": _of(_TYPES["object"], lambda value, wanted: len(value) <= wanted),
}
