from __future__ import annotations

import numpy as np
import pytest

from pipeline.audio import decode, encode, frame_bytes
from processors.machines.tone import Tone, ToneEar
from tests import speech

RATE = 8000


def heard(pcm: bytes) -> list[Tone]:
    ear, size = ToneEar(RATE), frame_bytes(RATE)
    frames = (pcm[start : start + size] for start in range(0, len(pcm) - size + 1, size))
    tones = [ear.hear(frame, number / 50) for number, frame in enumerate(frames)]
    return [tone for tone in tones if tone is not None]


@pytest.mark.parametrize("hertz", [440, 800, 1000, 1400])
def test_a_beep_on_a_noisy_line_is_one_tone_of_its_length(hertz: int) -> None:
    moments = np.arange(RATE * 2 // 5) / RATE
    sound = np.concatenate([np.zeros(RATE // 2), 5000 * np.sin(2 * np.pi * hertz * moments), np.zeros(RATE // 2)])
    noisy = (sound + np.random.default_rng(1).normal(0, 200, len(sound))).astype("<i2").tobytes()
    (tone,) = heard(decode(encode(noisy, "mulaw"), "mulaw"))
    assert tone.hertz == pytest.approx(hertz, abs=25)
    assert tone.started == pytest.approx(0.5, abs=0.021)
    assert tone.seconds == pytest.approx(0.4, abs=0.041)


def test_recorded_speech_has_no_beep() -> None:
    beeps = [tone for prompt in speech.prompts(100) for tone in heard(prompt.pcm()) if tone.seconds >= 0.18]
    assert beeps == []
