"""The line of a rehearsed call, and notes of what went over it: when the agent was heard, when the caller spoke."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field

from pipeline.frames import FRAME_SECONDS, AudioIn, Frame, Heard
from transports.loopback import Line, Loopback

TOGETHER = 0.1
"""Seconds between two sounds of the agent that are still one."""


@dataclass(slots=True)
class Span:
    """Of the agent's sound, on the call's clock."""

    begins: float
    ends: float
    reply: int


@dataclass(slots=True)
class Notes:
    now: float = 0.0
    spans: list[Span] = field(default_factory=list)

    def note(self, frame: Frame) -> None:
        if isinstance(frame, AudioIn):
            self.now = frame.at + FRAME_SECONDS
        elif isinstance(frame, Heard):
            last = self.spans[-1] if self.spans else None
            ends = frame.at + FRAME_SECONDS
            if last is not None and last.reply == frame.reply and frame.at - last.ends < TOGETHER:
                last.ends = ends
            else:
                self.spans.append(Span(frame.at, ends, frame.reply))

    @property
    def silent_since(self) -> float:
        """When the agent's last sound ended; 0 before the first."""
        return self.spans[-1].ends if self.spans else 0.0


class RehearsedLine:
    """A transport: `script` is the caller's side of a perfect line."""

    def __init__(self, script: AsyncIterator[Line], notes: Notes, *, rate: int) -> None:
        self.rate = rate
        self._line = Loopback(script, rate=rate, real_time=True)
        self._notes = notes

    @property
    def ending(self) -> str:
        return self._line.ending

    @ending.setter
    def ending(self, why: str) -> None:
        self._line.ending = why

    async def receive(self) -> AsyncIterator[Frame]:
        async for frame in self._line.receive():
            self._notes.note(frame)
            yield frame

    def send(self, frame: Frame) -> None:
        self._line.send(frame)

    async def close(self) -> None:
        await self._line.close()
