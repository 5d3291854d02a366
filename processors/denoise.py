"""Noise and far voices taken out of the caller's sound, before anybody judges or recognises it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, Field

from pipeline.audio import FULL_SCALE, SILENCE_DBFS, frame_bytes
from pipeline.frames import FRAME_SECONDS, AudioIn, Frame
from pipeline.processor import Processor

HOLD = 10
"""Frames for which the gate stays open: the soft end of a word goes through."""
SHUT = 0.1
"""What a shut gate lets through."""
LEAST_GAIN = 0.5
"""What is left of a frequency that is nothing but noise: with less of it more words are misunderstood."""
SUBTRACTED = 2.0
"""How much more than the quietest of a frequency, by power, its noise usually is."""
SMOOTH = 0.25
"""Of each window's power in the average that is judged."""
RISE, FALL = 1.01, 0.05
"""How the noise of a frequency is followed each 10 ms: at most 4 dB a second upwards, a twentieth of the way down."""
LOOK = 5
"""Frames between two looks at the levels that went by."""
RESTLESS = 8.0
"""dB between loud and quiet, in the window, of somebody who talks to us; what never rests is music or a television."""

Floats = NDArray[np.float32]


class DenoiseOptions(BaseModel, frozen=True, extra="forbid"):
    noise: bool = Field(False, description="steady noise is taken out, frequency by frequency")
    far_voices: bool = Field(False, description="what is much quieter than the caller is taken out")
    static_threshold_db: float = Field(-35, ge=-96, le=0, description="dBFS; quieter is far until the window is full")
    baseline_offset_db: float = Field(-15, ge=-60, le=0, description="below the caller's usual level; quieter is far")
    baseline_percentile: float = Field(85, ge=1, le=99, description="of the levels in the window: the usual one")
    window_ms: float = Field(3000, ge=200, le=30_000)
    media_detection: bool = Field(True, description="half the offset while a television or music goes on behind")

    @property
    def is_on(self) -> bool:
        return self.noise or self.far_voices


class Denoise(Processor):
    """Each `AudioIn` with the noise taken out, 10 ms late; as it came over the line in `raw`."""

    def __init__(self, rate: int, options: DenoiseOptions) -> None:
        self._noise = _SteadyNoise(rate) if options.noise else None
        self._gate = _Gate(options) if options.far_voices else None

    def process(self, frame: Frame) -> None:
        if type(frame) is not AudioIn:
            self.emit(frame)
            return
        sound = np.frombuffer(frame.pcm, "<i2").astype(np.float32)
        if self._noise is not None:
            sound = self._noise.push(sound)
        if self._gate is not None:
            sound = self._gate.push(sound)
        pcm = np.clip(sound, -FULL_SCALE, FULL_SCALE - 1).astype("<i2").tobytes()
        self.emit(AudioIn(pcm, frame.at, frame.pcm))


class _SteadyNoise:
    """Windows of 20 ms, one every 10 ms, each frequency weakened by what of it is noise."""

    def __init__(self, rate: int) -> None:
        self._size = frame_bytes(rate) // 2
        self._hop = self._size // 2
        self._window: Floats = np.sqrt(np.hanning(self._size + 1)[:-1]).astype(np.float32)
        self._past: Floats = np.zeros(self._hop, np.float32)
        self._open: Floats = np.zeros(self._hop, np.float32)
        """The half of the last window that waits for the next one."""
        self._quiet: Floats | None = None
        """Power of each frequency's noise."""
        self._power: Floats | None = None
        self._gain: Floats = np.ones(self._hop + 1, np.float32)

    def push(self, sound: Floats) -> Floats:
        size, hop = self._size, self._hop
        heard = np.concatenate((self._past, sound))
        self._past = heard[size:]
        spectra = np.fft.rfft(np.stack((heard[:size], heard[hop : size + hop])) * self._window)
        powers = (spectra.real**2 + spectra.imag**2).astype(np.float32) + 1.0
        for spectrum, power in zip(spectra, powers, strict=True):
            spectrum *= self._gained(power)
        first, second = np.fft.irfft(spectra, size).astype(np.float32) * self._window
        clean = np.concatenate((self._open + first[:hop], first[hop:] + second[:hop]))
        self._open = second[hop:]
        return clean

    def _gained(self, power: Floats) -> Floats:
        if self._quiet is None:
            self._quiet = power.copy()
        quiet, power = self._quiet, self._smoothed(power)
        np.copyto(quiet, np.where(power > quiet, np.minimum(quiet * RISE, power), quiet + FALL * (power - quiet)))
        wanted = np.sqrt(np.maximum(1.0 - SUBTRACTED * quiet / power, LEAST_GAIN**2))
        self._gain += np.where(wanted > self._gain, 0.8, 0.3).astype(np.float32) * (wanted - self._gain)
        return self._gain

    def _smoothed(self, power: Floats) -> Floats:
        """What rises is heard at once, what falls fades: a word's beginning is not weakened."""
        if self._power is None:
            self._power = power
        self._power = np.where(power > 4 * self._power, power, self._power + SMOOTH * (power - self._power))
        return self._power


class _Gate:
    """Open while somebody is about as loud as the caller usually is."""

    def __init__(self, options: DenoiseOptions) -> None:
        self._options = options
        self._levels: Floats = np.zeros(round(options.window_ms / 1000 / FRAME_SECONDS), np.float32)
        self._heard = 0
        self._threshold = options.static_threshold_db
        self._held = 0
        self._gain = 1.0

    def push(self, sound: Floats) -> Floats:
        rms = float(np.sqrt(np.mean(sound * sound))) / FULL_SCALE
        level = 20 * np.log10(rms) if rms > 0 else SILENCE_DBFS
        self._levels[self._heard % self._levels.size] = level
        self._heard += 1
        if self._heard % LOOK == 0 and self._heard >= self._levels.size:
            self._threshold = self._looked()
        self._held = HOLD if level >= self._threshold else max(self._held - 1, 0)
        before, self._gain = self._gain, 1.0 if self._held else SHUT
        if before == self._gain:
            return sound if self._gain == 1.0 else sound * np.float32(SHUT)
        return sound * np.linspace(before, self._gain, sound.size, dtype=np.float32)

    def _looked(self) -> float:
        options = self._options
        levels = np.sort(self._levels)
        last = levels.size - 1
        baseline = float(levels[round(options.baseline_percentile / 100 * last)])
        quiet = float(levels[round(0.1 * last)])
        is_media = options.media_detection and quiet > options.static_threshold_db and baseline - quiet < RESTLESS
        return baseline + options.baseline_offset_db * (0.5 if is_media else 1.0)
