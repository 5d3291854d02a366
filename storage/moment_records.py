"""What conversations stumble over."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class MomentKind(StrEnum):
    """What a conversation stumbled over."""

    DEAD_AIR = "dead_air"
    """The customer waited for an answer and heard nothing."""
    INTERRUPTION = "interruption"
    """The customer cut the agent short."""
    FALSE_INTERRUPTION = "false_interruption"
    """The agent was held for a noise or a nod, and went on."""


@dataclass(frozen=True, slots=True)
class Moment:
    """A moment of a call that its conversation stumbled over."""

    call_id: str
    kind: MomentKind
    at: float
    """Seconds from the answer to its end, as it was noticed then."""
    seconds: float
    """How long it lasted; of an interruption 0."""
    noticed_at: datetime
