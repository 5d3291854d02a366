from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterable
from functools import partial

import pytest

from pipeline.frames import (
    AudioDone,
    AudioOut,
    Failure,
    Frame,
    Hangup,
    Interrupt,
    LanguageSwitched,
    Played,
    ReplyDone,
    ReplyText,
)
from processors import speech_out
from processors.fallback import AllFailedError
from processors.manner import Manner
from processors.ports import ProviderError, Sound, TextToSpeech
from processors.speech_out import LATE, SpeechOut, Stored
from processors.wording.script import AsItComes
from tests.fakes import RATE, Clock, FakeModel, FakeVoice, of, settle, started

SORRY = Stored("Sorry.", b"\x05\x00" * 80)


def voiced(heard: list[Frame]) -> list[tuple[int, str]]:
    return [(frame.reply, frame.text) for frame in heard if isinstance(frame, AudioOut)]


async def test_each_phrase_is_spoken_as_it_comes_and_the_end_is_told() -> None:
    stage = SpeechOut(FakeVoice(), RATE, SORRY)
    async with started(stage) as heard:
        stage.process(ReplyText("Hello.", 1))
        await settle()
        assert voiced(heard) == [(1, "Hello.")]
        stage.process(ReplyText("Bye.", 1))
        stage.process(ReplyDone(1))
        await settle()
        assert voiced(heard) == [(1, "Hello."), (1, "Bye.")]
        assert heard[-1] == AudioDone(1)


async def test_replies_are_spoken_one_after_the_other() -> None:
    stage = SpeechOut(FakeVoice(), RATE, SORRY)
    async with started(stage) as heard:
        for reply in (1, 2):
            stage.process(ReplyText("Answer.", reply))
            stage.process(ReplyDone(reply))
        await settle()
        order = [f for f in heard if isinstance(f, AudioOut | AudioDone)]
        assert [f.reply for f in order] == [1, 1, 2, 2]


async def test_an_interruption_silences_all_and_the_next_reply_in_the_same_sweep_is_spoken() -> None:
    stage = SpeechOut(FakeVoice(), RATE, SORRY)
    async with started(stage) as heard:
        stage.process(ReplyText("One.", 1))
        stage.process(ReplyText("Two.", 2))
        await settle()
        heard.clear()
        stage.process(Interrupt(1.0))
        stage.process(ReplyText("Three.", 3))
        stage.process(ReplyDone(3))
        await settle()
        assert voiced(heard) == [(3, "Three.")]


async def test_sound_is_brought_to_the_rate_of_the_line() -> None:
    stage = SpeechOut(FakeVoice(), 16000, SORRY)
    async with started(stage) as heard:
        stage.process(ReplyText("x" * 100, 1))
        stage.process(ReplyDone(1))
        await settle()
        total = sum(len(f.pcm) for f in heard if isinstance(f, AudioOut))
        assert total == pytest.approx(1.0 * 16000 * 2, rel=0.01)


async def test_a_voice_that_fails_twice_ends_the_call_with_the_stored_apology() -> None:
    stage = SpeechOut(FakeVoice(ProviderError("acme", "answered 500", status=500)), RATE, SORRY)
    async with started(stage) as heard:
        for reply in (1, 2):
            stage.process(ReplyText("Hello.", reply))
            stage.process(ReplyDone(reply))
            await settle()
        assert of(Failure, heard) == [
            Failure("tts", "acme: answered 500"),
            Failure("tts", "acme: answered 500", fatal=True),
        ]
        assert voiced(heard) == [(1, "Sorry."), (2, "Sorry.")]
        stage.process(Played(2, 1.0, 1.0, "Sorry.", complete=True))
        assert of(Hangup, heard) == [Hangup("tts_failed")]


async def test_a_voice_that_hangs_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(speech_out, "HANG", 0.01)
    stage = SpeechOut(FakeVoice(hang=True), RATE, SORRY)
    async with started(stage) as heard:
        stage.process(ReplyText("Hello.", 1))
        await asyncio.sleep(0.05)
        assert of(Failure, heard) == [Failure("tts", "tts: took too long")]
        assert voiced(heard) == [(1, "Sorry.")]


async def test_a_slow_mind_is_not_the_voice_s_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(speech_out, "HANG", 0.01)
    stage = SpeechOut(FakeVoice(), RATE, SORRY)
    async with started(stage) as heard:
        stage.process(ReplyText("One.", 1))
        await asyncio.sleep(0.05)
        stage.process(ReplyText("Two.", 1))
        stage.process(ReplyDone(1))
        await settle()
        assert voiced(heard) == [(1, "One."), (1, "Two.")]
        assert of(Failure, heard) == []


def test_the_fakes_fit_the_ports() -> None:
    voice: TextToSpeech = FakeVoice()
    assert voice.rate == RATE
    assert FakeModel().closed == 0


class SlowVoice(FakeVoice):
    """Speaks fillers at once, and everything else when it is let."""

    def __init__(self) -> None:
        super().__init__()
        self.let = asyncio.Event()

    async def speak(self, text: AsyncIterable[str]) -> AsyncGenerator[Sound, None]:
        async for piece in text:
            if not piece.startswith("Wait"):
                await self.let.wait()
            yield Sound(b"\x01\x00" * 80, piece)


async def test_a_filler_does_not_queue_behind_the_reply_that_is_late() -> None:
    voice = SlowVoice()
    stage = SpeechOut(voice, RATE, SORRY)
    async with started(stage) as heard:
        stage.process(ReplyText("The answer.", 1))
        await settle()
        stage.process(ReplyText("Wait.", -1))
        stage.process(ReplyDone(-1))
        await settle()
        assert voiced(heard) == [(-1, "Wait.")]
        voice.let.set()
        await settle()
        assert voiced(heard) == [(-1, "Wait."), (1, "The answer.")]


