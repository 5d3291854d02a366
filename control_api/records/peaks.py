"""The outline of a recording: how loud each side was, stretch by stretch. Only a block of it is in memory."""

from __future__ import annotations

import os
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

HEADER = 44
"""Bytes before the sound in the files that the recorder writes."""
SAMPLE = 2
BLOCK = 256 << 10
"""Bytes of a file that are in memory."""
LOUDEST = 32768


class NotOursError(ValueError):
    """A file that is no PCM16 of one side or two."""


@dataclass(frozen=True, slots=True)
class Form:
    """What the beginning of a file says."""

    rate: int
    channels: int

    @classmethod
    def of(cls, header: bytes) -> Form:
        """Raises NotOursError."""
        if len(header) < HEADER or header[:4] != b"RIFF" or header[36:40] != b"data":
            raise NotOursError("not a recording of ours")
        kind, channels, rate, _, _, bits = struct.unpack_from("<HHIIHH", header, 20)
        if kind != 1 or bits != SAMPLE * 8 or channels not in (1, 2) or not rate:
            raise NotOursError("not a recording of ours")
        return cls(rate, channels)


class Peaks:
    """Takes the sound piece by piece, in its order. `size` is how many bytes of it there will be."""

    def __init__(self, form: Form, size: int, points: int) -> None:
        self._form = form
        self._frames = size // (SAMPLE * form.channels)
        points = max(min(points, self._frames), 1)
        self._bounds = np.arange(points + 1) * self._frames // points
        """Where each stretch begins, in frames, and where the last one ends."""
        self._loudest = np.zeros((points, form.channels), np.int32)
        self._at = 0
        self._rest = b""

    def add(self, pcm: bytes) -> None:
        """May be cut anywhere. For a thread if it is long."""
        pcm = self._rest + pcm
        whole = len(pcm) // (SAMPLE * self._form.channels) * SAMPLE * self._form.channels
        self._rest = pcm[whole:]
        frames = np.frombuffer(pcm[:whole], "<i2").reshape(-1, self._form.channels)[: self._frames - self._at]
        if not len(frames):
            return
        first = int(np.searchsorted(self._bounds, self._at, "right")) - 1
        last = int(np.searchsorted(self._bounds, self._at + len(frames), "left"))
        begins = np.maximum(self._bounds[first:last] - self._at, 0)
        above = np.maximum.reduceat(frames, begins).astype(np.int32)
        below = -np.minimum.reduceat(frames, begins).astype(np.int32)
        part = self._loudest[first:last]
        np.maximum(part, np.maximum(above, below), out=part)
        self._at += len(frames)

    @property
    def seconds(self) -> float:
        return self._frames / self._form.rate

    def of_channel(self, number: int) -> Sequence[float]:
        """0 to 1 for each stretch; nothing of a channel that there is not."""
        if number >= self._form.channels:
            return []
        found: list[float] = np.round(self._loudest[:, number] / LOUDEST, 3).tolist()
        return found


def peaks_of(wav: Path, points: int) -> Peaks | None:
    """None if nothing was recorded. Blocking: for a thread. Raises NotOursError."""
    try:
        file = wav.open("rb")
    except FileNotFoundError:
        return None
    with file:
        size = os.fstat(file.fileno()).st_size - HEADER  # by its name it may be gone, to the object store
        if size <= 0:
            return None
        peaks = Peaks(Form.of(file.read(HEADER)), size, points)
        while block := file.read(BLOCK):
            peaks.add(block)
        return peaks
