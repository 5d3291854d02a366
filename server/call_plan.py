"""What a call does, as an agent's record says it: checked here, and obeyed by the assembly."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, Field, StringConstraints

from processors.consent import ConsentOptions
from processors.denoise import DenoiseOptions
from processors.hook_options import MOST as MOST_HOOKS
from processors.hook_options import Hook
from processors.idle import IdleOptions
from processors.keypad import KeypadOptions
from processors.knowledge.options import KnowledgeOptions
from processors.machines.pickup import VoicemailOptions
from processors.opening import OpeningOptions
from processors.privacy.discreet import KeepingOptions
from processors.privacy.threats import SecurityOptions
from processors.tools.options import MOST, ToolPlan
from processors.turns import TurnOptions
from processors.vad import VadOptions
from processors.wording.options import SpeechOptions
from server.analysis.options import AnalysisOptions
from server.messages.options import LangfuseOptions, ServerOptions, SpeakerNames

EndPhrase = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
Guardrail = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500)]

Language = Annotated[str, StringConstraints(pattern=r"^[A-Za-z]{2,3}(-[A-Za-z]{2,4})?$")]


def _listed(value: Any) -> Any:
    return (value,) if isinstance(value, str) else value


class Fallback(BaseModel, frozen=True, extra="forbid"):
    """A provider by its name, and its own options."""

    provider: str = "embedded"
    options: dict[str, Any] = Field(default_factory=dict)


class Choice(Fallback, frozen=True, extra="forbid"):
    """And who takes its place when it fails, in order."""

    fallbacks: tuple[Fallback, ...] = Field((), max_length=3)


class RealtimeChoice(Choice, frozen=True, extra="forbid"):
    """One model that hears, thinks and speaks."""

    provider: str = "openai"
    fallbacks: tuple[()] = ()
    sentences: Literal["same", "plan"] = Field(
        "same", description="who says a greeting and the like word for word: a voice that sounds the same, or `tts`"
    )


class VadPlan(VadOptions, frozen=True, extra="forbid"):
    kind: Literal["neural", "loudness"] = "neural"


class MonitorPlan(BaseModel, frozen=True, extra="forbid"):
    """Of people and programs of the organisation, while the call goes on."""

    listen: bool = True
    control: bool = Field(True, description="false: it cannot be told anything, nor to end")


class CallPlan(BaseModel, frozen=True, extra="forbid", hide_input_in_errors=True):
    """The call plan in an agent's `config`. Everything has a default that works without a key.

    What is wrong with one is told without its words: it holds prompts and keys, and the error may be logged.
    """

    language: str = Field("en-IN", description="BCP 47 tag")
    languages: tuple[Language, ...] = Field(
        (), max_length=10, description="BCP 47 tags of others that the call may go over to"
    )
    greetings: dict[Language, str] = Field(
        {}, max_length=10, description="by BCP 47 tag: the greeting of contacts who prefer another language"
    )
    greeting: str = Field("", description="said first, with {{variables}}; empty: the caller speaks first")
    disclosure: str = Field("", description="heard whole before anything else, with {{variables}}; and that is noted")
    consent: ConsentOptions | None = Field(None, description="to the recording; null: nobody is asked")
    prompt: str = Field("", description="instructions of the language model, with {{variables}}")
    variables: dict[str, Any] = Field(default_factory=dict, description="values of {{variables}}")
    stt: Choice = Choice()
    llm: Choice = Choice()
    tts: Choice = Choice()
    voice_cache: bool = Field(True, description="play fixed sentences as the voice has said them before")
    speaker: str = Field("", max_length=100, description="a voice of your own, in the place of the embedded one")
    realtime: RealtimeChoice | None = Field(None, description="in the place of `stt`, `llm` and `tts`")
    vad: VadPlan = VadPlan()
    turns: TurnOptions = TurnOptions()
    opening: OpeningOptions = OpeningOptions()
    idle: IdleOptions | None = Field(IdleOptions(), description="null: a silent caller is left alone")
    end_phrases: tuple[EndPhrase, ...] = Field((), max_length=50, description="words of the bot's that end the call")
    hooks: tuple[Hook, ...] = Field((), max_length=MOST_HOOKS, description="what is done when something happens")
    speculate: bool = Field(
        True, description="ask the language model before it is certain that the caller has finished"
    )
    smart_turn: bool = Field(True, description="ask the end-of-turn model")
    keypad: KeypadOptions | None = Field(KeypadOptions(), description="null: keys are not listened to")
    voicemail: VoicemailOptions = Field(VoicemailOptions(), description="of calls that are placed: who picks up")
    tools: tuple[ToolPlan, ...] = Field((), max_length=MOST, description="what the model may have done")
    end_message: str = Field("", description="said when the model ends the call, with {{variables}}")
    record: bool = True
    keeping: KeepingOptions = KeepingOptions()
    security: SecurityOptions | None = Field(None, description="attacks in what the caller says")
    monitor: MonitorPlan = MonitorPlan()
    speech: SpeechOptions = Field(SpeechOptions(), description="how a text is cut and worded before it is spoken")
    background: str = Field(
        "off", pattern=r"^(off|office|https?://\S+)$", max_length=2000, description="heard under the bot: a WAV or MP3"
    )
    denoise: DenoiseOptions = Field(DenoiseOptions(), description="of the caller's sound; recordings keep it all")
    knowledge: KnowledgeOptions | None = Field(None, description="documents that are looked into at each turn")
    guardrails: Annotated[tuple[Guardrail, ...], BeforeValidator(_listed)] = Field(
        (),
        max_length=20,
        description="`no_price_fabrication`, `no_stock_fabrication`, or sentences: what the agent never says",
    )
    analysis: AnalysisOptions = AnalysisOptions()
    server: ServerOptions | None = Field(None, description="of your own, that is told what happens in the call")
    client_messages: frozenset[str] | None = Field(
        None, max_length=50, description="what a page is told of its call, by Vapi's names; null: everything"
    )
    speakers: SpeakerNames = SpeakerNames()
    observability: LangfuseOptions | None = Field(None, description="where each call becomes a trace")
    name: str = Field("", max_length=200, description="of the assistant, as servers are told it")
    metadata: dict[str, Any] = Field(default_factory=dict, description="of the user's own, handed on to servers")
    max_seconds: float | None = Field(None, gt=0, description="longest call; never longer than the server's setting")

    @property
    def providers(self) -> dict[str, str]:
        """By stage, who serves it."""
        if self.realtime is not None:
            return dict.fromkeys(("stt", "llm", "tts"), f"{self.realtime.provider}-realtime")
        return {"stt": self.stt.provider, "llm": self.llm.provider, "tts": self.tts.provider}
