"""Sound as numbers: rates, slices, companding, level. Mono PCM16 little-endian throughout."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import numpy as np
import soxr
from numpy.typing import NDArray

from pipeline.frames import FRAME_SECONDS

SAMPLE_BYTES = 2
FULL_SCALE = 32768.0
SILENCE_DBFS = -96.0

Codec = Literal["pcm16", "mulaw", "alaw"]


def frame_bytes(rate: int) -> int:
    """Bytes of 20 ms at `rate` Hz."""
    return int(rate * FRAME_SECONDS) * SAMPLE_BYTES


def seconds(pcm: bytes, rate: int) -> float:
    return len(pcm) / (SAMPLE_BYTES * rate)


def silence(duration: float, rate: int) -> bytes:
    """`duration` seconds of nothing, rounded to a whole sample."""
    return bytes(round(duration * rate) * SAMPLE_BYTES)


class Slicer:
    """Sound in ragged pieces → whole 20 ms slices; keeps the remainder, half a sample included."""

    def __init__(self, rate: int) -> None:
        self._size = frame_bytes(rate)
        self._rest = b""

    def push(self, pcm: bytes) -> Iterator[bytes]:
        size = self._size
        if not self._rest and len(pcm) == size:  # the usual case costs nothing
            yield pcm
            return
        sound = self._rest + pcm
        whole = len(sound) - len(sound) % size
        for start in range(0, whole, size):
            yield sound[start : start + size]
        self._rest = sound[whole:]


class Resampler:
    """A stream at one rate → the same stream at another. Does nothing, at no cost, where the rates are equal.

    Holds back up to 61 ms (soxr works in blocks) until `flush`, which ends the stream and makes it ready for a new
    one. Its better filters hold back up to 118 ms, which a telephone's band does not repay.
    """

    def __init__(self, source: int, target: int) -> None:
        self._source, self._target = source, target
        self._stream = self._fresh()

    def push(self, pcm: bytes) -> bytes:
        """`pcm` must hold whole samples. Raises ValueError on half a one."""
        if self._stream is None:
            return pcm
        heard: bytes = self._stream.resample_chunk(np.frombuffer(pcm, "<i2")).tobytes()
        return heard

    def flush(self) -> bytes:
        if self._stream is None:
            return b""
        rest: bytes = self._stream.resample_chunk(np.zeros(0, np.int16), last=True).tobytes()
        self._stream = self._fresh()
        return rest

    def _fresh(self) -> soxr.ResampleStream | None:
        if self._source == self._target:
            return None
        return soxr.ResampleStream(self._source, self._target, 1, dtype="int16", quality="LQ")


def resample(pcm: bytes, source: int, target: int) -> bytes:
    """A whole sound at another rate."""
    if source == target:
        return pcm
    heard: bytes = soxr.resample(np.frombuffer(pcm, "<i2"), source, target).astype("<i2").tobytes()
    return heard


def loudness(pcm: bytes, rate: int) -> NDArray[np.float32]:
    """RMS level of each whole 10 ms slice, in dBFS.

    `pcm` is mono PCM16 at `rate` Hz; a remainder under 10 ms is left out. Returns shape (slices,),
    values in [-96, 0]; digital silence is -96. Raises ValueError on half a sample.
    """
    samples = np.frombuffer(pcm, "<i2")
    width = rate // 100
    slices = samples[: len(samples) // width * width].reshape(-1, width).astype(np.float32) / FULL_SCALE
    power = np.einsum("ij,ij->i", slices, slices) / width
    levels: NDArray[np.float32] = np.maximum(10 * np.log10(np.maximum(power, 1e-12)), SILENCE_DBFS).astype(np.float32)
    return levels


def level(pcm: bytes) -> float:
    """RMS of the whole sound in dBFS, in [-96, 0]."""
    samples = np.frombuffer(pcm, "<i2").astype(np.float32)
    if not len(samples):
        return SILENCE_DBFS
    power = float(np.dot(samples, samples)) / len(samples) / (FULL_SCALE * FULL_SCALE)
    return max(10 * float(np.log10(max(power, 1e-12))), SILENCE_DBFS)


def decode(payload: bytes, codec: Codec) -> bytes:
    """One codec's bytes → PCM16."""
    if codec == "pcm16":
        return payload
    return bytes(_EXPAND[codec][np.frombuffer(payload, np.uint8)].data)


def encode(pcm: bytes, codec: Codec) -> bytes:
    """PCM16 → one codec's bytes. Raises ValueError on half a sample."""
    if codec == "pcm16":
        return pcm
    return bytes(_COMPRESS[codec][np.frombuffer(pcm, "<u2")].data)


def _mulaw_values() -> NDArray[np.int16]:
    """The 256 values of G.711 µ-law."""
    code = ~np.arange(256, dtype=np.uint8)
    exponent, mantissa = (code >> 4 & 7).astype(np.int32), (code & 15).astype(np.int32)
    magnitude = ((mantissa << 3) + 0x84 << exponent) - 0x84
    return np.where(code & 0x80, -magnitude, magnitude).astype("<i2")


def _alaw_values() -> NDArray[np.int16]:
    """The 256 values of G.711 A-law."""
    code = np.arange(256, dtype=np.uint8) ^ 0x55
    exponent, mantissa = (code >> 4 & 7).astype(np.int32), (code & 15).astype(np.int32)
    low = (mantissa << 4) + 8
    magnitude = np.where(exponent == 0, low, low + 0x100 << np.maximum(exponent - 1, 0))
    return np.where(code & 0x80, magnitude, -magnitude).astype("<i2")


def _nearest_code(values: NDArray[np.int16]) -> NDArray[np.uint8]:
    """For every 16-bit pattern, the code whose value lies nearest: 64 kB, so that encoding is one look-up."""
    order = np.argsort(values, kind="stable")
    sorted_values = values[order].astype(np.int32)
    edges = (sorted_values[1:] + sorted_values[:-1]) / 2
    samples = np.arange(65536, dtype=np.uint16).view("<i2").astype(np.float64)
    codes: NDArray[np.uint8] = order[np.searchsorted(edges, samples, side="right")].astype(np.uint8)
    return codes


_EXPAND = {"mulaw": _mulaw_values(), "alaw": _alaw_values()}
_COMPRESS = {name: _nearest_code(values) for name, values in _EXPAND.items()}
