"""The caller's sound without what is not the caller's."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pipeline.frames import AudioIn, Frame, SpeechStarted
from processors.denoise import Denoise, DenoiseOptions

RATE = 8000
FRAME = 160


def cleaned(sound: NDArray[np.float64], options: DenoiseOptions) -> NDArray[np.float64]:
    denoise, out = Denoise(RATE, options), list[Frame]()
    denoise.emit = out.append
    pcm = sound.astype("<i2").tobytes()
    for start in range(0, len(pcm), FRAME * 2):
        denoise.process(AudioIn(pcm[start : start + FRAME * 2], start / RATE / 2))
    frames = [frame for frame in out if isinstance(frame, AudioIn)]
    assert b"".join(frame.line for frame in frames) == pcm  # a recording keeps what came
    return np.frombuffer(b"".join(frame.pcm for frame in frames), "<i2").astype(float)


def loud(sound: NDArray[np.float64], since: float, until: float) -> float:
    part = sound[int(since * RATE) : int(until * RATE)]
    return float(20 * np.log10(np.sqrt(np.mean(part**2)) + 1e-9))


def seconds(count: float) -> NDArray[np.float64]:
    return np.arange(int(count * RATE)) / RATE


def test_steady_noise_goes_and_what_is_said_over_it_stays() -> None:
    at = seconds(6)
    noise = 800 * np.random.default_rng(1).standard_normal(at.size)
    sound = noise + (at > 4) * 8000 * np.sin(2 * np.pi * 400 * at)
    clean = cleaned(sound, DenoiseOptions(noise=True))
    assert loud(clean, 2.5, 3.9) < loud(sound, 2.5, 3.9) - 4
    assert abs(loud(clean, 4.2, 5.9) - loud(sound, 4.2, 5.9)) < 1


def test_a_voice_far_below_the_callers_goes_and_the_callers_own_stays() -> None:
    at = seconds(8)
    near, far = (at % 2 < 1), (at % 2 >= 1)
    sound = np.sin(2 * np.pi * 300 * at) * (near * 8000 + far * 500)
    clean = cleaned(sound, DenoiseOptions(far_voices=True))
    assert loud(clean, 5.4, 5.9) < loud(sound, 5.4, 5.9) - 15
    assert abs(loud(clean, 6.1, 6.9) - loud(sound, 6.1, 6.9)) < 0.5


def test_where_a_television_never_rests_only_what_is_louder_than_it_is_heard() -> None:
    at = seconds(8)
    sound = np.sin(2 * np.pi * 300 * at) * np.where(at % 1 < 0.5, 4000, 1700)  # 7.4 dB apart, neither of them quiet
    softer = [
        cleaned(sound, DenoiseOptions(far_voices=True, media_detection=on, baseline_offset_db=-10))
        for on in (True, False)
    ]
    assert loud(softer[0], 6.8, 6.95) < loud(softer[1], 6.8, 6.95) - 10


def test_silence_stays_silence_and_other_frames_pass() -> None:
    assert not cleaned(np.zeros(RATE), DenoiseOptions(noise=True, far_voices=True)).any()
    denoise, out = Denoise(RATE, DenoiseOptions(noise=True)), list[Frame]()
    denoise.emit = out.append
    denoise.process(SpeechStarted(1.0))
    assert out == [SpeechStarted(1.0)]
