"""Sound that comes ragged, late or not at all → one slice every 20 ms, in step with the wall."""

from __future__ import annotations

import math
import time
from collections.abc import Callable

from pipeline.audio import SAMPLE_BYTES, Slicer, frame_bytes
from pipeline.frames import FRAME_SECONDS

QUIET = 0.1
"""Seconds that sound may be overdue before silence stands in for it."""
BACKLOG = 5.0
"""Seconds of late sound that are worth hearing; what is over is dropped."""
LINE_DOWN = 15.0
"""Seconds without a word from the carrier after which the line is down."""
LAG = 0.5
"""Seconds for which a line that talks may leave the call as far behind the wall, before silence stands in here too. A
process that was late has read by then what waited for it.
"""
REACH = 0.2
"""Seconds that `now` runs ahead of the last sound at most."""


class Steady:
    """A call's clock: its time is the sound that went by, held to the wall by silence where none comes."""

    def __init__(self, rate: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._rate, self._clock = rate, clock
        self._slicer = Slicer(rate)
        self._silence = bytes(frame_bytes(rate))
        self._began = self._spoke = self._synced = clock()
        self._usual = QUIET
        self._lagging_since = math.inf
        self._slices = 0
        self._filled = 0
        self.dropped = 0.0
        """Seconds of late sound that nobody heard."""

    def push(self, pcm: bytes, lost: int = 0) -> list[bytes]:
        """The slices that this sound completes. Of one piece longer than the backlog the oldest part is dropped.

        `lost` messages of this size should have come before it: silence stands in for them, but never for more than
        the call is behind the wall. So none does where `fill` was there first.
        """
        self._spoke = self._synced = wall = self._clock()
        most = int(BACKLOG * self._rate) * SAMPLE_BYTES
        if len(pcm) > most:
            self.dropped += (len(pcm) - most) / (SAMPLE_BYTES * self._rate)
            pcm = pcm[-most:]
        slices = list(self._slicer.push(self._stand_in(lost, len(pcm)))) if lost else []
        before = len(slices)
        slices += self._slicer.push(pcm)
        self._usual = min((len(slices) - before) * FRAME_SECONDS, QUIET)
        if self._filled:
            slices = self._worth_hearing(slices)
        self._slices += len(slices)
        lag = self._lag(wall)
        return lag + slices if lag else slices

    def alive(self) -> None:
        """The carrier said something that is not sound."""
        self._spoke = self._clock()

    def fill(self) -> list[bytes]:
        """Silence for the time in which sound is overdue. If that sound comes after all, it is still heard."""
        wall = self._clock()
        overdue = min(wall - self._synced, wall - self._began - self._slices * FRAME_SECONDS) - self._usual
        if overdue < QUIET:
            return []
        silence = self._silent(overdue)
        self._synced += len(silence) * FRAME_SECONDS
        return silence

    def catch_up(self) -> list[bytes]:
        """Asked after each word that is not sound: silence where the line talks on, but its sound falls behind."""
        wall = self._clock()
        silence = self._lag(wall)
        if silence:
            self._synced = wall
        return silence

    @property
    def down(self) -> bool:
        return self._clock() - self._spoke >= LINE_DOWN

    @property
    def flooded(self) -> bool:
        """So much more sound came than time went by that it cannot be a microphone's."""
        return self._slices * FRAME_SECONDS - (self._clock() - self._began) > BACKLOG

    def now(self) -> float:
        """The call's time at this moment: between two arrivals it runs with the wall."""
        return self._slices * FRAME_SECONDS + min(self._clock() - self._synced, REACH)

    def _lag(self, wall: float) -> list[bytes]:
        """What a call has missed that was behind the wall for too long."""
        behind = wall - self._began - self._slices * FRAME_SECONDS
        if behind < LAG:
            self._lagging_since = math.inf
            return []
        self._lagging_since = min(self._lagging_since, wall)
        return self._silent(behind) if wall - self._lagging_since >= LAG else []

    def _silent(self, seconds: float) -> list[bytes]:
        missing = int(seconds / FRAME_SECONDS)
        self._slices += missing
        self._filled += missing
        self._lagging_since = math.inf
        return [self._silence] * missing

    def _stand_in(self, lost: int, size: int) -> bytes:
        """Silence for lost messages of `size` bytes, in whole samples."""
        behind = self._clock() - self._began - self._slices * FRAME_SECONDS
        missing = max(min(lost * size // SAMPLE_BYTES, round(min(behind, BACKLOG) * self._rate)), 0)
        self._filled += math.ceil(missing * SAMPLE_BYTES / len(self._silence))
        return bytes(missing * SAMPLE_BYTES)

    def _worth_hearing(self, slices: list[bytes]) -> list[bytes]:
        """After a gap: what is late by more than the backlog behind the silence that stood in for it goes."""
        ahead = self._slices + len(slices) - (self._clock() - self._began) / FRAME_SECONDS
        over = min(int(ahead - BACKLOG / FRAME_SECONDS), len(slices), self._filled)
        if over <= 0:
            return slices
        self._filled -= over
        self.dropped += over * FRAME_SECONDS
        return slices[over:]
