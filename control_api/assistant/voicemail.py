"""How an answering machine is told from a person."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field, model_validator

from control_api.assistant.wire import Count, Seconds, Wire


class VoicemailBackoffPlan(Wire):
    """When it is looked for: first at, then every, and how often."""

    start_at_seconds: Seconds | None = None
    frequency_seconds: float | None = Field(None, ge=2.5)
    max_retries: float | None = Field(None, ge=0, le=10)


class VoicemailDetection(Wire):
    """The word `off`, or a plan."""

    provider: Literal["off", "vapi", "google", "openai", "twilio"] | None = None
    type: Literal["audio", "transcript"] | None = None
    backoff_plan: VoicemailBackoffPlan | None = None
    beep_max_await_seconds: float | None = Field(None, ge=0, le=30)
    enabled: bool | None = None
    """Twilio's own, as are the next five."""
    voicemail_detection_types: list[str] | None = None
    machine_detection_timeout: float | None = Field(None, ge=3, le=59)
    """Seconds; the next three are milliseconds."""
    machine_detection_speech_threshold: Count | None = None
    machine_detection_speech_end_threshold: Count | None = None
    machine_detection_silence_timeout: Count | None = None

    @model_validator(mode="before")
    @classmethod
    def _spelt_out(cls, value: Any) -> Any:
        return {"provider": value} if isinstance(value, str) else value
