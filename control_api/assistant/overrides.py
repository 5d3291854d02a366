"""Everything that one call can be told to do otherwise than its assistant would: Vapi's `assistantOverrides`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import Field

from control_api.assistant.analysis import AnalysisPlan
from control_api.assistant.artifacts import ArtifactPlan
from control_api.assistant.compliance import CompliancePlan
from control_api.assistant.hooks import Hook
from control_api.assistant.model import Credential, Model
from control_api.assistant.obedience import not_obeyed
from control_api.assistant.plans import (
    BackgroundSpeechDenoisingPlan,
    KeypadInputPlan,
    MonitorPlan,
    ObservabilityPlan,
    TransportConfiguration,
)
from control_api.assistant.server import Server
from control_api.assistant.speaking import StartSpeakingPlan, StopSpeakingPlan
from control_api.assistant.tools import Tool
from control_api.assistant.transcriber import Transcriber
from control_api.assistant.voice import Voice
from control_api.assistant.voicemail import VoicemailDetection
from control_api.assistant.wire import OneOrMany, Wire

__all__ = ["SPEAKS_FIRST", "WAITS", "AssistantOverrides", "checked", "not_obeyed"]

SPEAKS_FIRST, WAITS = "assistant-speaks-first", "assistant-waits-for-user"
"""Modes of the first message."""


class AssistantOverrides(Wire):
    transcriber: Transcriber | None = None
    model: Model | None = None
    voice: Voice | None = None
    first_message: str | None = None
    """Said first; or the URL of a sound."""
    first_message_interruptions_enabled: bool | None = None
    first_message_mode: (
        Literal[
            "assistant-speaks-first",
            "assistant-waits-for-user",
            "assistant-speaks-first-with-model-generated-message",
        ]
        | None
    ) = None
    voicemail_detection: VoicemailDetection | None = None
    client_messages: OneOrMany[str] | None = None
    server_messages: OneOrMany[str] | None = None
    max_duration_seconds: float | None = Field(None, ge=10, le=43200)
    background_sound: str | None = Field(None, pattern=r"^(off|office|https?://\S+)$")
    model_output_in_messages_enabled: bool | None = None
    transport_configurations: list[TransportConfiguration] | None = None
    observability_plan: ObservabilityPlan | None = None
    credentials: list[Credential] | None = None
    hooks: list[Hook] | None = None
    tools_append: list[Tool] | None = Field(None, alias="tools:append")
    variable_values: dict[str, Any] | None = None
    name: str | None = None
    voicemail_message: str | None = None
    """Unset: a machine is hung up on."""
    end_call_message: str | None = None
    end_call_phrases: list[str] | None = None
    """Said by the assistant, in either case of letters, they end the call."""
    compliance_plan: CompliancePlan | None = None
    metadata: dict[str, Any] | None = None
    background_speech_denoising_plan: BackgroundSpeechDenoisingPlan | None = None
    analysis_plan: AnalysisPlan | None = None
    artifact_plan: ArtifactPlan | None = None
    start_speaking_plan: StartSpeakingPlan | None = None
    stop_speaking_plan: StopSpeakingPlan | None = None
    monitor_plan: MonitorPlan | None = None
    credential_ids: list[str] | None = None
    server: Server | None = None
    keypad_input_plan: KeypadInputPlan | None = None


def checked(raw: Mapping[str, Any]) -> dict[str, Any]:
    """What was given, whole and as it was given.

    Raises pydantic's ValidationError, whose places are named as on the wire.
    """
    AssistantOverrides.model_validate(dict(raw))
    return dict(raw)
