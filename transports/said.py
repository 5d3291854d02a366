"""What a far end says beside its sound, until the call has time for it: so much in a second, and no more."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from pipeline.frames import Frame

MOST = 64.0
"""What may be said at once; a key is one."""
A_SECOND = 20.0
"""What may be said for good: nobody presses keys faster."""


class Said:
    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._room, self._at = MOST, clock()
        self._waiting: list[Frame] = []

    def add(self, frames: Sequence[Frame], cost: float) -> bool:
        """False where it is too much: none of it is kept then. What waits is `MOST` frames at most."""
        now = self._clock()
        self._room, self._at = min(self._room + (now - self._at) * A_SECOND, MOST), now
        if cost > self._room or len(self._waiting) + len(frames) > MOST:
            return False
        self._room -= cost
        self._waiting += frames
        return True

    def note(self, frames: Sequence[Frame]) -> None:
        """What came of our own doing is never too much."""
        self._waiting += frames

    def take(self) -> list[Frame]:
        """All that waited."""
        waiting, self._waiting = self._waiting, []
        return waiting
