"""Has the caller finished, or only paused? A model, Smart Turn, that listens to the melody of the last words."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from pipeline.audio import FULL_SCALE, SAMPLE_BYTES, resample
from processors.models import installed, session

RATE = 16000
SECONDS = 8
"""How much of the sound the model looks at: its end."""

_WINDOW, _HOP, _BANDS = 400, 160, 80
"""Samples of a spectrum, samples from one to the next, and bands of the mel scale: those of Whisper."""


def smart_turn_model() -> Path:
    """The model's file. Raises ModelMissing."""
    folders = ("audio", "turn", "smart_turn", "data")
    return installed("pipecat", "pipecat-ai==1.14.0", *folders, "smart-turn-v3.2-cpu.onnx")


class SmartTurn:
    """One for the process. Loads at the first question, or by `warm`."""

    def __init__(self, model: Path | None = None, workers: int = 1) -> None:
        """At most `workers` questions are worked on at once, some 40 ms each; the others wait."""
        self._path = model
        self._model: onnxruntime.InferenceSession | None = None
        self._loading = threading.Lock()
        self._threads = ThreadPoolExecutor(workers, thread_name_prefix="smart-turn")

    async def finished(self, pcm: bytes, rate: int) -> float:
        """How likely it is, 0 to 1, that a turn ends where `pcm` ends. Give the whole turn: the last 8 s count.

        PCM16 mono at `rate` hertz. Raises ModelMissing.
        """
        end = pcm[-SECONDS * rate * SAMPLE_BYTES :]
        return await asyncio.get_running_loop().run_in_executor(self._threads, self._judge, end, rate)

    def warm(self) -> None:
        """Loads the model, in a tenth of a second. Raises ModelMissing."""
        self._loaded()

    def close(self) -> None:
        """Waits for what is being worked on."""
        self._threads.shutdown(cancel_futures=True)

    def _judge(self, pcm: bytes, rate: int) -> float:
        sound = np.frombuffer(resample(pcm, rate, RATE), "<i2").astype(np.float32) / FULL_SCALE
        (likely,) = self._loaded().run(None, {"input_features": features(sound)[np.newaxis]})
        return float(likely[0, 0])

    def _loaded(self) -> onnxruntime.InferenceSession:
        with self._loading:
            if self._model is None:
                self._model = session(self._path or smart_turn_model())
            return self._model


def features(sound: NDArray[np.float32]) -> NDArray[np.float32]:
    """The last 8 s of 16 kHz sound as the model sees it: log-mel spectrum, shape (80, 800), silence put before it."""
    wanted = SECONDS * RATE
    sound = np.pad(sound[-wanted:], (max(wanted - len(sound), 0), 0))
    even = (sound - sound.mean()) / np.sqrt(sound.var() + 1e-7)
    framed = sliding_window_view(np.pad(even, _WINDOW // 2, mode="reflect"), _WINDOW)[:wanted:_HOP]
    window, bands = _tables()
    spectrum = np.fft.rfft(framed * window, axis=1)
    power = spectrum.real**2 + spectrum.imag**2
    levels = np.log10(np.maximum(power @ bands, 1e-10)).T
    seen: NDArray[np.float32] = ((np.maximum(levels, levels.max() - 8.0) + 4.0) / 4.0).astype(np.float32)
    return seen


@cache
def _tables() -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """A periodic Hann window, and triangles of equal area on Slaney's mel scale: shape (201, 80)."""
    window = np.hanning(_WINDOW + 1)[:-1]
    edges = _hertz(np.linspace(0.0, _mel(RATE / 2), _BANDS + 2))
    low, peak, high = edges[:-2], edges[1:-1], edges[2:]
    bins = np.linspace(0.0, RATE / 2, _WINDOW // 2 + 1)[:, np.newaxis]
    triangles = np.minimum((bins - low) / (peak - low), (high - bins) / (high - peak))
    bands = np.maximum(triangles, 0.0) * 2.0 / (high - low)
    return window.astype(np.float32), bands.astype(np.float32)


# Slaney's scale: straight up to 1 kHz, which is 15 mel, then logarithmic, 27 mel for each factor of 6.4.


def _mel(hertz: float) -> float:
    return 15.0 + 27.0 * float(np.log(hertz / 1000.0) / np.log(6.4)) if hertz > 1000.0 else hertz * 0.015


def _hertz(mel: NDArray[Any]) -> NDArray[Any]:
    return np.where(mel > 15.0, 1000.0 * 6.4 ** ((mel - 15.0) / 27.0), mel / 0.015)
