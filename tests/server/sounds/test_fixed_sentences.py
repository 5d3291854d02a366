from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from processors.lines import lines_for
from processors.sound_store import SoundStore
from processors.speech_out import Stored
from server.call_plan import CallPlan, Fallback
from server.sounds.fixed_sentences import KeptSentences, fixed_sentences
from tests.fakes import RATE, FakeVoice
from tests.server.house import scripted

LINES = lines_for("en-IN")
SPARE = Stored(LINES.apology, b"spare")


def plan(**config: Any) -> CallPlan:
    return CallPlan.model_validate(scripted(**config))


async def test_an_apology_is_in_the_calls_own_voice_once_that_has_said_it(tmp_path: Path) -> None:
    kept = KeptSentences(SoundStore(tmp_path), plan())
    voice = kept.voice(FakeVoice(), Fallback(provider="scripted"))
    assert await kept.stored(SPARE, RATE) == SPARE
    own = b"".join([sound.pcm async for sound in voice.speak(_once(LINES.apology))])
    assert await kept.stored(SPARE, RATE) == Stored(LINES.apology, own)


async def test_a_voice_that_is_to_keep_nothing_keeps_nothing() -> None:
    kept = KeptSentences(SoundStore(), plan(voice_cache=False))
    voice = FakeVoice()
    assert kept.voice(voice, Fallback()) is voice
    assert await kept.stored(SPARE, RATE) == SPARE


def test_a_scripts_answers_are_fixed_as_long_as_they_repeat_nothing_of_the_caller() -> None:
    fixed = fixed_sentences(plan(llm={"provider": "embedded", "options": {"script": "front_desk"}}))
    assert "Hello. What can I do for you?" in fixed
    assert not any("{{" in text for text in fixed.soon)
    assert fixed.for_all("Are you still there?")


def test_no_file_keeps_a_greeting_for_it_may_hold_a_name() -> None:
    fixed = fixed_sentences(plan(greeting="Hello Asha."))
    assert "Hello Asha." in fixed
    assert not fixed.for_all("Hello Asha.")


async def _once(text: str) -> AsyncIterator[str]:
    yield text
