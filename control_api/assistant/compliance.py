"""What the law, or a contract, wants of a call."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field, model_validator

from control_api.assistant.tools import Tool
from control_api.assistant.voice import Voice
from control_api.assistant.wire import Loose, Wire


class PciPlan(Wire):
    """May be written as a bare true or false."""

    pci_enabled: bool | None = None

    @model_validator(mode="before")
    @classmethod
    def _spelt_out(cls, value: Any) -> Any:
        return {"pciEnabled": value} if isinstance(value, bool) else value


class SecurityFilter(Loose):
    type: str | None = None


class SecurityFilterPlan(Wire):
    """Attacks in what the caller said, kept from the model."""

    enabled: bool | None = None
    filters: list[SecurityFilter] | None = None
    mode: Literal["sanitize", "reject", "replace"] | None = None
    replacement_text: str | None = None


class RecordingConsentPlan(Wire):
    """Asked for before the assistant speaks."""

    type: Literal["stay-on-line", "verbal"] | None = None
    message: str | None = None
    voice: Voice | None = None
    wait_seconds: float | None = Field(None, ge=1, le=6)
    """With `stay-on-line`."""
    decline_tool: Tool | None = None
    """With `verbal`, as is the next."""
    decline_tool_id: str | None = None


class CompliancePlan(Wire):
    hipaa_enabled: bool | None = None
    pci_enabled: PciPlan | None = None
    security_filter_plan: SecurityFilterPlan | None = None
    recording_consent_plan: RecordingConsentPlan | None = None
