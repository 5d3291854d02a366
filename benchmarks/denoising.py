"""What taking the noise out does to a telephone's speech: words missed, and noises that are taken for somebody.

`python -m benchmarks.denoising [--prompts 24] [--size base]`; `tests/speech.sh` brings the speech.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Sequence
from itertools import product

import numpy as np
from numpy.typing import NDArray

from benchmarks.caller_track import speeches
from benchmarks.word_errors import distance, spoken
from pipeline.audio import FULL_SCALE, frame_bytes, resample, silence
from pipeline.frames import FRAME_SECONDS, AudioIn, Frame
from processors.denoise import Denoise, DenoiseOptions
from processors.models import CACHE
from processors.stt.moonshine import RATE, Moonshine
from tests import speech

BEFORE, AFTER = 4.0, 2.0
"""Seconds of noise alone around each prompt: the first as long as a call's greeting."""
PLANS = {
    "off": DenoiseOptions(),
    "noise": DenoiseOptions(noise=True),
    "both": DenoiseOptions(noise=True, far_voices=True),
}
Floats = NDArray[np.float64]


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--prompts", type=int, default=24)
    arguments.add_argument("--size", default="base", choices=["base", "tiny"])
    chosen = arguments.parse_args()
    prompts = speech.prompts(chosen.prompts, seconds=6.0)
    model = Moonshine(chosen.size, CACHE)
    print(
        f"{len(prompts)} prompts of a telephone\n\nnoise   SNR dB  taken out  WER %   false starts  missed  us a frame"
    )
    for (name, noise), snr in product(NOISES.items(), (10.0, 5.0)):
        for plan, options in PLANS.items():
            print(f"{name:6}  {snr:6.0f}  {plan:9}  {measure(model, prompts, noise, snr, options)}", flush=True)
    for plan, options in PLANS.items():
        print(f"none         -  {plan:9}  {measure(model, prompts, lambda length: np.zeros(length), 0.0, options)}")


def measure(
    model: Moonshine,
    prompts: Sequence[speech.Prompt],
    noise: Callable[[int], Floats],
    snr: float,
    options: DenoiseOptions,
) -> str:
    wrong = words = false = missed = 0
    took = heard = 0.0
    for prompt in prompts:
        line, begin, end = mixed(prompt, noise, snr)
        started = time.perf_counter()
        clean = through(line, options)
        took += time.perf_counter() - started
        heard += len(line) / 2 / speech.RATE
        found = speeches(clean + silence(1.0, speech.RATE))  # which ends what is still being said
        false += sum(stop < begin or start > end for start, stop in found)
        missed += not any(start < end and stop > begin for start, stop in found)
        part = clean[int((begin - 0.3) * speech.RATE) * 2 : int((end + 0.3) * speech.RATE) * 2]
        samples = np.frombuffer(resample(part, speech.RATE, RATE), "<i2").astype(np.float32) / FULL_SCALE
        said = spoken(prompt.text)
        words += len(said)
        wrong += distance(said, spoken(model.transcribe(samples)))
    cost = took / (heard / FRAME_SECONDS) * 1e6
    return f"{wrong / words:6.1%}  {false:12d}  {missed:6d}  {cost:10.0f}"


def mixed(prompt: speech.Prompt, noise: Callable[[int], Floats], snr: float) -> tuple[bytes, float, float]:
    """The prompt with noise before, under and behind it, and where it begins and ends, in seconds."""
    voice = np.frombuffer(prompt.pcm(), "<i2").astype(np.float64)
    before, after = int(BEFORE * speech.RATE), int(AFTER * speech.RATE)
    line = np.concatenate((np.zeros(before), voice, np.zeros(after)))
    around = noise(line.size)
    loud = np.sqrt(np.mean(voice[np.abs(voice) > 300] ** 2))
    line += around * (loud / 10 ** (snr / 20))
    pcm = np.clip(line, -32768, 32767).astype("<i2").tobytes()
    return pcm + bytes(-len(pcm) % frame_bytes(speech.RATE)), BEFORE, BEFORE + voice.size / speech.RATE


def through(pcm: bytes, options: DenoiseOptions) -> bytes:
    if not options.is_on:
        return pcm
    out: list[Frame] = []
    denoise, size = Denoise(speech.RATE, options), frame_bytes(speech.RATE)
    denoise.emit = out.append
    for start in range(0, len(pcm), size):
        denoise.process(AudioIn(pcm[start : start + size], start / 2 / speech.RATE))
    return b"".join(frame.pcm for frame in out if isinstance(frame, AudioIn))


def fan(length: int) -> Floats:
    """Steady, more of it low than high."""
    spectrum = np.fft.rfft(np.random.default_rng(3).standard_normal(length))
    spectrum /= np.sqrt(np.maximum(np.arange(spectrum.size), 20))
    return _level(np.fft.irfft(spectrum, length))


def crowd(length: int) -> Floats:
    """Six people who talk at once, the same six each time."""
    talk = np.zeros(length)
    for prompt in speech.prompts(6, words=12):
        talk += np.resize(np.frombuffer(prompt.pcm(), "<i2").astype(np.float64), length)
    return _level(talk)


def far(length: int) -> Floats:
    """One person who talks on the other side of the room."""
    said = b"".join(prompt.pcm() for prompt in speech.prompts(9, words=8)[4:8])
    return _level(np.resize(np.frombuffer(said, "<i2").astype(np.float64), length))


def _level(wave: Floats) -> Floats:
    wave /= np.sqrt(np.mean(wave**2))
    return wave


NOISES: dict[str, Callable[[int], Floats]] = {"fan": fan, "crowd": crowd, "far": far}

if __name__ == "__main__":
    main()
