"""A decision to call somebody: the intent that is written down, and what it takes to place the call."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from dialer.caller_ids import Line
from dialer.timing import Timing
from dialer.windows import Schedule
from dialer.zones import Place
from storage.dialing import Attempt, AttemptState


@dataclass(frozen=True, slots=True)
class Decided:
    """A call that is to be placed now."""

    attempt: Attempt
    token: str = field(repr=False)
    schedule: Schedule
    place: Place


def new_token() -> str:
    return secrets.token_urlsafe(24)


def fingerprint(token: str) -> str:
    """What is kept of a token."""
    return hashlib.sha256(token.encode()).hexdigest()


def intent(line: Line, token: str, *, node: str, now: datetime, timing: Timing) -> dict[str, Any]:
    """The fields of an attempt that a decision sets."""
    return {
        "caller_id": line.number,
        "line": line.id,
        "provider": line.provider,
        "state": AttemptState.INTENDED,
        "node": node,
        "decided_at": now,
        "deadline": now + timing.lease,
        "look_at": now + timing.doubt,
        "token": fingerprint(token),
    }
