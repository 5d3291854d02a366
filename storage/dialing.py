"""What is kept of a campaign's calling, one frozen record a row, as in `records`.

A *contact* is a phone in a campaign; an *attempt* is one try to reach it, and has the id of its call; a *run* is what a
campaign has come to.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from storage.records import Outcome


class ContactState(StrEnum):
    PENDING = "pending"
    """To be called, or called again after a try that never left the house."""
    DIALING = "dialing"
    IN_CALL = "in_call"
    RETRY = "retry"
    """To be called again later."""
    DONE = "done"
    SKIPPED = "skipped"
    CANCELLED = "cancelled"


class Skip(StrEnum):
    """Why somebody is not called."""

    OPTED_OUT = "opted_out"
    RECENTLY_DIALLED = "recently_dialled"
    INVALID_NUMBER = "invalid_number"
    OUTSIDE_WINDOW = "outside_window"
    """There is no hour in which they may be called."""
    DUPLICATE = "duplicate"
    CUSTOMER_DELETED = "customer_deleted"
    NUMBER_CHANGED = "number_changed"
    """The customer has another phone than when they were taken in."""


ANYWHERE = -1
"""The place of a contact whose customer's time zone was changed: it is worked out when they are looked at."""


@dataclass(frozen=True, slots=True)
class Contact:
    number: int
    """Grows in the order in which they were taken in."""
    organisation_id: str
    flow_id: str
    customer_id: str
    phone: str = field(repr=False)
    place: int
    """Its place in the run's `places`, or ANYWHERE."""
    state: ContactState
    updated_at: datetime
    due_at: datetime | None = None
    """Not before then; None: not to be called."""
    attempts: int = 0
    outcome: Outcome | None = None
    """Of the last attempt."""
    reason: str = ""


LOST = "lost"
"""Reason of an attempt of which neither we nor the carrier know what became of it."""
NODE_LOST = "node lost"
"""Reason of a call, and its attempt, whose process was found dead by another while it was on the line there."""


class AttemptState(StrEnum):
    QUEUED = "queued"
    """A single call that waits for the dialer."""
    INTENDED = "intended"
    """The carrier is about to be asked, or was, and has not been heard of since."""
    PLACED = "placed"
    """The carrier has accepted it."""
    ANSWERED = "answered"
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class Attempt:
    id: str
    """Of its call too."""
    organisation_id: str
    flow_id: str
    customer_id: str
    phone: str = field(repr=False)
    caller_id: str = field(repr=False)
    """The number it is made from."""
    line: str
    """Id of that number; empty for one that is in no list."""
    provider: str
    """The carrier."""
    state: AttemptState
    node: str
    decided_at: datetime
    deadline: datetime
    """The carrier is not asked at this moment or later."""
    look_at: datetime | None
    """When it wants to be looked after, if nothing was heard of it by then; None: never."""
    number: int = 1
    """Which try of its contact it is."""
    contact: int | None = None
    """None: a single call."""
    token: str = field(default="", repr=False)
    """SHA-256, in hexadecimal, of what a status report must show."""
    carrier_call: str = ""
    machine: bool = False
    """The carrier heard a machine answer."""
    ended_at: datetime | None = None
    outcome: Outcome | None = None
    """None at the end: it never left the house."""
    reason: str = ""
    talk_seconds: float = 0.0
    cost: int = 0
    """In ten-thousandths of a credit."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """Contacts of a campaign who are still to be called, in one place and after as many attempts."""

    place: int
    attempts: int
    contacts: int
    last_due: datetime
    """The latest moment from which on one of them may be called, hours left aside."""


COUNTED = ("pending", "dialing", "in_call", "retry", "done", "skipped", "cancelled")
"""Counters of a run, named as the states."""


@dataclass(frozen=True, slots=True)
class Run:
    """How far a campaign is. Whoever changes its contacts holds this row: it numbers the changes."""

    flow_id: str
    organisation_id: str
    started_at: datetime
    activated_at: datetime
    """When it was last launched or resumed."""
    enrol_after: int | None = 0
    """Customers up to this number have been taken in; None: all."""
    enrol_to: int = 0
    places: Sequence[str] = field(default_factory=list)
    """Where its contacts are, each as `dialer.zones` writes it."""
    used: Mapping[str, int] = field(default_factory=dict)
    """Line → calls made from it."""
    last_line: str = ""
    provider: str = ""
    """By which carrier it calls; empty before its first call."""
    sequence: int = 0
    """The number of the last progress event."""
    attempted: int = 0
    """Contacts with at least one attempt."""
    pending: int = 0
    dialing: int = 0
    in_call: int = 0
    retry: int = 0
    done: int = 0
    skipped: int = 0
    cancelled: int = 0

    @property
    def contacts(self) -> int:
        return sum(getattr(self, name) for name in COUNTED)

    @property
    def in_flight(self) -> int:
        return self.dialing + self.in_call

    @property
    def waiting(self) -> int:
        return self.pending + self.retry

    @property
    def is_over(self) -> bool:
        """Nobody is left to be taken in, called, or heard of."""
        return self.enrol_after is None and not self.waiting and not self.in_flight


class ProgressKind(StrEnum):
    CALL = "call"
    STATUS = "status"


@dataclass(frozen=True, slots=True)
class ProgressEvent:
    flow_id: str
    number: int
    """Counts the events of a flow from 1, without a gap."""
    organisation_id: str
    kind: ProgressKind
    body: Mapping[str, Any]
    at: datetime


@dataclass(frozen=True, slots=True)
class AttemptTally:
    """Attempts of a flow that are over, in one hour of a day."""

    flow_id: str
    day: date
    """In the zone of the flow's window, as `hour`."""
    hour: int
    number: int
    """Which try they were."""
    outcome: Outcome
    attempts: int
    talk_seconds: float
    cost: int


class EntryKind(StrEnum):
    TOP_UP = "top_up"
    CALL = "call"


@dataclass(frozen=True, slots=True)
class CreditAccount:
    """Amounts are in ten-thousandths of a credit."""

    organisation_id: str
    updated_at: datetime
    balance: int = 0
    threshold: int | None = None
    """Below it every campaign pauses; None: credits are not watched."""
    email: str | None = field(default=None, repr=False)
    """The owner's, who is told."""
    low_since: datetime | None = None
    letter_due: datetime | None = None
    """When the owner is to be written to; None: not, or it was done."""
    letters_failed: int = 0
    """Tries in a row."""


@dataclass(frozen=True, slots=True)
class CreditEntry:
    id: str
    organisation_id: str
    kind: EntryKind
    amount: int
    """Below 0: spent."""
    balance: int
    """After it."""
    at: datetime
    call_id: str | None = None
    flow_id: str | None = None
    note: str = ""
