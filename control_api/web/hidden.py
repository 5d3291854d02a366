"""Secrets within JSON: sealed at rest, masked in answers, and kept when they come back as they were shown.

At rest `{"$sealed": "v1.…"}` stands in the place of a secret: what is sealed says so itself, and whoever opens or
renews it need not know what was secret when it was written.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache, partial
from typing import Any

import orjson

from control_api.web.errors import bad
from storage.sealing import Seal

SEALED = "$sealed"
SHOWN, MASK = 4, "••••••••"
"""Last characters of a secret that are shown, if it is long enough to spare them."""
OVERRIDES, PLAN = "assistant_overrides", "agent.config"
"""What the secrets of an object are sealed as."""

Path = tuple[str | int, ...]
Secret = Callable[[Path], bool]
"""Whether a value is secret that stands here: keys, and places in lists."""


@dataclass(frozen=True, slots=True)
class Leaf:
    """A text or a number."""

    path: Path
    provider: str
    """As the nearest object around it names one: whom a key is for."""
    value: Any
    sealed: str | None = None
    """In place of the value, at rest."""

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(part for part in self.path if isinstance(part, str))


class Hidden:
    """The secrets that an organisation has in objects of one kind."""

    def __init__(self, seal: Seal, organisation: str, kind: str) -> None:
        """`kind` is OVERRIDES or PLAN. What was sealed for another kind or organisation raises SealedError."""
        self._seal, self._organisation, self._kind = seal, organisation, kind

    def plain(self, given: Mapping[str, Any], before: Mapping[str, Any], secret: Secret, field: str) -> dict[str, Any]:
        """What was given, with the secrets that `before` has at rest in the place of their masks.

        A mask counts for the same provider only. Raises RefusedError, which names `field`, where there is no such
        secret, or it may be one or another.
        """
        known = cache(partial(self._by_mask, before, secret))

        def unmasked(leaf: Leaf) -> Any:
            if leaf.sealed is not None:
                raise bad(f"{_dotted(field, leaf)} must not have the name {SEALED}")
            if not (secret(leaf.path) and str(leaf.value).startswith(MASK)):
                return leaf.value
            alike = known().get((leaf.names, leaf.provider, leaf.value), [])
            here = [old.value for old in alike if old.path == leaf.path]
            meant = here or list(dict.fromkeys(old.value for old in alike))
            if len(meant) != 1:
                raise bad(f"{_dotted(field, leaf)} is masked: it must be given in full")
            return meant[0]

        return _changed(given, unmasked)

    def sealed(self, plain: Mapping[str, Any], secret: Secret) -> dict[str, Any]:
        """As it is kept at rest."""
        return _changed(plain, lambda leaf: self._hide(leaf.value) if secret(leaf.path) else leaf.value)

    def opened(self, kept: Mapping[str, Any]) -> dict[str, Any]:
        """As a call needs it. Raises SealedError."""
        return _changed(kept, self._value)

    def masked(self, kept: Mapping[str, Any], secret: Secret) -> dict[str, Any]:
        """As it is shown. Raises SealedError."""

        def hide(leaf: Leaf) -> Any:
            value = self._value(leaf)
            return masked(str(value)) if leaf.sealed is not None or (secret(leaf.path) and value != "") else value

        return _changed(kept, hide)

    def renewed(self, kept: Mapping[str, Any]) -> dict[str, Any]:
        """Under the current key. Raises SealedError."""

        def renew(leaf: Leaf) -> Any:
            if leaf.sealed is None:
                return leaf.value
            return {SEALED: self._seal.renew(leaf.sealed, organisation=self._organisation, name=self._kind)}

        return _changed(kept, renew)

    def _by_mask(self, kept: Mapping[str, Any], secret: Secret) -> dict[tuple[Any, ...], list[Leaf]]:
        """Names, provider and mask → the secrets that they may stand for."""
        found: dict[tuple[Any, ...], list[Leaf]] = {}

        def note(leaf: Leaf) -> None:
            if secret(leaf.path):
                found.setdefault((leaf.names, leaf.provider, masked(str(leaf.value))), []).append(leaf)

        _changed(self.opened(kept), note)
        return found

    def _hide(self, value: Any) -> Any:
        if value == "":
            return value
        text = orjson.dumps(value).decode()
        return {SEALED: self._seal.seal(text, organisation=self._organisation, name=self._kind)}

    def _value(self, leaf: Leaf) -> Any:
        if leaf.sealed is None:
            return leaf.value
        return orjson.loads(self._seal.open(leaf.sealed, organisation=self._organisation, name=self._kind))


def masked(secret: str) -> str:
    """Its last four characters, and none of a short one."""
    return MASK + (secret[-SHOWN:] if len(secret) >= 3 * SHOWN else "")


def _dotted(field: str, leaf: Leaf) -> str:
    return ".".join([field, *map(str, leaf.path)])


def _changed(tree: Mapping[str, Any], change: Callable[[Leaf], Any]) -> dict[str, Any]:
    """A copy with other leaves. What is neither text nor number (true, false, null) is no leaf."""

    def walk(value: Any, path: Path, provider: str) -> Any:
        match value:
            case {"$sealed": str(text)} if len(value) == 1:
                return change(Leaf(path, provider, None, text))
            case Mapping():
                named = value.get("provider")
                around = named if isinstance(named, str) else provider
                return {key: walk(each, (*path, key), around) for key, each in value.items()}
            case list():
                return [walk(each, (*path, place), provider) for place, each in enumerate(value)]
            case bool():
                return value
            case str() | int() | float():
                return change(Leaf(path, provider, value))
        return value

    return {key: walk(value, (key,), "") for key, value in tree.items()}
