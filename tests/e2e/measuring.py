"""What two tracks of sound have to do with each other."""

from __future__ import annotations

import wave
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

LOUD = 60
"""Of 32768: above a line's own noise, below any speech."""
GAP = 0.06
"""Seconds of silence that end a stretch of sound."""


def samples(pcm: bytes) -> NDArray[np.float64]:
    return np.frombuffer(pcm, "<i2").astype(np.float64)


def channels(recording: Path) -> tuple[bytes, bytes, int]:
    """The caller, the bot, and the rate."""
    with wave.open(str(recording)) as file:
        assert (file.getnchannels(), file.getsampwidth()) == (2, 2)
        both = np.frombuffer(file.readframes(file.getnframes()), "<i2").reshape(-1, 2)
        return both[:, 0].tobytes(), both[:, 1].tobytes(), file.getframerate()


def lag(track: bytes, other: bytes, rate: int) -> float:
    """Seconds by which `track` is later than `other`: where their cross-correlation is highest."""
    one, two = samples(track), samples(other)
    size = 1 << (len(one) + len(two)).bit_length()
    at = int(np.argmax(np.fft.irfft(np.fft.rfft(one, size) * np.conj(np.fft.rfft(two, size)), size)))
    return (at if at <= size // 2 else at - size) / rate


def stretches(pcm: bytes, rate: int) -> list[tuple[float, float]]:
    """Start and end of each stretch of sound, in seconds."""
    loud = np.flatnonzero(np.abs(samples(pcm)) > LOUD)
    if not len(loud):
        return []
    breaks = np.flatnonzero(np.diff(loud) > GAP * rate)
    starts = loud[np.concatenate(([0], breaks + 1))]
    ends = loud[np.concatenate((breaks, [len(loud) - 1]))] + 1
    return [(float(start) / rate, float(end) / rate) for start, end in zip(starts, ends, strict=True)]
