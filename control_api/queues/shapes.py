"""Queues, their members and transfers as they are given and shown."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, Field, StrictBool, StrictInt, StringConstraints, model_validator

from control_api.campaigns.flow_shapes import TimeOfDay, Weekday
from control_api.web.shapes import Body, FreeObject, Name, Phone, Shown, Text, Time, Zone, unset
from dialer.windows import WEEK
from storage.transfer_records import Member, Queue, Transfer, TransferState

LONGEST_BRIEF = 280


def _in_order(days: list[str]) -> list[str]:
    return sorted(set(days), key=WEEK.index)


class Hours(Body):
    """Daily hours. Those that end before they start go on over midnight, and are of the day on which they began."""

    start: TimeOfDay
    end: TimeOfDay
    days: Annotated[list[Weekday], Field(min_length=1), AfterValidator(_in_order)] = unset()

    @model_validator(mode="after")
    def _has_some(self) -> Self:
        if self.start == self.end:
            raise ValueError("end must differ from start")
        return self


class OwnHours(Hours):
    timezone: Zone = unset()
    """If not given: the queue's."""


QueueName = Annotated[
    str, StringConstraints(pattern=r"^[A-Za-z0-9_]{1,80}$", max_length=80), Field(examples=["sales_specialist"])
]
Wait = Annotated[StrictInt, Field(ge=5, le=600, description="seconds for which members are dialled for one caller")]
Ring = Annotated[StrictInt, Field(ge=5, le=120, description="seconds for which each member's phone rings")]
Capacity = Annotated[StrictInt, Field(ge=1, le=100, description="calls at once, in all queues together")]
Hint = "null: always"


class QueueBody(Body):
    name: QueueName
    description: Text = ""
    timezone: Zone = "UTC"
    hours: Hours | None = Field(None, description=Hint)
    max_wait: Wait = 120
    ring_seconds: Ring = 30


class QueueChange(Body):
    name: QueueName = unset()
    description: Text = unset()
    timezone: Zone = unset()
    hours: Hours | None = Field(None, description=Hint)
    max_wait: Wait = unset()
    ring_seconds: Ring = unset()


class QueueShown(Shown):
    uuid: str
    name: str
    description: str
    timezone: str
    hours: dict[str, Any] | None
    max_wait: int
    ring_seconds: int
    is_open: bool = Field(description="within its hours now")
    members: int
    available: int = Field(description="members that could be given a call now")
    waiting: int = Field(description="callers whom nobody has answered yet")
    created_at: Time
    updated_at: Time

    @classmethod
    def of(cls, queue: Queue, *, is_open: bool, members: int, available: int, waiting: int) -> Self:
        return cls(
            uuid=queue.id,
            name=queue.name,
            description=queue.description,
            timezone=queue.timezone,
            hours=None if queue.hours is None else dict(queue.hours),
            max_wait=queue.max_wait,
            ring_seconds=queue.ring_seconds,
            is_open=is_open,
            members=members,
            available=available,
            waiting=waiting,
            created_at=queue.created_at,
            updated_at=queue.updated_at,
        )


class QueuesPage(Shown):
    queues: list[QueueShown]
    total: int


class MemberBody(Body):
    name: Name
    phone: Phone
    capacity: Capacity = 1
    hours: OwnHours | None = Field(None, description=f"beside the queue's own; {Hint}")
    is_on: StrictBool = True


class MemberChange(Body):
    name: Name = unset()
    phone: Phone = unset()
    capacity: Capacity = unset()
    hours: OwnHours | None = Field(None, description=f"beside the queue's own; {Hint}")
    is_on: StrictBool = unset()


class MemberShown(Shown):
    uuid: str
    name: str
    phone: str
    capacity: int
    hours: dict[str, Any] | None
    is_on: bool
    is_available: bool = Field(description="on, within its hours and the queue's, and with a place left")
    calls: int = Field(description="on their way to this phone, or talked in, in all queues")
    created_at: Time
    updated_at: Time

    @classmethod
    def of(cls, member: Member, *, is_available: bool, calls: int) -> Self:
        return cls(
            uuid=member.id,
            name=member.name,
            phone=member.phone,
            capacity=member.capacity,
            hours=None if member.hours is None else dict(member.hours),
            is_on=member.is_on,
            is_available=is_available,
            calls=calls,
            created_at=member.created_at,
            updated_at=member.updated_at,
        )


class MembersPage(Shown):
    members: list[MemberShown]
    total: int


class AvailabilityQuery(Body):
    target: Annotated[str, StringConstraints(min_length=1, max_length=80)] = Field(description="name of a queue")


class Availability(Shown):
    target: str
    available: bool
    queue_depth: int = Field(description="callers who wait for a human agent, or whose agent is being dialled")
    checked_at: Time


class TransferBody(Body):
    target: Annotated[str, StringConstraints(min_length=1, max_length=80)] = Field(description="name of a queue")
    agent_brief: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=LONGEST_BRIEF)] = (
        Field(description="for the human agent")
    )
    context: FreeObject = Field({}, description="handed on with the event call.transferred")


class TransferInitiated(Shown):
    status: Literal["transfer_initiated"] = "transfer_initiated"
    call_uuid: str
    target: str


class TryShown(Shown):
    """A human agent who was dialled and did not take the call, before the present one."""

    member_uuid: str = Field(validation_alias="member_id")
    name: str
    outcome: TransferState
    at: Time


class TransferShown(Shown):
    uuid: str
    call_uuid: str
    target: str
    agent_brief: str
    context: dict[str, Any]
    asked_by: Literal["api", "agent"]
    status: TransferState
    member_uuid: str
    member_name: str
    earlier: list[TryShown]
    initiated_at: Time
    offered_at: Time | None
    accepted_at: Time | None
    ended_at: Time | None

    @classmethod
    def of(cls, transfer: Transfer) -> Self:
        return cls.model_validate(
            {
                "uuid": transfer.id,
                "call_uuid": transfer.call_id,
                "target": transfer.target,
                "agent_brief": transfer.brief,
                "context": dict(transfer.context),
                "asked_by": transfer.asked_by,
                "status": transfer.state,
                "member_uuid": transfer.member_id,
                "member_name": transfer.member_name,
                "earlier": list(transfer.tries),
                "initiated_at": transfer.created_at,
                "offered_at": transfer.offered_at,
                "accepted_at": transfer.accepted_at,
                "ended_at": transfer.ended_at,
            }
        )


class TransfersList(Shown):
    transfers: list[TransferShown]
    total: int
