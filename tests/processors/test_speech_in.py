from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterable

import pytest

from pipeline.frames import AudioIn, Failure, Frame, SpeechStarted, SpeechStopped, Transcript
from processors import speech_in
from processors.ports import ListenFrame, ProviderError
from processors.speech_in import BACKLOG, SpeechIn
from tests.fakes import RATE, Clock, of, settle, started


class Ears:
    """Notes what it is given, and answers every end of speech."""

    def __init__(self, rate: int = RATE, fail: int = 0, deaf: bool = False) -> None:
        self.rate = rate
        self.heard: list[ListenFrame] = []
        self._fail, self._deaf = fail, deaf

    async def transcribe(self, heard: AsyncIterable[ListenFrame]) -> AsyncGenerator[Transcript, None]:
        if self._fail:
            self._fail -= 1
            raise ProviderError("acme", "answered 503", status=503)
        if self._deaf:
            await asyncio.Event().wait()
        async for frame in heard:
            self.heard.append(frame)
            if isinstance(frame, SpeechStopped):
                yield Transcript("hello", final=True)


async def test_the_recogniser_hears_everything_in_order_and_its_words_come_out() -> None:
    ears = Ears()
    stage = SpeechIn(ears, RATE)
    async with started(stage) as heard:
        clock = Clock(stage)
        clock.run(0.26)
        stage.process(SpeechStarted(0.1))
        clock.run(0.3)
        stage.process(SpeechStopped(0.5))
        await settle()
        assert of(Transcript, heard) == [Transcript("hello", final=True)]
        assert sum(len(f.pcm) for f in ears.heard if isinstance(f, AudioIn)) == round(0.56 * RATE) * 2
        assert isinstance(ears.heard[-1], SpeechStopped)


async def test_an_idle_line_wakes_the_recogniser_ten_times_a_second_and_speech_fifty_times() -> None:
    ears = Ears()
    stage = SpeechIn(ears, RATE)
    async with started(stage):
        clock = Clock(stage)
        clock.run(1.0)
        await settle()
        assert len(ears.heard) == 10
        stage.process(SpeechStarted(0.9))
        clock.run(0.5)
        await settle()
        assert len(ears.heard) == 10 + 1 + 25


async def test_sound_is_brought_to_the_recogniser_s_rate() -> None:
    ears = Ears(rate=16000)
    stage = SpeechIn(ears, RATE)
    async with started(stage):
        Clock(stage).run(2.0)
        await settle()
        size = sum(len(f.pcm) for f in ears.heard if isinstance(f, AudioIn))
        assert abs(size - 2.0 * 16000 * 2) < 16000 * 2 * 0.07


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(speech_in, "PAUSES", (0.0, 0.0))


async def test_a_recogniser_that_fails_once_is_opened_again_with_what_it_missed() -> None:
    ears = Ears(fail=1)
    stage = SpeechIn(ears, RATE)
    async with started(stage) as heard:
        Clock(stage).run(0.2)
        await settle()
        stage.process(SpeechStopped(0.1))
        await settle()
        assert of(Failure, heard) == [Failure("stt", "acme: answered 503")]
        assert of(Transcript, heard) == [Transcript("hello", final=True)]


async def test_a_recogniser_that_keeps_failing_is_given_up() -> None:
    stage = SpeechIn(Ears(fail=99), RATE)
    async with started(stage) as heard:
        await settle()
        failures = [frame for frame in heard if isinstance(frame, Failure)]
        assert [failure.fatal for failure in failures] == [False, False, True]


async def test_a_stuck_recogniser_costs_the_oldest_sound_and_it_is_counted() -> None:
    troubles: list[str] = []
    stage = SpeechIn(Ears(deaf=True), RATE, troubles.append)
    async with started(stage) as heard:
        stage.process(SpeechStarted(0.0))
        Clock(stage).run(0.02 * (BACKLOG + 9))
        assert troubles == ["stt_backlog"] * 10
        frames: list[Frame] = of(AudioIn, heard)
        assert len(frames) == BACKLOG + 9
