"""A customer as it is given and shown."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, Field, StrictBool, StringConstraints

from control_api.assistant.field import Overrides
from control_api.records.call_shapes import CallShown
from control_api.web.shapes import Body, EachOnce, Email, FreeObject, Name, Phone, Shown, Time, Zone, unset
from storage.assets import Customer
from storage.ids import CUSTOMER, new_id

Language = Literal["hi", "en", "hi-en", "ta", "te", "kn", "mr", "bn", "gu", "ml", "pa"]


def _joined(tag: str) -> str:
    """`Branch: Pune` and `Branch:Pune` are one."""
    prefix, colon, value = tag.partition(":")
    return f"{prefix.rstrip()}:{value.lstrip()}" if colon else tag


Joined = AfterValidator(_joined)
"""Makes a tag one with those that differ from it by blanks around the colon."""
Tag = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200), Joined]
Tags = Annotated[list[Tag], EachOnce, Field(max_length=100)]


class CustomerFields(Body):
    """What is known of a customer, from whatever source."""

    name: Name
    phone: Phone
    email: Email | None = None
    tags: Tags = Field([])
    preferred_language: Language | None = None
    timezone: Zone | None = None
    metadata: FreeObject = Field({})
    opted_out: StrictBool = False
    recording_opt_out: StrictBool = False
    external_id: str | None = Field(None, max_length=40)
    extension: str | None = Field(None, max_length=10)
    assistant_overrides: Overrides = Field({})

    def record(self, organisation: str, now: datetime) -> Customer:
        """A new one."""
        fields = {name: getattr(self, name) for name in CustomerFields.model_fields}
        return Customer(new_id(CUSTOMER), organisation, created_at=now, updated_at=now, **fields)

    @property
    def given(self) -> frozenset[str]:
        """The fields that an update writes."""
        return frozenset(self.model_fields_set & CustomerFields.model_fields.keys())


class CustomerBody(CustomerFields):
    overwrite: StrictBool = Field(False, description="merge into the customer with this phone, if there is one")


class CustomerChange(Body):
    """Only what changes. `metadata` is merged."""

    name: Name = unset()
    phone: Phone = unset()
    email: Email | None = None
    tags: Tags = unset()
    preferred_language: Language | None = None
    timezone: Zone | None = None
    metadata: FreeObject = unset()
    opted_out: StrictBool = unset()
    recording_opt_out: StrictBool = unset()
    external_id: str | None = Field(None, max_length=40)
    extension: str | None = Field(None, max_length=10)
    assistant_overrides: Overrides = unset()


class CustomerShown(Shown):
    uuid: str
    name: str
    phone: str
    email: str | None
    tags: Sequence[str]
    preferred_language: str | None
    timezone: str | None
    metadata: dict[str, Any]
    opted_out: bool
    recording_opt_out: bool
    external_id: str | None
    extension: str | None
    assistant_overrides: dict[str, Any]
    total_calls: int
    inbound_calls: int
    outbound_calls: int
    last_contact: Time | None
    created_at: Time
    updated_at: Time
    warnings: list[str] = Field(description="what of `assistant_overrides` is not obeyed yet")

    @classmethod
    def of(cls, customer: Customer, warnings: list[str], **more: Any) -> Self:
        known = {name: getattr(customer, name) for name in _AS_KEPT}
        total = customer.inbound_calls + customer.outbound_calls
        return cls(uuid=customer.id, total_calls=total, warnings=warnings, **known, **more)


class CustomerWithCalls(CustomerShown):
    calls: list[CallShown]


_AS_KEPT = CustomerShown.model_fields.keys() - {"uuid", "total_calls", "warnings"}
