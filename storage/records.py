"""What is kept, one frozen record a row. Times are aware and in UTC; every row belongs to one organisation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Any


class FlowKind(StrEnum):
    INBOUND = "inbound"
    OUTBOUND = "outbound"


class FlowStatus(StrEnum):
    """An inbound line is a draft, active or paused only."""

    DRAFT = "draft"
    SCHEDULED = "scheduled"
    ACTIVE = "active"
    PAUSED = "paused"
    COMPLETED = "completed"
    CANCELLED = "cancelled"


class Distribution(StrEnum):
    """Which of a campaign's numbers the next call is made from."""

    ROUND_ROBIN = "round_robin"
    LEAST_USED = "least_used"


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


LIVE = frozenset(CallStatus) - {CallStatus.ENDED}
"""Of a call that is not over."""


class Outcome(StrEnum):
    CONNECTED = "connected"
    VOICEMAIL = "voicemail"
    NO_ANSWER = "no-answer"
    BUSY = "busy"
    FAILED = "failed"


class Sentiment(StrEnum):
    POSITIVE = "positive"
    NEUTRAL = "neutral"
    NEGATIVE = "negative"


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
    CALLS_LISTEN = "voice:calls:listen"
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
    assistant_overrides: Mapping[str, Any] = field(default_factory=dict, repr=False)
    """What its calls are told to do, where nothing nearer to a call says otherwise."""
    max_parallel_calls: int | None = None
    """Of all its campaigns together; None: as many as the server takes."""
    recording_retention_days: int | None = None
    """How long recordings are kept, counted from the start of their calls; None: for ever."""


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
    assistant_overrides: Mapping[str, Any] = field(default_factory=dict, repr=False)


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
    description: str = ""
    script_id: str | None = None
    branches: Sequence[str] = field(default_factory=list)
    """Tags: customers with all of them that differ in prefix, and any of those that share one."""
    contact_list_id: str | None = None
    """Who is called, in place of `branches`."""
    start_date: date | None = None
    end_date: date | None = None
    time_window: Mapping[str, Any] | None = None
    """`start`, `end` (HH:MM), `timezone`, and perhaps `days`: the hours in which it calls."""
    start_at: datetime | None = None
    """When a scheduled campaign starts."""
    end_at: datetime | None = None
    """When it gives up what is left."""
    max_parallel_calls: int = 5
    rate_limit_per_number: int = 10
    """Calls a minute from each of its numbers."""
    retry_attempts: int = 2
    retry_delay_minutes: Sequence[int] = field(default_factory=lambda: [30])
    """Before the first retry, the second and so on; the last one holds for the rest."""
    retry_on: Sequence[str] = field(default_factory=lambda: ["no-answer", "busy", "failed"])
    """Outcomes."""
    phone_numbers: Sequence[str] = field(default_factory=list)
    """Ids of the numbers that it calls from."""
    distribution: Distribution = Distribution.ROUND_ROBIN
    dedupe_hours: int = 24
    """Who was dialled by any campaign within these is left out."""
    ended_reason: str | None = None
    assistant_overrides: Mapping[str, Any] = field(default_factory=dict, repr=False)
    pause_reason: str = ""
    """A sentence, where it was not a person who paused it."""


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
    carrier_recording: str | None = field(default=None, repr=False)
    """Where the carrier has one of its own; empty: none is to be heard, whatever it has; None: not known."""
    customer_id: str | None = None
    sentiment: Sentiment | None = None
    summary: str | None = field(default=None, repr=False)
    key_details: Mapping[str, Any] = field(default_factory=dict, repr=False)
    """What was extracted from it, by us or by a workflow service."""


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
    measured_at: datetime | None = None
    """None in rows that are older than this field."""


@dataclass(frozen=True, slots=True)
class OutboxEvent:
    """Something that happened, written with the change it tells of and waiting to be told."""

    id: str
    organisation_id: str
    topic: str
    body: Mapping[str, Any] = field(repr=False)
    created_at: datetime
