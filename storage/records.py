"""What is kept, one frozen record a row. Times are aware and in UTC; every row belongs to one organisation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any


class FlowKind(StrEnum):
    INBOUND = "inbound"
    OUTBOUND = "outbound"


class FlowStatus(StrEnum):
    DRAFT = "draft"
    ACTIVE = "active"
    PAUSED = "paused"


class CallType(StrEnum):
    INBOUND = "inbound"
    OUTBOUND = "outbound"
    BROWSER = "browser"


class CallStatus(StrEnum):
    """In the order in which a call goes through them; some are left out by some calls."""

    QUEUED = "queued"
    DIALING = "dialing"
    RINGING = "ringing"
    IN_PROGRESS = "in_progress"
    TRANSFERRING = "transferring"
    ENDED = "ended"


class Outcome(StrEnum):
    CONNECTED = "connected"
    VOICEMAIL = "voicemail"
    NO_ANSWER = "no-answer"
    BUSY = "busy"
    FAILED = "failed"


class Speaker(StrEnum):
    AGENT = "agent"
    CUSTOMER = "customer"


class Scope(StrEnum):
    """What a key may do."""

    AGENTS_READ = "voice:agents:read"
    AGENTS_WRITE = "voice:agents:write"
    CAMPAIGNS_READ = "voice:campaigns:read"
    CAMPAIGNS_WRITE = "voice:campaigns:write"
    CONTACTS_READ = "voice:contacts:read"
    CONTACTS_WRITE = "voice:contacts:write"
    CALLS_READ = "voice:calls:read"
    CALLS_WRITE = "voice:calls:write"
    WEBHOOKS_READ = "voice:webhooks:read"
    WEBHOOKS_WRITE = "voice:webhooks:write"
    MODELS_READ = "voice:models:read"
    MODELS_WRITE = "voice:models:write"
    INTEGRATIONS_READ = "voice:integrations:read"
    INTEGRATIONS_WRITE = "voice:integrations:write"
    KEYS_WRITE = "voice:keys:write"


@dataclass(frozen=True, slots=True)
class Organisation:
    """Whose everything is."""

    id: str
    name: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A key that was given out. The key itself is not kept: only what recognises it."""

    id: str
    organisation_id: str
    name: str
    start: str
    """Its first characters, for people to tell their keys apart."""
    fingerprint: str = field(repr=False)
    """SHA-256 of the key, in hexadecimal."""
    scopes: frozenset[Scope]
    created_at: datetime
    expires_at: datetime | None = None
    revoked_at: datetime | None = None
    last_used_at: datetime | None = None
    """To the minute."""


@dataclass(frozen=True, slots=True)
class Agent:
    """Who speaks: a persona, its voice, and how it runs a call."""

    id: str
    organisation_id: str
    name: str
    role: str
    created_at: datetime
    updated_at: datetime
    description: str = ""
    avatar_color: str = ""
    avatar_initials: str = ""
    voice_config: Mapping[str, Any] = field(default_factory=dict)
    """Voice provider, model, speaker and language, as the API shows them."""
    config: Mapping[str, Any] = field(default_factory=dict, repr=False)
    """The call plan: greeting, prompt, and the provider and options of each stage."""
    is_active: bool = True
    """False once deleted: old calls still name it."""


@dataclass(frozen=True, slots=True)
class Flow:
    """An inbound line or an outbound campaign."""

    id: str
    organisation_id: str
    kind: FlowKind
    name: str
    status: FlowStatus
    provider: str
    created_at: datetime
    updated_at: datetime
    agent_id: str | None = None
    phone_number: str | None = None
    account_sid: str | None = None
    """The carrier account that its calls come in on; None: any."""
    language_code: str | None = None
    config: Mapping[str, Any] = field(default_factory=dict, repr=False)
    is_demo: bool = False
    """Takes the calls that find no other flow."""


@dataclass(frozen=True, slots=True)
class Call:
    """One call, from the moment it is known of."""

    id: str
    organisation_id: str
    call_type: CallType
    status: CallStatus
    carrier: str
    node: str
    """The process that has it."""
    started_at: datetime
    flow_id: str | None = None
    agent_id: str | None = None
    carrier_call: str | None = None
    """The carrier's own id of it."""
    from_number: str | None = field(default=None, repr=False)
    to_number: str | None = field(default=None, repr=False)
    outcome: Outcome | None = None
    reason: str = ""
    """Why it ended, in a few fixed words."""
    answered_at: datetime | None = None
    ended_at: datetime | None = None
    duration: float | None = None
    """Seconds from the answer to the end."""
    language: str | None = None
    recording: str | None = None
    """Path below the data folder."""


@dataclass(frozen=True, slots=True)
class Turn:
    """What one side said. Of an interrupted agent: only what was heard."""

    call_id: str
    position: int
    """Counts the turns of a call from 0."""
    speaker: Speaker
    text: str = field(repr=False)
    at: float
    """Seconds from the answer to its first sound."""
    seconds: float
    interrupted: bool = False
    language: str | None = None


@dataclass(frozen=True, slots=True)
class TurnLatency:
    """Where the time went between the caller's last sound and the agent's first, in milliseconds. None: not known."""

    call_id: str
    position: int
    """Of the agent's turn."""
    vad_ms: float | None = None
    end_of_turn_ms: float | None = None
    stt_ms: float | None = None
    llm_ms: float | None = None
    tts_ms: float | None = None
    wire_ms: float | None = None
    total_ms: float | None = None
    stt: str | None = None
    """Provider's name, as of the next two."""
    llm: str | None = None
    tts: str | None = None


@dataclass(frozen=True, slots=True)
class OutboxEvent:
    """Something that happened, written with the change it tells of and waiting to be told."""

    id: str
    organisation_id: str
    topic: str
    body: Mapping[str, Any] = field(repr=False)
    created_at: datetime
