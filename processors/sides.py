"""Two sides of one line, laid beside each other to the sample."""

from __future__ import annotations

from collections.abc import Iterable

Piece = tuple[int, bytes]
"""Where sound begins, in bytes from the start of a stretch (it may be before it), and its PCM16."""


def laid(length: int, pieces: Iterable[Piece]) -> tuple[bytes, list[Piece]]:
    """A stretch of `length` bytes with the pieces where they belong, silent elsewhere.

    And what belongs to later stretches, counted from the start of the next one.
    """
    stretch, late = bytearray(length), []
    for start, pcm in pieces:
        cut = max(-start, 0)
        fits = max(length - start, 0)
        if cut < min(fits, len(pcm)):
            stretch[start + cut : min(start + len(pcm), length)] = pcm[cut:fits]
        if fits < len(pcm):
            late.append((max(start - length, 0), pcm[fits:]))
    return bytes(stretch), late
