"""Who answers when: our stages and stock Pipecat's, on recorded turns.

The sound is the clock: nothing waits for it to be over. What a model takes is measured as it works, and its verdict
comes so much later: in CPU time, so that other work on the machine changes nothing.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

import numpy as np
from loguru import logger
from numpy.typing import NDArray
from pipecat.audio.turn.base_turn_analyzer import EndOfTurnState
from pipecat.audio.turn.smart_turn import base_smart_turn
from pipecat.audio.turn.smart_turn.base_smart_turn import SmartTurnParams
from pipecat.audio.turn.smart_turn.local_smart_turn_v3 import LocalSmartTurnAnalyzerV3
from pipecat.audio.vad.silero import SileroVADAnalyzer
from pipecat.audio.vad.vad_analyzer import VADParams, VADState

from benchmarks.turn_sets import RATE, Utterance
from pipeline.audio import FULL_SCALE, Resampler, Slicer
from pipeline.frames import FRAME_SECONDS, AudioIn, Frame, SpeechStarted, SpeechStopped, Transcript, UserTurn
from processors.smart_turn import SmartTurn
from processors.stt.embedded import Options
from processors.stt.moonshine import RATE as STT_RATE
from processors.stt.moonshine import Moonshine
from processors.stt.segments import Job, Segments
from processors.turns import TurnOptions, TurnTaker
from processors.vad import VadOptions
from processors.voice_detector import VoiceDetector
from tests.fakes import started

LATE = 0.03
"""Seconds that an edge of speech is told after it is sure."""
STEP = 0.02
"""Seconds that the recogniser takes to give up what nobody waits for."""
EARLY_TEXT = 0.15
"""Seconds by which our detector may have been sure of a stop, and the recogniser told of it, before Pipecat's is."""
Event = tuple[float, Frame]


async def edges(utterance: Utterance) -> list[Event]:
    """Where our detector hears speech start and stop, each at the time at which the stages are told."""
    options = VadOptions()
    found: list[Event] = []
    with VoiceDetector() as detector:  # when it is left, everything was answered
        voice = detector.open(8000, options)
        size = voice.chunk_bytes
        for start in range(0, len(utterance.pcm) - size + 1, size):
            voice.hear(utterance.pcm[start : start + size], (start + size) / 2 / RATE)
    stream = voice.edges_heard()
    with suppress(TimeoutError):
        while True:
            edge = await asyncio.wait_for(anext(stream), 0.02)
            sure = options.start_seconds if isinstance(edge, SpeechStarted) else options.stop_seconds
            found.append((edge.at + sure + LATE, edge))
    return found


def stretches(found: Sequence[Event]) -> list[tuple[float, float]]:
    """Of speech, from and to."""
    started_at = [edge.at for _, edge in found if isinstance(edge, SpeechStarted)]
    stopped_at = [edge.at for _, edge in found if isinstance(edge, SpeechStopped)]
    return list(zip(started_at, stopped_at, strict=False))


class Recogniser:
    """The embedded one with a call to itself: what it decodes, and when, is decided as in a call."""

    def __init__(self, model: Moonshine) -> None:
        self._model = model

    def texts(self, utterance: Utterance, found: Sequence[Event]) -> list[Event]:
        segments, resampler = Segments(STT_RATE, Options().partial_seconds), Resampler(RATE, STT_RATE)
        told, waiting, settled = list[Event](), list(found), ""
        job: Job | None = None
        text, ready = "", 0.0
        for at, pcm in _frames(utterance):
            now = at + FRAME_SECONDS
            segments.hear(AudioIn(resampler.push(pcm), at))
            while waiting and waiting[0][0] <= now and (job is None or waiting[0][0] <= ready):
                edge = waiting.pop(0)[1]
                assert isinstance(edge, SpeechStarted | SpeechStopped)
                segments.hear(edge)
            if job is not None and job.dropped:
                text, ready = "", min(ready, now + STEP)
            if job is not None and ready <= now:
                job.text = text
                whole = f"{settled} {text}".strip()
                if job.kind == "final":
                    settled = ""
                    told.append((ready, Transcript(whole, final=True, language="en")))
                elif not job.dropped and text:
                    settled = whole if job.kind == "piece" else settled
                    told.append((ready, Transcript(whole, final=False, language="en")))
                job = None
            if job is None and (job := segments.next(look=True)) is not None:
                begun = time.process_time()
                text = self._decoded(job) if job.text is None else job.text
                ready = now + time.process_time() - begun
        return told

    def _decoded(self, job: Job) -> str:
        return self._model.transcribe(np.frombuffer(job.pcm, "<i2").astype(np.float32) / FULL_SCALE) if job.pcm else ""


