"""What every voice promises: those of this machine, and those elsewhere against a stand-in that may fail."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, aclosing

import pytest
from aiohttp import ClientSession

from pipeline.audio import SAMPLE_BYTES
from processors import catalogue
from processors.ports import ProviderError, Sound, TextToSpeech
from tests.patience import until
from tests.processors.stand_ins import FAULTS, SECRET, StandIn, elevenlabs, hosted, openai_sound, sarvam, tasks_of_ours

TEXT = "Thank you for calling, this is the clinic. We open at nine. Goodbye!"
HERE = ("embedded", "scripted")
ELSEWHERE: dict[str, tuple[Callable[[], AbstractAsyncContextManager[StandIn]], dict[str, object]]] = {
    "elevenlabs": (elevenlabs.running, {"voice": "v1"}),
    "openai": (openai_sound.running, {}),
    "pipecat": (hosted.speaking, {}),
    "sarvam": (sarvam.running, {}),
}
"""By provider: its stand-in, and the options that it has no defaults for."""


@pytest.fixture(params=[*HERE, *ELSEWHERE])
async def voice(request: pytest.FixtureRequest) -> AsyncIterator[TextToSpeech]:
    async with AsyncExitStack() as stack:
        options: dict[str, object] = {}
        if request.param in ELSEWHERE:
            running, more = ELSEWHERE[request.param]
            options = (await stack.enter_async_context(running())).params(**more)
        http = await stack.enter_async_context(ClientSession())
        made: TextToSpeech = catalogue.create("tts", request.param, options, http)
        yield made


@pytest.fixture(params=ELSEWHERE)
async def failing(request: pytest.FixtureRequest) -> AsyncIterator[tuple[TextToSpeech, StandIn]]:
    """An impatient voice, and the server that it speaks through."""
    running, more = ELSEWHERE[request.param]
    async with running() as server, ClientSession() as http:
        options = server.params(connect_timeout_seconds=1, sound_timeout_seconds=0.2, **more)
        yield catalogue.create("tts", request.param, options, http), server


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
    assert not tasks_of_ours()
    assert await spoken(voice, "Hello.")


async def test_many_may_speak_at_once(voice: TextToSpeech) -> None:
    alone = await spoken(voice, TEXT)
    together = await asyncio.gather(*(spoken(voice, TEXT) for _ in range(8)))
    length = sum(len(sound.pcm) for sound in alone)
    for sounds in together:
        assert "".join(sound.text for sound in sounds) == TEXT
        assert abs(sum(len(sound.pcm) for sound in sounds) - length) < 0.05 * length


@pytest.mark.parametrize("fault", FAULTS)
async def test_a_service_that_fails_ends_in_one_error_that_tells_no_secret(
    failing: tuple[TextToSpeech, StandIn], fault: str, caplog: pytest.LogCaptureFixture
) -> None:
    made, server = failing
    server.fault = fault
    sounds: list[Sound] = []

    async def listen() -> None:
        async for sound in made.speak(pieces(TEXT)):
            sounds.append(sound)  # noqa: PERF401 - those before the trouble are wanted

    with pytest.raises(ProviderError) as caught:
        await asyncio.wait_for(listen(), 5)
    assert caught.value.retriable == (fault != "unauthorized")
    assert bool(sounds) == (fault == "cut") or fault == "garbage"
    for told in (str(caught.value), repr(caught.value), caplog.text):
        assert SECRET not in told
        assert "clinic" not in told
    assert caught.value.__cause__ is None
    await until(lambda: not server.open and not tasks_of_ours())
    server.fault = ""
    assert "".join(sound.text for sound in await spoken(made, TEXT)) == TEXT


async def test_an_interruption_frees_the_service(failing: tuple[TextToSpeech, StandIn]) -> None:
    made, server = failing

    async def unfinished() -> AsyncIterator[str]:
        yield TEXT
        await asyncio.Event().wait()

    async with aclosing(made.speak(unfinished())) as sounds:
        await anext(sounds)
    await until(lambda: not server.open and not tasks_of_ours())
