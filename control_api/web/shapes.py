"""Pieces that the bodies and answers share."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Annotated, Any
from zoneinfo import available_timezones

import phonenumbers
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    StringConstraints,
)

LONGEST_JSON = 64 << 10
"""Characters that one free-form object may come to."""
TOO_LARGE = f"must be smaller than {LONGEST_JSON} characters"
ZONES = frozenset(available_timezones())
"""Read from the disk once: it takes ten milliseconds."""


class Body(BaseModel):
    """Of a request. What it does not know it refuses."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)


class Shown(BaseModel):
    """Of an answer. Made of a record by its attributes."""

    model_config = ConfigDict(from_attributes=True, populate_by_name=True, hide_input_in_errors=True)


class Page(Body):
    """The part of a list that is asked for."""

    limit: int = Field(50, ge=1, le=100)
    offset: int = Field(0, ge=0, le=10_000_000)


def to_the_second(time: datetime) -> str:
    """How a time is shown."""
    return time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _phone(text: str) -> str:
    """E.164 that could be somebody's. The examples of the documents (+1 555…) are nobody's, and pass."""
    if re.fullmatch(r"\+[1-9]\d{6,14}", text, re.ASCII) and _can_be(text):
        return text
    raise ValueError("must be in E.164 format")


def _can_be(text: str) -> bool:
    try:
        number = phonenumbers.parse(text)
    except phonenumbers.NumberParseException:  # no country has that code
        return False
    possible = phonenumbers.is_possible_number(number)
    return possible and (number.country_code != 1 or str(number.national_number)[0] in "23456789")


def _zone(text: str) -> str:
    if text not in ZONES:
        raise ValueError("must be the name of a time zone, such as Asia/Kolkata")
    return text


def _trimmed(text: str) -> str:
    if not text.strip():
        raise ValueError("must not be empty")
    return text.strip()


def is_small(value: Mapping[str, Any]) -> bool:
    """Whether it may be kept as a free-form object."""
    return len(str(value)) <= LONGEST_JSON


def _small(value: dict[str, Any]) -> dict[str, Any]:
    if not is_small(value):
        raise ValueError(TOO_LARGE)
    return value


def _day(text: Any) -> Any:
    """Or a count of seconds, or a moment, would be taken for a day."""
    if not isinstance(text, str) or not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text):
        raise ValueError("must be a date such as 2026-05-12")
    return text


def _each_once(values: list[str]) -> list[str]:
    return list(dict.fromkeys(values))


Time = Annotated[
    datetime, PlainSerializer(to_the_second, return_type=str), Field(json_schema_extra={"format": "date-time"})
]
Phone = Annotated[str, AfterValidator(_phone), Field(max_length=16, examples=["+14155550192"], description="E.164")]
Zone = Annotated[str, AfterValidator(_zone), Field(max_length=64, description="IANA name of a time zone")]
Name = Annotated[str, AfterValidator(_trimmed), Field(min_length=1, max_length=200)]
Text = Annotated[str, Field(max_length=10_000)]
LanguageCode = Annotated[
    str, StringConstraints(pattern=r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$", max_length=20), Field(examples=["hi-IN"])
]
Email = Annotated[str, StringConstraints(max_length=254)]
FreeObject = Annotated[dict[str, Any], AfterValidator(_small)]
Day = Annotated[date, BeforeValidator(_day)]
EachOnce = AfterValidator(_each_once)
File = Annotated[str, Field(json_schema_extra={"format": "binary"})]
"""In a form."""


def changes(body: BaseModel) -> dict[str, Any]:
    """What a partial update has in fact been given."""
    return {name: getattr(body, name) for name in body.model_fields_set}


def unset() -> Any:
    """The default of a field in a partial update: it may be left out, and null is no way to do that."""
    return Field(default_factory=lambda: None)
