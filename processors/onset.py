"""Has a voice just begun? Known sooner than by a detector that waits until it is sure, for who is about to answer."""

from __future__ import annotations

from collections.abc import Reversible
from itertools import islice
from statistics import median

from pipeline.audio import level
from pipeline.frames import FRAME_SECONDS

SURE_WITHIN = 0.24
"""Seconds in which the detector is sure of a voice, or there was none."""
_NEW = 3
"""Slices of 20 ms that are looked at: a word that begins softly is louder by then."""
_BEFORE = 25
"""Slices that they are compared with at most."""
_MARGIN = 10.0
"""dB that a voice stands above the line's noise."""
_LEAST = -50.0
"""dBFS; what is softer is no voice."""


def may_have_begun(sound: Reversible[bytes], silence: float) -> bool:
    """Whether the last 60 ms stand out of the silence before them. A noise that goes on does not.

    `sound` is PCM16 in slices of 20 ms, the newest last, of which `silence` seconds are known to hold no speech.
    """
    known = min(round(silence / FRAME_SECONDS), _NEW + _BEFORE)
    levels = [level(pcm) for pcm in islice(reversed(sound), known)]
    if len(levels) <= _NEW:
        return False
    return max(levels[:_NEW]) >= max(median(levels[_NEW:]) + _MARGIN, _LEAST)
