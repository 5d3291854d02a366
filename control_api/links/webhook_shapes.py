"""A webhook as it is given and shown, and what became of its deliveries."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Annotated, Any, Self

from pydantic import AfterValidator, Field, StrictBool, WithJsonSchema

from control_api.links.signature import SECRET_START
from control_api.links.webhook_targets import LONGEST_URL, MOST_HEADERS, check_headers
from control_api.web.shapes import Body, Name, Shown, Time, unset
from storage.assets import Delivery, DeliveryState, Webhook

SHORTEST_KEY, LONGEST_KEY = 16, 64
"""Bytes behind such a beginning."""


class EventType(StrEnum):
    """What a webhook can be told of."""

    CALL_STARTED = "call.started"
    CALL_ENDED = "call.ended"
    CALL_TRANSFERRED = "call.transferred"
    CALL_NO_ANSWER = "call.no_answer"
    CALL_VOICEMAIL = "call.voicemail"
    CALL_TRANSCRIPT_READY = "call.transcript_ready"
    CAMPAIGN_LAUNCHED = "campaign.launched"
    CAMPAIGN_STOPPED = "campaign.stopped"
    CAMPAIGN_COMPLETED = "campaign.completed"


EVENTS = [event.value for event in EventType]


def _events(names: list[str]) -> list[str]:
    for place, name in enumerate(names):
        if name not in EVENTS:
            raise ValueError(f"names {name[:40]}, which is no event type")
        if name in names[:place]:
            raise ValueError(f"names {name} more than once")
    if not names:
        raise ValueError("must name at least one event type")
    return names


def _headers(headers: dict[str, str]) -> dict[str, str]:
    check_headers(headers)
    return headers


def _secret(text: str) -> str:
    if not re.fullmatch(r"[!-~]{16,200}", text):
        raise ValueError("must be 16 to 200 printable characters without spaces")
    if text.startswith(SECRET_START):
        try:
            key = base64.b64decode(text.removeprefix(SECRET_START), validate=True)
        except binascii.Error:
            key = b""
        if not SHORTEST_KEY <= len(key) <= LONGEST_KEY:
            raise ValueError(f"must be base64 of {SHORTEST_KEY} to {LONGEST_KEY} bytes after {SECRET_START}")
    return text


Events = Annotated[
    list[str],
    AfterValidator(_events),
    WithJsonSchema({"type": "array", "items": {"type": "string", "enum": EVENTS}, "minItems": 1, "uniqueItems": True}),
]
Headers = Annotated[dict[str, str], AfterValidator(_headers)]
Secret = Annotated[
    str, AfterValidator(_secret), Field(min_length=16, max_length=200, description="what deliveries are signed with")
]
Address = Annotated[str, Field(max_length=LONGEST_URL, description="takes POST requests; HTTPS and a public host")]


class WebhookBody(Body):
    name: Name
    url: Address
    events: Events
    headers: Headers = Field({}, max_length=MOST_HEADERS, description="sent with every delivery")
    secret: Secret | None = Field(None, description="what deliveries are signed with; made by the server if not given")


class WebhookChange(Body):
    """Only what changes. `headers` are replaced; one whose value is as it was shown stays as it is."""

    name: Name = unset()
    url: Address = unset()
    events: Events = unset()
    headers: dict[str, str] = unset()
    is_active: StrictBool = unset()
    secret: Secret = unset()


class WebhookShown(Shown):
    uuid: str
    name: str
    url: str
    events: Sequence[str]
    headers: Mapping[str, str] = Field(description="with masked values")
    secret: str = Field(description="masked, but once: where the server has just made it")
    is_active: bool
    failures: int = Field(description="deliveries in a row that failed")
    trouble: str | None = Field(description="why it was switched off")
    last_triggered_at: Time | None
    old_secret_until: Time | None = Field(description="the secret before this one signs too until then")
    created_at: Time
    updated_at: Time

    @classmethod
    def of(cls, webhook: Webhook, headers: Mapping[str, str], secret: str) -> Self:
        """`headers` and `secret` as they may be seen."""
        known: dict[str, Any] = {name: getattr(webhook, name) for name in _AS_KEPT}
        return cls(uuid=webhook.id, headers=headers, secret=secret, **known)


class DeliveryShown(Shown):
    uuid: str
    event_uuid: str = Field(description="the header webhook-id: the same for every try and every webhook")
    event_type: str
    payload: Mapping[str, Any]
    state: DeliveryState
    success: bool
    attempts: int = Field(description="tries so far")
    response_status: int | None = Field(description="of the last try, as the next two")
    response_ms: int | None = Field(description="how long the answer took")
    trouble: str | None
    triggered_at: Time = Field(description="when it happened")
    next_attempt_at: Time | None

    @classmethod
    def of(cls, delivery: Delivery) -> Self:
        waits = delivery.state is DeliveryState.PENDING
        return cls(
            uuid=delivery.id,
            event_uuid=delivery.event_id,
            success=delivery.state is DeliveryState.DONE,
            next_attempt_at=delivery.due_at if waits else None,
            **{name: getattr(delivery, name) for name in _AS_DELIVERED},
        )


_AS_DELIVERED = DeliveryShown.model_fields.keys() - {"uuid", "event_uuid", "success", "next_attempt_at"}
_AS_KEPT = WebhookShown.model_fields.keys() - {"uuid", "headers", "secret"}
