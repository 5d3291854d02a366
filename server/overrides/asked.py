"""What is asked of one call, and what it would do unasked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from control_api.assistant import AssistantOverrides
from control_api.assistant.model import Model
from control_api.assistant.plans import KeypadInputPlan
from control_api.assistant.speaking import StartSpeakingPlan, StopSpeakingPlan, TranscriptionEndpointingPlan
from control_api.assistant.transcriber import Transcriber
from control_api.assistant.voice import Voice
from server.call_plan import CallPlan

Changes = dict[str, Any]
"""To be merged over a plan's config; a stage of which the provider is named is replaced whole."""


@dataclass(frozen=True, slots=True)
class Asked:
    overrides: AssistantOverrides
    plan: CallPlan
    """Without the overrides."""

    @property
    def model(self) -> Model:
        return self.overrides.model or Model()

    @property
    def voice(self) -> Voice:
        return self.overrides.voice or Voice()

    @property
    def transcriber(self) -> Transcriber:
        return self.overrides.transcriber or Transcriber()

    @property
    def start(self) -> StartSpeakingPlan:
        return self.overrides.start_speaking_plan or StartSpeakingPlan()

    @property
    def endpointing(self) -> TranscriptionEndpointingPlan:
        return self.start.transcription_endpointing_plan or TranscriptionEndpointingPlan()

    @property
    def stop(self) -> StopSpeakingPlan:
        return self.overrides.stop_speaking_plan or StopSpeakingPlan()

    @property
    def keypad(self) -> KeypadInputPlan:
        return self.overrides.keypad_input_plan or KeypadInputPlan()


def _always(asked: Asked) -> bool:
    return True


@dataclass(frozen=True, slots=True)
class Rule:
    """How one field is obeyed."""

    path: str
    """Dotted, as on the wire."""
    keys: tuple[str, ...]
    """What it changes of the plan."""
    change: Callable[[Asked], Changes | None]
    """None: it is not given, or cannot be obeyed. Empty: it is obeyed, and changes nothing."""
    whole: Callable[[Asked], bool] = _always
    """False: what it changes is not all that was asked for."""
