"""What the dialer asks of a carrier, and what it hears from it.

`transports.carrier` has the same words: neither half of the server imports the other, and `server` joins them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from dialer.timing import Timing
from storage.dialing import Attempt


@dataclass(frozen=True, slots=True)
class Dial:
    """A call to be placed, or that has perhaps been."""

    call: str
    """Our own id of it, which the carrier hands back."""
    to_number: str = field(repr=False)
    """E.164, as `from_number`."""
    from_number: str = field(repr=False)
    placed_at: datetime
    """When it was decided upon: the carrier was asked then or later."""
    deadline: datetime
    """The request is not sent at this moment or later."""
    ring_seconds: int
    max_seconds: int
    """From the answer on."""
    token: str = field(default="", repr=False)
    """What a status report of this call must show; empty once it has been forgotten."""
    carrier_call: str = ""
    """The carrier's own id; empty while it is not known."""

    @classmethod
    def of(cls, attempt: Attempt, timing: Timing, *, token: str = "") -> Dial:
        return cls(
            attempt.id,
            attempt.phone,
            attempt.caller_id,
            placed_at=attempt.decided_at,
            deadline=attempt.deadline,
            ring_seconds=int(timing.ring.total_seconds()),
            max_seconds=int(timing.call.total_seconds()),
            token=token,
            carrier_call=attempt.carrier_call,
        )


class CarrierState(StrEnum):
    QUEUED = "queued"
    RINGING = "ringing"
    IN_PROGRESS = "in_progress"
    COMPLETED = "completed"
    BUSY = "busy"
    NO_ANSWER = "no_answer"
    FAILED = "failed"
    CANCELED = "canceled"


@dataclass(frozen=True, slots=True)
class CarrierStatus:
    """What a carrier says of a call."""

    carrier_call: str
    state: CarrierState
    machine: bool = False
    """Answered by one."""
    talk_seconds: float | None = None
    """From the answer to the end; None: not told."""
    reason: str = ""
    recording: str = field(default="", repr=False)
    """Where the carrier has a recording of it; empty: none, or not yet."""


class Trouble(StrEnum):
    """Why a carrier did not do what it was asked to."""

    BUSY_LINE = "busy_line"
    """Too many requests. Surely not placed: wait."""
    UNREACHABLE = "unreachable"
    """Surely not placed: the request was not sent."""
    DOUBT = "doubt"
    """It may have been placed."""
    INVALID_NUMBER = "invalid_number"
    REFUSED = "refused"
    """Not this number, by regulation or the person's own wish."""
    ACCOUNT = "account"
    """Credentials or a feature of the account."""
    BALANCE = "balance"


class CarrierError(Exception):
    """The carrier's refusal or silence. Its text holds no number and no credentials."""

    def __init__(self, trouble: Trouble, detail: str = "", *, retry_after: float | None = None) -> None:
        """`retry_after` is in seconds."""
        super().__init__(detail or trouble.value)
        self.trouble, self.retry_after = trouble, retry_after


class PhoneLine(Protocol):
    """One account with a carrier."""

    async def dial(self, call: Dial) -> str:
        """The carrier's own id of the call, which it has accepted. Raises CarrierError. Never tries twice."""
        ...

    async def find(self, call: Dial) -> CarrierStatus | None:
        """What became of it, by the carrier's id, else by our reference, else by number and time.

        None: the carrier surely has no such call. Raises CarrierError if that cannot be said.
        """
        ...


class Carriers(Protocol):
    async def line(self, organisation: str, provider: str) -> PhoneLine | None:
        """None: the organisation has no account with it."""
        ...


@dataclass(frozen=True, slots=True)
class Account:
    """A carrier that an organisation can call by."""

    provider: str
    number: str | None = field(repr=False)
    """What is called from where a campaign names no number."""
    per_minute: int | None
    """Calls that it takes from one account; None: as many as there are."""


Accounts = Mapping[str, Account]
