"""Raw speech of an engine → speech at the level and with the pauses of a telephone call."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pipeline.audio import FULL_SCALE, loudness, silence

LOUDNESS = -20.0
"""dBFS, root mean square of the voiced parts: loud enough on a phone, with room for the peaks."""
_KNEE = 0.7
_VOICED = -45.0
"""dBFS after levelling: what is softer at either end of a phrase is silence."""
_LEAD_MS, _TAIL_MS = 10, 30


def gain_for(pcm: bytes, rate: int) -> float:
    """What brings the voiced parts of a sample of the voice to `LOUDNESS`."""
    levels = loudness(pcm, rate)
    voiced = levels[levels > levels.max(initial=-96.0) - 30]
    mean = 10 * float(np.log10(np.mean(np.power(10.0, voiced / 10)))) if len(voiced) else LOUDNESS
    return float(10 ** ((LOUDNESS - mean) / 20))


class Shaper:
    """One phrase: clearer by `presence`, and louder by `gain`. Peaks over the knee are rounded, never cut."""

    def __init__(self, presence: float, gain: float = 1.0) -> None:
        """`presence`, in [0, 1), lifts the consonants over the vowels, as old telephones did."""
        self._presence = presence
        self._gain = gain / FULL_SCALE
        self._before = np.zeros(1, np.float32)

    def push(self, pcm: bytes) -> bytes:
        sound = np.frombuffer(pcm, "<i2").astype(np.float32)
        if self._presence:
            before = np.concatenate((self._before, sound[:-1]))
            self._before = sound[-1:]
            sound = sound - self._presence * before
        sound = sound * self._gain
        size = np.abs(sound)
        if size.max(initial=0.0) > _KNEE:
            room = 1 - _KNEE
            rounded = np.copysign(_KNEE + room * np.tanh((size - _KNEE) / room), sound)
            sound = np.where(size > _KNEE, rounded, sound)
        return bytes((sound * (FULL_SCALE - 1)).astype("<i2").tobytes())


class Trim:
    """One phrase without the silence at its ends: 10 ms before it, 30 ms after it. Pauses inside it stay."""

    def __init__(self, rate: int) -> None:
        self._slice = rate // 100
        self._rate = rate
        self._rest: NDArray[np.int16] = np.zeros(0, np.int16)
        self._begun = False

    def push(self, pcm: bytes) -> bytes:
        """What is certain to belong to the phrase; silence at the end is held back until a sound follows it."""
        sound = np.concatenate((self._rest, np.frombuffer(pcm, "<i2")))
        voiced = np.flatnonzero(loudness(sound.tobytes(), self._rate) > _VOICED)
        if not len(voiced):
            self._rest = sound if self._begun else sound[-2 * self._slice :]
            return b""
        start = 0 if self._begun else max(0, int(voiced[0]) * self._slice - self._slice * _LEAD_MS // 10)
        end = (int(voiced[-1]) + 1) * self._slice
        self._begun = True
        self._rest = sound[end:]
        return sound[start:end].tobytes()

    def flush(self) -> bytes:
        return self._rest[: self._slice * _TAIL_MS // 10].tobytes() if self._begun else b""


def gap_after(phrase: str, rate: int) -> bytes:
    """The pause between a phrase and the next."""
    last = phrase.rstrip()[-1:]
    return silence(0.28 if last in ".!?…।॥۔" else 0.14, rate)
