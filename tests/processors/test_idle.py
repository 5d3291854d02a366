"""A silent caller, words that end the call, and the quiet after an interruption."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from pipeline.frames import (
    AudioOut,
    Frame,
    Hangup,
    Heard,
    Interrupt,
    Mute,
    Played,
    Say,
    SpeechStarted,
    SpeechStopped,
    UserTurn,
)
from pipeline.news import DeadAir
from pipeline.processor import Processor
from processors.backoff import Backoff
from processors.end_phrases import EndPhrases
from processors.idle import Idle, IdleOptions
from processors.lines import Lines, lines_for
from processors.watchdog import Watchdog
from tests.fakes import Clock, of, started

LINES = Lines(still_there="Still there?", silent="Bye.")


class Scene:
    def __init__(self, stage: Processor, heard: list[Frame]) -> None:
        self.stage, self.heard, self.clock = stage, heard, Clock(stage)
        self.replies = 0

    def bot_speaks(self) -> None:
        self.replies += 1
        self.stage.process(Heard(b"", self.clock.now, self.replies))
        self.stage.process(Played(self.replies, self.clock.now, 0.02, "So?", complete=True, over=True))

    @property
    def says(self) -> list[Say]:
        return [frame for frame in self.heard if isinstance(frame, Say)]


@asynccontextmanager
async def idle(*, from_start: bool = False, **options: object) -> AsyncIterator[Scene]:
    stage = Idle(IdleOptions.model_validate(options), LINES, from_start=from_start)
    async with started(stage) as heard:
        yield Scene(stage, heard)


async def test_the_last_sound_of_a_reply_may_come_after_the_news_of_its_end() -> None:
    async with idle(seconds=3) as s:
        s.bot_speaks()
        s.stage.process(Heard(b"", s.clock.now, s.replies))
        s.clock.run(3.1)
        assert [say.text for say in s.says] == ["Still there?"]


async def test_nobody_is_asked_while_the_bot_says_that_it_hears_nothing() -> None:
    async with idle(seconds=3) as s:
        s.bot_speaks()
        s.clock.run(2.9)
        s.stage.process(Heard(b"", s.clock.now, -1))
        s.clock.run(2.9)
        assert s.says == []
        s.clock.run(0.2)
        assert [say.text for say in s.says] == ["Still there?"]


async def test_a_silent_caller_is_asked_twice_and_then_hung_up_on() -> None:
    async with idle() as s:
        for expected in (["Still there?"], ["Still there?"] * 2, ["Still there?", "Still there?", "Bye."]):
            s.bot_speaks()
            s.clock.run(9.9)
            assert len(s.says) == len(expected) - 1
            s.clock.run(0.2)
            assert [say.text for say in s.says] == expected
        assert s.says[-1].hangup == "customer_silent"
        s.clock.run(30)
        assert len(s.says) == 3


async def test_whoever_answers_is_asked_anew_later() -> None:
    async with idle(seconds=2, prompts=["One?", "Two?"], hangup_after=3) as s:
        s.bot_speaks()
        s.clock.run(2.1)
        s.stage.process(UserTurn("Yes.", 0.0, 1.0))
        s.clock.run(60)
        assert [say.text for say in s.says] == ["One?"]
        for _ in range(3):
            s.bot_speaks()
            s.clock.run(2.1)
        assert [say.text for say in s.says] == ["One?", "One?", "Two?", "Two?"]


async def test_nobody_is_silent_who_speaks_or_whose_answer_is_due_or_is_talked_to_by_a_human() -> None:
    async with idle(seconds=2) as s:
        s.clock.run(5)
        s.bot_speaks()
        s.clock.run(1)
        s.stage.process(SpeechStarted(s.clock.now))
        s.clock.run(5)
        s.stage.process(SpeechStopped(s.clock.now))
        s.clock.run(1.9)
        assert s.says == []
        s.stage.process(Mute(True))
        s.clock.run(5)
        assert s.says == []
        s.stage.process(Mute(False))
        s.clock.run(2.1)
        assert len(s.says) == 1


async def test_who_is_to_speak_first_and_does_not_is_asked_too() -> None:
    async with idle(from_start=True) as s:
        s.clock.run(10.1)
        assert len(s.says) == 1


@pytest.mark.parametrize("language", ["hi", "ta", "te", "kn", "mr", "bn", "gu", "ml", "pa"])
def test_each_language_has_its_own_question_and_farewell(language: str) -> None:
    lines = lines_for(language)
    assert not lines.still_there.isascii()
    assert not lines.silent.isascii()


def test_words_of_the_bots_end_the_call_once_they_were_heard_whole() -> None:
    heard: list[Frame] = []
    stage = EndPhrases(["Good bye", " "])
    stage.emit = heard.append
    stage.process(Played(1, 0.0, 1.0, "Well, GOOD-BYE", complete=False))
    stage.process(Played(1, 0.0, 1.0, "Well, GOOD-BYE", complete=False, over=True))
    stage.process(Played(2, 0.0, 1.0, "Good byes are hard.", complete=True, over=True))
    stage.process(Played(-1, 0.0, 1.0, "Good bye.", complete=True, over=True))
    assert of(Hangup, heard) == []
    stage.process(Played(3, 0.0, 1.0, "Well, GOOD-BYE, then.", complete=True, over=True))
    assert of(Hangup, heard) == [Hangup("assistant_said_end_call_phrase")]


async def test_after_an_interruption_sound_is_kept_back_and_then_comes() -> None:
    stage = Backoff(2.0)
    async with started(stage) as heard:
        clock = Clock(stage)
        stage.process(Interrupt(0.0))
        stage.process(AudioOut(b"ab", 1))
        assert len(of(AudioOut, heard)) == 1, "nothing was cut: a turn is answered at once"
        clock.run(1)
        stage.process(Interrupt(1.0))
        stage.process(Played(1, 0.5, 0.5, "We", complete=False, over=True))
        stage.process(AudioOut(b"cd", 2))
        clock.run(1.9)
        assert len(of(AudioOut, heard)) == 1
        clock.run(0.2)
        assert of(AudioOut, heard)[1:] == [AudioOut(b"cd", 2)]


async def test_what_was_kept_back_is_dropped_by_the_next_interruption() -> None:
    stage = Backoff(1.0)
    async with started(stage) as heard:
        stage.process(Interrupt(0.0))
        stage.process(Played(1, 0.0, 0.5, "We", complete=False, over=True))
        stage.process(AudioOut(b"cd", 2))
        stage.process(Interrupt(0.5, ours=True))
        Clock(stage).run(2)
        assert of(AudioOut, heard) == []


async def test_that_quiet_is_no_dead_air() -> None:
    dog = Watchdog(LINES, backoff=5.0)
    async with started(dog) as heard:
        clock = Clock(dog)
        clock.run(1)
        dog.process(Interrupt(1.0))
        dog.process(Played(1, 0.5, 0.5, "We", complete=False, over=True))
        dog.process(UserTurn("Wait.", 1.0, 1.5))
        clock.run(6.9)
        assert of(DeadAir, heard) == []
        clock.run(0.2)
        assert len(of(DeadAir, heard)) == 1
