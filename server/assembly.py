"""A call plan → the stages of one call."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aiohttp import ClientSession
from pydantic import ValidationError

from pipeline.processor import Processor
from processors import catalogue
from processors.dialogue import Dialogue
from processors.keypad import Keypad
from processors.later import Later
from processors.lines import lines_for
from processors.meter import Labels, Meter, Metrics
from processors.neural_vad import NeuralVad
from processors.ports import Message, ProviderError
from processors.recorder import Recorder, RecordingThread
from processors.scribe import Scribe
from processors.speech_in import SpeechIn
from processors.speech_out import SpeechOut, Stored
from processors.tap import Tap
from processors.tones import Tones
from processors.tts.embedded import EmbeddedTts, Options
from processors.turns import Judge, TurnTaker
from processors.vad import LoudnessVad
from processors.voice_detector import VoiceDetector
from processors.voices.espeak import LANGUAGES
from processors.watchdog import Watchdog
from processors.waterfall import Waterfall
from server.call_plan import CallPlan, Choice
from server.speech import spoken

_log = logging.getLogger(__name__)


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
    apologies: dict[tuple[str, int], Stored] = field(default_factory=dict)
    """By the language they are in and rate: made once, so that a voice that fails costs no other voice's time."""

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
    ) -> list[Processor]:
        """In the order of the road. `last` see all but the sound, which ends at the Scribe.

        A call that goes on has a `chat` already, and counts from its answer `since` seconds ago. The model may hand it
        to the `queues`. `call` is its id.

        Raises BadOptionsError or catalogue.UnknownProviderError.
        """
        lines = lines_for(plan.language)
        stt, llm, tts = self._made("stt", plan.stt), self._made("llm", plan.llm), self._made("tts", _voice(plan))
        stages: list[Processor] = [
            LoudnessVad(plan.vad) if plan.vad.kind == "loudness" else NeuralVad(self.detector, rate, plan.vad),
            SpeechIn(stt, rate, lambda kind: self.metrics.trouble.labels(kind).inc()),
        ]
        if plan.keypad is not None:
            stages.append(Keypad(plan.keypad))
        stages += [
            TurnTaker(plan.turns, rate, plan.language, self.judge if plan.smart_turn else None),
            Tones(rate),
            Dialogue(
                llm,
                prompt=plan.prompt,
                greeting=plan.greeting,
                lines=lines,
                max_seconds=min(plan.max_seconds or self.max_seconds, self.max_seconds),
                queues=queues,
                chat=chat,
            ),
            Watchdog(lines),
            SpeechOut(tts, rate, await self._apology(plan.language, rate)),
        ]
        if recording is not None:
            stages.append(Recorder(recording, rate, self.recordings, since=since))
        stages.append(Tap(rate))
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
        stages += [Waterfall(), Meter(self.metrics, labels), Scribe()]
        if since:
            stages.append(Later(since))
        return [*stages, *last]

    def _made(self, stage: catalogue.Stage, choice: Choice) -> Any:
        try:
            return catalogue.create(stage, choice.provider, choice.options, self.http)
        except ValidationError as error:
            raise BadOptionsError(stage, choice.provider, error) from None  # its own text shows what was given: keys

    async def _apology(self, asked: str, rate: int) -> Stored:
        """Spoken by the embedded voice in the call's language, or in English where it has not that one.

        Without sound where the voice fails: the next call tries again.
        """
        tongue = asked.lower().partition("-")[0]
        language = tongue if tongue in LANGUAGES else "en"
        if (language, rate) not in self.apologies:
            text = lines_for(language).apology
            try:
                pcm = await spoken(EmbeddedTts(Options(language=language)), text, rate)
            except ProviderError:
                _log.exception("the apology could not be spoken", extra={"language": language})
                return Stored(text)
            self.apologies[language, rate] = Stored(text, pcm)
        return self.apologies[language, rate]


def _voice(plan: CallPlan) -> Choice:
    """The embedded one speaks the call's language unless told otherwise, or English where it has not that one."""
    if plan.tts.provider != "embedded" or "language" in plan.tts.options:
        return plan.tts
    try:
        Options(language=plan.language)
    except ValueError:
        return plan.tts
    return Choice(provider="embedded", options={**plan.tts.options, "language": plan.language})
