"""What every telephone carrier is asked to do, and the words in which each of them tells of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol


class Dial(Protocol):
    """A call to be placed, or that has perhaps been."""

    @property
    def call(self) -> str:
        """Our own id of it, which the carrier hands back."""
        ...

    @property
    def to_number(self) -> str:
        """E.164, as `from_number`."""
        ...

    @property
    def from_number(self) -> str: ...

    @property
    def carrier_call(self) -> str:
        """The carrier's own id; empty while it is not known."""
        ...

    @property
    def token(self) -> str:
        """What a status report of this call must show."""
        ...

    @property
    def placed_at(self) -> datetime:
        """When it was decided upon: the carrier was asked then or later."""
        ...

    @property
    def deadline(self) -> datetime:
        """The request is not sent at this moment or later."""
        ...

    @property
    def ring_seconds(self) -> int: ...

    @property
    def max_seconds(self) -> int:
        """From the answer on."""
        ...


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
    """A short fixed word, where the carrier gives a cause."""
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
