"""A tone among the sound: one frequency that holds nearly all of it. A beep is one; so are a network's signals."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pipeline.audio import FULL_SCALE
from pipeline.frames import FRAME_SECONDS

LOWEST, HIGHEST = 380.0, 1500.0
"""Hertz. Voices have more than one frequency there."""
PURE = 0.8
"""The part of the power that must lie on one frequency."""
QUIETEST = -45.0
"""dBFS under which nobody would hear it as a signal."""
STEADY = 30.0
"""Hertz from one slice to the next."""


@dataclass(frozen=True, slots=True)
class Tone:
    """It is over."""

    hertz: float
    started: float
    ended: float

    @property
    def seconds(self) -> float:
        return self.ended - self.started


class ToneEar:
    """Costs some 15 µs for each 20 ms."""

    def __init__(self, rate: int) -> None:
        size = int(rate * FRAME_SECONDS)
        self._window = np.hanning(size).astype(np.float32)
        self._width = rate / size
        self._first, self._last = round(LOWEST / self._width), round(HIGHEST / self._width)
        self._least = size * 10 ** (QUIETEST / 10) * FULL_SCALE * FULL_SCALE * float(np.mean(self._window**2))
        self._hertz = self._began = 0.0
        self._slices = 0

    @property
    def sounding(self) -> float:
        """Seconds for which a tone is being heard."""
        return self._slices * FRAME_SECONDS

    def hear(self, pcm: bytes, at: float) -> Tone | None:
        """20 ms that began `at`; a tone that ended with the slice before."""
        hertz = self._dominant(pcm)
        over = None
        if self._slices and (not hertz or abs(hertz - self._hertz) > STEADY):
            over = Tone(self._hertz, self._began, at)
            self._slices = 0
        if hertz:
            if not self._slices:
                self._began = at
            self._hertz = hertz
            self._slices += 1
        return over

    def _dominant(self, pcm: bytes) -> float:
        """Hertz; 0 if there is no one frequency."""
        samples = np.frombuffer(pcm, "<i2") * self._window
        if float(np.dot(samples, samples)) < self._least:
            return 0.0
        spectrum = np.fft.rfft(samples)
        power = spectrum.real**2 + spectrum.imag**2
        top = int(power[1:].argmax()) + 1
        if not self._first <= top <= self._last:
            return 0.0
        near = power[top - 1 : top + 2]
        around = float(near.sum())
        if around < PURE * float(power[1:].sum()):
            return 0.0
        return (top + float(near[2] - near[0]) / around) * self._width
