"""A voice and a recogniser of Pipecat's behind our ports, against a server on a real socket."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, asynccontextmanager
from typing import Any

import pytest
from aiohttp import ClientSession

from pipeline.frames import AudioIn, SpeechStarted, SpeechStopped, Transcript
from pipeline.mailbox import Mailbox
from processors import catalogue
from processors.pipecat_keeper import close
from processors.ports import ListenFrame, ProviderError, Sound, SpeechToText, TextToSpeech
from tests.processors.stand_ins import openai_rest_sound
from tests.processors.stand_ins.openai_rest_sound import PIECE, SECRET, SoundServer

TTS = "pipecat.services.openai.tts.OpenAITTSService"
STT = "pipecat.services.openai.stt.OpenAISTTService"
KEY = "sk-very-secret"
WORDS = "My card is four two."


@asynccontextmanager
async def serving() -> AsyncIterator[tuple[SoundServer, ClientSession]]:
    """Whatever happens inside, nothing runs on afterwards."""
    before = asyncio.all_tasks()
    async with openai_rest_sound.running() as server, ClientSession() as http:
        yield server, http
        await close(http)
    assert asyncio.all_tasks() == before


def voice(server: SoundServer, http: ClientSession, **more: Any) -> TextToSpeech:
    arguments = {"base_url": server.base_url, "settings": {"voice": "ash", "speed": 1.5}}
    options = {"service": TTS, "api_key": KEY, "arguments": arguments, **more}
    made: TextToSpeech = catalogue.create("tts", "pipecat", options, http)
    return made


def ears(server: SoundServer, http: ClientSession, **more: Any) -> SpeechToText:
    arguments = {"base_url": server.base_url, "settings": {"language": "hi"}}
    options = {"service": STT, "api_key": KEY, "arguments": arguments, **more}
    made: SpeechToText = catalogue.create("stt", "pipecat", options, http)
    return made


async def pieces(*text: str) -> AsyncIterator[str]:
    for piece in text:
        yield piece


async def spoken(made: TextToSpeech, *text: str) -> list[Sound]:
    return [sound async for sound in made.speak(pieces(*text))]


def stretch(seconds: float = 1.0) -> list[ListenFrame]:
    count = round(seconds * 10)
    return [SpeechStarted(0.0), *(AudioIn(b"\1\0" * 1600, at / 10) for at in range(count)), SpeechStopped(seconds)]


def samples(sounds: list[Sound]) -> list[int]:
    """The value of each sound's samples, which is the number of its request."""
    return [int.from_bytes(sound.pcm[:2], "little") for sound in sounds]