async def test_a_filler_that_comes_too_late_is_dropped() -> None:
    voice = SlowVoice()
    stage = SpeechOut(voice, RATE, SORRY)
    async with started(stage) as heard:
        stage.process(ReplyText("The answer.", 1))
        stage.process(ReplyText("Not said.", -1))
        await settle()
        voice.let.set()
        await settle()
        assert voiced(heard) == [(1, "The answer.")]


async def test_what_a_model_still_says_of_a_reply_that_failed_is_dropped() -> None:
    stage = SpeechOut(FakeVoice(ProviderError("acme", "answered 500", status=500)), RATE, SORRY)
    async with started(stage) as heard:
        for piece in ("One. ", "Two. ", "Three. "):
            stage.process(ReplyText(piece, 1))
            await settle()
        stage.process(ReplyDone(1))
        await settle()
        assert len(of(Failure, heard)) == 1
        assert voiced(heard) == [(1, "Sorry.")]
        assert len(of(AudioDone, heard)) == 1


async def test_an_unfinished_sentence_is_not_yet_the_voice_s_to_speak(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(speech_out, "HANG", 0.01)
    stage = SpeechOut(FakeVoice(hang=True), RATE, SORRY)
    async with started(stage) as heard:
        stage.process(ReplyText("One moment while I look", 1))
        await asyncio.sleep(0.04)
        assert of(Failure, heard) == []
        stage.process(ReplyDone(1))


async def test_a_voice_that_hangs_in_mid_reply_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(speech_out, "HANG", 0.01)

    class Stuck(FakeVoice):
        async def speak(self, text: AsyncIterable[str]) -> AsyncGenerator[Sound, None]:
            async for piece in text:
                yield Sound(b"\x01\x00" * 80, piece)
            await asyncio.Event().wait()

    stage = SpeechOut(Stuck(), RATE, SORRY)
    async with started(stage) as heard:
        stage.process(ReplyText("Hello.", 1))
        stage.process(ReplyDone(1))
        await asyncio.sleep(0.05)
        assert len(of(Failure, heard)) == 1


WAIT = Stored("Wait.", b"\x06\x00" * 80)


async def test_while_the_voice_hangs_the_filler_is_the_stored_one() -> None:
    stage = SpeechOut(FakeVoice(hang=True), RATE, SORRY, fillers=(WAIT,))
    async with started(stage) as heard:
        stage.process(ReplyText("The answer.", 1))
        Clock(stage).run(LATE + 0.02)
        stage.process(ReplyText("Wait.", -1))
        stage.process(ReplyDone(-1))
        await settle()
        assert voiced(heard) == [(-1, "Wait.")]
        assert of(AudioDone, heard) == [AudioDone(-1)]


async def test_while_the_model_is_late_the_filler_is_the_voice_s() -> None:
    stage = SpeechOut(FakeVoice(), RATE, SORRY, fillers=(WAIT,))
    async with started(stage) as heard:
        Clock(stage).run(2.0)
        stage.process(ReplyText("Wait.", -1))
        await settle()
        (sound,) = [frame for frame in heard if isinstance(frame, AudioOut)]
        assert sound.pcm != WAIT.pcm


async def test_when_all_voices_failed_the_stored_goodbye_ends_the_call_at_once() -> None:
    goodbye = Stored("Goodbye.", b"\x07\x00" * 80)
    error = AllFailedError("tts", [ProviderError("acme", "answered 500", status=500)])
    stage = SpeechOut(FakeVoice(error), RATE, SORRY, goodbye=goodbye)
    async with started(stage) as heard:
        stage.process(ReplyText("Hello.", 1))
        await settle()
        assert voiced(heard) == [(1, "Goodbye.")]
        assert [frame.fatal for frame in heard if isinstance(frame, Failure)] == [True]
        stage.process(Interrupt(1.0))
        assert of(Hangup, heard) == [Hangup("tts_failed")]


async def test_in_another_language_another_voice_speaks_and_a_reply_may_change_it_in_its_middle() -> None:
    said: list[tuple[str, str]] = []

    class Tongue(FakeVoice):
        def __init__(self, language: str) -> None:
            super().__init__()
            self._language = language

        async def speak(self, text: AsyncIterable[str]) -> AsyncGenerator[Sound, None]:
            async for sound in super().speak(text):
                said.append((self._language, sound.text))
                yield sound

    def manner(language: str) -> Manner:
        return Manner(Tongue(language), AsItComes, Stored(f"Sorry in {language}."), SORRY, ())

    manners = {language: partial(manner, language) for language in ("en-IN", "hi-IN")}
    stage = SpeechOut(Tongue("en-IN"), RATE, SORRY, manners=manners)
    async with started(stage) as heard:
        stage.process(ReplyText("One moment.", 1))
        await settle()
        stage.process(LanguageSwitched("hi-IN", by_model=True))
        stage.process(ReplyText("नमस्ते।", 1))
        stage.process(ReplyDone(1))
        await settle()
        assert said == [("en-IN", "One moment."), ("hi-IN", "नमस्ते।")]
        assert [frame.reply for frame in heard if isinstance(frame, AudioDone)] == [1]
        stage.process(LanguageSwitched("en-IN"))
        stage.process(ReplyText("Bye.", 2))
        stage.process(ReplyDone(2))
        await settle()
        assert said[-1] == ("en-IN", "Bye.")
