"""A call as it is shown."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Self

from pydantic import Field

from control_api.web.asked import Asked
from control_api.web.shapes import Shown, Time
from storage.analysis_records import Analysis, AnalysisStatus
from storage.moment_records import Moment, MomentKind
from storage.records import Call, CallStatus, CallType, Outcome, Sentiment, Speaker, Turn


class CallShown(Shown):
    """In a list: without its transcript."""

    uuid: str
    call_type: CallType
    status: CallStatus
    flow_uuid: str | None = Field(alias="campaign_uuid")
    customer_uuid: str | None = Field(alias="contact_uuid")
    voice_agent_uuid: str | None
    flow_name: str | None = Field(alias="campaign_name", description="as it is now; null: none, or deleted")
    customer_name: str | None = Field(
        alias="contact_name",
        description="as it is now; null: none, deleted, or the caller lacks the scope voice:contacts:read",
    )
    agent_name: str | None = Field(description="as it is now; null: none")
    from_number: str | None
    to_number: str | None
    duration: int | None = Field(description="seconds from the answer to the end")
    duration_formatted: str | None
    outcome: Outcome | None
    sentiment: Sentiment | None
    summary: str | None
    recording_url: str | None
    key_details: dict[str, Any]
    language_detected: str | None
    ended_reason: str | None
    started_at: Time
    answered_at: Time | None
    ended_at: Time | None

    @classmethod
    def of(cls, call: Call, asked: Asked, audible: Collection[str], names: Mapping[str, str], **more: Any) -> Self:
        """`audible` are ids of calls whose recording may be heard; `names` are those of what calls name, by id."""
        seconds = None if call.duration is None else round(call.duration)
        return cls(
            uuid=call.id,
            call_type=call.call_type,
            status=call.status,
            flow_uuid=call.flow_id,
            customer_uuid=call.customer_id,
            voice_agent_uuid=call.agent_id,
            flow_name=names.get(call.flow_id or ""),
            customer_name=names.get(call.customer_id or ""),
            agent_name=names.get(call.agent_id or ""),
            from_number=call.from_number,
            to_number=call.to_number,
            duration=seconds,
            duration_formatted=None if seconds is None else clock(seconds),
            outcome=call.outcome,
            sentiment=call.sentiment,
            summary=call.summary,
            recording_url=asked.url(f"/api/voice/calls/{call.id}/recording") if call.id in audible else None,
            key_details=dict(call.key_details),
            language_detected=call.language,
            ended_reason=call.reason or None,
            started_at=call.started_at,
            answered_at=call.answered_at,
            ended_at=call.ended_at,
            **more,
        )


class LineShown(Shown):
    """What one side said. Of an interrupted agent: only what was heard."""

    speaker: Speaker
    text: str
    timestamp: float = Field(description="seconds from the answer")

    @classmethod
    def of(cls, turn: Turn) -> Self:
        return cls(speaker=turn.speaker, text=turn.text, timestamp=round(turn.at, 2))


class LatencyShown(Shown):
    """Where the time went between the customer's last sound and the agent's first, in milliseconds."""

    position: int = Field(description="of the agent's turn in the transcript, counted from 0")
    vad_ms: float | None
    end_of_turn_ms: float | None
    stt_ms: float | None
    llm_ms: float | None
    tts_ms: float | None
    wire_ms: float | None
    total_ms: float | None
    stt: str | None = Field(description="provider, as of the next two")
    llm: str | None
    tts: str | None


class AnalysisShown(Shown):
    """How far what is made of the call is."""

    status: AnalysisStatus
    reason: str | None = Field(description="why it has not all that it could have; while it is pending: so far")
    at: Time | None = Field(description="when it was over")

    @classmethod
    def of(cls, analysis: Analysis) -> Self:
        return cls(status=analysis.status, reason=analysis.reason or None, at=analysis.finished_at)


class DisclosureShown(Shown):
    """What the agent has to say first."""

    begun_at: float = Field(description="seconds from the answer, as of the next")
    heard_at: float | None = Field(description="to its end; null: the customer has not heard it whole")


class ConsentShown(Shown):
    """The customer's answer, whether the call may be recorded."""

    given: bool
    at: float = Field(description="seconds from the answer; what is recorded begins here")


def disclosure_of(moments: Sequence[Moment]) -> DisclosureShown | None:
    """The last one: it is begun anew where a person comes to the phone after a machine."""
    begun = [moment.at for moment in moments if moment.kind is MomentKind.DISCLOSURE]
    heard = [
        moment.at for moment in moments if moment.kind is MomentKind.DISCLOSED and moment.at >= max(begun, default=0.0)
    ]
    return DisclosureShown(begun_at=max(begun), heard_at=max(heard, default=None)) if begun else None


def consent_of(moments: Sequence[Moment]) -> ConsentShown | None:
    answers = [moment for moment in moments if moment.kind in (MomentKind.CONSENT_GIVEN, MomentKind.CONSENT_REFUSED)]
    return ConsentShown(given=answers[-1].kind is MomentKind.CONSENT_GIVEN, at=answers[-1].at) if answers else None


class CallWithTranscript(CallShown):
    disclosure: DisclosureShown | None = Field(description="null: there was none to be told, or nobody to tell it to")
    recording_consent: ConsentShown | None = Field(description="null: nobody was asked, or the customer did not answer")
    analysis: AnalysisShown | None = Field(description="null: nobody has asked for one")
    cost: float | None = Field(description="in credits; null: no campaign has placed it, and it costs nothing")
    transcript: list[LineShown]
    latencies: list[LatencyShown]


def clock(seconds: int) -> str:
    """`01:53`; from an hour on `1:01:53`."""
    minutes, rest = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes:02}:{rest:02}"
