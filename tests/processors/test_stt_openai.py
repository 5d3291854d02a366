"""What is special of OpenAI's transcription session."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from aiohttp import ClientSession
from pydantic import ValidationError

from pipeline.frames import Transcript
from processors.ports import ProviderError
from processors.stt.openai import OpenAiStt, Options
from tests.processors.stand_ins import openai_sound
from tests.processors.stand_ins.openai_sound import OpenAiSound
from tests.processors.test_stt_contract import Line, heard_by

RATE = 24000


@pytest.fixture
async def server() -> AsyncIterator[OpenAiSound]:
    async with openai_sound.running() as stand_in:
        yield stand_in


@pytest.fixture
def line() -> Line:
    return Line(RATE)


def voiced(seconds: float) -> bytes:
    return b"\x07\x00" * round(seconds * RATE)


async def heard(server: OpenAiSound, line: Line, **options: object) -> list[Transcript]:
    async with ClientSession() as http:
        return await heard_by(OpenAiStt(Options.model_validate(server.params(**options)), http), line)


async def test_what_is_said_is_told_while_it_is_said(server: OpenAiSound, line: Line) -> None:
    line.says(voiced(1))
    *partials, final = await heard(server, line, language="en-IN")
    assert final == Transcript(server.lines[0], final=True, language="en-IN")
    assert [partial.text for partial in partials[:2]] == ["i", "i i"]
    assert not any(partial.final for partial in partials)


async def test_texts_come_in_the_order_in_which_they_were_spoken(server: OpenAiSound, line: Line) -> None:
    server.lines, server.swapped = ["first", "second"], True
    line.says(voiced(1))
    line.says(voiced(1))
    said = await heard(server, line)
    assert [one.text for one in said if one.final] == ["first", "second"]
    first = next(place for place, one in enumerate(said) if one.final)
    assert not any("first" in one.text for one in said[first + 1 :])


async def test_too_little_sound_has_no_words(server: OpenAiSound, line: Line) -> None:
    server.shortest = 10.0
    line.says(voiced(1))
    line.says(voiced(1))
    assert [one.text for one in await heard(server, line) if one.final] == ["", ""]


async def test_what_the_service_is_asked_for(server: OpenAiSound, line: Line) -> None:
    line.says(voiced(1))
    await heard(server, line, language="hi-IN", delay="low", noise_reduction="near_field")
    assert server.asked[0] == {
        "type": "session.update",
        "session": {
            "type": "transcription",
            "audio": {
                "input": {
                    "format": {"type": "audio/pcm", "rate": 24000},
                    "transcription": {"model": "gpt-realtime-whisper", "language": "hi", "delay": "low"},
                    "turn_detection": None,
                    "noise_reduction": {"type": "near_field"},
                }
            },
        },
    }
    assert server.asked[-1] == {"type": "input_audio_buffer.commit"}


@pytest.mark.parametrize(
    ("model", "told"),
    [("gpt-transcribe", {"languages": ["hi", "en"]}), ("gpt-realtime-whisper", {})],
)
async def test_two_languages_are_told_where_the_model_takes_them(
    server: OpenAiSound, line: Line, model: str, told: dict[str, object]
) -> None:
    line.says(voiced(1))
    await heard(server, line, language="hi-en", model=model)
    assert server.asked[0]["session"]["audio"]["input"]["transcription"] == {"model": model, **told}


async def test_messages_that_say_nothing_are_passed_over(server: OpenAiSound, line: Line) -> None:
    server.odd = [
        {},
        {"type": ["error"]},
        {"type": "conversation.item.input_audio_transcription.delta", "item_id": "item_0", "delta": None},
        {"type": "brand_new", "error": {"code": "invalid_api_key"}},
    ]
    line.says(voiced(1))
    assert [one.text for one in await heard(server, line) if one.final] == server.lines


async def test_a_refusal_says_which_and_nothing_more(server: OpenAiSound, line: Line) -> None:
    server.fault = "reported"
    line.says(voiced(1))
    with pytest.raises(ProviderError) as caught:
        await heard(server, line)
    assert str(caught.value) == "openai: reported insufficient_quota"
    assert not caught.value.retriable


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"prompt": "a clinic"}, "prompt"),
        ({"model": "gpt-transcribe", "delay": "low"}, "delay"),
        ({"noise_reduction": "loud"}, "noise_reduction"),
    ],
)
def test_what_the_service_would_refuse_is_refused_at_once(given: dict[str, object], field: str) -> None:
    with pytest.raises(ValidationError, match=field):
        Options.model_validate(given)
