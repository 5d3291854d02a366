"""What goes wrong on a telephone line, drawn from a seed."""

from __future__ import annotations

import random
from dataclasses import dataclass

import numpy as np

SPEECH_LEVEL = -26.0
"""dBFS of ordinary speech on a telephone line, against which noise is measured."""
RUBBISH = ('{"event":', "[]", '{"event":"media","media":{"payload":"***"}}', '{"event":"wink"}', "\x00")


@dataclass(frozen=True, slots=True)
class Faults:
    """Shares are of messages, 0 to 1. None of the defaults does anything."""

    seed: int = 0
    loss: float = 0.0
    """Share of the caller's sound that never arrives."""
    malformed: float = 0.0
    """Share of messages before which rubbish comes."""
    jitter: float = 0.0
    """Seconds that a message may come late."""
    noise: float | None = None
    """Signal to noise in decibels, for speech of ordinary level."""
    cut_at: float | None = None
    """Seconds after which the line breaks, without a word."""


NO_FAULTS = Faults()


class Mischief:
    """The faults of one call, in the order of its messages."""

    def __init__(self, faults: Faults) -> None:
        self._faults = faults
        self._dice = random.Random(faults.seed)  # noqa: S311 - pretend trouble, no secret
        self._hiss = np.random.default_rng(faults.seed)

    def loses(self) -> bool:
        return self._dice.random() < self._faults.loss

    def rubbish(self) -> str | None:
        return self._dice.choice(RUBBISH) if self._dice.random() < self._faults.malformed else None

    def delay(self) -> float:
        return self._dice.random() * self._faults.jitter

    def cuts(self, at: float) -> bool:
        return self._faults.cut_at is not None and at >= self._faults.cut_at

    def noisy(self, pcm: bytes) -> bytes:
        if self._faults.noise is None:
            return pcm
        scale = 32768 * 10 ** ((SPEECH_LEVEL - self._faults.noise) / 20)
        samples = np.frombuffer(pcm, "<i2")
        heard = samples + self._hiss.normal(0.0, scale, len(samples))
        return np.clip(np.round(heard), -32768, 32767).astype("<i2").tobytes()
