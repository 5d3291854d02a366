"""What happened in conversations beside their words."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class MomentKind(StrEnum):
    """What a conversation stumbled over, and what the law wants to be known of it."""

    DEAD_AIR = "dead_air"
    """The customer waited for an answer and heard nothing."""
    INTERRUPTION = "interruption"
    """The customer cut the agent short."""
    FALSE_INTERRUPTION = "false_interruption"
    """The agent was held for a noise or a nod, and went on."""
    DISCLOSURE = "disclosure"
    """The agent began to say what has to be said first."""
    DISCLOSED = "disclosed"
    """That was heard to its end."""
    CONSENT_ASKED = "consent_asked"
    """The customer may be recorded only if they agree."""
    CONSENT_GIVEN = "consent_given"
    """The customer may be recorded: the recording begins here."""
    CONSENT_REFUSED = "consent_refused"
    """The customer was asked, and may not be recorded."""


@dataclass(frozen=True, slots=True)
class Moment:
    """One of a call."""

    call_id: str
    kind: MomentKind
    at: float
    """Seconds from the answer to its end, as it was noticed then."""
    seconds: float
    """How long it lasted; 0 of what is a point in time."""
    noticed_at: datetime
