"""Real human speech over the real wire through the embedded stack, and a whole spoken dialogue."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks.word_errors import distance, spoken
from pipeline.audio import Codec, resample
from processors.script.script import shipped
from processors.tts.embedded import EmbeddedTts
from server import caller, demo, simulator
from storage.records import CallStatus, Outcome, Speaker
from tests import speech
from tests.server.serving import serving
from transports.simulator.casting import from_script
from transports.simulator.exotel_wire import CallFacts
from transports.simulator.people import Person, Say, Silence, Step, WaitForBot

HURRY = 1.5
"""Faster than life: models that take 0.4 s then seem to take 0.6, which the plans here allow for."""
LISTENER = {
    "llm": {"provider": "scripted", "options": {"replies": ["Hm."]}},
    "tts": {"provider": "scripted", "options": {"seconds_per_reply": 0.2}},
    "turns": {"after_sentence": 1.0, "after_open": 1.5, "after_number": 1.5, "final_within": 10},
}
"""Hears with everything that is embedded, and says next to nothing."""


@pytest.mark.timeout(180)
@pytest.mark.parametrize(
    ("rate", "codec", "count"), [(8000, "pcm16", 6), (8000, "mulaw", 2), (16000, "pcm16", 2)], ids=str
)
async def test_human_speech_comes_back_as_the_right_words(data: Path, rate: int, codec: Codec, count: int) -> None:
    prompts = speech.prompts(count, seconds=6)
    steps: list[Step] = [Silence(0.5)]
    for prompt in prompts:
        steps += [Say(resample(prompt.pcm(), speech.RATE, rate)), WaitForBot(), Silence(0.3)]
    async with serving(data, LISTENER) as house:
        person = Person(steps, rate=rate, patience=60)
        talk = await house.call(person, facts=CallFacts(rate=rate, codec=codec), speed=HURRY)
        turns = await house.turns(talk.call)
        latencies = await house.latencies(talk.call)
    heard = [word for turn in turns if turn.speaker is Speaker.CUSTOMER for word in spoken(turn.text)]
    said = [word for prompt in prompts for word in spoken(prompt.text)]
    assert not talk.gave_up
    assert distance(said, heard) / len(said) <= 0.05
    assert len(latencies) >= count - 1
    assert all(latency.total_ms is not None and latency.stt == "embedded" for latency in latencies)


@pytest.mark.soak
@pytest.mark.timeout(180)
async def test_the_demo_line_books_an_appointment_says_goodbye_and_hangs_up(data: Path) -> None:
    script = json.loads(caller.SCRIPT.read_text())
    person = await from_script(script, simulator.voice_of(EmbeddedTts(simulator.VOICE)))
    async with serving(data, demo.plan()) as house:
        talk = await house.call(person, facts=CallFacts(from_number=caller.FROM, to_number=caller.TO), speed=1.0)
        row, turns = await house.row(talk.call), await house.turns(talk.call)
        assert await house.metric('vaani_calls_total{outcome="connected",transport="exotel"}') == 1
    agent = [turn for turn in turns if turn.speaker is Speaker.AGENT]
    said = " ".join(turn.text for turn in agent)
    assert agent[0].text.startswith(shipped(demo.SCRIPT).greeting.split("{{")[0])
    assert "12 Garden Road" in said
    assert "Mary Miller" in said
    assert agent[-1].text.rstrip().endswith("Goodbye.")
    assert not agent[-1].interrupted
    assert any(turn.interrupted for turn in agent)
    assert (row.status, row.outcome) == (CallStatus.ENDED, Outcome.CONNECTED)
    assert row.reason not in ("callended", "")
    assert (talk.gave_up, talk.close_code, talk.times("stop")) == (False, 1000, [])
