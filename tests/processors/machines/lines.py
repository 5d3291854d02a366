"""A far end for the stage that looks who has picked up: speech, words and tones on the clock of frames."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from pipeline.audio import frame_bytes
from pipeline.frames import FRAME_SECONDS, AudioIn, Frame, SpeechStarted, SpeechStopped, Transcript

RATE = 8000
STARTS, STOPS = 0.16, 0.2
"""Seconds that the voice detector takes."""


class FarEnd:
    """Pushes what happens on a line; times are seconds of the call."""

    def __init__(self, process: Callable[[Frame], object]) -> None:
        self._process = process
        self._frames = 0

    @property
    def now(self) -> float:
        return self._frames * FRAME_SECONDS

    def silence(self, seconds: float) -> None:
        for _ in range(round(seconds / FRAME_SECONDS)):
            self._hear(bytes(frame_bytes(RATE)))

    def tone(self, seconds: float, hertz: float = 1000.0, level: float = 8000.0) -> None:
        moments = np.arange(round(seconds * RATE)) / RATE
        pcm = np.round(level * np.sin(2 * np.pi * hertz * moments)).astype("<i2").tobytes()
        for start in range(0, len(pcm), frame_bytes(RATE)):
            self._hear(pcm[start : start + frame_bytes(RATE)])

    def speak(self, seconds: float, *partial: str, final: str | None = None, silent: float = 0.0) -> None:
        """Speech with its partial texts, spread over it; then silence, in which the end and the final text are told.

        Without a final text the recogniser tells none.
        """
        began = self.now
        self.silence(STARTS)
        self._process(SpeechStarted(began))
        for text in partial:
            self.silence((seconds - STARTS) / (len(partial) + 1))
            self._process(Transcript(text, final=False))
        self.silence(began + seconds - self.now)
        ended = self.now
        self.silence(STOPS)
        self._process(SpeechStopped(ended))
        if final is not None:
            self._process(Transcript(final, final=True))
        self.silence(max(silent - STOPS, 0.0))

    def _hear(self, pcm: bytes) -> None:
        self._process(AudioIn(pcm, self.now))
        self._frames += 1
