"""Sarvam's voices: what an interruption costs, and what the service is told."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, asynccontextmanager
from typing import Any

import numpy as np
import pytest
from aiohttp import ClientSession
from pydantic import ValidationError

from processors import catalogue
from processors.ports import ProviderError, Sound, StaysConnected, TextToSpeech
from processors.tts import spare_sockets
from tests.patience import until
from tests.processors.stand_ins import SECRET, sarvam, tasks_of_ours
from tests.processors.stand_ins.sarvam import Sarvam

LANGUAGES = ("hi", "en", "hi-en", "ta", "te", "kn", "mr", "bn", "gu", "ml", "pa")
"""As customers prefer them."""


@pytest.fixture
async def server() -> AsyncIterator[Sarvam]:
    async with sarvam.running() as server:
        yield server


@pytest.fixture
async def http() -> AsyncIterator[ClientSession]:
    async with ClientSession() as http:
        yield http


def voice(server: Sarvam, http: ClientSession, **options: Any) -> TextToSpeech:
    made: TextToSpeech = catalogue.create("tts", "sarvam", server.params(**options), http)
    return made


@asynccontextmanager
async def on_a_call(voice: TextToSpeech) -> AsyncIterator[None]:
    assert isinstance(voice, StaysConnected)
    staying = asyncio.ensure_future(voice.stay_connected())
    try:
        yield
    finally:
        staying.cancel()
        await asyncio.gather(staying, return_exceptions=True)


async def text(*pieces: str) -> AsyncGenerator[str, None]:
    for piece in pieces:
        yield piece


async def spoken(voice: TextToSpeech, *pieces: str) -> list[Sound]:
    return [sound async for sound in voice.speak(text(*pieces))]


async def interrupted(voice: TextToSpeech, server: Sarvam) -> None:
    """In the middle of a sentence, which the service goes on with."""
    server.go_on.clear()
    async with aclosing(voice.speak(text("This will be cut."))) as sounds:
        await anext(sounds)
    server.go_on.set()


def connections(sounds: list[Sound]) -> set[int]:
    """Those that spoke: each has a sound of its own."""
    return set(np.frombuffer(b"".join(sound.pcm for sound in sounds), "<i2").tolist())


async def test_after_an_interruption_no_connection_is_waited_for(server: Sarvam, http: ClientSession) -> None:
    made = voice(server, http)
    async with on_a_call(made):
        for opened in (1, 2, 3):
            await until(lambda so_far=opened: server.opened == so_far)  # type: ignore[misc]
            server.door.clear()
            await interrupted(made, server)
            assert server.opened == opened
            server.door.set()
        await until(lambda: server.opened == 4)
        server.door.clear()
        assert connections(await spoken(made, "Yes?")) == {4}
        assert server.opened == 4


async def test_nothing_of_a_reply_that_was_cut_is_heard_in_the_next(server: Sarvam, http: ClientSession) -> None:
    made = voice(server, http)
    async with on_a_call(made):
        await until(lambda: server.opened == 1)
        await interrupted(made, server)
        sounds = await spoken(made, "Something else.")
    assert [sound.text for sound in sounds if sound.text] == ["Something else."]
    assert connections(sounds) == {2}


async def test_a_call_needs_two_connections_however_many_replies(server: Sarvam, http: ClientSession) -> None:
    made = voice(server, http)
    async with on_a_call(made):
        await until(lambda: server.opened == 1)
        for _ in range(5):
            assert connections(await spoken(made, "Fine.", " And you?")) == {1}
        await until(lambda: server.opened == 2)
        assert server.open == 2
    await until(lambda: not server.open)
    assert not tasks_of_ours()


async def test_a_connection_that_broke_while_it_waited_costs_no_reply(server: Sarvam, http: ClientSession) -> None:
    made = voice(server, http)
    server.stale = {1}
    async with on_a_call(made):
        await until(lambda: server.opened == 1)
        (sound, *_) = await spoken(made, "Hello.")
    assert sound.text == "Hello."


async def test_a_spare_that_the_service_closed_is_replaced(
    server: Sarvam, http: ClientSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spare_sockets, "PING", 0.01)
    monkeypatch.setattr(spare_sockets, "_PAUSES", (0.01,))
    async with on_a_call(voice(server, http)):
        await until(lambda: {"type": "ping"} in server.frames)
        await server.sockets[0].close()
        await until(lambda: server.opened == 2 and server.open == 1)


async def test_a_spare_that_nobody_needs_is_closed(
    server: Sarvam, http: ClientSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spare_sockets, "IDLE", 0.01)
    made = voice(server, http)
    async with on_a_call(made):
        await until(lambda: server.opened == 1 and not server.open)
        assert await spoken(made, "Still there.")


async def test_a_service_that_cannot_be_reached_is_tried_again(
    server: Sarvam, http: ClientSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spare_sockets, "_PAUSES", (0.01,))
    server.fault = "broken"
    made = voice(server, http)
    async with on_a_call(made):
        with pytest.raises(ProviderError, match="answered 500"):
            await spoken(made, "Hello.")
        server.fault = ""
        await until(lambda: server.open == 1)


async def test_a_service_that_hangs_up_at_once_is_not_rung_up_again_and_again(
    server: Sarvam, http: ClientSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spare_sockets, "_PAUSES", (0.0, 0.0, 3600.0))
    server.fault = "reset"
    async with on_a_call(voice(server, http)):
        await until(lambda: server.opened == 3)
        for _ in range(20):
            await http.get(server.base_url)
        assert server.opened == 3


async def test_the_service_is_told_how_to_speak(server: Sarvam, http: ClientSession) -> None:
    options = {"language": "hi-en", "speaker": "kavya", "rate": 22050, "pace": 1.2, "temperature": 0.4}
    sounds = await spoken(voice(server, http, **options), "नमस्ते।")
    assert server.queries == [{"model": "bulbul:v3", "send_completion_event": "true"}]
    assert server.frames[0] == {
        "type": "config",
        "data": {
            "target_language_code": "hi-IN",
            "speaker": "kavya",
            "model": "bulbul:v3",
            "speech_sample_rate": 22050,
            "output_audio_codec": "linear16",
            "pace": 1.2,
            "temperature": 0.4,
            "min_buffer_size": 50,
            "max_chunk_length": 150,
        },
    }
    assert server.frames[1:] == [{"type": "text", "data": {"text": "नमस्ते।"}}, {"type": "flush"}]
    assert sum(len(sound.pcm) for sound in sounds) == 2 * round(sarvam.SECONDS_A_CHARACTER * 22050 * 3) + 2 * round(
        sarvam.SECONDS_A_CHARACTER * 22050 * 4
    )


@pytest.mark.parametrize("code", LANGUAGES)
async def test_it_speaks_what_customers_prefer(server: Sarvam, http: ClientSession, code: str) -> None:
    assert await spoken(voice(server, http, language=code), "1 2 3")
    assert server.frames[0]["data"]["target_language_code"] == f"{code[:2]}-IN"


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"language": "fr-FR"}, "Sarvam's voices speak bn, en"),
        ({"model": "bulbul:v4-flash"}, "speaker: bulbul:v4-flash needs one"),
        ({"pitch": 0.2}, "pitch: bulbul:v3 takes none"),
        ({"model": "bulbul:v2", "temperature": 0.2}, "temperature: bulbul:v2 takes none"),
        ({"pace": 2.5}, "pace: bulbul:v3 takes 0.5 to 2"),
    ],
)
def test_what_a_model_cannot_do_is_refused(options: dict[str, Any], told: str) -> None:
    with pytest.raises(ValidationError, match=told):
        catalogue.load("tts", "sarvam").Options.model_validate(options)


async def test_what_the_service_refuses_is_told_by_its_code_alone(server: Sarvam, http: ClientSession) -> None:
    server.fault = "reported"
    with pytest.raises(ProviderError, match=r"^sarvam: reported 422$") as caught:
        await spoken(voice(server, http), "Hello.")
    assert not caught.value.retriable
    assert SECRET not in repr(caught.value)


async def test_without_a_key_nobody_is_asked(server: Sarvam, http: ClientSession) -> None:
    made = voice(server, http, api_key="")
    async with on_a_call(made):
        with pytest.raises(ProviderError, match="no API key") as caught:
            await spoken(made, "Hello.")
    assert not caught.value.retriable
    assert server.opened == 0
