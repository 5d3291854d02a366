"""When the assistant begins to speak, and when it stops."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from control_api.assistant.server import Server
from control_api.assistant.wire import RegexOption, Wire

EndpointSeconds = Annotated[float, Field(ge=0, le=3)]


class SmartEndpointingPlan(Wire):
    """A model judges whether the customer has finished."""

    provider: Literal["vapi", "livekit", "custom-endpointing-model"] | None = None
    wait_function: str | None = None
    """LiveKit's: the probability x in [0, 1], 0 = surely finished, to milliseconds."""
    server: Server | None = None


class EndpointingRule(Wire):
    """The first that matches wins. `both` has a pattern for each side, the others one `regex`."""

    type: Literal["assistant", "customer", "both"]
    timeout_seconds: float = Field(ge=0, le=15)
    regex: str | None = None
    regex_options: list[RegexOption] | None = None
    assistant_regex: str | None = None
    assistant_regex_options: list[RegexOption] | None = None
    customer_regex: str | None = None
    customer_regex_options: list[RegexOption] | None = None

    @model_validator(mode="after")
    def _has_its_patterns(self) -> Self:
        if self.type == "both":
            if self.assistant_regex is None or self.customer_regex is None:
                raise ValueError("a rule of type both needs assistantRegex and customerRegex")
        elif self.regex is None:
            raise ValueError(f"a rule of type {self.type} needs regex")
        return self


class TranscriptionEndpointingPlan(Wire):
    """Seconds of silence after which the customer has finished, by how the text ends."""

    on_punctuation_seconds: EndpointSeconds | None = None
    on_no_punctuation_seconds: EndpointSeconds | None = None
    on_number_seconds: EndpointSeconds | None = None


class StartSpeakingPlan(Wire):
    """What decides that the customer has finished: the rules, else the smart plan, else the text."""

    wait_seconds: float | None = Field(None, ge=0, le=5)
    """A floor before speech."""
    smart_endpointing_plan: SmartEndpointingPlan | None = None
    smart_endpointing_enabled: Literal[True, False, "livekit"] | None = None
    """The older way to say it: the plan above stands above it."""
    custom_endpointing_rules: list[EndpointingRule] | None = None
    transcription_endpointing_plan: TranscriptionEndpointingPlan | None = None


class StopSpeakingPlan(Wire):
    num_words: float | None = Field(None, ge=0, le=10)
    """0: the voice detector decides, with `voice_seconds`."""
    voice_seconds: float | None = Field(None, ge=0, le=0.5)
    backoff_seconds: float | None = Field(None, ge=0, le=10)
    acknowledgement_phrases: list[str] | None = None
    interruption_phrases: list[str] | None = None
