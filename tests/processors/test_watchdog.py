from __future__ import annotations

from pipeline.frames import (
    Frame,
    Hangup,
    Heard,
    Interrupt,
    Mute,
    Pause,
    Played,
    ReplyText,
    Resume,
    SpeechStarted,
    SpeechStopped,
    Transcript,
    UserTurn,
)
from pipeline.news import DeadAir
from processors.lines import Lines
from processors.watchdog import Watchdog
from tests.fakes import Clock, of, started

LINES = Lines(fillers=("One moment.", "Still looking."), unable="Sorry, goodbye.")


def said(heard: list[Frame]) -> list[str]:
    return [frame.text for frame in heard if isinstance(frame, ReplyText)]


async def test_two_seconds_of_silence_after_a_turn_bring_a_filler_and_are_counted() -> None:
    dog = Watchdog(LINES)
    async with started(dog) as heard:
        clock = Clock(dog)
        clock.run(1.0)
        dog.process(UserTurn("Hello?", 0.0, 0.5))
        clock.run(1.96)
        assert said(heard) == []
        clock.run(0.06)
        assert said(heard) == ["One moment."]
        (dead,) = of(DeadAir, heard)
        assert isinstance(dead, DeadAir)
        assert 2.0 <= dead.seconds < 2.05


async def test_an_answer_in_time_brings_none() -> None:
    dog = Watchdog(LINES)
    async with started(dog) as heard:
        clock = Clock(dog)
        dog.process(UserTurn("Hello?", 0.0, 0.5))
        clock.run(1.5)
        dog.process(Heard(b"", 1.5, 1))
        clock.run(10)
        assert said(heard) == []


async def test_a_filler_is_no_answer_and_in_the_end_the_call_is_ended_with_an_apology() -> None:
    dog = Watchdog(LINES)
    async with started(dog) as heard:
        clock = Clock(dog)
        dog.process(UserTurn("Hello?", 0.0, 0.5))
        clock.run(2.1)
        dog.process(Heard(b"", clock.now, -1))
        clock.run(1.9)
        assert said(heard) == ["One moment."]
        clock.run(0.2)
        clock.run(2.1)
        assert said(heard) == ["One moment.", "Still looking.", "Sorry, goodbye."]
        clock.run(10)
        assert len(said(heard)) == 3
        assert of(Hangup, heard) == []
        dog.process(Played(-3, 5.0, 1.0, "Sorry, goodbye.", complete=True))
        assert of(Hangup, heard) == [Hangup("no_answer_from_assistant")]


async def test_no_filler_while_the_caller_holds_the_line_or_took_it() -> None:
    dog = Watchdog(LINES)
    async with started(dog) as heard:
        clock = Clock(dog)
        dog.process(UserTurn("Hello?", 0.0, 0.5))
        clock.run(1)
        dog.process(Pause(1.0))
        clock.run(3)
        assert said(heard) == []
        dog.process(Resume(4.0))
        clock.run(0.1)
        assert said(heard) == ["One moment."]
        dog.process(Interrupt(5.0))
        clock.run(5)
        assert len(said(heard)) == 1


async def test_a_filler_of_its_own_starts_no_watch() -> None:
    dog = Watchdog(LINES)
    async with started(dog) as heard:
        clock = Clock(dog)
        dog.process(Heard(b"", 0.0, -7))
        clock.run(10)
        assert said(heard) == []


async def test_nobody_is_put_off_for_a_bot_that_is_muted() -> None:
    dog = Watchdog(LINES)
    async with started(dog) as heard:
        clock = Clock(dog)
        dog.process(UserTurn("Hello?", 0.0, 0.5))
        dog.process(Mute(True))
        clock.run(5)
        dog.process(UserTurn("Hello?", 5.0, 5.5))
        clock.run(5)
        assert said(heard) == []
        dog.process(Mute(False))
        dog.process(UserTurn("Hello?", 10.0, 10.5))
        clock.run(2.1)
        assert said(heard) == ["One moment."]


async def test_speech_that_nobody_understands_is_not_met_with_silence() -> None:
    dog = Watchdog(LINES)
    async with started(dog) as heard:
        clock = Clock(dog)
        dog.process(SpeechStarted(0.0))
        dog.process(SpeechStopped(0.5))
        clock.run(2.1)
        assert said(heard) == ["One moment."]


async def test_a_noise_in_which_there_were_no_words_waits_for_no_answer() -> None:
    dog = Watchdog(LINES)
    async with started(dog) as heard:
        clock = Clock(dog)
        dog.process(SpeechStarted(0.0))
        dog.process(SpeechStopped(0.5))
        clock.run(0.4)
        dog.process(Transcript("", final=True))
        clock.run(10)
        assert said(heard) == []
