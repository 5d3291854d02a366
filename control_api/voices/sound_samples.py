"""The sound in a WAV or MP3 file as numbers, to be looked at before it is kept. All of it blocks: for a thread."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from control_api.voices.sound_lengths import WAV, NotSpeechError, Waveform, content_type, mp3_frames, waveform

Samples = NDArray[np.float32]

RATE = 16_000
"""Hertz. What lies above 8 kHz tells little of a voice."""


@dataclass(frozen=True, slots=True)
class Loudest:
    """How often samples stand close to the highest, before anything was resampled."""

    peak: float
    """Of full scale."""
    share: float
    """Of all samples: within 1 % of the peak."""


@dataclass(frozen=True, slots=True)
class Heard:
    """One channel at `RATE`, all channels mixed; full scale is 1."""

    samples: Samples = field(repr=False)
    loudest: Loudest

    @property
    def seconds(self) -> float:
        return len(self.samples) / RATE


def samples_of(file: BinaryIO, longest: float) -> Heard:
    """At most `longest` seconds of it. Raises NotSpeechError."""
    if content_type(file) == WAV:
        found, rate = _wav(file, longest)
    else:
        found, rate = _mp3(file, longest)
    if not len(found) or not np.isfinite(found).all():
        raise NotSpeechError("holds no sound that can be read")
    level = np.abs(found).max(axis=1)
    peak = float(level.max())
    share = float(np.mean(level >= 0.99 * peak)) if peak else 0.0
    return Heard(_resampled(found.mean(axis=1), rate), Loudest(peak, share))


def _wav(file: BinaryIO, longest: float) -> tuple[Samples, int]:
    """Shape (samples, channels)."""
    sound = waveform(file)
    count = min(sound.samples, int(longest * sound.rate))
    file.seek(sound.start)
    raw = file.read(count * sound.sample_bytes)
    raw = raw[: len(raw) // sound.sample_bytes * sound.sample_bytes]
    return _numbers(raw, sound).reshape(-1, sound.channels), sound.rate


def _numbers(raw: bytes, sound: Waveform) -> Samples:
    """Raises NotSpeechError for a size of samples that nobody writes."""
    size = sound.sample_bytes // sound.channels
    match sound.encoding, size:
        case "PCM", 1:
            return (np.frombuffer(raw, np.uint8).astype(np.float32) - np.float32(128)) / np.float32(128)
        case "PCM", 2:
            return np.frombuffer(raw, "<i2").astype(np.float32) / np.float32(1 << 15)
        case "PCM", 3:
            wide = np.zeros((len(raw) // 3, 4), np.uint8)
            wide[:, 1:] = np.frombuffer(raw, np.uint8).reshape(-1, 3)
            return wide.reshape(-1).view("<i4").astype(np.float32) / np.float32(1 << 31)
        case "PCM", 4:
            return np.frombuffer(raw, "<i4").astype(np.float32) / np.float32(1 << 31)
        case "float", 4 | 8:
            return np.frombuffer(raw, f"<f{size}").astype(np.float32)
        case "A-law" | "mu-law" as law, 1:
            return _expanded(raw, law)
    raise NotSpeechError("must have samples of 8, 16, 24 or 32 bits")


def _expanded(raw: bytes, law: str) -> Samples:
    """As ITU-T G.711 has it."""
    code = np.frombuffer(raw, np.uint8).astype(np.int32) ^ (0xFF if law == "mu-law" else 0xD5)
    exponent, mantissa = code >> 4 & 7, code & 15
    if law == "mu-law":
        size = ((mantissa << 3) + 132 << exponent) - 132
    else:
        size = np.where(exponent, (mantissa << 4) + 264 << np.maximum(exponent - 1, 0), (mantissa << 4) + 8)
    return np.where(code & 0x80, -size, size).astype(np.float32) / np.float32(1 << 15)


def _mp3(file: BinaryIO, longest: float) -> tuple[Samples, int]:
    """Shape (samples, channels). Frames of another rate or width than the first are left out."""
    pieces: list[Samples] = []
    rate, channels, count = 0, 0, 0
    for frame in mp3_frames(file):
        if not rate:
            rate, channels = frame.sample_rate, frame.layout.nb_channels
        if (frame.sample_rate, frame.layout.nb_channels) != (rate, channels):
            continue
        sound = frame.to_ndarray()
        if sound.dtype == np.int16:
            sound = sound.astype(np.float32) / np.float32(1 << 15)
        flat = sound.T if frame.format.is_planar else sound.reshape(-1, channels)
        pieces.append(flat.astype(np.float32))
        count += frame.samples
        if count >= longest * rate:
            break
    if not pieces:
        raise NotSpeechError("cannot be read as an MP3 file")
    return np.concatenate(pieces), rate


def _resampled(sound: Samples, rate: int) -> Samples:
    import soxr  # 20 ms, which a start can do without

    return sound if rate == RATE else soxr.resample(sound, rate, RATE)