class SlowJudge:
    """Smart Turn, whose verdict comes when the sound has gone on for as long as it took. Asked once for each sound."""

    def __init__(self, model: SmartTurn) -> None:
        self._model = model
        self._known: dict[bytes, tuple[float, float]] = {}
        self._due: list[tuple[float, asyncio.Future[float], float]] = []
        self._asked = asyncio.Event()
        self._now = 0.0

    async def finished(self, pcm: bytes, rate: int) -> float:
        if pcm not in self._known:
            begun = time.process_time()
            verdict = await self._model.finished(pcm, rate)
            self._known[pcm] = verdict, time.process_time() - begun
        self._asked.set()
        verdict, took = self._known[pcm]
        told: asyncio.Future[float] = asyncio.get_running_loop().create_future()
        self._due.append((self._now + took, told, verdict))
        return await told

    async def asked(self) -> None:
        """Returns when what was asked just now is known, though not yet told."""
        await self._asked.wait()
        self._asked.clear()

    async def tell(self, now: float) -> None:
        """What is known by then."""
        self._now = now
        due = [one for one in self._due if one[0] <= now]
        if due:
            self._due = [one for one in self._due if one[0] > now]
            for _, told, verdict in due:
                if not told.done():
                    told.set_result(verdict)
            await asyncio.sleep(0)


async def by_us(
    utterance: Utterance, events: Sequence[Event], options: TurnOptions, judge: SlowJudge
) -> tuple[float, ...]:
    """When the turn-taker of a call gives a turn away, which hears the sound, the edges of speech, and the texts."""
    answers = list[float]()
    waiting = sorted(events, key=lambda event: event[0])
    taker = TurnTaker(options, RATE, "en-IN", judge.finished)
    async with started(taker) as heard:
        for at, pcm in _frames(utterance):
            now = at + FRAME_SECONDS
            taker.process(AudioIn(pcm, at))
            await judge.tell(now)
            while waiting and waiting[0][0] <= now:
                frame = waiting.pop(0)[1]
                taker.process(frame)
                if isinstance(frame, SpeechStopped):
                    await judge.asked()
            answers += [now] * any(isinstance(frame, UserTurn) for frame in heard)
            heard.clear()
    return tuple(answers)


class StockPipecat:
    """Pipecat's own two analysers with its defaults, asked in the order in which its stop strategy asks them."""

    def __init__(self) -> None:
        logger.disable("pipecat")
        self._turns = _Remembered(sample_rate=RATE)
        self._turns.set_sample_rate(RATE)

    async def speaking(self, utterance: Utterance) -> list[bool]:
        """After each 20 ms, whether its voice detector says so."""
        detector = SileroVADAnalyzer(sample_rate=RATE, params=VADParams())
        detector.set_sample_rate(RATE)
        speaks = list[bool]()
        for _, pcm in _frames(utterance):
            state = await detector.analyze_audio(pcm)
            before = bool(speaks) and speaks[-1]
            speaks.append(state == VADState.SPEAKING or (before and state != VADState.QUIET))
        await detector.cleanup()  # type: ignore[no-untyped-call]
        return speaks

    async def answers(
        self, utterance: Utterance, speaking: Sequence[bool], stop_seconds: float, finals: Sequence[float] | None
    ) -> tuple[float, ...]:
        """`stop_seconds`: of silence after which a turn is over though the model does not believe it; 3 by default.

        `finals` are when a final text comes: by default it waits for the one of what was said last. None: it need not.
        """
        turns = self._turns
        turns.wait_at_most(stop_seconds)
        turns.update_vad_start_secs(VADParams().start_secs)
        clock = SimpleNamespace(now=0.0, perf_counter=time.perf_counter)
        clock.monotonic = lambda: 1.0 + clock.now
        answers, before, stopped, due = list[float](), False, 0.0, float("inf")

        def over(at: float) -> float:
            """When the turn is given away: speech that starts again before calls it off."""
            texts = [text for text in finals or () if text > stopped - EARLY_TEXT]
            return max(at, texts[0]) if texts else at

        with patch.object(base_smart_turn, "time", clock):
            for (at, pcm), speaks in zip(_frames(utterance), speaking, strict=True):
                clock.now = at + FRAME_SECONDS
                if before and not speaks:
                    stopped = clock.now
                    state, _ = await turns.analyze_end_of_turn()
                    if state == EndOfTurnState.COMPLETE:
                        due = over(clock.now + turns.took)
                if turns.append_audio(pcm, speaks) == EndOfTurnState.COMPLETE:
                    due = over(clock.now)
                if speaks:
                    due = float("inf")
                elif due <= clock.now:
                    answers.append(due)
                    due = float("inf")
                before = speaks
        turns.clear()  # type: ignore[no-untyped-call]
        return tuple(answers)


class _Remembered(LocalSmartTurnAnalyzerV3):
    """Computes once what it is asked again, and says how long that took."""

    took = 0.0

    def wait_at_most(self, seconds: float) -> None:
        self._params = SmartTurnParams(stop_secs=seconds)
        self._stop_ms = seconds * 1000

    def _predict_endpoint(self, audio_array: NDArray[np.float32]) -> dict[str, Any]:
        known = self.__dict__.setdefault("known", {})
        key = audio_array.tobytes()
        if key not in known:
            begun = time.process_time()
            known[key] = super()._predict_endpoint(audio_array), time.process_time() - begun
        verdict, self.took = known[key]
        return dict(verdict)


def _frames(utterance: Utterance) -> Iterator[tuple[float, bytes]]:
    for number, pcm in enumerate(Slicer(RATE).push(utterance.pcm)):
        yield number * FRAME_SECONDS, pcm
