"""What is told of a call: its transcript, its troubles, how long its answers took. Times are as in `frames`."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from pipeline.frames import Frame


@dataclass(frozen=True, slots=True)
class BothSides(Frame):
    """What went by on the line, while somebody listens along: the caller left, the bot right, aligned to the sample."""

    pcm: bytes = field(repr=False)
    """Stereo PCM16 of 100 ms."""


@dataclass(frozen=True, slots=True)
class Said(Frame):
    """One line of the transcript: what somebody said and the other side heard."""

    speaker: Literal["agent", "customer"]
    text: str
    at: float
    seconds: float
    interrupted: bool = False
    """The caller cut the agent short there."""
    reply: int = 0
    """Of the agent's lines."""


@dataclass(frozen=True, slots=True)
class Disclosure(Frame):
    """What has to be said first is being said, or was heard to its end."""

    at: float
    heard: bool


@dataclass(frozen=True, slots=True)
class RecordingConsent(Frame):
    """Whether the caller lets the call be recorded."""

    at: float
    given: bool | None
    """None: that is about to be asked."""


@dataclass(frozen=True, slots=True)
class DeadAir(Frame):
    """The caller has waited for an answer and heard nothing."""

    at: float
    seconds: float
    """How long, since the end of what the caller said."""


@dataclass(frozen=True, slots=True)
class FalseInterruption(Frame):
    """The bot was cut short for a noise or a nod, and goes on where it was held."""

    at: float
    seconds: float
    """How long it was held."""


@dataclass(frozen=True, slots=True)
class AskedAhead(Frame):
    """The language model was asked before the turn was certain, and now it is known what for."""

    adopted: bool
    """The answer was wanted. False: the caller went on, or was understood otherwise."""


@dataclass(frozen=True, slots=True)
class Answered(Frame):
    """The first sound of a reply is on the line. Each field says seconds since the caller's speech ended.

    The steps overlap: the recogniser works while the turn is still being judged. None: the step was not seen.
    """

    reply: int
    at: float
    """When the caller's speech ended."""
    vad: float | None
    """The voice detector was sure of the silence."""
    transcript: float | None
    """The last final transcript of the turn was there."""
    turn: float | None
    """The turn was judged to be over."""
    first_text: float | None
    """The language model's first words."""
    first_audio: float | None
    """The voice's first sound."""
    on_line: float
    """That sound went over the line."""


@dataclass(frozen=True, slots=True)
class Guarded(Frame):
    """A guardrail had its say in what the bot was about to say."""

    guardrail: str
    """By name, or `sentence`."""
    held: bool
    """A sentence of ours is said in its place. False: it is said unjudged, for the judge was late."""
