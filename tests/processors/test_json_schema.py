"""What is as a schema says, what is not, and schemas that would cost too much."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from processors.json_schema import UnusableSchemaError, wrong, wrong_beside

ORDER: dict[str, Any] = {
    "type": "object",
    "required": ["product", "pieces"],
    "additionalProperties": False,
    "properties": {
        "product": {"type": "string", "minLength": 2, "pattern": "^[A-Z]"},
        "pieces": {"$ref": "#/$defs/count"},
        "colour": {"enum": ["red", "blue", None]},
        "sizes": {"type": "array", "items": {"$ref": "#/$defs/count"}, "maxItems": 3, "uniqueItems": True},
    },
    "$defs": {"count": {"type": "integer", "minimum": 1, "maximum": 9}},
}


@pytest.mark.parametrize(
    "value",
    [
        {"product": "Desk", "pieces": 1},
        {"product": "Desk", "pieces": 2.0, "colour": None, "sizes": [1, 2, 3]},
        {"product": "Desk", "pieces": 9, "colour": "red", "sizes": []},
    ],
)
def test_what_is_as_the_schema_says_has_nothing_wrong_with_it(value: Any) -> None:
    assert wrong(value, ORDER) == []


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ([], ["$ fails 'type'"]),
        ({"product": "Desk"}, ["$ fails 'required'"]),
        ({"product": "desk", "pieces": 1}, ["$.product fails 'pattern'"]),
        ({"product": "Desk", "pieces": True}, ["$.pieces fails 'type'"]),
        ({"product": "Desk", "pieces": 10}, ["$.pieces fails 'maximum'"]),
        ({"product": "Desk", "pieces": 1.5}, ["$.pieces fails 'type'"]),
        ({"product": "Desk", "pieces": 1, "colour": "green"}, ["$.colour fails 'enum'"]),
        ({"product": "Desk", "pieces": 1, "sizes": [0, 2]}, ["$.sizes[0] fails 'minimum'"]),
        ({"product": "Desk", "pieces": 1, "sizes": [2, 2]}, ["$.sizes fails 'uniqueItems'"]),
        ({"product": "Desk", "pieces": 1, "secret": 1}, ["$ has a property that is not in the schema"]),
    ],
)
def test_what_is_not_is_told_by_place_and_keyword(value: Any, told: list[str]) -> None:
    assert wrong(value, ORDER) == told


def test_schemas_are_combined() -> None:
    either = {"oneOf": [{"type": "string"}, {"type": "integer"}, {"const": 7}], "not": {"const": 3}}
    assert wrong("x", either) == wrong(5, either) == []
    assert wrong(7, either) == ["$ fails 'oneOf'"]
    assert wrong(3, either) == ["$ fails 'not'"]
    assert wrong(1, {"anyOf": [{"type": "string"}, {"type": "null"}]}) == ["$ fails 'anyOf'"]
    assert wrong(1, {"allOf": [{"minimum": 2}, {"maximum": 0}]}) == ["$ fails 'minimum'", "$ fails 'maximum'"]
    assert wrong({"a": "x"}, {"additionalProperties": {"type": "integer"}}) == ["$.* fails 'type'"]
    assert wrong([1, "x"], {"prefixItems": [True, False]}) == ["$[1] must not be there"]


@pytest.mark.parametrize(
    "schema",
    [
        {"$ref": "#"},
        {"$ref": "http://elsewhere.example/schema.json"},
        {"$ref": "#/$defs/none"},
        {"type": "integre"},
        {"type": 5},
        {"minimum": "1"},
        {"multipleOf": 0},
        {"allOf": {"type": "string"}},
        {"properties": []},
        {"pattern": r"(a)\1"},
        {"pattern": "a" * 2000},
        {"required": 3},
        {"enum": 3},
    ],
)
def test_a_schema_that_cannot_be_followed_says_so(schema: dict[str, Any]) -> None:
    with pytest.raises(UnusableSchemaError):
        wrong({} if "properties" in schema or "required" in schema else 5, schema)


def test_a_schema_that_doubles_its_work_at_every_step_is_given_up() -> None:
    doubling = {str(level): {"allOf": [{"$ref": f"#/$defs/{level + 1}"}] * 2} for level in range(30)}
    with pytest.raises(UnusableSchemaError):
        wrong(1, {"$defs": {**doubling, "30": True}, "$ref": "#/$defs/0"})


def test_a_schema_whose_every_step_is_long_is_given_up() -> None:
    names = [f"name {number}" for number in range(10_000)]
    with pytest.raises(UnusableSchemaError):
        wrong([{}] * 10_000, {"items": {"required": names}})


def test_a_pattern_that_would_go_back_and_forth_does_not() -> None:
    assert wrong("a" * 50_000 + "!", {"pattern": "^(a+)+$"}) == ["$ fails 'pattern'"]


async def test_what_takes_long_takes_a_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    threads: list[str] = []
    to_thread = asyncio.to_thread

    async def noted(work: Any, *given: Any) -> Any:
        threads.append(work.__name__)
        return await to_thread(work, *given)

    monkeypatch.setattr(asyncio, "to_thread", noted)
    assert await wrong_beside(5, {"type": "string"}) == ["$ fails 'type'"]
    assert threads == []
    assert await wrong_beside(["x"] * 1000, {"items": {"type": "string", "minLength": 1}}) == []
    assert threads == ["wrong"]
