"""What the far end's loudspeaker does with what it is sent."""

from __future__ import annotations

from collections import deque

from pipeline.audio import SAMPLE_BYTES, frame_bytes


class Ear:
    """Plays sound in order from when it came, silence where there is none, and tells which marks it passed."""

    def __init__(self, rate: int) -> None:
        self._rate, self._size = rate, frame_bytes(rate)
        self._sound = bytearray()
        """From the present slice's start on, gaps included."""
        self._position = 0
        self._marks: deque[tuple[int, str]] = deque()

    def play(self, pcm: bytes, at: float) -> None:
        """Sound that came at `at` seconds: heard from there if the line was idle, else after what waits."""
        gap = round(at * self._rate) * SAMPLE_BYTES - self._position - len(self._sound)
        self._sound += bytes(max(gap, 0)) + pcm

    def mark(self, name: str) -> None:
        self._marks.append((self._position + len(self._sound), name))

    def clear(self) -> None:
        """Drops what is not being played: the present slice is finished. Marks behind it are forgotten."""
        del self._sound[self._size :]
        self._marks.clear()

    def tick(self) -> tuple[bytes, list[str]]:
        """20 ms go by: what was heard in them, and the marks that were passed."""
        heard = bytes(self._sound[: self._size]).ljust(self._size, b"\0")
        del self._sound[: self._size]
        self._position += self._size
        passed: list[str] = []
        while self._marks and self._marks[0][0] <= self._position:
            passed.append(self._marks.popleft()[1])
        return heard, passed
