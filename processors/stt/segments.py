"""What of a call's sound is worth decoding, and when. Knows no model and no task."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from pipeline.audio import SAMPLE_BYTES, loudness
from pipeline.frames import AudioIn, SpeechStarted, SpeechStopped

_LEAD, _TAIL = 0.3, 0.2
"""Seconds of sound before and after speech that are kept, for its weak first and last sounds."""
_MARGIN = 0.2
"""Seconds of silence that may stand at either end: more of it, and the model begins to hear things."""
LONGEST = 20.0
"""Seconds; a longer stretch of speech is decoded in pieces."""
_EARLIEST_CUT = 12.0
_UNANNOUNCED = 5.0
"""Seconds that are kept while nobody has said that speech started."""
_SPACING = 0.2
"""Partials of long speech come further apart, by this part of its length, so that they cost no more each second."""
_HEARD_OUT = 0.05
"""Seconds of silence that a partial must have heard after the last voice to stand for the final text."""
_AUDIBLE = -55.0
"""dBFS; a stretch in which no 10 ms are louder holds no words."""
_SHORTEST = 0.06
"""Seconds of audible sound that it takes to say anything."""


@dataclass(eq=False, slots=True)
class Job:
    """Sound to be decoded."""

    pcm: bytes = field(repr=False)
    until: float
    """Where it ends, on the call's clock."""
    kind: Literal["partial", "piece", "final"]
    """A look at speech that goes on; a part of long speech, done with; the end of it."""
    text: str | None = field(default=None, repr=False)
    """What was understood, once it is known."""
    dropped: bool = False
    """Nobody waits for it any more."""


class Segments:
    """Frames in, jobs out. A job that is taken is worked on before the next one is taken."""

    def __init__(self, rate: int, partial_seconds: float) -> None:
        self._rate = rate
        self._every = partial_seconds
        self._sound = bytearray()
        self._from = 0.0
        self._speaking = False
        self._looked = 0.0
        self._ready: deque[Job] = deque()
        self._partial: Job | None = None

    def hear(self, frame: AudioIn | SpeechStarted | SpeechStopped) -> None:
        match frame:
            case AudioIn(pcm, at):
                self._sound += pcm
                self._from = at + len(pcm) / self._bytes_a_second - self._seconds
                if not self._speaking:
                    self._cut(self._until - _UNANNOUNCED, spare=1.0)
                elif self._seconds > LONGEST:
                    self._finish_piece()
            case SpeechStarted(at):
                self._speaking = True
                self._cut(at - _LEAD)
                self._looked = at
            case SpeechStopped(at):
                self._finish(at)

    def next(self, *, look: bool) -> Job | None:
        """What to decode now, oldest first. Only if `look`, speech that goes on is looked at too, when it is time."""
        if self._ready:
            return self._ready.popleft()
        if look and self.look_due:
            self._looked = self._until
            self._partial = Job(bytes(self._sound), self._until, "partial")
            return self._partial
        return None

    @property
    def waiting(self) -> bool:
        return bool(self._ready)

    @property
    def look_due(self) -> bool:
        spacing = max(self._every, _SPACING * self._seconds)
        return self._speaking and self._until - self._looked >= spacing

    def _finish(self, at: float) -> None:
        """Where a partial has heard, or is hearing, the last voiced sound, its text is the final one."""
        partial = self._partial
        if partial is None or partial.dropped or partial.until < at + _HEARD_OUT:
            self._drop_partial()
            self._ready.append(Job(self._worth(self._upto(at + _TAIL)), at, "final"))
        elif partial.text is None:
            partial.kind = "final"
        else:
            self._ready.append(Job(b"", at, "final", text=partial.text))
        self._partial = None
        self._speaking = False
        self._cut(at)

    def _finish_piece(self) -> None:
        """Cuts long speech where it is quietest."""
        self._drop_partial()
        levels = loudness(self._upto(self._from + LONGEST), self._rate)
        first = int(_EARLIEST_CUT * 100)
        smooth = np.convolve(levels[first:], np.ones(20, np.float32) / 20, "valid")
        middle = self._from + (first + int(smooth.argmin()) + 10) / 100
        self._ready.append(Job(self._upto(middle), middle, "piece"))
        self._cut(middle)
        self._looked = self._until

    def _drop_partial(self) -> None:
        if self._partial is not None:
            self._partial.dropped = True
            self._partial = None

    def _worth(self, pcm: bytes) -> bytes:
        """`pcm` without the silence before and after, empty if there is nothing in it to be understood."""
        audible = np.flatnonzero(loudness(pcm, self._rate) > _AUDIBLE)
        if len(audible) < _SHORTEST * 100:
            return b""
        slice_bytes = self._rate // 100 * SAMPLE_BYTES
        margin = int(_MARGIN * 100)
        return pcm[max(int(audible[0]) - margin, 0) * slice_bytes : (int(audible[-1]) + 1 + margin) * slice_bytes]

    def _cut(self, at: float, spare: float = 0.0) -> None:
        """Forgets what was before `at`, unless that is only `spare` seconds."""
        if at - self._from > spare:
            gone = self._bytes(at - self._from)
            del self._sound[:gone]
            self._from = at

    def _upto(self, at: float) -> bytes:
        return bytes(self._sound[: self._bytes(at - self._from)])

    def _bytes(self, duration: float) -> int:
        return max(round(duration * self._rate), 0) * SAMPLE_BYTES

    @property
    def _until(self) -> float:
        return self._from + self._seconds

    @property
    def _seconds(self) -> float:
        return len(self._sound) / self._bytes_a_second

    @property
    def _bytes_a_second(self) -> int:
        return self._rate * SAMPLE_BYTES
