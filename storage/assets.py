"""What an organisation keeps for its calls, one frozen record a row, as in `records`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any


@dataclass(frozen=True, slots=True)
class Customer:
    """Somebody who is called, or calls."""

    id: str
    organisation_id: str
    name: str = field(repr=False)
    phone: str = field(repr=False)
    """E.164."""
    created_at: datetime
    updated_at: datetime
    copy: int = 0
    """0 for the one that is found by its phone; more for those that were appended beside it."""
    email: str | None = field(default=None, repr=False)
    tags: Sequence[str] = field(default_factory=list)
    preferred_language: str | None = None
    timezone: str | None = None
    """IANA name, where the number does not tell it."""
    metadata: Mapping[str, Any] = field(default_factory=dict, repr=False)
    opted_out: bool = False
    """Never called again."""
    recording_opt_out: bool = False
    external_id: str | None = None
    extension: str | None = field(default=None, repr=False)
    assistant_overrides: Mapping[str, Any] = field(default_factory=dict, repr=False)
    inbound_calls: int = 0
    outbound_calls: int = 0
    last_contact: datetime | None = None
    """End of the last call."""


@dataclass(frozen=True, slots=True)
class ContactList:
    """Customers that a campaign can be pointed at."""

    id: str
    organisation_id: str
    name: str
    created_at: datetime
    updated_at: datetime
    description: str = ""


@dataclass(frozen=True, slots=True)
class Script:
    """What an agent has to say in a flow."""

    id: str
    organisation_id: str
    name: str
    content: str = field(repr=False)
    created_at: datetime
    updated_at: datetime
    description: str = ""
    language_code: str | None = None


@dataclass(frozen=True, slots=True)
class PhoneNumber:
    """A number that calls are made from: a calling credential."""

    id: str
    organisation_id: str
    number: str = field(repr=False)
    """E.164."""
    created_at: datetime
    updated_at: datetime
    name: str = ""
    provider: str = "exotel"
    is_active: bool = True


class IntegrationKind(StrEnum):
    TELEPHONY = "telephony"
    VOICE = "voice"


@dataclass(frozen=True, slots=True)
class Integration:
    """An account with a provider."""

    organisation_id: str
    provider: str
    kind: IntegrationKind
    connected_at: datetime
    updated_at: datetime
    settings: Mapping[str, Any] = field(default_factory=dict)
    """What may be shown."""
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)
    """Name → sealed value."""
    checked_at: datetime | None = None
    """When the provider was last asked whether the credentials are good."""
    trouble: str | None = None
    """What it answered, if they are not."""


@dataclass(frozen=True, slots=True)
class Webhook:
    """Where events are sent."""

    id: str
    organisation_id: str
    name: str
    url: str = field(repr=False)
    events: Sequence[str]
    secret: str = field(repr=False)
    """Sealed, as `headers` is."""
    headers: str = field(repr=False)
    """A JSON object of names and values, sealed whole."""
    created_at: datetime
    updated_at: datetime
    is_active: bool = True
    failures: int = 0
    """In a row."""
    trouble: str | None = None
    """Why it was switched off."""
    last_triggered_at: datetime | None = None
    old_secret: str | None = field(default=None, repr=False)
    """Sealed as `secret` is: the one before it, which signs too until `old_secret_until`."""
    old_secret_until: datetime | None = None


class DeliveryState(StrEnum):
    PENDING = "pending"
    SENDING = "sending"
    DONE = "done"
    FAILED = "failed"
    """Given up."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """One event on its way to one webhook, and what became of it."""

    id: str
    organisation_id: str
    webhook_id: str
    event_id: str
    """The same for every try, and for every webhook."""
    event_type: str
    payload: Mapping[str, Any] = field(repr=False)
    """As it was when the event was announced: each try sends the same bytes."""
    triggered_at: datetime
    """When it happened."""
    call_id: str | None = None
    """What is told of one call goes out in order."""
    state: DeliveryState = DeliveryState.PENDING
    due_at: datetime | None = None
    """The next try; while it is being sent: when whoever sends it is taken for dead. None: it is over."""
    attempts: int = 0
    response_status: int | None = None
    """Of the last try, as the next two."""
    response_ms: int | None = None
    trouble: str | None = None


@dataclass(frozen=True, slots=True)
class VoiceSpeaker:
    """A voice of the organisation's own, cloned from a reference."""

    organisation_id: str
    name: str
    language: str
    created_at: datetime
    updated_at: datetime
    description: str = ""
    reference: str = ""
    """Path of the reference sound below the data folder."""
    reference_type: str = "audio/wav"
    reference_seconds: float = 0.0
    deployed: bool = False
    voice_sample_id: str | None = None
    """Its name in the catalogue of voices, while it is deployed."""
    consent_owner: str | None = field(default=None, repr=False)
    """Whose voice it is, and who allowed it to be cloned; None: nobody did yet."""
    consent_statement: str | None = field(default=None, repr=False)
    """What they agreed to, and how that is proved."""
    consented_at: datetime | None = None
    consent_by: str | None = None
    """Who recorded it: the id of a key or of a user."""
    engine: str | None = None
    """Who made a voice of it: `elevenlabs`, `chatterbox`; None: no voice was made."""
    voice: str | None = None
    """Its name there."""


@dataclass(frozen=True, slots=True)
class SpeakerSample:
    """A sentence that a speaker has spoken, to train with."""

    id: str
    organisation_id: str
    speaker: str
    transcript: str = field(repr=False)
    path: str
    seconds: float
    size: int
    """Bytes of its file."""
    created_at: datetime


class TrainingState(StrEnum):
    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Training:
    """The last fine-tuning of a speaker, done by a process of its own where a GPU and the weights are."""

    organisation_id: str
    speaker: str
    id: str
    """Another one each time that it is asked for."""
    state: TrainingState
    queued_at: datetime
    progress: float = 0.0
    """0 to 1."""
    tries: int = 0
    """How often somebody took it on."""
    lease_until: datetime | None = None
    """When whoever runs it is taken for dead."""
    started_at: datetime | None = None
    ended_at: datetime | None = None
    reason: str | None = None
    """Why it failed."""
    adapter: str | None = None
    """Path of the trained weights below the data folder."""


@dataclass(frozen=True, slots=True)
class Dataset:
    """What a speaker's samples come to."""

    samples: int
    seconds: float
    size: int
    """Bytes."""
