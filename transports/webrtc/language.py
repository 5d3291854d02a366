"""What a page and a call say to each other over a data channel, in whatever words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Asked:
    """What came of one message of the page."""

    answers: Sequence[Json] = ()
    digits: str = ""
    """Keys that the page pressed."""
    text: str = ""
    """Words that were typed in place of being said."""
    leaves: bool = False
    """The page wants the call to end."""
    pings: bool = False
    """It only says that the page is there."""
    trouble: str = ""
    """A short fixed name for what was wrong with the message."""


class Language(Protocol):
    """One for each call: it may remember what was said."""

    def told(self, message: Json) -> Sequence[Json]:
        """How the page is told a message of the call's story (docs/LIVE.md)."""
        ...

    def speaking(self, on: bool) -> Sequence[Json]:
        """How the page is told that the agent began to speak, or fell silent."""
        ...

    def farewell(self) -> Sequence[Json]:
        """How the page is told that the call is over."""
        ...

    def asked(self, text: str) -> Asked:
        """What the page said."""
        ...
