from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import numpy as np
import pytest

from pipeline.audio import frame_bytes
from pipeline.frames import (
    AudioIn,
    Frame,
    Heard,
    Interrupt,
    MaybeTurn,
    Pause,
    Played,
    Resume,
    SpeechStarted,
    SpeechStopped,
    Transcript,
    UserTurn,
)
from processors.turns import Judge, TurnOptions, TurnTaker
from tests.fakes import RATE, Clock, settle, started

DECISIONS = (Pause, Resume, Interrupt, UserTurn)


class Scene:
    """A turn-taker, its clock, and what it decided."""

    def __init__(self, taker: TurnTaker, heard: list[Frame]) -> None:
        self.taker, self._heard = taker, heard
        self.clock = Clock(taker)
        self.clock.run(1.0)

    def says(self, text: str, seconds: float = 0.6, final_after: float = 0.2) -> None:
        """Speech of `seconds`, its detection 0.2 s late at both ends as a detector's is, its text after that."""
        began = self.clock.now
        self.clock.run(0.2)
        self.taker.process(SpeechStarted(began))
        self.clock.run(seconds - 0.2)
        ended = self.clock.now
        self.clock.run(0.2)
        self.taker.process(SpeechStopped(ended))
        self.clock.run(final_after - 0.2)
        self.taker.process(Transcript(text, final=True))

    def bot_speaks(self, seconds: float) -> None:
        for _ in range(round(seconds / 0.02)):
            self.clock.run(0.02)
            self.taker.process(Heard(bytes(frame_bytes(RATE)), self.clock.now - 0.02, 1))

    @property
    def decided(self) -> list[str]:
        return [type(frame).__name__ for frame in self._heard if isinstance(frame, DECISIONS)]

    @property
    def supposed(self) -> list[str]:
        return [frame.text for frame in self._heard if isinstance(frame, MaybeTurn)]

    @property
    def turns(self) -> list[str]:
        return [frame.text for frame in self._heard if isinstance(frame, UserTurn)]


@asynccontextmanager
async def scene(judge: Judge | None = None, language: str = "en-IN", **options: object) -> AsyncIterator[Scene]:
    taker = TurnTaker(TurnOptions.model_validate(options), RATE, language, judge)
    async with started(taker) as heard:
        yield Scene(taker, heard)


@pytest.mark.parametrize(
    ("text", "wait"),
    [("I need a doctor.", 0.45), ("I would like to", 0.8), ("my number is nine eight", 1.1), ("it costs 450.", 1.1)],
)
async def test_the_wait_fits_the_text(text: str, wait: float) -> None:
    async with scene() as s:
        s.says(text)
        s.clock.run(wait - 0.2 - 0.04)
        assert s.turns == []
        s.clock.run(0.06)
        assert s.turns == [text]


async def test_a_pause_in_mid_sentence_does_not_end_the_turn() -> None:
    async with scene() as s:
        s.says("I would like to")
        s.clock.run(0.3)
        s.says("book an appointment.")
        s.clock.run(0.3)
        assert s.turns == ["I would like to book an appointment."]


async def test_a_turn_tells_when_the_caller_began_and_ended() -> None:
    async with scene() as s:
        s.says("Good morning.", seconds=0.8)
        s.clock.run(0.5)
        (turn,) = [f for f in s._heard if isinstance(f, UserTurn)]
        assert turn.at == pytest.approx(1.0)
        assert turn.ended == pytest.approx(1.8)


async def test_the_judge_shortens_an_open_sentence_and_lengthens_a_closed_one() -> None:
    async def finished(sound: bytes, rate: int) -> float:
        return 0.9

    async def unfinished(sound: bytes, rate: int) -> float:
        return 0.1

    async with scene(finished) as s:
        s.says("the red one")
        await settle()
        s.clock.run(0.28)
        assert s.turns == ["the red one"]
    async with scene(unfinished) as s:
        s.says("I would")
        await settle()
        s.clock.run(0.5)
        assert s.turns == []
        s.clock.run(0.2)
        assert s.turns == ["I would"]


