"""How a call's bot speaks in one language: its voice, and what it falls back on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from processors.ports import TextToSpeech
from processors.wording.script import Script


@dataclass(frozen=True, slots=True)
class Stored:
    """A sentence that needs no voice any more."""

    text: str = ""
    pcm: bytes = field(default=b"", repr=False)
    """At the line's rate."""


@dataclass(frozen=True, slots=True)
class Manner:
    voice: TextToSpeech
    script: Callable[[], Script]
    apology: Stored
    goodbye: Stored
    fillers: Sequence[Stored]
