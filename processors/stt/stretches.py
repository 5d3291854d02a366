"""What of a call's sound a recogniser elsewhere hears: each stretch of speech with a little before it, no silence."""

from __future__ import annotations

from dataclasses import dataclass, field

from pipeline.audio import SAMPLE_BYTES, silence
from pipeline.frames import AudioIn, SpeechStarted, SpeechStopped
from processors.ports import ListenFrame

_LEAD = 0.3
"""Seconds before speech that are heard too, for its weak first sounds."""
_UNANNOUNCED = 5.0
"""Seconds that are kept while nobody has said that speech started."""
_PIECE = 0.1
"""Seconds of speech that go together: fifty messages a second say no more than ten."""
_LONGEST = 1.0
"""Seconds in one message, at most."""


@dataclass(frozen=True, slots=True)
class Hearing:
    """What to send now."""

    pieces: tuple[bytes, ...] = field(default=(), repr=False)
    """PCM16, each up to a second long."""
    ended: bool = False
    """With these the stretch is over: its final text is due."""


class Stretches:
    """Frames in, what to send out. The call's sound is the clock."""

    def __init__(self, rate: int, keep_alive: float = 0.0) -> None:
        """`keep_alive`: while nobody speaks, 100 ms of silence after so many seconds; 0: nothing."""
        self._rate = rate
        self._keep_alive = keep_alive
        self._held = bytearray()
        self._from = 0.0
        self._speaking = False
        self._quiet = 0.0
        """Seconds since anything was sent."""

    def hear(self, frame: ListenFrame) -> Hearing:
        match frame:
            case AudioIn(pcm, at):
                self._held += pcm
                seconds = len(pcm) / self._bytes_a_second
                self._from = at + seconds - self._seconds
                self._quiet += seconds
                if self._speaking:
                    return self._sent() if self._seconds >= _PIECE else Hearing()
                self._cut(at + seconds - _UNANNOUNCED)
                if self._keep_alive and self._quiet >= self._keep_alive:
                    self._quiet = 0.0
                    return Hearing((silence(_PIECE, self._rate),))
                return Hearing()
            case SpeechStarted(at):
                self._speaking = True
                self._cut(at - _LEAD)
                return self._sent()
            case SpeechStopped():
                self._speaking = False
                return self._sent(ended=True)

    def _sent(self, ended: bool = False) -> Hearing:
        step = round(_LONGEST * self._rate) * SAMPLE_BYTES
        pieces = tuple(bytes(self._held[start : start + step]) for start in range(0, len(self._held), step))
        self._held.clear()
        self._quiet = 0.0
        return Hearing(pieces, ended)

    def _cut(self, at: float) -> None:
        """Forgets what was before `at`."""
        if at > self._from:
            del self._held[: round((at - self._from) * self._rate) * SAMPLE_BYTES]
            self._from = at

    @property
    def _seconds(self) -> float:
        return len(self._held) / self._bytes_a_second

    @property
    def _bytes_a_second(self) -> int:
        return self._rate * SAMPLE_BYTES
