"""A two-way line, whatever carries it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from pipeline.frames import Frame


class Transport(Protocol):
    """Sound in, sound out. What happens at the far end (playback, a digit) comes in like sound."""

    rate: int
    """Samples a second, both ways."""
    ending: str
    """Why the line is down, in one short word of a fixed list; empty while it is up."""

    def receive(self) -> AsyncIterator[Frame]:
        """`AudioIn` for every 20 ms, silence included; between them `Heard`, `Played`, `Digit`.

        Ends when the line is down.
        """
        ...

    def send(self, frame: Frame) -> None:
        """Never waits. Takes `AudioOut`, `AudioDone` and what concerns the line; ignores every other frame."""
        ...

    async def close(self) -> None:
        """Puts the line down and frees what it holds; may be called twice."""
        ...


@dataclass(frozen=True, slots=True)
class Incoming:
    """Who is on the line, as the carrier tells it."""

    carrier: str
    """`exotel`, `webrtc`, `browser`, `loopback`: a short list, fit for a metric's label."""
    carrier_call: str = ""
    """The carrier's own id of the call, opaque."""
    account: str = ""
    from_number: str = field(default="", repr=False)
    to_number: str = field(default="", repr=False)
    custom: Mapping[str, str] = field(default_factory=dict, repr=False)
    """What we or the flow gave the carrier to hand back."""
    call: str = ""
    """Our own id of the call."""
    flow: str = ""
    """Our id of the flow, where whoever calls names it: a call from a browser."""
