"""Queues of human agents, who answers in them, and calls that were handed to them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any


class TransferState(StrEnum):
    """The first two are on their way; the others say what came of it."""

    INITIATED = "initiated"
    """The caller is told; nobody was dialled yet."""
    OFFERED = "offered"
    """The carrier dials a human agent."""
    ACCEPTED = "accepted"
    DECLINED = "declined"
    BUSY = "busy"
    NO_ANSWER = "no_answer"
    CALLER_LEFT = "caller_left"
    FAILED = "failed"


ON_ITS_WAY = frozenset({TransferState.INITIATED, TransferState.OFFERED})


@dataclass(frozen=True, slots=True)
class Queue:
    """Where calls that need a human go."""

    id: str
    organisation_id: str
    name: str
    """Of the organisation's queues no other has it."""
    created_at: datetime
    updated_at: datetime
    description: str = ""
    timezone: str = "UTC"
    hours: Mapping[str, Any] | None = None
    """`start`, `end` (HH:MM, on a clock in its time zone) and perhaps `days`; None: always."""
    max_wait: int = 120
    """Seconds for which one member after the other is dialled for a caller."""
    ring_seconds: int = 30
    """For each of them."""


@dataclass(frozen=True, slots=True)
class Member:
    """A human agent in a queue."""

    id: str
    organisation_id: str
    queue_id: str
    name: str
    phone: str = field(repr=False)
    """E.164. Whoever answers in several queues has the same one in each."""
    created_at: datetime
    updated_at: datetime
    capacity: int = 1
    """Calls at once, of all queues together."""
    hours: Mapping[str, Any] | None = None
    """As of the queue, beside the queue's own; in the queue's time zone unless it names another as `timezone`."""
    is_on: bool = True
    offered_at: datetime | None = None
    """When a call was last meant for them."""


@dataclass(frozen=True, slots=True)
class Transfer:
    """A call that was handed to a queue. It takes a place of its member until it has ended."""

    id: str
    organisation_id: str
    call_id: str
    carrier_call: str
    queue_id: str
    target: str
    """The queue's name then."""
    brief: str = field(repr=False)
    """For the human agent."""
    context: Mapping[str, Any] = field(repr=False)
    asked_by: str
    """`api` or `agent`."""
    state: TransferState
    created_at: datetime
    updated_at: datetime
    look_at: datetime | None
    """When it is time to ask what has become of it; None: nothing more is expected."""
    member_id: str
    member_name: str
    phone: str = field(repr=False)
    """The member's, as it was dialled."""
    number: int = 1
    """Members that were chosen so far."""
    tries: Sequence[Mapping[str, Any]] = field(default_factory=list)
    """Those before the present one: `member_id`, `name`, `outcome`, `at`."""
    hunts: bool = False
    """The carrier asks for the next member if this one does not answer."""
    offered_at: datetime | None = None
    accepted_at: datetime | None = None
    ended_at: datetime | None = None
