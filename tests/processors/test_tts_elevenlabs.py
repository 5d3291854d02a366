"""One connection for the call, a context for each reply: what that buys, and what must not follow from it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager

import numpy as np
import pytest
from aiohttp import ClientSession
from pydantic import ValidationError

from pipeline.frames import AudioDone, AudioOut, Interrupt, ReplyDone, ReplyText
from processors.ports import ProviderError, Sound, StaysConnected
from processors.speech_out import SpeechOut, Stored
from processors.tts import contexts
from processors.tts.alignment import Aligned
from processors.tts.elevenlabs import ElevenLabsTts, Options
from tests.fakes import of, started
from tests.patience import until
from tests.processors.stand_ins import elevenlabs, tasks_of_ours
from tests.processors.stand_ins.elevenlabs import SECONDS_A_CHARACTER, ElevenLabs

TEXT = "Thank you for calling, this is the clinic. We open at nine. Goodbye!"


@pytest.fixture
async def server() -> AsyncIterator[ElevenLabs]:
    async with elevenlabs.running() as stand_in:
        yield stand_in


@asynccontextmanager
async def voice(server: ElevenLabs, **options: object) -> AsyncIterator[ElevenLabsTts]:
    async with ClientSession() as http:
        yield ElevenLabsTts(Options.model_validate(server.params(voice="v1", **options)), http)


@asynccontextmanager
async def connected(server: ElevenLabs, **options: object) -> AsyncIterator[ElevenLabsTts]:
    """As in a call."""
    async with voice(server, **options) as made:
        staying = asyncio.ensure_future(made.stay_connected())
        try:
            await asyncio.sleep(0)  # the task begins
            yield made
        finally:
            staying.cancel()
            await asyncio.gather(staying, return_exceptions=True)


async def pieces(*text: str) -> AsyncIterator[str]:
    for piece in text:
        yield piece


async def spoken(made: ElevenLabsTts, *text: str) -> list[Sound]:
    return [sound async for sound in made.speak(pieces(*text))]


async def test_the_connection_is_there_before_the_first_word_and_serves_all_replies(server: ElevenLabs) -> None:
    async with connected(server) as made:
        assert isinstance(made, StaysConnected)
        for _ in range(3):
            await spoken(made, TEXT)
        assert len(server.queries) == 1
        assert len({frame["context_id"] for frame in server.frames}) == 3


async def test_a_barge_in_costs_no_connection_and_the_old_sound_is_never_heard(server: ElevenLabs) -> None:
    server.late = True

    async def unfinished() -> AsyncIterator[str]:
        yield TEXT
        await asyncio.Event().wait()

    async with connected(server) as made:
        async with aclosing(made.speak(unfinished())) as sounds:
            assert values(await anext(sounds)) == {1}
        for sound in await spoken(made, TEXT):
            assert values(sound) <= {2}
        old = server.frames[0]["context_id"]
        assert {"context_id": old, "close_context": True} in server.frames
        assert len(server.queries) == 1


async def test_a_call_has_its_connection_from_its_beginning_to_its_end(server: ElevenLabs) -> None:
    server.late = True
    async with voice(server) as made:
        stage = SpeechOut(made, 16000, Stored("Sorry."))
        async with started(stage) as heard:
            await until(lambda: server.open == 1)
            stage.process(ReplyText(TEXT, 1))
            await until(lambda: bool(of(AudioOut, heard)))
            heard.clear()
            stage.process(Interrupt(1.0))
            stage.process(ReplyText("Yes?", 2))
            stage.process(ReplyDone(2))
            await until(lambda: AudioDone(2) in heard)
            assert {frame.reply for frame in heard if isinstance(frame, AudioOut)} == {2}
            assert len(server.queries) == 1
        await until(lambda: not server.open and not tasks_of_ours())


async def test_replies_at_the_same_time_are_kept_apart(server: ElevenLabs) -> None:
    async with connected(server) as made:
        together = await asyncio.gather(*(spoken(made, TEXT) for _ in range(7)))
        await until(lambda: server.open == 1)
        for sounds in together:
            assert "".join(sound.text for sound in sounds) == TEXT
            assert len(set.union(*map(values, sounds))) == 1
        assert len(server.queries) == 1 + 7 - contexts.MOST


async def test_silence_is_bridged_by_signs_of_life(server: ElevenLabs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(contexts, "KEEP_ALIVE", 0.01)
    more = asyncio.Event()

    async def thoughtful() -> AsyncIterator[str]:
        yield "Thank you for calling, this"
        await more.wait()

    async with connected(server) as made:
        await until(lambda: {"text": ""} in server.frames)
        speaking = asyncio.ensure_future(spoken_of(made, thoughtful()))
        await until(lambda: any(frame == {"text": "", "context_id": "reply-1"} for frame in server.frames))
        more.set()
        assert "".join(sound.text for sound in await speaking) == "Thank you for calling, this"


async def test_a_lost_connection_is_opened_again(server: ElevenLabs) -> None:
    async with connected(server) as made:
        server.fault = "cut"
        with pytest.raises(ProviderError, match="closed the connection"):
            await spoken(made, TEXT)
        server.fault = ""
        await until(lambda: len(server.queries) == 2)
        await spoken(made, TEXT)
        assert len(server.queries) == 2


async def test_words_are_where_their_sound_is(server: ElevenLabs) -> None:
    async with voice(server) as made:
        sounds = await spoken(made, TEXT)
    at = 0.0
    begins: list[tuple[str, float]] = []
    for sound in sounds:
        if sound.text:
            begins.append((sound.text, at))
        at += len(sound.pcm) / 2 / made.rate
    for phrase, began in begins:
        assert began == pytest.approx(TEXT.index(phrase) * SECONDS_A_CHARACTER, abs=0.001)


async def test_without_times_no_word_is_lost(server: ElevenLabs) -> None:
    server.aligned = False
    async with voice(server) as made:
        assert "".join(sound.text for sound in await spoken(made, TEXT)) == TEXT


async def test_what_the_service_is_asked_for(server: ElevenLabs) -> None:
    async with voice(server, language="hi-IN", rate=8000, speed=1.1, stability=0.4) as made:
        await spoken(made, "Hello.")
    assert server.queries[0] == {
        "model_id": "eleven_flash_v2_5",
        "output_format": "pcm_8000",
        "auto_mode": "true",
        "sync_alignment": "true",
        "apply_text_normalization": "auto",
        "language_code": "hi",
    }
    assert server.frames == [
        {"text": " ", "context_id": "reply-1", "voice_settings": {"stability": 0.4, "speed": 1.1}},
        {"text": "Hello. ", "context_id": "reply-1"},
        {"context_id": "reply-1", "flush": True},
        {"context_id": "reply-1", "close_context": True},
    ]


async def test_a_refusal_says_which_and_nothing_more(server: ElevenLabs) -> None:
    server.fault = "reported"
    async with voice(server) as made:
        with pytest.raises(ProviderError) as caught:
            await spoken(made, TEXT)
    assert str(caught.value) == "elevenlabs: reported quota_exceeded"
    assert not caught.value.retriable


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"voice": "../v1"}, "voice"),
        ({"voice": "v", "speed": 1.3}, "speed"),
        ({"voice": "v", "language": "bn-IN"}, "language"),
        ({"voice": "v", "model": "eleven_multilingual_v2", "language": "hi"}, "language"),
        ({}, "voice"),
    ],
)
def test_what_the_service_would_refuse_is_refused_at_once(given: dict[str, object], field: str) -> None:
    with pytest.raises(ValidationError, match=field):
        Options.model_validate(given)


def test_sound_is_cut_where_a_phrase_begins_in_it() -> None:
    aligned = Aligned(8000)
    for phrase in ("One, ", "two."):
        aligned.expect(phrase)
    message = {"audio": "AAAA" * 400, "alignment": {"chars": list("One, two."), "charStartTimesMs": [*range(0, 45, 5)]}}
    first, second = aligned.sounds(message)
    assert (first.text, second.text) == ("One, ", "two.")
    assert len(first.pcm) == 2 * 8 * 25


ODD: list[dict[str, object]] = [
    {},
    {"audio": None},
    {"audio": 5},
    {"audio": "not base64!"},
    {"audio": "AAAA", "alignment": {"chars": ["O"]}},
    {"audio": "AAAA", "alignment": {"chars": "One", "charStartTimesMs": [0]}},
    {"audio": "AAAA", "alignment": {"chars": [1], "charStartTimesMs": [0]}},
    {"audio": "AAAA", "alignment": {"chars": ["O"], "charStartTimesMs": [None]}},
]


@pytest.mark.parametrize("message", ODD)
def test_what_is_no_sound_is_an_error_of_the_service(message: dict[str, object]) -> None:
    aligned = Aligned(8000)
    aligned.expect("One.")
    with pytest.raises(ProviderError, match=r"^elevenlabs: sent (sound|an alignment) that is none$"):
        list(aligned.sounds(message))


@pytest.mark.parametrize("start", [-5, 0, 1e300])
def test_a_time_outside_of_the_sound_is_brought_into_it(start: float) -> None:
    aligned = Aligned(8000)
    aligned.expect("One.")
    message = {"audio": "AAAA" * 4, "alignment": {"chars": ["O"], "charStartTimesMs": [start]}}
    assert "".join(sound.text for sound in aligned.sounds(message)) == "One."


async def spoken_of(made: ElevenLabsTts, text: AsyncIterator[str]) -> list[Sound]:
    return [sound async for sound in made.speak(text)]


def values(sound: Sound) -> set[int]:
    """Which contexts of its connection are heard in it."""
    return set(np.frombuffer(sound.pcm, "<i2").tolist())
