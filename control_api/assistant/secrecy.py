"""Which values within `assistantOverrides` are secret: by the marks in the models, elsewhere by their names."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cache, lru_cache
from typing import Any, get_args

from pydantic import BaseModel

from control_api.assistant.overrides import AssistantOverrides
from control_api.assistant.wire import Secret

HEADERS = "headers"
_SOUNDS_SECRET = re.compile(
    r".key$|access_?key_?id$|secret$|token$|password$|passphrase$|authorization$", re.IGNORECASE
)
"""Names of fields that no model knows: those of one provider alone."""
LONGEST = 200
"""Letters in a path that is remembered: strangers choose its names, and could fill the memory with them."""


def is_secret(path: Sequence[str | int]) -> bool:
    """Whether a value is secret that stands here: keys as on the wire, and places in lists."""
    names = tuple(part for part in path if isinstance(part, str))
    return _remembered(names) if sum(map(len, names)) <= LONGEST else _looked_up(names)


def _looked_up(names: tuple[str, ...]) -> bool:
    models: tuple[type[BaseModel], ...] = (AssistantOverrides,)
    for place, name in enumerate(names):
        known = [fields[name] for model in models if name in (fields := _fields(model))]
        if not known:
            return any(map(_is_open, models)) and _sounds_secret(names[place:])
        below = names[place + 1 :]
        if any(mark.covers(below) for marks, _ in known for mark in marks):
            return True
        models = tuple(model for _, inside in known for model in inside)
    return False


_remembered = lru_cache(4096)(_looked_up)


@cache
def _fields(model: type[BaseModel]) -> dict[str, tuple[tuple[Secret, ...], tuple[type[BaseModel], ...]]]:
    """Each field as on the wire → its marks, and the models that may stand in it."""
    model.model_rebuild()  # one that names a later model of its module knows it only now
    return {
        field.alias or name: (
            tuple(mark for mark in field.metadata if isinstance(mark, Secret)),
            tuple(_models(field.annotation)),
        )
        for name, field in model.model_fields.items()
    }


def _models(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for inner in get_args(annotation):
        yield from _models(inner)


def _is_open(model: type[BaseModel]) -> bool:
    return model.model_config.get("extra") == "allow"


def _sounds_secret(names: Sequence[str]) -> bool:
    *above, last = names
    return HEADERS in above or _SOUNDS_SECRET.search(last) is not None
