"""How settings are named, in the environment and the file, and what is said of one that is unknown or will not do."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from difflib import get_close_matches

from pydantic import BaseModel, ValidationError

PREFIX = "VAANI_"
FILE = "vaani.toml"


class SettingsError(Exception):
    """A setting that is unknown or will not do. Its text is one sentence that names it and never shows its value."""


def names(model: type[BaseModel], above: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """The path of every setting."""
    for name, field in model.model_fields.items():
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            yield from names(field.annotation, (*above, name))
        else:
            yield (*above, field.alias or name)


def variable(path: tuple[str, ...]) -> str:
    return PREFIX + "_".join(path).upper()


def refuse_unknown(model: type[BaseModel], environment: Mapping[str, str]) -> None:
    """Raises SettingsError."""
    known = {variable(path) for path in names(model)}
    for name in sorted(environment):
        if name.upper().startswith(PREFIX) and name.upper() not in known:
            raise SettingsError(f"There is no setting {name}{_instead(name.upper(), known)}")


def _instead(name: str, known: set[str]) -> str:
    close = get_close_matches(name, known, n=1)
    return f": did you mean {close[0]}?" if close else "."


def sentence(model: type[BaseModel], error: ValidationError, environment: Mapping[str, str]) -> str:
    """What is wrong with the first setting that is."""
    first = error.errors(include_url=False, include_input=False, include_context=False)[0]
    path = tuple(str(part) for part in first["loc"])
    if first["type"] == "extra_forbidden":
        known = {".".join(name) for name in names(model)}
        return f"There is no setting {'.'.join(path)} in {FILE}{_instead('.'.join(path), known)}"
    what = first["msg"].removeprefix("Value error, ")
    setting = next((name for name in names(model) if path[: len(name)] == name), None)
    if setting is None:
        return f"{what}."
    where = "" if variable(setting) in environment else f" ({'.'.join(setting)} in {FILE})"
    return f"The setting {variable(setting)}{where} will not do: {what[0].lower()}{what[1:]}."
