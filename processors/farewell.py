"""How a call ends once its last words were heard."""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.frames import Frame, Hangup, Transfer

FAREWELL_SECONDS = 15.0
"""After so long without a sound of the farewell the call is ended: a line must not stay open for a lost mark."""


@dataclass(slots=True)
class Farewell:
    """The reply after which the call ends."""

    reply: int
    reason: str
    until: float
    final: bool = False
    """The caller cannot talk the bot out of it."""
    transfer_to: str = ""

    @property
    def last(self) -> Frame:
        return Transfer(self.transfer_to) if self.transfer_to else Hangup(self.reason)
