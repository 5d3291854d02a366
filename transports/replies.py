"""A reply on its way to the caller's ear, and the pieces in which it goes."""

from __future__ import annotations

from dataclasses import dataclass, field

from pipeline.audio import SAMPLE_BYTES
from transports.heard_words import HeardWords


@dataclass(slots=True, eq=False)
class Reply:
    number: int
    words: HeardWords
    unsent: bytearray = field(default_factory=bytearray)
    made: int = 0
    heard: int = 0
    began: float | None = None
    done: bool = False
    mark: str = ""
    """Name of its end mark once that went out."""
    ended: float | None = None
    """When its end was reckoned heard."""
    confirmed: bool = False
    """The far end says that all of it was played."""

    @property
    def heard_whole(self) -> bool:
        return bool(self.mark) and self.heard >= self.made


@dataclass(slots=True, eq=False)
class Chunk:
    """A piece on its way to the caller's ear."""

    reply: Reply
    pcm: bytes
    sound: int
    """Bytes of `pcm` before the padding that are not yet counted as heard, with those in `taken`."""
    start: int
    """Sample of the call's clock at which what is left of it begins."""
    taken: int = 0

    @property
    def end(self) -> int:
        return self.start + (len(self.pcm) - self.taken) // SAMPLE_BYTES
