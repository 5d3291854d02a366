"""All that there is to tell of a call that is over, in Vapi's words: its `end-of-call-report`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from server.call_plan import CallPlan
from server.messages import names
from server.messages.about import around
from server.messages.reasons import vapi_reason
from storage.records import Call, Speaker, Turn, TurnLatency

BOT = {Speaker.AGENT: "bot", Speaker.CUSTOMER: "user"}
ROLES = {Speaker.AGENT: "assistant", Speaker.CUSTOMER: "user"}


@dataclass(frozen=True, slots=True)
class Past:
    """A call that is over."""

    call: Call
    plan: CallPlan
    turns: Sequence[Turn] = field(repr=False)
    """As they are kept: none where no words are, redacted where they are."""
    latencies: Sequence[TurnLatency]
    recording: str | None
    """The URL at which it is heard, by whoever may."""


def report(past: Past) -> Mapping[str, Any]:
    call, seconds = past.call, past.call.duration or 0.0
    artifact = _artifact(past)
    analysis = _analysis(call)
    return {
        "type": names.REPORT,
        "endedReason": vapi_reason(call.reason),
        "startedAt": call.answered_at or call.started_at,
        "endedAt": call.ended_at,
        "durationSeconds": round(seconds, 3),
        "durationMs": round(seconds * 1000),
        "durationMinutes": round(seconds / 60, 4),
        "analysis": analysis,
        "artifact": artifact,
        # as they stood before there was an artifact, and as many servers still read them
        "summary": analysis["summary"],
        "transcript": artifact["transcript"],
        "messages": artifact["messages"],
        "recordingUrl": past.recording,
        **around(call, past.plan),
    }


def _analysis(call: Call) -> dict[str, Any]:
    details = call.key_details
    success = details.get("success")
    result = success.get("result") if isinstance(success, Mapping) else None
    several = details.get("extractions")
    return {
        "summary": call.summary,
        "structuredData": details.get("extraction"),
        "structuredDataMulti": [
            {"key": key, "structuredData": data}
            for key, data in (several.items() if isinstance(several, Mapping) else ())
        ],
        "successEvaluation": str(result).lower() if isinstance(result, bool) else result,
    }


def _artifact(past: Past) -> dict[str, Any]:
    began = past.call.answered_at or past.call.started_at
    speakers = {Speaker.AGENT: past.plan.speakers.assistant, Speaker.CUSTOMER: past.plan.speakers.user}
    return {
        "messages": [
            {
                "role": BOT[turn.speaker],
                "message": turn.text,
                "time": round((began + timedelta(seconds=turn.at)).timestamp() * 1000),
                "endTime": round((began + timedelta(seconds=turn.at + turn.seconds)).timestamp() * 1000),
                "secondsFromStart": round(turn.at, 3),
                "duration": round(turn.seconds * 1000),
            }
            for turn in past.turns
        ],
        "messagesOpenAIFormatted": [{"role": ROLES[turn.speaker], "content": turn.text} for turn in past.turns],
        "transcript": "".join(f"{speakers[turn.speaker]}: {turn.text}\n" for turn in past.turns),
        "recordingUrl": past.recording,
        "recording": {"mono": {"combinedUrl": None}, "stereoUrl": past.recording},
    }
