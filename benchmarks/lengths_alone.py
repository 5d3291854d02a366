"""Who has picked up, by a rule without words: the defaults of Asterisk's AMD, and of LiveKit's detector."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise


@dataclass(frozen=True, slots=True)
class Lengths:
    """A person is silent for `pause` before `longest` seconds of greeting are over."""

    longest: float
    pauses_count: bool
    """Whether a pause makes a greeting longer, or its voice alone does."""
    pause: float
    silent: float
    """Seconds without a sound after which it is a machine."""


LENGTHS = {
    "lengths of Asterisk": Lengths(longest=1.5, pauses_count=False, pause=0.8, silent=2.5),
    "lengths of LiveKit": Lengths(longest=2.5, pauses_count=True, pause=0.5, silent=10.0),
}
"""LiveKit asks a language model of what is longer; here that is a machine."""


def by_lengths(spans: Sequence[tuple[float, float]], rule: Lengths) -> tuple[bool, float]:
    """Whether it is a person, and when that is known. `spans` are those of speech, from and to, in order."""
    if not spans or spans[0][0] > rule.silent:
        return False, rule.silent
    spoken = 0.0
    for (start, ended), (following, _) in pairwise([*spans, (float("inf"), float("inf"))]):
        so_far = start - spans[0][0] if rule.pauses_count else spoken
        if so_far + ended - start >= rule.longest:
            return False, start + rule.longest - so_far
        if following - ended >= rule.pause:
            break
        spoken += ended - start
    return True, ended + rule.pause
