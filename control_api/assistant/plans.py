"""The smaller plans: noise, keys pressed, who may listen in, and how the carrier is told to dial."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from control_api.assistant.wire import OneOrMany, Wire


class SmartDenoisingPlan(Wire):
    enabled: bool | None = None


class FourierDenoisingPlan(Wire):
    enabled: bool | None = None
    media_detection_enabled: bool | None = None
    static_threshold: float | None = Field(None, le=0)
    """dB, as of the next."""
    baseline_offset_db: float | None = Field(None, le=0)
    window_size_ms: float | None = Field(None, gt=0)
    baseline_percentile: float | None = Field(None, ge=1, le=99)


class BackgroundSpeechDenoisingPlan(Wire):
    smart_denoising_plan: SmartDenoisingPlan | None = None
    fourier_denoising_plan: FourierDenoisingPlan | None = None


class KeypadInputPlan(Wire):
    enabled: bool | None = None
    timeout_seconds: float | None = Field(None, ge=0, le=10)
    """After the last key; 0 waits for the delimiter."""
    delimiters: OneOrMany[Literal["#", "*", ""]] | None = None


class MonitorPlan(Wire):
    listen_enabled: bool | None = None
    listen_authentication_enabled: bool | None = None
    control_enabled: bool | None = None
    control_authentication_enabled: bool | None = None
    monitor_ids: list[str] | None = None


class TransportConfiguration(Wire):
    provider: Literal["twilio"] | None = None
    timeout: float | None = Field(None, ge=1, le=600)
    """Seconds that the phone may ring."""
    record: bool | None = None
    recording_channels: Literal["mono", "dual"] | None = None


class ObservabilityPlan(Wire):
    provider: Literal["langfuse"] | None = None
    tags: list[str] | None = None
    prompt_name: str | None = None
    prompt_version: float | None = None
    trace_name: str | None = None
    metadata: dict[str, Any] | None = None
