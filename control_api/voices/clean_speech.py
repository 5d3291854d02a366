"""Whether a recording is good enough to make a voice of: loud, unclipped, speech above its noise, one person."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from control_api.voices.one_speaker import FURTHEST, HOP, frames, pitches_apart
from control_api.voices.sound_lengths import NotSpeechError
from control_api.voices.sound_samples import RATE, Heard

CLIPPED = 0.001
"""Share of samples within 1 % of the peak: 0.0003 at most of recorded speech; 0.0017 or more where 6 dB are cut off."""
QUIETEST = -45.0
"""dBFS of the speech."""
NOISIEST = 15.0
"""Decibels between the speech and what is heard in its pauses."""
_PAUSE, _SPEECH = 10, 30
"""Decibels: a frame holds speech if it stands so far above the pauses, or no further than that below the loudest."""
_SILENT = -90.0


@dataclass(frozen=True, slots=True)
class Findings:
    """What was measured of a recording."""

    clipped: float
    """Share of its samples."""
    level: float
    """dBFS of the speech."""
    noise: float
    """Decibels between speech and pauses."""
    speech_seconds: float
    semitones: float
    """Between the two pitches that it holds."""


def findings(heard: Heard) -> Findings:
    """One recording, measured. It blocks for about 10 ms a second of sound."""
    cut = frames(heard.samples)
    power = np.mean(np.square(cut, dtype=np.float64), axis=1)
    levels = 10 * np.log10(np.maximum(power, 1e-9))
    pauses, loud = (float(level) for level in np.percentile(levels, (5, 95))) if len(levels) else (_SILENT, _SILENT)
    speaks = levels > max(loud - _SPEECH, min(pauses + _PAUSE, loud - 3))
    level = 10 * np.log10(max(float(power[speaks].mean()), 1e-9)) if speaks.any() else _SILENT
    return Findings(
        clipped=heard.loudest.share if heard.loudest.peak > 0.1 else 0.0,
        level=level,
        noise=level - pauses,
        speech_seconds=float(speaks.sum()) * HOP / RATE,
        semitones=pitches_apart(cut[speaks]),
    )


def must_be_clean(found: Findings, *, speech_seconds: float) -> None:
    """Raises NotSpeechError, which says what is wrong and what to do."""
    if found.level < QUIETEST:
        raise NotSpeechError(f"is too quiet: speech at {found.level:.0f} dBFS, and {QUIETEST:.0f} is needed")
    if found.clipped > CLIPPED:
        raise NotSpeechError("is clipped: its loudest parts are cut off; record it at a lower level")
    if found.noise < NOISIEST:
        raise NotSpeechError(
            f"is too noisy: speech must stand {NOISIEST:.0f} dB above what is heard in its pauses,"
            f" and stands {max(0.0, found.noise):.0f}"
        )
    if found.speech_seconds < speech_seconds:
        raise NotSpeechError(
            f"holds too little speech: {found.speech_seconds:.0f} seconds, and {speech_seconds:g} are needed"
        )
    if found.semitones > FURTHEST:
        raise NotSpeechError("sounds like more than one person: two pitches were heard in it")
