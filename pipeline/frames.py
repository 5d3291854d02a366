"""Everything that travels through a pipeline: one flat family of frames.

Times named `at` are seconds on the call's own clock: zero is the answer, and it advances by 20 ms with every
`AudioIn`. PCM is mono, signed 16-bit little-endian, at the transport's rate unless a field says otherwise.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from pipeline.bed import Bed

FRAME_SECONDS = 0.02
"""Length of one `AudioIn`: the tick of a call's clock."""


class Frame:
    """Anything that travels through a pipeline."""

    __slots__ = ()


# ── the caller ──────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(slots=True)  # not frozen: fifty a second for each call, and frozen ones cost three times as much to make
class AudioIn(Frame):
    """20 ms of the caller's sound, silence included. Never changed once made."""

    pcm: bytes
    at: float
    """When its first sample was heard."""
    raw: bytes = b""
    """As it came over the line, if `pcm` is that with the noise taken out; else empty."""

    @property
    def line(self) -> bytes:
        """As it came over the line."""
        return self.raw or self.pcm


@dataclass(frozen=True, slots=True)
class Digit(Frame):
    """A key pressed on the phone: one of 0-9, *, #, A-D."""

    key: str
    at: float


@dataclass(frozen=True, slots=True)
class SpeechStarted(Frame):
    """Somebody began to speak; said once the voice detector is sure."""

    at: float
    """When the first voiced sound was heard: the detector's start time earlier than this frame."""


@dataclass(frozen=True, slots=True)
class SpeechStopped(Frame):
    """Somebody fell silent; said once the voice detector is sure."""

    at: float
    """When the last voiced sound ended: the detector's stop time earlier than this frame."""


@dataclass(frozen=True, slots=True)
class Transcript(Frame):
    """What was understood of one stretch of speech. A partial one replaces the partial before it."""

    text: str
    final: bool
    language: str = ""
    """BCP 47 tag where the recogniser tells it, else empty."""
    certainty: float | None = field(default=None, compare=False)
    """How sure it is of the language, in [0, 1], where it tells that."""


@dataclass(frozen=True, slots=True)
class LanguageSwitched(Frame):
    """From now on the call is in another language."""

    language: str
    """BCP 47 tag."""
    by_model: bool = False
    """The language model wanted it, and need not be told."""


@dataclass(frozen=True, slots=True)
class MaybeTurn(Frame):
    """The caller is silent, and may have finished: this will be the turn's text unless more is said or understood."""

    text: str


@dataclass(frozen=True, slots=True)
class UserTurn(Frame):
    """The caller has said something whole and waits for an answer."""

    text: str
    at: float
    """When the caller began to say it."""
    ended: float = 0.0
    """When the caller's last voiced sound ended."""


# ── the bot ─────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class ReplyText(Frame):
    """A piece of a reply as the language model brings it, cut anywhere."""

    text: str
    reply: int
    """Counts up through the call; every frame of one reply has the same number. Negative ones are no part of the chat:
    fillers and apologies."""


@dataclass(frozen=True, slots=True)
class ReplyDone(Frame):
    """No more text will come for this reply."""

    reply: int


@dataclass(frozen=True, slots=True)
class AudioOut(Frame):
    """Sound of a reply, any length, made faster than it is heard."""

    pcm: bytes
    reply: int
    text: str = ""
    """Set on the first sound of each phrase: the whole of what that phrase says."""


@dataclass(frozen=True, slots=True)
class AudioDone(Frame):
    """No more sound will come for this reply."""

    reply: int


@dataclass(slots=True)  # as frequent as AudioIn
class Heard(Frame):
    """Up to 20 ms of the bot's sound as it goes by on the line. Comes in at the head, after its time's `AudioIn`."""

    pcm: bytes
    at: float
    """When its first sample is heard, on the clock of `AudioIn`, to the sample."""
    reply: int


@dataclass(frozen=True, slots=True)
class Played(Frame):
    """How much of a reply the caller has heard: said after every phrase, at its end, and when it is cut."""

    reply: int
    at: float
    """When its first sample was heard."""
    seconds: float
    text: str
    """The words heard so far."""
    complete: bool
    """It was heard whole. False for a part, and for a reply that was cut."""
    over: bool = False
    """Nothing more of this reply will be heard: it was heard whole, or it was cut."""


# ── the line ────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Background(Frame):
    """From now on this is heard under everything that the bot says, and while it says nothing."""

    bed: Bed


@dataclass(frozen=True, slots=True)
class Pause(Frame):
    """The caller may be interrupting: stop the bot's sound at once, but keep what was not heard."""

    at: float


@dataclass(frozen=True, slots=True)
class Resume(Frame):
    """It was no interruption: go on where the sound was cut."""

    at: float


@dataclass(frozen=True, slots=True)
class Interrupt(Frame):
    """The caller takes the turn: drop every reply that is being made, said or waiting."""

    at: float
    ours: bool = False
    """It makes room for what somebody else than the caller wants: no caller has interrupted."""


@dataclass(frozen=True, slots=True)
class Say(Frame):
    """From outside the call: say this, whatever else was going on."""

    text: str
    hangup: str = ""
    """If set: the reason with which to hang up once it was heard, and the caller cannot talk the bot out of it."""
    after_sentence: bool = False
    """The sentence that is being said is finished first; what was to follow it is dropped."""
    transfer_to: str = ""
    """If set, beside `hangup`: the queue that the call is handed to once it was heard, in place of hanging up."""
    protected: bool = False
    """The caller hears all of it, and is answered after it."""


@dataclass(frozen=True, slots=True)
class Note(Frame):
    """From outside the call: something the bot is to know and the caller does not hear."""

    text: str = field(repr=False)
    answer: bool = False
    """The bot speaks at once, with the note in mind."""
    protected: bool = False
    """The caller hears all that the bot then says, and is answered after it."""
    role: Literal["system", "user", "assistant"] = "system"
    """`system`: it is a note. The others: it stands in the chat as if it had been said."""


@dataclass(frozen=True, slots=True)
class Mute(Frame):
    """From outside the call: the bot says nothing of its own any more, or does again. `Say` is said all the same."""

    on: bool


@dataclass(frozen=True, slots=True)
class SendDigits(Frame):
    """From outside the call: press these keys, as a caller would, in place of what the bot is saying."""

    keys: str = field(repr=False)
    """Of 0-9, *, #, A-D; `w` waits for half a second."""


@dataclass(frozen=True, slots=True)
class Listen(Frame):
    """From outside the call: somebody hears both sides for a while from now on."""


@dataclass(frozen=True, slots=True)
class Transfer(Frame):
    """Hand the call to somebody else: a number or a queue's name. Acts once the line has played out."""

    to: str


@dataclass(frozen=True, slots=True)
class TransferAsked(Frame):
    """The bot wants the call handed to a queue of human agents, if one of them is there."""

    target: str
    brief: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class ToolBegun(Frame):
    """Something is being done that the bot asked for, and the caller waits for it. A `ToolUsed` follows."""

    name: str


@dataclass(frozen=True, slots=True)
class ToolUsed(Frame):
    """Something was done that the bot asked for, and the bot knows what came of it."""

    name: str
    ok: bool
    seconds: float
    answer: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Hangup(Frame):
    """End the call now."""

    reason: str


@dataclass(frozen=True, slots=True)
class Failure(Frame):
    """A service that the call depends on failed; the call goes on as well as it can."""

    stage: str
    """`stt`, `llm` or `tts`."""
    error: str
    """Fit to be logged: no key and none of the caller's words."""
    fatal: bool = False
    """The stage is not tried again in this call."""