async def test_when_text_and_judge_disagree_the_wait_lies_between() -> None:
    async def unfinished(sound: bytes, rate: int) -> float:
        return 0.1

    async with scene(unfinished) as s:
        s.says("Goodbye.")
        await settle()
        s.clock.run(0.4)
        assert s.turns == []
        s.clock.run(0.06)
        assert s.turns == ["Goodbye."]


async def test_half_a_sentence_waits_though_the_judge_hears_an_end() -> None:
    async def finished(sound: bytes, rate: int) -> float:
        return 0.9

    async with scene(finished) as s:
        s.says("On Monday,")
        await settle()
        s.clock.run(0.5)
        assert s.turns == []
        s.clock.run(0.2)
        assert s.turns == ["On Monday,"]


@pytest.mark.parametrize(("sound", "given_away"), [(1000, []), (0, ["I need a doctor."])])
async def test_nothing_is_answered_while_a_voice_may_just_have_begun(sound: int, given_away: list[str]) -> None:
    loud = np.full(frame_bytes(RATE) // 2, sound, "<i2").tobytes()
    async with scene() as s:
        s.says("I need a doctor.")
        s.clock.run(0.14)
        for _ in range(9):
            s.taker.process(AudioIn(loud, s.clock.now))
            s.clock.frames += 1
        assert s.turns == given_away


async def test_a_noise_in_which_nobody_speaks_holds_an_answer_up_but_a_moment() -> None:
    loud = np.full(frame_bytes(RATE) // 2, 1000, "<i2").tobytes()
    async with scene() as s:
        s.says("I need a doctor.")
        s.clock.run(0.14)
        for _ in range(20):
            s.taker.process(AudioIn(loud, s.clock.now))
            s.clock.frames += 1
        assert s.turns == ["I need a doctor."]


async def test_the_judge_hears_the_last_eight_seconds() -> None:
    lengths: list[int] = []

    async def judge(sound: bytes, rate: int) -> float:
        lengths.append(len(sound))
        return 1.0

    async with scene(judge) as s:
        s.clock.run(10)
        s.says("hello.")
        await settle()
    assert lengths == [8 * RATE * 2]


async def test_words_over_the_bot_hold_it_and_then_take_the_turn() -> None:
    async with scene() as s:
        s.bot_speaks(1.0)
        s.says("What about Tuesday?")
        assert s.decided == ["Pause", "Interrupt"]
        s.clock.run(0.4)
        assert s.decided == ["Pause", "Interrupt", "UserTurn"]


async def test_a_partial_text_takes_the_turn_without_waiting_for_the_final_one() -> None:
    async with scene() as s:
        s.bot_speaks(1.0)
        s.taker.process(SpeechStarted(s.clock.now - 0.2))
        s.taker.process(Transcript("what about", final=False))
        assert s.decided == ["Pause", "Interrupt"]


@pytest.mark.parametrize(
    ("text", "language"),
    [("Okay.", "en-IN"), ("Mm-hmm.", "en-US"), ("Okay, yeah, I see.", "en-IN"), ("हाँ जी", "hi-IN"), ("haan", "hi-IN"),
     ("சரி", "ta-IN"), ("Uh-huh", "bn-IN")],
)  # fmt: skip
async def test_an_acknowledgement_gives_the_bot_its_turn_back(text: str, language: str) -> None:
    async with scene(language=language) as s:
        s.bot_speaks(1.0)
        s.says(text)
        assert s.decided == ["Pause", "Resume"]
        s.bot_speaks(3.0)
        assert s.turns == []


async def test_an_acknowledgement_is_an_answer_when_the_bot_is_silent() -> None:
    async with scene() as s:
        s.bot_speaks(1.0)
        s.clock.run(0.5)
        s.says("Okay.")
        s.clock.run(0.4)
        assert s.turns == ["Okay."]


async def test_yes_a_moment_before_the_question_ends_is_its_answer() -> None:
    async with scene() as s:
        s.bot_speaks(1.0)
        s.says("Yes.")
        s.bot_speaks(0.3)
        s.taker.process(Played(1, 1.0, 1.3, "Shall I book it?", complete=True))
        s.clock.run(0.7)
        assert s.turns == []
        s.clock.run(0.2)
        assert s.turns == ["Yes."]


async def test_stop_interrupts_however_short() -> None:
    async with scene(interrupt_words=3) as s:
        s.bot_speaks(1.0)
        s.says("Stop.")
        assert s.decided == ["Interrupt"]


async def test_with_a_word_count_fewer_words_change_nothing() -> None:
    async with scene(interrupt_words=3) as s:
        s.bot_speaks(1.0)
        s.says("the weather")
        s.bot_speaks(2.0)
        assert s.decided == []
        s.says("tell me the price")
        assert s.decided == ["Interrupt"]


async def test_a_cough_gives_the_turn_back_as_soon_as_no_words_were_found() -> None:
    async with scene() as s:
        s.bot_speaks(1.0)
        s.says("", seconds=0.3)
        assert s.decided == ["Pause", "Resume"]


async def test_a_cough_without_any_word_from_the_recogniser_gives_it_back_after_two_seconds() -> None:
    async with scene() as s:
        s.bot_speaks(1.0)
        s.taker.process(SpeechStarted(s.clock.now - 0.2))
        s.taker.process(SpeechStopped(s.clock.now))
        s.clock.run(1.9)
        assert s.decided == ["Pause"]
        s.clock.run(0.2)
        assert s.decided == ["Pause", "Resume"]


async def test_endless_noise_does_not_hold_the_bot_for_ever() -> None:
    async with scene() as s:
        s.taker.process(SpeechStarted(s.clock.now))
        s.clock.run(5.1)
        assert s.decided == ["Pause", "Resume"]


async def test_words_that_come_after_it_was_given_back_still_take_the_turn() -> None:
    async with scene() as s:
        s.bot_speaks(1.0)
        s.taker.process(SpeechStarted(s.clock.now - 0.2))
        s.taker.process(SpeechStopped(s.clock.now))
        s.bot_speaks(2.5)
        s.taker.process(Transcript("I want a refund.", final=True))
        s.clock.run(0.5)
        assert s.decided == ["Pause", "Resume", "Interrupt", "UserTurn"]


async def test_a_cut_and_the_turn_never_come_between_the_same_two_frames() -> None:
    async with scene() as s:
        s.bot_speaks(1.0)
        s.says("What is the price?", final_after=0.6)  # so late that the turn is over at once
        assert s.decided == ["Pause", "Interrupt"]
        s.clock.run(0.02)
        assert s.turns == ["What is the price?"]


async def test_a_turn_is_told_once_and_the_next_starts_empty() -> None:
    async with scene() as s:
        s.says("Hello there.")
        s.clock.run(3.0)
        s.says("How are you?")
        s.clock.run(3.0)
        assert s.turns == ["Hello there.", "How are you?"]


async def test_an_earlier_final_text_does_not_end_a_turn_that_waits_for_a_later_one() -> None:
    async with scene() as s:
        for _ in range(2):
            s.taker.process(SpeechStarted(s.clock.now))
            s.clock.run(0.4)
            s.taker.process(SpeechStopped(s.clock.now))
            s.clock.run(0.2)
        s.taker.process(Transcript("Hello.", final=True))
        s.clock.run(0.5)
        assert s.turns == []
        s.taker.process(Transcript("Is it open?", final=True))
        s.clock.run(0.1)
        assert s.turns == ["Hello. Is it open?"]


async def test_a_recogniser_that_never_finishes_is_waited_for_three_seconds() -> None:
    async with scene() as s:
        s.taker.process(SpeechStarted(s.clock.now))
        s.taker.process(Transcript("is anybody there", final=False))
        s.taker.process(SpeechStopped(s.clock.now))
        s.clock.run(2.9)
        assert s.turns == []
        s.clock.run(0.2)
        assert s.turns == ["is anybody there"]


async def test_speech_while_the_answer_is_being_made_holds_it_and_words_drop_it() -> None:
    async with scene() as s:
        s.says("I need a doctor.")
        s.clock.run(0.4)
        s.says("On Tuesday.")
        s.clock.run(0.4)
        assert s.decided == ["Pause", "Interrupt", "UserTurn"] * 2


async def test_a_judge_is_stopped_when_the_caller_goes_on() -> None:
    asked = asyncio.Event()
    cancelled: list[bool] = []

    async def judge(sound: bytes, rate: int) -> float:
        asked.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            cancelled.append(True)
            raise
        return 1.0

    async with scene(judge) as s:
        s.says("I would")
        await asked.wait()
        s.taker.process(SpeechStarted(s.clock.now))
        await settle()
        assert cancelled == [True]


async def test_okay_after_a_filler_does_not_cost_the_answer_that_is_being_made() -> None:
    async with scene() as s:
        s.says("Which doctor is in?")
        s.clock.run(0.4)
        s.taker.process(Heard(b"", s.clock.now, -1))  # "One moment, please."
        s.taker.process(Played(-1, s.clock.now, 1.0, "One moment, please.", complete=True, over=True))
        s.clock.run(0.5)
        s.says("Okay.")
        s.clock.run(2.0)
        assert s.turns == ["Which doctor is in?"]
        assert s.decided[-1] == "Resume"


async def test_okay_is_no_early_answer_once_the_bot_speaks_on() -> None:
    async with scene() as s:
        s.bot_speaks(1.0)
        s.says("Okay.")
        s.taker.process(Played(1, 1.0, 1.3, "Right.", complete=True, over=True))
        s.bot_speaks(2.0)
        assert s.turns == []


async def test_an_acknowledgement_with_a_noise_behind_it_gives_the_turn_back() -> None:
    async with scene() as s:
        s.bot_speaks(1.0)
        for text in ("okay", ""):
            s.taker.process(SpeechStarted(s.clock.now))
            s.clock.run(0.3)
            s.taker.process(SpeechStopped(s.clock.now))
            if text:
                s.taker.process(SpeechStarted(s.clock.now))  # speaking again before the text is there
                s.taker.process(Transcript(text, final=True))
                s.taker.process(SpeechStopped(s.clock.now))
                s.taker.process(Transcript("", final=True))
        assert "Resume" in s.decided
        assert s.turns == []


async def test_a_word_and_then_endless_noise_does_not_hold_the_bot() -> None:
    async with scene() as s:
        s.bot_speaks(1.0)
        s.taker.process(SpeechStarted(s.clock.now))
        s.taker.process(Transcript("okay", final=True))
        s.clock.run(5.1)
        assert s.decided == ["Pause", "Resume"]


async def test_a_partial_text_that_the_recogniser_takes_back_still_becomes_the_turn() -> None:
    async with scene() as s:
        s.bot_speaks(1.0)
        s.taker.process(SpeechStarted(s.clock.now))
        s.taker.process(Transcript("thank you for", final=False))
        s.clock.run(0.3)
        s.taker.process(SpeechStopped(s.clock.now))
        s.taker.process(Transcript("", final=True))
        s.clock.run(1.4)
        assert s.decided == ["Pause", "Interrupt", "UserTurn"]
        assert s.turns == ["thank you for"]


async def test_a_turn_is_supposed_once_as_soon_as_its_words_are_there() -> None:
    async with scene() as shown:
        shown.says("I would like to")
        assert shown.supposed == ["I would like to"]
        shown.clock.run(1.2)
        assert (shown.supposed, shown.turns) == (["I would like to"], ["I would like to"])


async def test_a_partial_text_is_no_turn_yet() -> None:
    async with scene() as shown:
        shown.taker.process(SpeechStarted(shown.clock.now))
        shown.taker.process(Transcript("A table", final=False))
        shown.clock.run(0.4)
        shown.taker.process(SpeechStopped(shown.clock.now - 0.2))
        shown.clock.run(0.02)
        assert shown.supposed == []
        shown.taker.process(Transcript("A table for", final=True))
        assert (shown.supposed, shown.turns) == (["A table for"], [])
