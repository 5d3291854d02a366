"""What is special of OpenAI's `audio/speech`."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import aclosing

import pytest
from aiohttp import ClientSession
from pydantic import ValidationError

from processors.ports import ProviderError, Sound
from processors.tts.openai import OpenAiTts, Options
from tests.patience import until
from tests.processors.stand_ins import openai_sound, tasks_of_ours
from tests.processors.stand_ins.openai_sound import OpenAiSound

TEXT = "Thank you for calling, this is the clinic. We open at nine."


@pytest.fixture
async def server() -> AsyncIterator[OpenAiSound]:
    async with openai_sound.running() as stand_in:
        yield stand_in


def voice(server: OpenAiSound, http: ClientSession, **options: object) -> OpenAiTts:
    return OpenAiTts(Options.model_validate(server.params(**options)), http)


async def given(text: str) -> AsyncIterator[str]:
    yield text


async def spoken(server: OpenAiSound, text: str, **options: object) -> list[Sound]:
    async with ClientSession() as http:
        return [sound async for sound in voice(server, http, **options).speak(given(text))]


async def test_each_phrase_is_asked_for_by_itself(server: OpenAiSound) -> None:
    await spoken(server, TEXT, voice="cedar", speed=1.2, instructions="Speak calmly.")
    whole = {"model": "gpt-4o-mini-tts", "voice": "cedar", "response_format": "pcm"}
    phrases = ("Thank you for calling,", "We open at nine.", "this is the clinic.")
    assert sorted(server.asked, key=lambda asked: str(asked["input"])) == [
        {**whole, "input": phrase, "speed": 1.2, "instructions": "Speak calmly."} for phrase in phrases
    ]


async def test_one_phrase_more_is_being_made_while_the_first_is_heard(server: OpenAiSound) -> None:
    server.go_on.clear()
    async with ClientSession() as http, aclosing(voice(server, http).speak(given(TEXT))) as sounds:
        assert (await anext(sounds)).text == "Thank you for calling, "
        await until(lambda: server.open == 2)
        assert len(server.asked) == 2
    await until(lambda: not server.open and not tasks_of_ours())


async def test_samples_that_come_in_halves_are_put_together(server: OpenAiSound) -> None:
    sounds = await spoken(server, TEXT)
    assert {sound.pcm[place : place + 2] for sound in sounds for place in range(0, len(sound.pcm), 2)} == {b"\7\0"}


async def test_an_account_without_credit_is_not_asked_again(server: OpenAiSound) -> None:
    server.fault = "no_credit"
    with pytest.raises(ProviderError) as caught:
        await spoken(server, TEXT)
    assert str(caught.value) == "openai: has no credit left"
    assert caught.value.status == 429
    assert not caught.value.retriable


@pytest.mark.parametrize("given", [{"speed": 5}, {"instructions": "x" * 5000}, {"voice": ""}])
def test_what_the_service_would_refuse_is_refused_at_once(given: dict[str, object]) -> None:
    with pytest.raises(ValidationError, match=next(iter(given))):
        Options.model_validate(given)
