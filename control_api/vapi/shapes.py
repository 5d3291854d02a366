"""A campaign as Vapi's programs give it and expect it. Null is the same as nothing said."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, StrictBool, StringConstraints
from pydantic.alias_generators import to_camel

from control_api.assistant.field import Overrides
from control_api.campaigns.flow_shapes import FlowChange, Moment, Reference
from control_api.vapi.words import ASKED_AS, CallWord, Status
from control_api.web.shapes import Body, Email, Name, Phone, Shown, Time
from storage.campaigns import CampaignFilter

MOST = 10_000
"""Customers of one campaign."""
NUMBERS = 100
"""That one campaign calls from."""
CONCURRENCY = 10
"""Calls at a time, if nothing is said."""
SECOND = timedelta(seconds=1)


class Given(Body):
    model_config = ConfigDict(alias_generator=to_camel)

    @property
    def said(self) -> dict[str, Any]:
        """Field → value, of those that have one."""
        return {name: value for name in self.model_fields_set if (value := getattr(self, name)) is not None}


class Told(Shown):
    model_config = ConfigDict(alias_generator=to_camel)


class CampaignsQuery(Given):
    """Times are compared as they are shown: to the second."""

    id: Reference | None = None
    status: Literal["scheduled", "in-progress", "ended", "cancelled", "archived"] | None = None
    page: int = Field(1, ge=1, le=10_000_000)
    limit: int = Field(100, ge=0, le=1000)
    sort_order: Literal["ASC", "DESC"] = Field("DESC", description="by `createdAt`")
    created_at_gt: Moment | None = None
    created_at_lt: Moment | None = None
    created_at_ge: Moment | None = None
    created_at_le: Moment | None = None
    updated_at_gt: Moment | None = None
    updated_at_lt: Moment | None = None
    updated_at_ge: Moment | None = None
    updated_at_le: Moment | None = None

    @property
    def wanted(self) -> CampaignFilter:
        return CampaignFilter(
            id=self.id,
            statuses=None if self.status is None else ASKED_AS[self.status],
            created_from=_later(_after(self.created_at_gt), _whole(self.created_at_ge)),
            created_before=_earlier(_whole(self.created_at_lt), _after(self.created_at_le)),
            updated_from=_later(_after(self.updated_at_gt), _whole(self.updated_at_ge)),
            updated_before=_earlier(_whole(self.updated_at_lt), _after(self.updated_at_le)),
        )


class CustomerGiven(Given):
    number: Phone
    number_e164_check_enabled: StrictBool | None = None
    extension: str | None = Field(None, max_length=10)
    sip_uri: str | None = Field(None, max_length=200)
    name: Name | None = None
    email: Email | None = None
    external_id: str | None = Field(None, max_length=40)
    assistant_overrides: Overrides | None = None


class UncheckedCustomer(CustomerGiven):
    """With `numberE164CheckEnabled` false."""

    number: Annotated[str, StringConstraints(pattern=r"^\+?[a-zA-Z0-9]+$", min_length=3, max_length=40)]


Customers = Annotated[
    list[Any],
    Field(
        max_length=MOST,
        description="`number`, and perhaps `name`, `email`, `externalId`, `extension`, `numberE164CheckEnabled` and "
        "`assistantOverrides` of each; merged by their numbers into those that there are",
    ),
]


class DialPlanEntry(Given):
    phone_number_id: Reference
    customers: Customers


class SchedulePlan(Given):
    earliest_at: Moment
    latest_at: Moment | None = None


class CampaignFields(Given):
    assistant_id: Reference | None = None
    workflow_id: str | None = Field(None, description="is refused: there are assistants only")
    squad_id: str | None = Field(None, description="is refused: there are assistants only")
    phone_number_id: Reference | None = None
    dial_plan: Annotated[list[DialPlanEntry], Field(min_length=1, max_length=NUMBERS)] | None = Field(
        None, description="in place of `phoneNumberId` and `customers`"
    )
    customers: Customers | None = None
    schedule_plan: SchedulePlan | None = None
    max_concurrency: Annotated[int, Field(ge=1, le=1000)] | None = None
    assistant_overrides: Overrides | None = None
    server: Any = None
    server_messages: Any = None
    predial_plan: Any = None
    duplicate_from_campaign_id: Any = None

    def of_flow(self) -> FlowChange:
        """What it says of the flow. Who is called is no part of it."""
        said = self.said
        ours: dict[str, Any] = {OURS[name]: said[name] for name in OURS.keys() & said.keys()}
        if self.phone_number_id is not None:
            ours["phone_numbers"] = [self.phone_number_id]
        if self.dial_plan is not None:
            ours["phone_numbers"] = [entry.phone_number_id for entry in self.dial_plan]
        if self.schedule_plan is not None:
            ours |= {"start_at": self.schedule_plan.earliest_at, "end_at": self.schedule_plan.latest_at}
        return FlowChange.model_construct(_fields_set=set(ours), **ours)


OURS = {
    "name": "name",
    "assistant_id": "voice_agent_id",
    "max_concurrency": "max_parallel_calls",
    "assistant_overrides": "assistant_overrides",
}
"""A field → what it is called in a flow."""
UNOBEYED = ("server", "server_messages", "duplicate_from_campaign_id")


class CampaignBody(CampaignFields):
    name: Name


class CampaignChange(CampaignFields):
    """Only what changes."""

    name: Name | None = None
    status: Literal["ended", "cancelled"] | None = Field(None, description="either ends it; calls in progress go on")


class CustomerTold(Told):
    number: str
    number_e164_check_enabled: bool
    extension: str | None
    sip_uri: None = None
    name: str | None
    email: str | None
    external_id: str | None
    assistant_overrides: dict[str, Any]


class DialPlanTold(Told):
    phone_number_id: str
    customers: list[CustomerTold]


class SchedulePlanTold(Told):
    earliest_at: Time
    latest_at: Time | None


class CallTold(Told):
    id: str
    status: CallWord
    started_at: Time


class CampaignTold(Told):
    id: str
    org_id: str
    name: str
    status: Status
    ended_reason: str | None
    created_at: Time
    updated_at: Time
    assistant_id: str | None
    workflow_id: None = None
    squad_id: None = None
    phone_number_id: str | None
    dial_plan: list[DialPlanTold] | None
    schedule_plan: SchedulePlanTold | None
    customers: list[CustomerTold]
    max_concurrency: int
    assistant_overrides: dict[str, Any]
    calls: dict[str, CallTold] = Field(description="those that are not over, by id")
    calls_counter_scheduled: int
    calls_counter_queued: int
    calls_counter_in_progress: int
    calls_counter_ended: int
    calls_counter_ended_voicemail: int
    warnings: list[str] = Field(description="what is not as Vapi has it, or is not obeyed")


class Metadata(Told):
    items_per_page: int
    total_items: int
    current_page: int
    total_pages: int
    has_next_page: bool
    items_beyond_retention: bool = False
    created_at_ge: Time | None = None
    created_at_le: Time | None = None


class CampaignsTold(Told):
    results: list[CampaignTold]
    metadata: Metadata


def _after(time: datetime | None) -> datetime | None:
    """The next second that begins."""
    return None if time is None else time.replace(microsecond=0) + SECOND


def _whole(time: datetime | None) -> datetime | None:
    """The time itself, or the next second that begins."""
    return time if time is None or time.microsecond == 0 else _after(time)


def _later(one: datetime | None, other: datetime | None) -> datetime | None:
    return max((time for time in (one, other) if time is not None), default=None)


def _earlier(one: datetime | None, other: datetime | None) -> datetime | None:
    return min((time for time in (one, other) if time is not None), default=None)
