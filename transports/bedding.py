"""The bed of a line: sent where nothing else is, so that it does not stop between two replies."""

from __future__ import annotations

from collections.abc import Iterator

from pipeline.audio import SAMPLE_BYTES, frame_bytes
from pipeline.bed import Bed

AHEAD = 2
"""Pieces of 20 ms that are sent ahead: a reply waits behind them, and a late tick is heard."""


class Bedding:
    """Nothing is under a line until `bed` is set."""

    def __init__(self, rate: int, alignment: int) -> None:
        self.bed: Bed | None = None
        self._piece = -(-frame_bytes(rate) // alignment) * alignment // SAMPLE_BYTES

    def under(self, pcm: bytes, start: int) -> bytes:
        return pcm if self.bed is None else self.bed.under(pcm, start)

    def fill(self, line_end: int, sample: int) -> Iterator[tuple[bytes, int]]:
        """What has to be sent after `line_end`, if it is `sample` now and nobody speaks, and where each piece ends."""
        if self.bed is None:
            return
        start = max(line_end, sample)
        while start - sample < AHEAD * self._piece:
            start += self._piece
            yield self.bed.alone(start - self._piece, self._piece), start
