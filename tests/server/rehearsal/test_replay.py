"""A recorded call through today's pipeline."""

from __future__ import annotations

import asyncio
import dataclasses
from pathlib import Path

from pipeline.audio import SAMPLE_BYTES
from processors.models import CACHE
from processors.tts.embedded import EmbeddedTts, Options
from processors.wav import WavWriter, stereo
from server.call_plan import CallPlan
from server.rehearsal.clock import RehearsalLoop
from server.rehearsal.comparison import Comparison, Line
from server.rehearsal.replay import Found, replayed
from server.rehearsal.stage import RATE, stage
from server.sounds.speech import spoken
from storage.records import Speaker, Turn, TurnLatency

GREETING, QUESTION, ANSWER = "Hello, this is the clinic.", "When are you open?", "From nine to six."
ASKED = 3.0
"""Seconds into the call."""


async def recorded(folder: Path, wait_ms: float) -> Found:
    """A call of one question, in which the answer came after that wait."""
    voice = EmbeddedTts(Options(language="en-US"))
    greeting, question, answer = [await spoken(voice, text, RATE) for text in (GREETING, QUESTION, ANSWER)]
    seconds = [len(pcm) / RATE / SAMPLE_BYTES for pcm in (greeting, question, answer)]
    answered = ASKED + seconds[1] + wait_ms / 1000
    left = _at(question, ASKED)
    right = greeting.ljust(round(answered * RATE) * SAMPLE_BYTES, b"\0") + answer
    length = max(len(left), len(right))
    writer = WavWriter(folder / "call.wav", RATE)
    writer.append(stereo(left.ljust(length, b"\0"), right.ljust(length, b"\0")))
    writer.close()
    turns = [
        Turn("cal_1", 0, Speaker.AGENT, GREETING, 0.0, seconds[0]),
        Turn("cal_1", 1, Speaker.CUSTOMER, QUESTION, ASKED, seconds[1]),
        Turn("cal_1", 2, Speaker.AGENT, ANSWER, answered, seconds[2]),
    ]
    plan = CallPlan.model_validate({"stt": {"provider": "scripted", "options": {"lines": ["never asked"]}}})
    return Found("org_1", plan, turns, [TurnLatency("cal_1", 2, total_ms=wait_ms)], folder / "call.wav")


def _at(pcm: bytes, seconds: float) -> bytes:
    return bytes(round(seconds * RATE) * SAMPLE_BYTES) + pcm


def compared(folder: Path, wait_ms: float) -> Comparison:
    async def call() -> Comparison:
        async with stage(folder, CACHE) as shared:
            return await replayed(shared, "cal_1", await recorded(folder, wait_ms), live=False)

    with asyncio.Runner(loop_factory=RehearsalLoop) as runner:
        return runner.run(call())


def test_what_was_understood_then_is_answered_again(tmp_path: Path) -> None:
    comparison = compared(tmp_path, wait_ms=900)
    ((then, now),) = comparison.pairs
    assert then is not None
    assert now is not None
    assert (then.text, now.text, comparison.worse) == (QUESTION, QUESTION, [])
    assert now.wait_ms is not None
    assert now.wait_ms < 900


def test_a_caller_who_waits_longer_than_then_is_told(tmp_path: Path) -> None:
    (worse,) = compared(tmp_path, wait_ms=50).worse
    assert worse.startswith("the caller waits ")


def test_turns_that_are_lost_and_cut_ins_that_are_new_are_told() -> None:
    line = Line(3.0, 1.0, QUESTION, 500.0, cut_in=False)
    lost = Comparison("cal_1", [line], [])
    cut = Comparison("cal_1", [line], [dataclasses.replace(line, cut_in=True)])
    assert lost.worse == ["1 of the caller's turns are not understood any more"]
    assert cut.worse == ["the agent cuts in 1 times, and 0 times then"]
