"""Who picks up on the simulated network."""

import asyncio

import pytest

from transports.loopback import tone
from transports.simulator.cast import Cast, patience_at, remembered
from transports.simulator.fates import Fate
from transports.simulator.people import PATIENCE


async def test_each_sentence_is_spoken_once_for_all_calls() -> None:
    said: list[str] = []

    async def slow(text: str) -> bytes:
        said.append(text)
        await asyncio.sleep(0)
        return tone(0.1)

    say = remembered(slow)
    assert len(set(await asyncio.gather(*[say("Hello.") for _ in range(50)]))) == 1
    await say("Bye.")
    assert said == ["Hello.", "Bye."]


async def test_a_voice_that_failed_is_asked_again() -> None:
    answers = iter([RuntimeError("away"), None])

    async def shaky(text: str) -> bytes:
        if error := next(answers):
            raise error
        return b"\1\0"

    say = remembered(shaky)
    with pytest.raises(RuntimeError):
        await say("Hello.")
    assert await say("Hello.") == b"\1\0"


async def test_known_numbers_play_the_demo_and_others_the_short_script() -> None:
    said: list[str] = []

    async def noted(text: str) -> bytes:
        said.append(text)
        return tone(0.1)

    cast = Cast(noted)
    await cast(Fate.ANSWERS, "+919812345678", 1)
    assert 1 <= len(said) <= 3
    await cast(Fate.ANSWERS, "+919812340001", 1)
    assert any("opening hours" in text for text in said)


def test_people_wait_for_a_bot_that_thinks_in_real_time_however_fast_the_call_goes() -> None:
    assert [patience_at(speed) for speed in (0.5, 1, 20)] == [PATIENCE, PATIENCE, 20 * PATIENCE]
    assert patience_at(0) > PATIENCE


async def test_who_says_nothing_makes_no_sound_for_five_seconds() -> None:
    async def voice(text: str) -> bytes:
        raise AssertionError(text)

    person = await Cast(voice)(Fate.SILENT, "+919812340006", 1)
    moments = [person.tick(bot_audible=True) for _ in range(260)]
    assert not any(any(moment.pcm) for moment in moments)
    assert [moment.gone for moment in moments].index(True) == 250
