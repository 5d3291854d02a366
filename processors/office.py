"""An office, made of nothing but numbers: the air in a room, people far away, and somebody who types."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

SECONDS = 24
SEED = 1971
ROOM, MURMUR, KEYS = 10 ** (-50 / 20), 10 ** (-44 / 20), 10 ** (-38 / 20)
"""RMS of the first two and peak of the third, of full scale: a voice stands at some -20 dB."""

Wave = NDArray[np.float64]


def office(rate: int) -> bytes:
    """A loop without a seam, PCM16 at `rate` Hz; the same each time. Takes some 100 ms: for a thread."""
    chance = np.random.default_rng(SEED)
    length = SECONDS * rate
    wave = ROOM * _shaped(chance, length, rate, low=60, high=900)
    for voice in range(5):
        wave += MURMUR / 2.2 * _murmur(chance, length, rate, pitch=100 + 35 * voice)
    for start in _bursts(chance):
        _type(chance, wave, rate, start)
    return (np.clip(wave, -1, 1) * 32767).astype("<i2").tobytes()


def _shaped(chance: np.random.Generator, length: int, rate: int, *, low: float, high: float) -> Wave:
    """Noise between two frequencies, of RMS 1. Made in the frequency domain, so that its end meets its beginning."""
    bins = np.fft.rfftfreq(length, 1 / rate)
    gain = 1 / (1 + (low / np.maximum(bins, 1)) ** 4) / (1 + (bins / high) ** 4)
    wave: Wave = np.fft.irfft(np.fft.rfft(chance.standard_normal(length)) * gain, length)
    wave /= np.sqrt(np.mean(wave**2))
    return wave


def _murmur(chance: np.random.Generator, length: int, rate: int, *, pitch: float) -> Wave:
    """Somebody who talks behind a wall: the rise and fall of syllables and sentences, and no word."""
    formants = _shaped(chance, length, rate, low=pitch * 1.5, high=480 + pitch)
    syllables = np.maximum(_shaped(chance, length, rate, low=1, high=4), 0)
    sentences = np.clip(_shaped(chance, length, rate, low=0.05, high=0.3) + 0.2, 0, 1.5)
    wave: Wave = formants * syllables * sentences
    wave /= np.sqrt(np.mean(wave**2))
    return wave


def _bursts(chance: np.random.Generator) -> list[float]:
    """When a key goes down, in seconds: a few words typed, then a pause to think."""
    at, keys = 1.0, []
    while at < SECONDS - 4:
        for _ in range(int(chance.integers(4, 18))):
            keys.append(at)
            at += float(chance.uniform(0.09, 0.28))
        at += float(chance.uniform(2.0, 5.0))
    return [key for key in keys if key < SECONDS - 1]


def _type(chance: np.random.Generator, wave: Wave, rate: int, start: float) -> None:
    """A click as the key goes down and a softer one as it comes up, each some milliseconds of fading noise."""
    loud = KEYS * float(chance.uniform(0.3, 1.0))
    for after, share in ((0.0, 1.0), (float(chance.uniform(0.05, 0.09)), 0.4)):
        size = int(0.012 * rate)
        click = chance.standard_normal(size) * np.exp(-np.arange(size) / (0.0025 * rate)) / 3
        begin = int((start + after) * rate)
        wave[begin : begin + size] += loud * share * click
