"""A WAV file that can be read at any moment, whatever became of its writer."""

from __future__ import annotations

import os
import struct
from pathlib import Path
from typing import BinaryIO

import numpy as np

CHANNELS = 2
HEADER = 44
FRAME_BYTES = 2 * CHANNELS
"""Of one sample, both sides."""


def header(rate: int, size: int) -> bytes:
    """The RIFF header of `size` bytes of stereo PCM16."""
    return struct.pack(
        "<4sI4s4sIHHIIHH4sI",
        b"RIFF", 36 + size, b"WAVE", b"fmt ", 16, 1, CHANNELS, rate, rate * FRAME_BYTES, FRAME_BYTES, 16, b"data", size,
    )  # fmt: skip


class WavWriter:
    """Grows a stereo file. Blocking: meant for a thread of its own."""

    def __init__(self, path: Path, rate: int, start: int = 0) -> None:
        """Begins at sample `start`: behind what the file holds of the time before, if it is of this rate, or silence.

        What goes beyond `start` stays too. Of another rate, it is kept beside it as `.part.wav`.
        """
        path.parent.mkdir(parents=True, exist_ok=True)
        self._rate = rate
        self._size = start * FRAME_BYTES
        present = _rate_of(path) if start else None
        if present not in (None, rate):
            path.rename(path.with_suffix(".part.wav"))
            present = None
        self._file: BinaryIO = path.open("wb" if present is None else "r+b", buffering=0)
        if present is not None:
            self._size = max(self._size, (path.stat().st_size - HEADER) // FRAME_BYTES * FRAME_BYTES)
        self._file.truncate(HEADER + self._size)  # what was not written is silence, and takes no room on the disk
        self._file.seek(0)
        self._file.write(header(rate, self._size))

    def append(self, pcm: bytes) -> None:
        """`pcm`: left and right samples in turn. The header tells the new length before this returns."""
        fd = self._file.fileno()
        os.pwrite(fd, pcm, HEADER + self._size)
        self._size += len(pcm)
        os.pwrite(fd, header(self._rate, self._size), 0)

    def close(self) -> None:
        self._file.close()


def _rate_of(path: Path) -> int | None:
    """Of a recording of ours; None if there is none."""
    if not path.exists() or path.stat().st_size < HEADER:
        return None
    with path.open("rb") as file:
        found = file.read(HEADER)
    (rate,) = struct.unpack_from("<I", found, 24)
    return int(rate)


def seconds(path: Path) -> float:
    """How long the sound is that the file has, whatever its header says. Raises ValueError if it is no WAV of ours."""
    rate = _rate_of(path)
    if not rate:
        raise ValueError(f"{path.name} is no recording")
    return (path.stat().st_size - HEADER) // FRAME_BYTES / rate


def repair(path: Path) -> bool:
    """Makes the header tell the length that the file has. False if it did already.

    Raises ValueError if it is no WAV of ours.
    """
    with path.open("r+b") as file:
        found = file.read(HEADER)
        if len(found) < HEADER or found[:4] != b"RIFF" or found[36:40] != b"data":
            raise ValueError(f"{path.name} is no recording")
        (rate,) = struct.unpack_from("<I", found, 24)
        size = (path.stat().st_size - HEADER) // FRAME_BYTES * FRAME_BYTES
        wanted = header(rate, size)
        if found == wanted:
            return False
        file.truncate(HEADER + size)
        file.seek(0)
        file.write(wanted)
        return True


def stereo(left: bytes, right: bytes) -> bytes:
    """Two mono PCM16 sounds of one length → one interleaved."""
    both = np.empty((len(left) // 2, CHANNELS), "<i2")
    both[:, 0] = np.frombuffer(left, "<i2")
    both[:, 1] = np.frombuffer(right, "<i2")
    return both.tobytes()
