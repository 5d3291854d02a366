"""Who is on the line: a person is a short list of steps, moved on by every 20 ms that they hear.

Pure: the same steps and the same bot give the same person, to the sample.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from pipeline.audio import frame_bytes
from pipeline.frames import FRAME_SECONDS

BOT_DONE = 0.6
"""Seconds of silence after which people take it that the other one has finished."""
PATIENCE = 10.0
"""Seconds for which people wait for somebody to speak before they give up."""


@dataclass(frozen=True, slots=True)
class Say:
    """Speaks, whatever the bot does."""

    pcm: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class WaitForBot:
    """Listens until the bot has spoken and been silent for `quiet` seconds; gives up if it never speaks."""

    quiet: float = BOT_DONE


@dataclass(frozen=True, slots=True)
class Interrupt:
    """Speaks into the bot's speech, `after` seconds of it."""

    pcm: bytes = field(repr=False)
    after: float = 1.0


@dataclass(frozen=True, slots=True)
class Press:
    """One key after the other, 200 ms apart."""

    digits: str


@dataclass(frozen=True, slots=True)
class Silence:
    seconds: float


@dataclass(frozen=True, slots=True)
class HangUp:
    """Puts the phone down, in the middle of a word if there is something that they were `saying`."""

    saying: bytes = field(default=b"", repr=False)
    after: float = 0.0
    """Seconds into what they were saying."""


Step = Say | WaitForBot | Interrupt | Press | Silence | HangUp

KEY_FRAMES = 10
"""Frames from one key to the next."""


@dataclass(frozen=True, slots=True)
class Moment:
    """What a person does in 20 ms."""

    pcm: bytes = field(repr=False)
    digit: str = ""
    gone: bool = False
    """They have hung up; nothing follows."""


class Person:
    """Whoever runs out of steps hangs up."""

    def __init__(self, steps: Sequence[Step], *, rate: int = 8000, patience: float = PATIENCE) -> None:
        self._steps = list(reversed(steps))
        self._size = frame_bytes(rate)
        self._silence = bytes(self._size)
        self._patience = round(patience / FRAME_SECONDS)
        self._speech = b""
        self._spoken = 0
        self._frames = 0
        self._bot_frames = 0
        self._quiet_frames = 0
        self.gave_up = False
        """The bot left them waiting too long."""
        self.gone = False

    @property
    def speaking(self) -> bool:
        return self._spoken < len(self._speech)

    def tick(self, bot_audible: bool) -> Moment:
        """20 ms, in which the bot could be heard or not."""
        self._frames += 1
        self._bot_frames += bot_audible
        self._quiet_frames = 0 if bot_audible else self._quiet_frames + 1
        while not self.gone:
            if self.speaking:
                return Moment(self._next_frame())
            if not self._steps:
                self.gone = True
                break
            step = self._steps[-1]
            moment = self._try(step)
            if moment is not None:
                return moment
        return Moment(self._silence, gone=True)

    def _try(self, step: Step) -> Moment | None:
        """What the step makes of this moment; None if it is over, or has given them something to say."""
        match step:
            case Say(pcm):
                self._say(pcm)
                return None
            case Interrupt(pcm, after) if self._bot_frames * FRAME_SECONDS >= after:
                self._say(pcm)
                return None
            case WaitForBot(quiet) if self._bot_frames and self._quiet_frames * FRAME_SECONDS >= quiet:
                self._next_step()
                return None
            case WaitForBot() | Interrupt():
                if self._quiet_frames >= self._patience:
                    self.gave_up = self.gone = True
                    return None
            case Silence(seconds):
                if self._frames * FRAME_SECONDS > seconds:
                    self._next_step()
                    return None
            case Press(digits):
                key, pause = divmod(self._frames - 1, KEY_FRAMES)
                if key >= len(digits):
                    self._next_step()
                    return None
                return Moment(self._silence, digits[key] if pause == 0 else "")
            case HangUp(saying, after):
                cut = int(after / FRAME_SECONDS) * self._size
                self._steps = []
                self._say(saying[:cut], last=True)
                return None
        return Moment(self._silence)

    def _say(self, pcm: bytes, *, last: bool = False) -> None:
        if not last:
            self._next_step()
        self._speech, self._spoken = pcm, 0

    def _next_step(self) -> None:
        self._steps.pop()
        self._frames, self._bot_frames = 1, 0

    def _next_frame(self) -> bytes:
        pcm = self._speech[self._spoken : self._spoken + self._size]
        self._spoken += self._size
        self._frames, self._bot_frames = 0, 0
        return pcm.ljust(self._size, b"\0")
