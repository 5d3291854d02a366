from __future__ import annotations

import pytest

from pipeline.frames import AudioIn, AudioOut, Heard, Mute, ReplyText, SpeechStopped, Transcript, UserTurn
from pipeline.news import Answered
from processors.waterfall import Waterfall
from tests.fakes import of, started


async def test_every_step_is_told_from_the_end_of_the_callers_speech() -> None:
    wall = 100.0
    stage = Waterfall(clock=lambda: wall)
    async with started(stage) as heard:
        stage.process(AudioIn(b"", 4.98))  # the call's clock stands at 5.0
        stage.process(SpeechStopped(4.8))
        wall += 0.15
        stage.process(Transcript("hello", final=True))
        wall += 0.05
        stage.process(UserTurn("hello", 3.0, 4.8))
        wall += 0.1
        stage.process(ReplyText("Hi", 1))
        stage.process(ReplyText(" there", 1))
        wall += 0.02
        stage.process(AudioOut(b"", 1, "Hi"))
        stage.process(Heard(b"", 5.33, 1))
        stage.process(Heard(b"", 5.35, 1))
        (answer,) = of(Answered, heard)
        assert isinstance(answer, Answered)
        assert (answer.reply, answer.at) == (1, 4.8)
        steps = (answer.vad, answer.transcript, answer.turn, answer.first_text, answer.first_audio, answer.on_line)
        assert steps == pytest.approx((0.2, 0.35, 0.4, 0.5, 0.52, 0.53))


async def test_fillers_are_no_answer() -> None:
    stage = Waterfall(clock=lambda: 0.0)
    async with started(stage) as heard:
        stage.process(UserTurn("hello", 0.0, 0.0))
        stage.process(ReplyText("One moment", -1))
        stage.process(Heard(b"", 2.0, -1))
        assert of(Answered, heard) == []
        stage.process(Heard(b"", 3.0, 1))  # the tail of a reply from before the turn
        stage.process(ReplyText("Here it is", 2))
        stage.process(Heard(b"", 4.0, 2))
        (answer,) = of(Answered, heard)
        assert isinstance(answer, Answered)
        assert answer.reply == 2
        assert answer.on_line == 4.0


async def test_what_a_person_says_in_the_bot_s_place_is_not_measured() -> None:
    stage = Waterfall(clock=lambda: 0.0)
    async with started(stage) as heard:
        stage.process(UserTurn("hello", 0.0, 0.0))
        stage.process(Mute(True))
        stage.process(UserTurn("hello?", 1.0, 1.0))
        stage.process(ReplyText("Asha here", 1))
        stage.process(Heard(b"", 9.0, 1))
        assert of(Answered, heard) == []
        stage.process(Mute(False))
        stage.process(UserTurn("hello!", 10.0, 10.0))
        stage.process(ReplyText("Hi", 2))
        stage.process(Heard(b"", 11.0, 2))
        assert len(of(Answered, heard)) == 1
