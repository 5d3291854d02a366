"""Every field of an assistant's overrides is either obeyed or documented as not."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args, get_origin

from pydantic import BaseModel

from control_api.assistant import AssistantOverrides
from control_api.assistant.obedience import FREE, KEPT
from server.overrides import OBEYED
from server.overrides.left_out import LEFT_OUT, REASONS

DOCUMENT = Path(__file__).parents[2] / "docs/OVERRIDES.md"


def model_of(annotation: Any) -> type[BaseModel] | None:
    """What stands in a field itself: a list is one field, whatever is in it."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    inside = () if get_origin(annotation) in (list, dict, tuple) else get_args(annotation)
    return next((found for each in inside if (found := model_of(each)) is not None), None)


def fields(model: type[BaseModel], above: str = "") -> Iterator[str]:
    for name, field in model.model_fields.items():
        key = field.alias or name
        inner = None if key in FREE else model_of(field.annotation)
        if inner is None:
            yield above + key
        else:
            yield from fields(inner, f"{above}{key}.")


def upwards(path: str) -> Iterator[str]:
    while path:
        yield path
        path = path.rpartition(".")[0]


FIELDS = frozenset(fields(AssistantOverrides))


def test_every_field_is_obeyed_or_said_to_be_left_out() -> None:
    known = OBEYED | KEPT | LEFT_OUT
    assert sorted(path for path in FIELDS if known.isdisjoint(upwards(path))) == []


def test_what_is_left_out_is_a_field_that_nothing_obeys() -> None:
    below = {above for path in FIELDS for above in upwards(path)}
    assert sorted(LEFT_OUT - below) == []
    assert sorted(LEFT_OUT & OBEYED) == []


def test_the_document_says_so_with_the_reason() -> None:
    rows = DOCUMENT.read_text().splitlines()
    for why, paths in REASONS.items():
        (row,) = [row for row in rows if row.endswith(f"| {why} |")]
        assert [path for path in paths if f"`{path}`" not in row] == []
