"""What was recorded against what the far end said and heard, by measurement."""

from __future__ import annotations

from pathlib import Path

import pytest

from processors.tts.scripted import Options, ScriptedTts
from server.sounds.speech import spoken
from storage.records import Speaker, Turn
from tests import speech
from tests.e2e.measuring import channels, lag, stretches
from tests.server.house import scripted
from tests.server.serving import Serving, serving
from transports.loopback import tone
from transports.simulator.faults import Faults
from transports.simulator.line import Conversation
from transports.simulator.people import HangUp, Interrupt, Press, Say, Silence, Step, WaitForBot

TRIES = 3
ROOM = Faults(noise=45.0)
"""The hiss of a quiet room: a loudness detector knows a voice only by what it stands out of."""
CLOSE = 0.02
"""Seconds that two sides of a call may be apart."""
SLICE = 0.02
"""Seconds: a telephone that is told to stop plays the slice that it is at to its end."""
REPLY = "One two three four five six seven eight nine ten."
SECONDS = 4.0
QUIET = {"options": {"seconds_per_reply": SECONDS}, "provider": "scripted"}
LONG_REPLY = scripted(turns={"after_open": 1.2}, heard=["tell me more"], says=[REPLY], tts=QUIET, greeting=REPLY)


async def recorded(house: Serving, talk: Conversation) -> tuple[bytes, bytes, int]:
    row = await house.row(talk.call)
    assert row.recording is not None
    return channels(house.settings.data_dir / row.recording)


def turns_of(turns: list[Turn], speaker: Speaker) -> list[Turn]:
    return [turn for turn in turns if turn.speaker is speaker]


async def offsets(house: Serving) -> dict[str, float]:
    """A call in real time: a greeting heard whole, an answer cut by the caller, silences in between.

    By how many seconds the recording is off the line, at every place that can be told apart.
    """
    thanks, call = speech.prompt("auth-thankyou").pcm(), speech.prompt("call-forwarding").pcm()
    steps: list[Step] = [WaitForBot(), Silence(0.5), Say(thanks), Interrupt(call, after=0.8), Silence(0.9)]
    talk = await house.call(steps, speed=1, faults=ROOM)
    left, right, rate = await recorded(house, talk)
    said, heard = bytes(talk.said), bytes(talk.heard)
    (cut,) = [turn for turn in await house.turns(talk.call) if turn.interrupted]
    greeting, answer = stretches(right, rate)
    heard_greeting, heard_answer = stretches(heard, rate)
    caller, bot = lag(left, said, rate), lag(right, heard, rate)
    assert len(left) == len(right)
    return {
        "caller": caller,
        "bot": bot,
        "one side to the other": caller - bot,
        "greeting begins": greeting[0] - heard_greeting[0],
        "greeting ends": greeting[1] - heard_greeting[1],
        "answer begins": answer[0] - heard_answer[0],
        # A telephone that is told to stop plays the slice that it is at to its end: half of it is nobody's fault.
        "answer is cut": answer[1] - heard_answer[1] + SLICE / 2,
        "cut in the transcript": cut.at + cut.seconds - answer[1],
        "length": (len(left) - len(said)) / 2 / rate,
    }


async def test_both_sides_of_a_recording_are_aligned_with_the_line(data: Path) -> None:
    """A busy machine delays the far end too, which runs here: the best of a few calls counts."""
    async with serving(
        data, scripted(turns={"after_open": 1.2}, heard=["tell me more"], says=[REPLY], greeting="Good day.")
    ) as house:
        for _ in range(TRIES):
            off = await offsets(house)
            if max(map(abs, off.values())) <= CLOSE:
                return
    pytest.fail(f"the recording is off by {off}")


async def test_a_reply_that_is_cut_is_told_as_far_as_it_was_heard(data: Path) -> None:
    async with serving(data, LONG_REPLY) as house:
        talk = await house.call([Interrupt(tone(0.6), after=1.5), WaitForBot(), Silence(0.5)], speed=0, faults=ROOM)
        turns = await house.turns(talk.call)
        assert await house.metric('vaani_interruptions_total{transport="exotel"}') == 1
    greeting, answer = turns_of(turns, Speaker.AGENT)
    heard = stretches(bytes(talk.heard), 8000)
    assert len(talk.times("clear")) == 1
    assert (greeting.interrupted, answer.interrupted) == (True, False)
    assert greeting.seconds == pytest.approx(heard[0][1] - heard[0][0], abs=CLOSE + SLICE)
    assert REPLY.startswith(greeting.text)
    assert 0.5 < len(greeting.text) / len(REPLY) / (greeting.seconds / SECONDS) < 1.5
    assert answer.text == REPLY
    assert answer.seconds == pytest.approx(SECONDS, abs=CLOSE)
    assert heard[1][1] - heard[1][0] == pytest.approx(SECONDS, abs=CLOSE)


