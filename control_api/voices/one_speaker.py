"""Whether a recording sounds like one person: by the pitch of the voice, a second of voiced speech at a time.

The stretches are parted in two groups as well as they can be. The groups of one person lie close together; those of a
man and a woman lie apart. Two people of the same pitch cannot be told apart in this way.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from control_api.voices.sound_samples import RATE, Samples

Numbers = NDArray[np.float64]

FRAME, HOP = RATE * 40 // 1000, RATE // 100
"""Samples: 40 ms, three periods of the deepest voice, every 10 ms."""
FURTHEST = 6.5
"""Semitones between the groups of one person. Of nine voices alone none came over 4.6; of pairs in different
registers none came under 7.4 (docs/VOICES.md)."""

_STRETCH = 100
"""Voiced frames that are judged together."""
_LOWEST, _HIGHEST = 70, 400
"""Hertz of a voice."""
_VOICED = 0.5
"""How alike one period is to the next, of 1."""
_SHARE = 0.2
"""Of the stretches that the smaller group has at least: less may be a laugh, or a question's rise."""
_BLOCK = 500
"""Frames that are looked at together: each takes some 50 kB meanwhile."""
_BINS = 1 << (2 * FRAME - 1).bit_length()


def frames(sound: Samples) -> Samples:
    """One every HOP, shape (frames, FRAME)."""
    if len(sound) < FRAME:
        return np.zeros((0, FRAME), np.float32)
    return np.lib.stride_tricks.sliding_window_view(sound, FRAME)[::HOP]


def pitches_apart(speech: Samples) -> float:
    """Semitones between the two groups, of frames of speech; 0 where there is too little to compare."""
    blocks = (_pitch(speech[first : first + _BLOCK].astype(np.float64)) for first in range(0, len(speech), _BLOCK))
    tones = np.concatenate([12 * np.log2(pitch[voiced]) for pitch, voiced in blocks] or [np.zeros(0)])
    count = len(tones) // _STRETCH
    if count < 4:
        return 0.0
    return _apart(np.sort(np.median(tones[: count * _STRETCH].reshape(count, _STRETCH), axis=1)))


def _pitch(speech: Numbers) -> tuple[Numbers, NDArray[np.bool_]]:
    """Hertz, and whether there is a pitch: by autocorrelation."""
    centred = speech - speech.mean(axis=1, keepdims=True)
    power = np.abs(np.fft.rfft(centred, _BINS)) ** 2
    alike = np.fft.irfft(power)[:, : RATE // _LOWEST + 1]
    alike = alike / np.maximum(alike[:, :1], 1e-12)
    alike *= FRAME / (FRAME - np.arange(alike.shape[1]))  # a later lag has fewer samples to be alike in
    falls = np.logical_and.accumulate(np.diff(alike, axis=1, append=0) < 0, axis=1)
    alike = np.where(falls, -1.0, alike)  # what is alike only because it is near
    first = RATE // _HIGHEST
    lags = first + np.argmax(alike[:, first:], axis=1)
    best = np.take_along_axis(alike, lags[:, None], axis=1)[:, 0]
    half = np.maximum(lags // 2, first)  # a period and its double are alike: the shorter one is meant
    nearby = np.take_along_axis(alike, half[:, None], axis=1)[:, 0]
    return RATE / np.where(nearby > 0.9 * best, half, lags), best > _VOICED


def _apart(tones: Numbers) -> float:
    """Distance of the means of the two groups with the least spread, `tones` being sorted; each has its share."""
    count = len(tones)
    least = max(1, int(np.ceil(_SHARE * count)))
    cuts = range(least, count - least + 1)
    best = min(cuts, key=lambda cut: float(tones[:cut].var() * cut + tones[cut:].var() * (count - cut)))
    return float(tones[best:].mean() - tones[:best].mean())
