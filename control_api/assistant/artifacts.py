"""What is kept of a call."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from control_api.assistant.wire import JsonSchema, Loose, Wire


class TranscriptPlan(Wire):
    enabled: bool | None = None
    assistant_name: str | None = None
    user_name: str | None = None


class OutputModel(Loose):
    provider: str | None = None
    model: str | None = None
    temperature: float | None = Field(None, ge=0, le=2)
    max_tokens: float | None = Field(None, ge=1)


class OutputCompliance(Wire):
    force_store_on_hipaa_enabled: bool | None = None


class StructuredOutput(Wire):
    """Something to be read out of the conversation."""

    name: str | None = None
    schema_: JsonSchema | None = Field(None, alias="schema")
    type: Literal["ai", "regex"] | None = None
    regex: str | None = None
    model: OutputModel | None = None
    compliance_plan: OutputCompliance | None = None
    description: str | None = None
    assistant_ids: list[str] | None = None
    workflow_ids: list[str] | None = None


class ScorecardMetric(Wire):
    structured_output_id: str | None = None
    conditions: list[dict[str, Any]] | None = None


class Scorecard(Wire):
    metrics: list[ScorecardMetric] | None = None
    name: str | None = None
    description: str | None = None
    assistant_ids: list[str] | None = None


class ArtifactPlan(Wire):
    recording_enabled: bool | None = None
    recording_format: Literal["wav;l16", "mp3"] | None = None
    recording_use_custom_storage_enabled: bool | None = None
    recording_path: str | None = None
    video_recording_enabled: bool | None = None
    full_message_history_enabled: bool | None = None
    pcap_enabled: bool | None = None
    pcap_s3_path_prefix: str | None = None
    pcap_use_custom_storage_enabled: bool | None = None
    logging_enabled: bool | None = None
    logging_use_custom_storage_enabled: bool | None = None
    logging_path: str | None = None
    transcript_plan: TranscriptPlan | None = None
    structured_output_ids: list[str] | None = None
    structured_outputs: list[StructuredOutput] | None = None
    scorecard_ids: list[str] | None = None
    scorecards: list[Scorecard] | None = None