async def test_each_phrase_is_told_with_its_first_sound_and_all_of_it_is_heard() -> None:
    async with serving() as (server, http):
        sounds = await spoken(voice(server, http), "Thank you for calling, this is the cli", "nic. We open at nine.")
    assert [(sound.text, len(sound.pcm) // 2) for sound in sounds] == [
        ("Thank you for calling, ", PIECE),
        ("", PIECE),
        ("this is the clinic. ", PIECE),
        ("", PIECE),
        ("We open at nine.", PIECE),
        ("", PIECE),
    ]
    assert samples(sounds) == [1, 1, 2, 2, 3, 3]
    assert [(asked["voice"], asked["speed"]) for asked in server.spoken] == [("ash", 1.5)] * 3
    assert set(server.keys) == {f"Bearer {KEY}"}


async def test_what_has_no_words_is_not_spoken() -> None:
    async with serving() as (server, http):
        assert await spoken(voice(server, http), "***\n") == []
    assert server.spoken == []


async def test_after_an_interruption_only_the_new_reply_is_heard_from_the_same_service() -> None:
    async with serving() as (server, http):
        made = voice(server, http)
        server.fault = "stall"
        async with aclosing(made.speak(pieces("An old reply. With more of it."))) as sounds:
            assert samples([await anext(sounds)]) == [1]
            await server.hung.wait()
        await server.left.wait()
        server.fault = ""
        assert samples(await spoken(made, "A new one.")) == [2, 2]
        assert [asked["input"] for asked in server.spoken] == ["An old reply. ", "A new one. "]


async def test_a_cancelled_reader_leaves_nothing_behind() -> None:
    async with serving() as (server, http):
        server.fault = "hang"
        listening = asyncio.ensure_future(spoken(voice(server, http), WORDS))
        await server.hung.wait()
        listening.cancel()
        with pytest.raises(asyncio.CancelledError):
            await listening
        await server.left.wait()


async def test_many_may_speak_at_once() -> None:
    async with serving() as (server, http):
        made = voice(server, http)
        together = await asyncio.gather(*(spoken(made, "One moment. ", "Two moments.") for _ in range(6)))
    for sounds in together:
        assert "".join(sound.text for sound in sounds) == "One moment. Two moments."
        assert len(sounds) == 4


@pytest.mark.parametrize("fault", ["unauthorized", "rate_limited", "broken", "hang", "reset", "cut", "stall"])
async def test_a_voice_that_fails_says_so_once_and_speaks_again(
    fault: str, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    async with serving() as (server, http):
        made = voice(server, http, sound_timeout_seconds=0.3)
        server.fault = fault
        with pytest.raises(ProviderError) as failed:
            await spoken(made, WORDS)
        server.fault = ""
        assert samples(await spoken(made, WORDS)) == [2, 2]
    assert failed.value.status == openai_rest_sound.STATUS.get(fault, 0)
    assert failed.value.retriable == (fault != "unauthorized")
    printed = capfd.readouterr()
    assert not any(secret in f"{failed.value}{printed}{caplog.text}" for secret in (KEY, SECRET, "card"))


async def test_every_stretch_of_speech_has_one_final_transcript() -> None:
    async with serving() as (server, http):
        server.said = ["book a seat", "", "tomorrow"]
        heard: Mailbox[ListenFrame] = Mailbox(1000)
        for frame in (AudioIn(bytes(3200), 0.0), *stretch(), *stretch(), *stretch()):
            heard.put(frame)
        heard.close()
        transcripts = [transcript async for transcript in ears(server, http).transcribe(heard)]
    assert transcripts == [Transcript("book a seat", True), Transcript("", True), Transcript("tomorrow", True)]
    assert {asked["language"] for asked in server.heard} == {"hi"}
    assert all(len(asked["file"]) >= 32000 for asked in server.heard)
    assert set(server.keys) == {f"Bearer {KEY}"}


@pytest.mark.parametrize("fault", ["unauthorized", "rate_limited", "broken", "hang", "reset", "garbage"])
async def test_a_recogniser_that_fails_says_so(
    fault: str, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    async with serving() as (server, http):
        server.fault, server.said = fault, [WORDS]
        heard: Mailbox[ListenFrame] = Mailbox(1000)
        for frame in stretch():
            heard.put(frame)
        with pytest.raises(ProviderError) as failed:
            await anext(ears(server, http, final_timeout_seconds=0.3).transcribe(heard))
    assert failed.value.status == openai_rest_sound.STATUS.get(fault, 0)
    printed = capfd.readouterr()
    assert not any(secret in f"{failed.value}{printed}{caplog.text}" for secret in (KEY, SECRET, "book"))


async def test_a_call_that_ends_lets_its_recogniser_go() -> None:
    async with serving() as (server, http):
        server.fault = "hang"
        heard: Mailbox[ListenFrame] = Mailbox(1000)
        for frame in stretch():
            heard.put(frame)
        listening = asyncio.ensure_future(_all(ears(server, http).transcribe(heard)))
        await server.hung.wait()
        listening.cancel()
        with pytest.raises(asyncio.CancelledError):
            await listening
        await server.left.wait()


async def _all(transcripts: AsyncGenerator[Transcript, None]) -> list[Transcript]:
    async with aclosing(transcripts):
        return [transcript async for transcript in transcripts]
