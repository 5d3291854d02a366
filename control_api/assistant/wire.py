"""How Vapi's objects are written: camelCase, everything optional, and what is unknown refused by its path."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator
from pydantic.alias_generators import to_camel

Item = TypeVar("Item")

Count = Annotated[float, Field(ge=0)]
"""A number of things. Vapi's numbers need not be whole."""
Share = Annotated[float, Field(ge=0, le=1)]
Seconds = Annotated[float, Field(ge=0)]


def _listed(value: object) -> object:
    return value if isinstance(value, list) or value is None else [value]


OneOrMany = Annotated[list[Item], BeforeValidator(_listed)]
"""A list, or the one thing that would be in it."""


@dataclass(frozen=True, slots=True)
class Secret:
    """Marks a field of which the texts are sealed at rest and masked in answers."""

    only: frozenset[str] = frozenset()
    """Just what stands below one of these names; empty: everything."""

    def covers(self, below: Sequence[str]) -> bool:
        """`below` are the names between the field and the text."""
        return not self.only or not self.only.isdisjoint(below)


class Wire(BaseModel):
    """An object whose fields are all known. None of them is needed: overrides say only what differs.

    Null is the same as nothing said. Numbers are not read out of strings.
    """

    model_config = ConfigDict(
        alias_generator=to_camel,
        extra="forbid",
        strict=True,
        frozen=True,
        allow_inf_nan=False,
        hide_input_in_errors=True,
    )


class Loose(Wire):
    """An object that looks different for each provider: what is known of it is checked, the rest let through."""

    model_config = ConfigDict(extra="allow")


def _without_blanks(value: Any) -> Any:
    return {key: each for key, each in value.items() if each != {}} if isinstance(value, Mapping) else value


class Sketch(Wire):
    """An object in which `{}` may stand for any value that is left open, as it does in Vapi's own examples."""

    @model_validator(mode="before")
    @classmethod
    def _filled(cls, value: Any) -> Any:
        return _without_blanks(value)


class RegexOption(Wire):
    type: Literal["ignore-case", "whole-word", "multi-line"]
    enabled: bool | None = None


class JsonSchema(Sketch):
    """The keywords that Vapi names; others of JSON Schema are let through."""

    model_config = ConfigDict(extra="allow")

    type: OneOrMany[Literal["string", "number", "integer", "boolean", "array", "object", "null"]] | None = None
    items: dict[str, Any] | None = None
    properties: dict[str, Any] | None = None
    description: str | None = None
    pattern: str | None = None
    format: str | None = None
    required: list[str] | None = None
    enum: list[Any] | None = None
    title: str | None = None
