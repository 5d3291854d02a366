"""How long is waited for what, and what calls cost."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, slots=True)
class Timing:
    lease: timedelta = timedelta(seconds=10)
    """From the decision to call somebody to the last moment at which the carrier may be asked."""
    request: timedelta = timedelta(seconds=20)
    """The longest that a carrier takes to accept a call."""
    margin: timedelta = timedelta(seconds=10)
    """For clocks that differ between nodes, and for a carrier that enters a call late."""
    ring: timedelta = timedelta(seconds=45)
    quiet: timedelta = timedelta(seconds=30)
    """After the ringing, until the carrier is asked about a call of which it did not tell."""
    talking: timedelta = timedelta(minutes=10)
    """Between two questions about a call that goes on."""
    again: timedelta = timedelta(seconds=30)
    """Until a carrier that could not tell is asked again."""
    backoff: timedelta = timedelta(seconds=30)
    """Before a call that never left the house is tried again, if the carrier names no time."""
    call: timedelta = timedelta(hours=1)
    """The longest call."""

    @property
    def doubt(self) -> timedelta:
        """From the decision until a call that the carrier does not know surely was not placed."""
        return self.lease + self.request + self.margin


@dataclass(frozen=True, slots=True)
class Prices:
    """In ten-thousandths of a credit."""

    attempt: int = 0
    minute: int = 0

    def cost(self, talk_seconds: float) -> int:
        """Of an attempt that the carrier accepted. Parts of a ten-thousandth count as one."""
        return self.attempt - int(-talk_seconds * self.minute // 60)
