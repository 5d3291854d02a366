"""A call plan → the stages of one call."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aiohttp import ClientSession
from pydantic import ValidationError

from pipeline.processor import Processor
from processors import catalogue
from processors.breaker import Account, Breakers
from processors.dialogue import NO_TOOLS, Dialogue
from processors.fallback import Chain, Member, Move
from processors.fallback_llm import FallbackLlm
from processors.fallback_stt import FallbackStt
from processors.fallback_tts import FallbackTts
from processors.keypad import Keypad
from processors.later import Later
from processors.lines import lines_for
from processors.machines.pickup import Pickup
from processors.meter import Labels, Meter, Metrics
from processors.neural_vad import NeuralVad
from processors.ports import Message, ProviderError
from processors.recorder import Recorder, RecordingThread
from processors.scribe import Scribe
from processors.speech_in import SpeechIn
from processors.speech_out import SpeechOut, Stored
from processors.tap import Tap
from processors.tones import Tones
from processors.tools.toolbox import Toolbox
from processors.tts.embedded import EmbeddedTts, Options
from processors.turns import Judge, TurnTaker
from processors.vad import LoudnessVad
from processors.voice_detector import VoiceDetector
from processors.voices.espeak import LANGUAGES
from processors.watchdog import Watchdog
from processors.waterfall import Waterfall
from server.call_plan import CallPlan, Choice, Fallback
from server.speech import spoken

_log = logging.getLogger(__name__)

CHAINS: Mapping[catalogue.Stage, Callable[[Chain[Any]], Any]] = {
    "stt": FallbackStt,
    "llm": FallbackLlm,
    "tts": FallbackTts,
}


class BadOptionsError(ValueError):
    """A provider cannot be made of the options in the plan. The text names them and never shows their values."""

    def __init__(self, stage: str, provider: str, error: ValidationError) -> None:
        wrong = error.errors(include_url=False, include_input=False, include_context=False)
        each = (f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in wrong)
        super().__init__(f"{stage} provider {provider!r}: {'; '.join(each)}")


@dataclass(frozen=True, slots=True)
class Spares:
    """What is said where a voice does not: without sound if it could not be made."""

    apology: Stored
    goodbye: Stored
    fillers: tuple[Stored, ...]


@dataclass(frozen=True, slots=True)
class Workshop:
    """What the calls of a process share. Makes stages; knows nothing of lines or databases."""

    http: ClientSession
    detector: VoiceDetector
    judge: Judge | None
    recordings: RecordingThread
    metrics: Metrics
    max_seconds: float
    apologies: dict[tuple[str, int], Spares] = field(default_factory=dict)
    """By the language they are in and rate: made once, so that a voice that fails costs no other voice's time."""
    breakers: Breakers = field(default_factory=Breakers)
    """What one call finds out of a provider's troubles helps the others."""

    async def stages(
        self,
        plan: CallPlan,
        *,
        rate: int,
        transport: str,
        recording: Path | None,
        call: str = "",
        last: Sequence[Processor],
        queues: Sequence[str] = (),
        chat: Sequence[Message] = (),
        since: float = 0.0,
        placed: bool = False,
        toolbox: Toolbox = NO_TOOLS,
        moved: Callable[[Move], None] = lambda move: None,
    ) -> list[Processor]:
        """In the order of the road. `last` see all but the sound, which ends at the Scribe.

        A call that goes on has a `chat` already, and counts from its answer `since` seconds ago. The model may hand it
        to the `queues`. `call` is its id. Where it was `placed` by us, it is looked who picks up. The model may use
        what is in the `toolbox`. `moved` is told when a fallback takes a provider's place.

        Raises BadOptionsError or catalogue.UnknownProviderError.
        """
        lines = lines_for(plan.language)
        labels = Labels(
            transport,
            {
                "vad": plan.vad.kind,
                "stt": plan.stt.provider,
                "turn": "smart-turn" if self.judge is not None and plan.smart_turn else "silence",
                "llm": plan.llm.provider,
                "tts": plan.tts.provider,
                "wire": transport,
            },
            call,
        )

        def move(made: Move) -> None:
            labels.moved(made, self.metrics)
            moved(made)

        stt, llm = self._made("stt", plan.stt, move), self._made("llm", plan.llm, move)
        tts = self._made("tts", _voice(plan), move)
        spares = await self._spares(plan.language, rate)
        stages: list[Processor] = [
            LoudnessVad(plan.vad) if plan.vad.kind == "loudness" else NeuralVad(self.detector, rate, plan.vad),
            SpeechIn(stt, rate, lambda kind: self.metrics.trouble.labels(kind).inc()),
        ]
        if plan.keypad is not None:
            stages.append(Keypad(plan.keypad))
        greeting = plan.greeting
        if placed and plan.voicemail.detect:
            stages.append(Pickup(plan.voicemail, rate, greeting))
            greeting = ""
        stages += [
            TurnTaker(plan.turns, rate, plan.language, self.judge if plan.smart_turn else None),
            Tones(rate),
            Dialogue(
                llm,
                prompt=plan.prompt,
                greeting=greeting,
                lines=lines,
                max_seconds=min(plan.max_seconds or self.max_seconds, self.max_seconds),
                queues=queues,
                chat=chat,
                toolbox=toolbox,
            ),
            Watchdog(lines),
            SpeechOut(tts, rate, spares.apology, goodbye=spares.goodbye, fillers=spares.fillers),
        ]
        if recording is not None:
            stages.append(Recorder(recording, rate, self.recordings, since=since))
        stages.append(Tap(rate))
        stages += [Waterfall(), Meter(self.metrics, labels), Scribe()]
        if since:
            stages.append(Later(since))
        return [*stages, *last]

    def _made(self, stage: catalogue.Stage, choice: Choice, moved: Callable[[Move], None]) -> Any:
        """The provider's port, or one made of all of them."""
        if not choice.fallbacks:
            return self._one(stage, choice)
        members = []
        for one in (choice, *choice.fallbacks):
            account = Account.of(stage, one.provider, one.options)
            members.append(Member(one.provider, self._one(stage, one), self.breakers.of(account)))
        return CHAINS[stage](Chain(stage, members, moved))

    def _one(self, stage: catalogue.Stage, choice: Fallback) -> Any:
        try:
            return catalogue.create(stage, choice.provider, choice.options, self.http)
        except ValidationError as error:
            raise BadOptionsError(stage, choice.provider, error) from None  # its own text shows what was given: keys

    async def _spares(self, asked: str, rate: int) -> Spares:
        """Spoken by the embedded voice in the call's language, or in English where it has not that one.

        Without sound where the voice fails: the next call tries again.
        """
        tongue = asked.lower().partition("-")[0]
        language = tongue if tongue in LANGUAGES else "en"
        if (language, rate) not in self.apologies:
            lines = lines_for(language)
            texts = (lines.apology, lines.unable, *lines.fillers)
            try:
                voice = EmbeddedTts(Options(language=language))
                made = [Stored(text, await spoken(voice, text, rate)) for text in texts]
            except ProviderError:
                _log.exception("the apology could not be spoken", extra={"language": language})
                return Spares(Stored(lines.apology), Stored(lines.unable), ())
            self.apologies[language, rate] = Spares(made[0], made[1], tuple(made[2:]))
        return self.apologies[language, rate]


def _voice(plan: CallPlan) -> Choice:
    """The embedded one speaks the call's language unless told otherwise, or English where it has not that one."""
    if plan.tts.provider != "embedded" or "language" in plan.tts.options:
        return plan.tts
    try:
        Options(language=plan.language)
    except ValueError:
        return plan.tts
    return plan.tts.model_copy(update={"options": {**plan.tts.options, "language": plan.language}})
