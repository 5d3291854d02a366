"""A call plan → the stages of one call."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from aiohttp import ClientSession

from pipeline.audio import resample
from pipeline.processor import Processor
from processors import catalogue
from processors.dialogue import Dialogue
from processors.keypad import Keypad
from processors.lines import lines_for
from processors.meter import Labels, Meter, Metrics
from processors.neural_vad import NeuralVad
from processors.ports import ProviderError, TextToSpeech
from processors.recorder import Recorder, RecordingThread
from processors.scribe import Scribe
from processors.speech_in import SpeechIn
from processors.speech_out import SpeechOut, Stored
from processors.tts.embedded import EmbeddedTts, Options
from processors.turns import Judge, TurnTaker
from processors.vad import LoudnessVad
from processors.voice_detector import VoiceDetector
from processors.watchdog import Watchdog
from processors.waterfall import Waterfall
from server.plan import CallPlan

_log = logging.getLogger(__name__)


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
    """By language and rate: made once, so that a voice that fails costs no other voice's time."""

    async def stages(
        self, plan: CallPlan, *, rate: int, transport: str, recording: Path | None, last: Sequence[Processor]
    ) -> list[Processor]:
        """In the order of the road. `last` see everything. Raises what is wrong with a provider's options."""
        lines = lines_for(plan.language)
        stt = catalogue.create("stt", plan.stt.provider, plan.stt.options, self.http)
        llm = catalogue.create("llm", plan.llm.provider, plan.llm.options, self.http)
        tts = catalogue.create("tts", plan.tts.provider, plan.tts.options, self.http)
        stages: list[Processor] = [
            LoudnessVad(plan.vad) if plan.vad.kind == "loudness" else NeuralVad(self.detector, rate, plan.vad),
            SpeechIn(stt, rate),
        ]
        if plan.keypad is not None:
            stages.append(Keypad(plan.keypad))
        stages += [
            TurnTaker(plan.turns, rate, plan.language, self.judge if plan.smart_turn else None),
            Dialogue(
                llm,
                prompt=plan.prompt,
                greeting=plan.greeting,
                lines=lines,
                max_seconds=plan.max_seconds or self.max_seconds,
            ),
            Watchdog(lines),
            SpeechOut(tts, rate, await self._apology(plan.language, lines.apology, rate)),
        ]
        if recording is not None:
            stages.append(Recorder(recording, rate, self.recordings))
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
        )
        return [*stages, Waterfall(), Scribe(), Meter(self.metrics, labels), *last]

    async def _apology(self, language: str, text: str, rate: int) -> Stored:
        """Spoken by the embedded voice in the call's language, or in English where it has not that one."""
        key = language, rate
        if key not in self.apologies:
            try:
                options = Options(language=language)
            except ValueError:
                options, text = Options(), lines_for("en").apology
            self.apologies[key] = await spoken(EmbeddedTts(options), text, rate)
        return self.apologies[key]


async def spoken(tts: TextToSpeech, text: str, rate: int) -> Stored:
    """A whole sentence. One that the voice cannot speak is stored without sound, and the trouble logged."""

    async def given() -> AsyncIterator[str]:
        yield text

    pcm = b""
    try:
        async for sound in tts.speak(given()):
            pcm += sound.pcm
    except ProviderError:
        _log.exception("a stored sentence could not be spoken")
    return Stored(text, resample(pcm, tts.rate, rate))
