"""Parts of one recording that lie in different files, each of the call's whole time: silent where another has sound."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import BinaryIO

import numpy as np

from processors.wav import FRAME_BYTES, HEADER, header

BLOCK = 1 << 20
"""Bytes of each that are in memory."""


def joined(ours: Path, theirs: Path, into: Path) -> None:
    """Writes both; where both have sound, ours. To join a part once more changes nothing. Blocking: for a thread.

    Raises ValueError if one is no recording of ours, or they are of two rates.
    """
    with ours.open("rb") as one, theirs.open("rb") as other, into.open("wb") as whole:
        rates = {_rate(one), _rate(other)}
        if len(rates) > 1:
            raise ValueError("parts of a recording are of two rates")
        (rate,) = rates
        size = max(_size(ours), _size(theirs))
        whole.write(header(rate, size))
        for start in range(0, size, BLOCK):
            wanted = min(BLOCK, size - start)
            mine, yours = (_frames(part, wanted) for part in (one, other))
            whole.write(np.where(mine != 0, mine, yours).tobytes())


def _rate(part: BinaryIO) -> int:
    found = part.read(HEADER)
    if len(found) < HEADER or found[:4] != b"RIFF" or found[36:40] != b"data":
        raise ValueError("a part of a recording is none of ours")
    (rate,) = struct.unpack_from("<I", found, 24)
    return int(rate)


def _size(part: Path) -> int:
    """Of its sound, whatever its header says: its writer may have been killed."""
    return (part.stat().st_size - HEADER) // FRAME_BYTES * FRAME_BYTES


def _frames(part: BinaryIO, size: int) -> np.ndarray[tuple[int], np.dtype[np.int32]]:
    """The next, both sides of a sample as one number; silence behind the end."""
    found = part.read(size)
    return np.frombuffer(found[: len(found) // FRAME_BYTES * FRAME_BYTES].ljust(size, b"\0"), "<i4")
