"""What a call does, as an agent's record says it: checked here, and obeyed by the assembly."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, Field

from processors.keypad import KeypadOptions
from processors.machines.pickup import VoicemailOptions
from processors.turns import TurnOptions
from processors.vad import VadOptions
from server.analysis.options import AnalysisOptions


class Fallback(BaseModel, frozen=True, extra="forbid"):
    """A provider by its name, and its own options."""

    provider: str = "embedded"
    options: dict[str, Any] = Field(default_factory=dict)


class Choice(Fallback, frozen=True, extra="forbid"):
    """And who takes its place when it fails, in order."""

    fallbacks: tuple[Fallback, ...] = Field((), max_length=3)


class VadPlan(VadOptions, frozen=True, extra="forbid"):
    kind: Literal["neural", "loudness"] = "neural"


class CallPlan(BaseModel, frozen=True, extra="forbid", hide_input_in_errors=True):
    """The call plan in an agent's `config`. Everything has a default that works without a key.

    What is wrong with one is told without its words: it holds prompts and keys, and the error may be logged.
    """

    language: str = Field("en-IN", description="BCP 47 tag")
    greeting: str = Field("", description="said first, with {{variables}}; empty: the caller speaks first")
    prompt: str = Field("", description="instructions of the language model, with {{variables}}")
    variables: dict[str, Any] = Field(default_factory=dict, description="values of {{variables}}")
    stt: Choice = Choice()
    llm: Choice = Choice()
    tts: Choice = Choice()
    vad: VadPlan = VadPlan()
    turns: TurnOptions = TurnOptions()
    smart_turn: bool = Field(True, description="ask the end-of-turn model")
    keypad: KeypadOptions | None = Field(KeypadOptions(), description="null: keys are not listened to")
    voicemail: VoicemailOptions = Field(VoicemailOptions(), description="of calls that are placed: who picks up")
    record: bool = True
    analysis: AnalysisOptions = AnalysisOptions()
    max_seconds: float | None = Field(None, gt=0, description="longest call; never longer than the server's setting")
