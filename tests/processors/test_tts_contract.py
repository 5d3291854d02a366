"""What every voice that needs no key promises."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing

import pytest
from aiohttp import ClientSession

from pipeline.audio import SAMPLE_BYTES
from processors import catalogue
from processors.ports import Sound, TextToSpeech

TEXT = "Thank you for calling, this is the clinic. We open at nine. Goodbye!"


@pytest.fixture(params=["embedded", "scripted"])
async def voice(request: pytest.FixtureRequest) -> AsyncIterator[TextToSpeech]:
    async with ClientSession() as http:
        made: TextToSpeech = catalogue.create("tts", request.param, {}, http)
        yield made


async def pieces(*text: str) -> AsyncIterator[str]:
    for piece in text:
        yield piece


async def spoken(voice: TextToSpeech, *text: str) -> list[Sound]:
    return [sound async for sound in voice.speak(pieces(*text))]


async def test_all_that_is_said_is_told_phrase_by_phrase(voice: TextToSpeech) -> None:
    sounds = await spoken(voice, *TEXT.partition("cal"))
    assert "".join(sound.text for sound in sounds) == TEXT
    assert sum(bool(sound.text) for sound in sounds) == 4
    assert all(sound.pcm and len(sound.pcm) % SAMPLE_BYTES == 0 for sound in sounds)
    assert 2 < sum(len(sound.pcm) for sound in sounds) / SAMPLE_BYTES / voice.rate < 10


async def test_the_first_clause_is_heard_before_the_text_is_whole(voice: TextToSpeech) -> None:
    async def unfinished() -> AsyncIterator[str]:
        yield "Thank you for calling, this"
        await asyncio.Event().wait()

    async with aclosing(voice.speak(unfinished())) as sounds:
        assert (await anext(sounds)).text == "Thank you for calling, "


@pytest.mark.parametrize("text", ["", "   ", "\n\n", "***", "😀"])
async def test_nothing_to_say_is_no_trouble(voice: TextToSpeech, text: str) -> None:
    for sound in await spoken(voice, text):
        assert sound.text.strip()


async def test_an_interrupted_voice_leaves_nothing_behind(voice: TextToSpeech) -> None:
    first = asyncio.Event()

    async def listen() -> None:
        async with aclosing(voice.speak(pieces(TEXT * 50))) as sounds:
            async for _sound in sounds:
                first.set()

    listening = asyncio.ensure_future(listen())
    await first.wait()
    listening.cancel()
    with pytest.raises(asyncio.CancelledError):
        await listening
    assert asyncio.all_tasks() == {asyncio.current_task()}
    assert await spoken(voice, "Hello.")


async def test_many_may_speak_at_once(voice: TextToSpeech) -> None:
    alone = await spoken(voice, TEXT)
    together = await asyncio.gather(*(spoken(voice, TEXT) for _ in range(8)))
    length = sum(len(sound.pcm) for sound in alone)
    for sounds in together:
        assert "".join(sound.text for sound in sounds) == TEXT
        assert abs(sum(len(sound.pcm) for sound in sounds) - length) < 0.05 * length