async def test_after_an_acknowledgement_the_bot_goes_on_where_it_was_cut(data: Path) -> None:
    plan = {**LONG_REPLY, "stt": {"provider": "scripted", "options": {"lines": ["okay"]}}}
    async with serving(data, plan) as house:
        talk = await house.call([Interrupt(tone(0.3), after=1.2), WaitForBot(1.5)], speed=0, faults=ROOM)
        turns = await house.turns(talk.call)
    assert [(turn.speaker, turn.text, turn.interrupted) for turn in turns] == [(Speaker.AGENT, REPLY, False)]
    assert len(talk.times("clear")) == 1
    heard = bytes(talk.heard)
    first, second = stretches(heard, 8000)
    assert second[0] - first[1] > 0.3
    whole = await spoken(ScriptedTts(Options(seconds_per_reply=SECONDS)), REPLY, 8000)
    assert first[1] - first[0] + second[1] - second[0] == pytest.approx(SECONDS, abs=2 * CLOSE)  # there are two ends
    # The hum repeats itself after a quarter of a second: the place is known up to that, the length tells the rest.
    place = lag(whole, heard[round(second[0] * 8000) * 2 :][: 2 * 8000], 8000)
    jump = (place - (first[1] - first[0]) + 0.125) % 0.25 - 0.125
    assert abs(jump) <= CLOSE + 0.001  # a slice, and what the measuring itself is off by


async def test_a_cough_without_a_word_lets_the_bot_go_on(data: Path) -> None:
    plan = {**LONG_REPLY, "stt": {"provider": "scripted", "options": {"lines": ["one"], "cycle": False}}}
    async with serving(data, plan) as house:
        talk = await house.call(
            [Silence(0.5), Say(tone(0.4)), Silence(2.5), Interrupt(tone(0.3), after=1.0), WaitForBot(2.5)],
            speed=0,
            faults=ROOM,
        )
        turns = await house.turns(talk.call)
        assert await house.metric('vaani_false_interruptions_total{transport="exotel"}') == 1
    assert turns_of(turns, Speaker.AGENT)[-1].text == REPLY
    assert not turns_of(turns, Speaker.AGENT)[-1].interrupted


async def test_keys_become_a_turn(data: Path) -> None:
    async with serving(data, scripted(says=["Thank you."])) as house:
        talk = await house.call([Silence(0.3), Press("42#"), WaitForBot(), Silence(0.2)], speed=0)
        turns = await house.turns(talk.call)
    assert [(turn.speaker, turn.text) for turn in turns] == [
        (Speaker.CUSTOMER, "4 2"),
        (Speaker.AGENT, "Thank you."),
    ]


async def test_who_hangs_up_in_mid_word_is_recorded_to_the_last(data: Path) -> None:
    async with serving(data, scripted(greeting="Hello.")) as house:
        talk = await house.call([WaitForBot(), HangUp(saying=tone(3), after=0.7)], speed=0, faults=ROOM)
        row = await house.row(talk.call)
        left, _, _ = await recorded(house, talk)
        assert len(house.server.switchboard) == 0
    assert (row.outcome, row.reason) == ("connected", "callended")
    (word,) = stretches(bytes(talk.said), 8000)
    assert word[1] - word[0] == pytest.approx(0.7, abs=CLOSE)
    assert abs(lag(left, bytes(talk.said), 8000)) <= CLOSE
    assert len(left) / 16000 >= word[1] - CLOSE


async def test_a_line_that_breaks_without_a_word_is_a_call_that_ended(data: Path) -> None:
    async with serving(data, scripted(greeting="Hello.")) as house:
        talk = await house.call([Silence(9)], speed=0, faults=Faults(cut_at=1.0))
        row = await house.row(talk.call)
    assert (row.outcome, row.reason) == ("connected", "closed")
    assert row.recording is not None


async def test_a_caller_who_is_silent_is_greeted_and_not_pestered(data: Path) -> None:
    async with serving(data, scripted(greeting="Hello.")) as house:
        talk = await house.call([Silence(12)], speed=0, faults=ROOM)
        turns = await house.turns(talk.call)
        assert await house.metric('vaani_dead_air_total{transport="exotel"}') == 0
    assert [turn.text for turn in turns] == ["Hello."]
    assert talk.times("clear") == []
