"""A flow as it is given and shown."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Annotated, Any, Literal, Self, TypeVar

from pydantic import AfterValidator, BeforeValidator, Field, StrictInt, StringConstraints, WithJsonSchema

from control_api.assistant.field import Overrides
from control_api.people.customer_shapes import Tag
from control_api.web.shapes import (
    Body,
    Day,
    EachOnce,
    FreeObject,
    LanguageCode,
    Name,
    Phone,
    Shown,
    Text,
    Time,
    Zone,
    unset,
)
from storage.records import Distribution, Flow, FlowKind, FlowStatus

YEARS = range(2000, 2200)
"""Outside of them a time may not survive a change of its zone."""
_D = TypeVar("_D", bound=date)
WEEK = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def _iso(value: Any) -> Any:
    """Or a count of seconds would be taken for a moment."""
    if not isinstance(value, str) or not re.match(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ]", value):
        raise ValueError("must be a time such as 2026-05-01T09:00:00Z")
    return value


def _in_our_time(value: _D) -> _D:
    if value.year not in YEARS:
        raise ValueError(f"must be within the years {YEARS[0]} to {YEARS[-1]}")
    return value


def _moment(value: datetime) -> datetime:
    if value.tzinfo is None:
        raise ValueError("must name its time zone, as in 2026-05-01T09:00:00Z")
    return _in_our_time(value).astimezone(UTC)


def _time_of_day(text: str) -> str:
    if not re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", text):
        raise ValueError("must be a time of day, such as 09:00")
    return text


def _in_order(days: list[str]) -> list[str]:
    return sorted(set(days), key=WEEK.index)


def _each_once(days: list[date]) -> list[date]:
    return sorted(set(days))


def _listed(value: Any) -> Any:
    return [value] if isinstance(value, int) else value


FlowDay = Annotated[Day, AfterValidator(_in_our_time), Field(examples=["2026-05-01"])]
Moment = Annotated[datetime, BeforeValidator(_iso), AfterValidator(_moment)]
TimeOfDay = Annotated[str, AfterValidator(_time_of_day), Field(examples=["09:00"])]
Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
Reference = Annotated[str, StringConstraints(min_length=1, max_length=40)]
Minutes = Annotated[StrictInt, Field(ge=1, le=10_080)]
Delays = Annotated[
    list[Minutes],
    BeforeValidator(_listed),
    Field(min_length=1, max_length=10, description="before the first retry, the second and so on"),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "integer", "minimum": 1, "maximum": 10_080},
                {
                    "type": "array",
                    "minItems": 1,
                    "maxItems": 10,
                    "items": {"type": "integer", "minimum": 1, "maximum": 10_080},
                },
            ]
        }
    ),
]
Retryable = Literal["no-answer", "busy", "failed", "voicemail"]


class TimeWindow(Body):
    """Daily hours. A window that ends before it starts goes on over midnight."""

    start: TimeOfDay
    end: TimeOfDay
    timezone: Zone
    days: Annotated[list[Weekday], Field(min_length=1), AfterValidator(_in_order)] = unset()
    holidays: Annotated[
        list[FlowDay], Field(max_length=400, description="nobody is called on them"), AfterValidator(_each_once)
    ] = unset()


class FlowFields(Body):
    """What can be left out. What a new flow was not given has the record's own default."""

    description: Text = unset()
    voice_agent_id: Reference | None = None
    speaker: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100)] | None = Field(
        None, description="without `voice_agent_id`: an agent with this voice is made"
    )
    language_code: LanguageCode | None = None
    phone_number: Phone | None = Field(None, description="inbound: the number that is called")
    account_sid: Annotated[str, StringConstraints(min_length=1, max_length=80)] | None = Field(
        None, description="inbound: the carrier account that the calls come in on; null: any"
    )
    script_id: Reference | None = None
    branches: Annotated[list[Tag], EachOnce, Field(max_length=50)] = unset()
    contact_list_id: Reference | None = Field(None, description="who is called, in place of `branches`")
    start_date: FlowDay | None = None
    end_date: FlowDay | None = None
    time_window: TimeWindow | None = None
    start_at: Moment | None = None
    end_at: Moment | None = None
    max_parallel_calls: Annotated[StrictInt, Field(ge=1, le=1000)] = unset()
    rate_limit_per_number: Annotated[StrictInt, Field(ge=1, le=600, description="calls a minute")] = unset()
    retry_attempts: Annotated[StrictInt, Field(ge=0, le=10)] = unset()
    retry_delay_minutes: Delays = unset()
    retry_on: Annotated[list[Retryable], EachOnce] = unset()
    phone_numbers: Annotated[
        list[Reference],
        EachOnce,
        Field(max_length=100, description="which it calls from: ids of phone numbers, or the numbers themselves"),
    ] = unset()
    distribution: Distribution = unset()
    dedupe_hours: Annotated[StrictInt, Field(ge=0, le=8760)] = unset()
    config: FreeObject = unset()
    assistant_overrides: Overrides = unset()


class FlowBody(FlowFields):
    kind: FlowKind
    name: Name
    provider: Reference = Field(description="of the voice; `nextneural` is this server's own")
    status: FlowStatus = Field(FlowStatus.DRAFT, description="`draft`, or `active` for an inbound flow")


class FlowChange(FlowFields):
    """Only what changes."""

    kind: FlowKind = unset()
    name: Name = unset()
    provider: Reference = unset()
    status: FlowStatus = unset()


class FlowMetrics(Shown):
    calls_today: int
    total_calls: int = Field(description="that are over")
    connect_rate: float
    answer_rate: float
    missed_rate: float
    avg_handle_time: str = Field(description="MM:SS of those that were connected")
    peak_hour: int | None = Field(description="0 to 23, in the zone of the flow's time window")


class FlowShown(Shown):
    uuid: str
    kind: FlowKind
    name: str
    description: str
    status: FlowStatus
    provider: str
    voice_agent_id: str | None
    language_code: str | None
    phone_number: str | None
    account_sid: str | None
    script_id: str | None
    branches: Sequence[str]
    contact_list_id: str | None
    start_date: date | None
    end_date: date | None
    time_window: dict[str, Any] | None
    start_at: Time | None
    end_at: Time | None
    max_parallel_calls: int
    rate_limit_per_number: int
    retry_attempts: int
    retry_delay_minutes: int | list[int]
    retry_on: Sequence[str]
    phone_numbers: Sequence[str]
    distribution: Distribution
    dedupe_hours: int
    config: dict[str, Any]
    assistant_overrides: dict[str, Any]
    ended_reason: str | None
    pause_reason: str = Field(description="why it was paused, or did not start, if that was no person's wish")
    created_at: Time
    updated_at: Time
    warnings: list[str] = Field(description="what a call will not do as it says")

    @classmethod
    def of(cls, flow: Flow, warnings: list[str], **more: Any) -> Self:
        known = {name: getattr(flow, name) for name in _AS_KEPT}
        delays = list(flow.retry_delay_minutes)
        return cls(
            uuid=flow.id,
            voice_agent_id=flow.agent_id,
            retry_delay_minutes=delays[0] if len(delays) == 1 else delays,
            warnings=warnings,
            **known,
            **more,
        )


class FlowWithMetrics(FlowShown):
    metrics: FlowMetrics


_AS_KEPT = FlowShown.model_fields.keys() - {"uuid", "voice_agent_id", "retry_delay_minutes", "warnings"}
