"""A call plan → the stages of one call."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from aiohttp import ClientSession
from pydantic import ValidationError

from pipeline.processor import Processor
from processors import catalogue
from processors.ambience import Ambience
from processors.backoff import Backoff
from processors.breaker import Account, Breakers
from processors.denoise import Denoise
from processors.dialogue import NO_TOOLS, Dialogue
from processors.end_phrases import EndPhrases
from processors.fallback import Chain, Member, Move
from processors.fallback_llm import FallbackLlm
from processors.fallback_stt import FallbackStt
from processors.fallback_tts import FallbackTts
from processors.guardrails.names import rules
from processors.hooks import Hooks
from processors.idle import Idle
from processors.keypad import Keypad
from processors.languages import Languages
from processors.later import Later
from processors.lines import Lines, lines_for
from processors.machines.pickup import Pickup
from processors.manner import Manner
from processors.meter import Labels, Meter, Metrics
from processors.neural_vad import NeuralVad
from processors.opening import opening
from processors.ports import CountsTokens, Message
from processors.preface import Preface, PrefacePlan
from processors.privacy.discreet import Discreet
from processors.privacy.threats import Security
from processors.recorder import Recorder, RecordingThread
from processors.scribe import Scribe
from processors.sound_store import SoundStore
from processors.speech_in import SpeechIn
from processors.speech_out import SpeechOut
from processors.tap import Tap
from processors.tones import Tones
from processors.tools.requests import Outside
from processors.tools.toolbox import Toolbox
from processors.turn_reader import TurnReader
from processors.turns import Judge, TurnTaker
from processors.vad import LoudnessVad
from processors.voice_detector import VoiceDetector
from processors.watchdog import Watchdog
from processors.waterfall import Waterfall
from processors.wording.script import AsItComes, Script, scripts
from server.call_plan import CallPlan, Choice, Fallback
from server.languages import told
from server.library import Library
from server.mind import minded
from server.ports import ports
from server.sounds.backgrounds import Backgrounds
from server.sounds.fixed_sentences import KeptSentences
from server.sounds.recorded_lines import RecordedLines
from server.sounds.spares import Spares
from server.sounds.spares import made as spares_of

CHAINS: Mapping[catalogue.Stage, Callable[[Chain[Any]], Any]] = {
    "stt": FallbackStt,
    "llm": FallbackLlm,
    "tts": FallbackTts,
}
SAY_NO_FIGURES = frozenset(("elevenlabs", "openai"))
"""Voices that are given figures of Indian languages in words: how they read them is not documented."""


class BadOptionsError(ValueError):
    """A provider cannot be made of the options in the plan. The text names them and never shows their values."""

    def __init__(self, stage: str, provider: str, error: ValidationError) -> None:
        wrong = error.errors(include_url=False, include_input=False, include_context=False)
        each = (f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in wrong)
        super().__init__(f"{stage} provider {provider!r}: {'; '.join(each)}")


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
    backgrounds: Backgrounds = field(default_factory=Backgrounds)
    library: Library | None = None
    """None: nothing is looked up."""
    sounds: SoundStore | None = None
    """What voices have said before. None: nothing is kept."""
    recorded: RecordedLines = field(default_factory=RecordedLines)
    outside: Outside | None = None
    """The way to servers of the users' own."""
    put_in: Callable[[catalogue.Stage, Any], Any] = lambda stage, port: port
    """What a provider is put in: a rehearsal has it fail."""

    async def stages(
        self,
        plan: CallPlan,
        *,
        rate: int,
        transport: str,
        recording: Path | None,
        call: str = "",
        organisation: str = "",
        last: Sequence[Processor],
        queues: Sequence[str] = (),
        chat: Sequence[Message] = (),
        since: float = 0.0,
        placed: bool = False,
        toolbox: Toolbox = NO_TOOLS,
        hook_tools: Toolbox = NO_TOOLS,
        moved: Callable[[Move], None] = lambda move: None,
    ) -> list[Processor]:
        """In the order of the road. `last` see all but the sound, which ends at the Scribe.

        A call that goes on has a `chat` already, and counts from its answer `since` seconds ago. The model may hand it
        to the `queues`. `call` and `organisation` are ids. Where it was `placed` by us, it is looked who picks up. The
        model may use what is in the `toolbox`. `moved` is told when a fallback takes a provider's place.

        Raises BadOptionsError or catalogue.UnknownProviderError.
        """
        lines = lines_for(plan.language)
        labels = Labels(
            transport,
            {
                "vad": plan.vad.kind,
                "turn": "smart-turn" if self.judge is not None and plan.smart_turn else "silence",
                **plan.providers,
                "wire": transport,
            },
            call,
        )

        def move(made: Move) -> None:
            labels.moved(made, self.metrics)
            moved(made)

        kept = KeptSentences(self.sounds, plan)
        asked = ports(plan, lambda stage, choice: self._made(stage, choice, kept, move))
        known = None if self.library is None else self.library.of(organisation, plan.knowledge, call)
        asked = minded(asked, plan, known, lambda: self._one("llm", plan.llm, kept))
        spares = await (await spares_of(self.apologies, plan.language, rate)).told_by(kept, rate)
        manners = {code: await self._manner(plan, code, rate, move) for code in _others(plan)}
        plan, recorded = await self.recorded.of(plan, rate)
        reader = None
        if plan.turns.reader is not None and self.outside is not None:
            reader = TurnReader(plan.turns.reader, self.outside, call).wait
        stages: list[Processor] = [Denoise(rate, plan.denoise)] if plan.denoise.is_on else []
        stages += [
            LoudnessVad(plan.vad) if plan.vad.kind == "loudness" else NeuralVad(self.detector, rate, plan.vad),
            SpeechIn(asked.stt, rate, lambda kind: self.metrics.trouble.labels(kind).inc()),
        ]
        if plan.languages:
            stages.append(Languages(plan.language, plan.languages))
        if plan.keypad is not None:
            stages.append(Keypad(plan.keypad))
        first = opening(plan.opening, plan.greeting)
        answered = placed and plan.voicemail.detect
        consent = None if recording is None else plan.consent
        preface = PrefacePlan() if since else PrefacePlan(plan.disclosure, consent, plan.language)
        cue = preface.cue() if preface else None
        if answered:
            stages.append(Pickup(plan.voicemail, rate, cue or first))
        stages += [
            TurnTaker(plan.turns, rate, plan.language, self.judge if plan.smart_turn else None, reader),
            *([Security(plan.security, lines)] if plan.security is not None else []),
            *_watchers(plan, lines, hook_tools, since, from_start=first is None and not answered),
            *([Preface(preface, first, hook_tools, cue=cue if answered else None)] if preface else []),
            Tones(rate),
            Dialogue(
                asked.llm,
                prompt=plan.prompt + rules(plan.guardrails),
                opening=None if answered or preface else first,
                lines=lines,
                max_seconds=min(plan.max_seconds or self.max_seconds, self.max_seconds),
                queues=queues,
                chat=chat,
                toolbox=toolbox,
                speculate=plan.speculate and plan.realtime is None,  # it answers what it has heard whole
            ),
            *asked.behind_dialogue,
            Watchdog(lines, plan.turns.backoff),
            SpeechOut(
                asked.tts,
                rate,
                spares.apology,
                goodbye=spares.goodbye,
                fillers=spares.fillers,
                recorded=recorded,
                script=_script(plan),
                manners=manners,
            ),
        ]
        if plan.turns.backoff:
            stages.append(Backoff(plan.turns.backoff))
        if plan.background != "off":
            stages.append(Ambience(partial(self.backgrounds.bed, plan.background, rate)))
        if recording is not None:
            waits = plan.consent is not None and not since
            stages.append(Recorder(recording, rate, self.recordings, since=since, waits=waits))
        stages.append(Tap(rate))
        stages += [Waterfall(), Meter(self.metrics, labels), Scribe()]
        if since:
            stages.append(Later(since))
        if plan.keeping.is_discreet:
            stages.append(Discreet(plan.keeping))
        return [*stages, *last]

    async def _manner(
        self, plan: CallPlan, language: str, rate: int, moved: Callable[[Move], None]
    ) -> Callable[[], Manner]:
        """What is spoken with in another of the call's languages. Its voice is made where it is needed."""
        spares = await spares_of(self.apologies, language, rate)
        there = plan.model_copy(update={"language": language})

        def make() -> Manner:
            voice = self._made("tts", told(there, "tts", plan.tts), KeptSentences(self.sounds, there), moved)
            return Manner(voice, _script(there), spares.apology, spares.goodbye, spares.fillers)

        return make

    def _made(self, stage: catalogue.Stage, choice: Choice, kept: KeptSentences, moved: Callable[[Move], None]) -> Any:
        """The provider's port, or one made of all of them."""
        if not choice.fallbacks:
            return self._one(stage, choice, kept)
        members = []
        for one in (choice, *choice.fallbacks):
            account = Account.of(stage, one.provider, one.options)
            members.append(Member(one.provider, self._one(stage, one, kept), self.breakers.of(account)))
        return CHAINS[stage](Chain(stage, members, moved))

    def _one(self, stage: catalogue.Stage, choice: Fallback, kept: KeptSentences) -> Any:
        try:
            port = catalogue.create(stage, choice.provider, choice.options, self.http)
        except ValidationError as error:
            raise BadOptionsError(stage, choice.provider, error) from None  # its own text shows what was given: keys
        if isinstance(port, CountsTokens):
            port.took = partial(self.metrics.took, choice.provider)
        return self.put_in(stage, kept.voice(port, choice) if stage == "tts" else port)


def _watchers(plan: CallPlan, lines: Lines, toolbox: Toolbox, since: float, *, from_start: bool) -> Iterator[Processor]:
    """Stages that see what happens and have the dialogue say something of it."""
    if plan.idle is not None:
        yield Idle(plan.idle, lines, from_start=from_start)
    if plan.end_phrases:
        yield EndPhrases(plan.end_phrases)
    if plan.hooks:
        yield Hooks(plan.hooks, toolbox, from_start=from_start, since=since)


def _others(plan: CallPlan) -> tuple[str, ...]:
    """The languages that the voice is to be made for again; a model that speaks itself needs nobody for that."""
    return (plan.language, *plan.languages) if plan.languages and plan.realtime is None else ()


def _script(plan: CallPlan) -> Callable[[], Script]:
    if plan.realtime is not None:
        return AsItComes
    return scripts(plan.speech, plan.language, figures=plan.tts.provider in SAY_NO_FIGURES)
