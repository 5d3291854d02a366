"""What is special of ElevenLabs' realtime recogniser."""

from __future__ import annotations

from collections.abc import AsyncIterator
from itertools import groupby

import pytest
from aiohttp import ClientSession
from pydantic import ValidationError

from pipeline.frames import SpeechStarted, SpeechStopped, Transcript
from processors.ports import ProviderError
from processors.stt.elevenlabs import ElevenLabsStt, Options
from tests.processors.stand_ins import elevenlabs
from tests.processors.stand_ins.elevenlabs import ElevenLabs
from tests.processors.test_stt_contract import Line, heard_by

RATE = 16000


@pytest.fixture
async def server() -> AsyncIterator[ElevenLabs]:
    async with elevenlabs.running() as stand_in:
        yield stand_in


@pytest.fixture
def line() -> Line:
    return Line(RATE)


def voiced(seconds: float) -> bytes:
    return b"\x07\x00" * round(seconds * RATE)


async def heard(server: ElevenLabs, line: Line, **options: object) -> list[Transcript]:
    async with ClientSession() as http:
        return await heard_by(ElevenLabsStt(Options.model_validate(server.params(**options)), http), line)


async def test_what_is_said_is_told_while_it_is_said(server: ElevenLabs, line: Line) -> None:
    line.says(voiced(2))
    *partials, final = await heard(server, line, language="en-IN")
    assert final == Transcript(server.lines[0], final=True, language="en-IN")
    assert len(partials) > 5
    assert all(not partial.final and final.text.startswith(partial.text) for partial in partials)


async def test_only_speech_goes_out_with_what_was_just_before_it(server: ElevenLabs, line: Line) -> None:
    line.silence(4)
    line.says(voiced(1))
    line.silence(4)
    await heard(server, line)
    runs = [(voice, len(list(run)) / 2 / RATE) for voice, run in groupby(bool(b) for b in server.heard[::2])]
    before, speech, after = (seconds * 2 for _, seconds in runs)
    assert (before, speech, after) == pytest.approx((0.3, 1.0, 0.2), abs=0.02)


async def test_a_silent_caller_keeps_the_session(server: ElevenLabs, line: Line) -> None:
    line.silence(16)
    assert await heard(server, line) == []
    assert len(server.heard) == 3 * 2 * RATE // 10
    assert not any(server.heard)


async def test_what_the_service_commits_by_itself_is_part_of_the_whole(server: ElevenLabs, line: Line) -> None:
    server.longest, server.lines = 1.0, ["i would like", "a table", "for two"]
    line.heard.put(SpeechStarted(0.0))
    line.sound(voiced(2.2))
    finals: list[str] = []
    async with ClientSession() as http:
        async for transcript in ElevenLabsStt(Options.model_validate(server.params()), http).transcribe(line.heard):
            if transcript.final:
                finals.append(transcript.text)
            elif "a table" in transcript.text:
                line.sound(voiced(0.5))
                line.heard.put(SpeechStopped(2.7))
                line.heard.close()
    assert finals == ["i would like a table for two"]


async def test_too_little_sound_has_no_words(server: ElevenLabs, line: Line) -> None:
    server.longest = 1.0
    line.says(voiced(0.9))  # with the lead before it and the silence after, just a little more than is committed
    assert [one.final for one in await heard(server, line)].count(True) == 1
    assert server.frames[-1]["commit"]


async def test_a_language_that_was_not_given_is_told_by_its_tag(server: ElevenLabs, line: Line) -> None:
    line.says(voiced(1))
    assert (await heard(server, line))[-1].language == "en"
    assert server.queries[-1]["include_language_detection"] == "true"


async def test_what_the_service_is_asked_for(server: ElevenLabs) -> None:
    narrow = Line(8000)
    narrow.says(b"\x07\x00" * 8000)
    await heard(server, narrow, language="ta-IN", rate=8000, keyterms=["Vaani"])
    assert server.queries == [
        {
            "model_id": "scribe_v2_realtime",
            "audio_format": "pcm_8000",
            "commit_strategy": "manual",
            "language_code": "ta",
            "keyterms": "Vaani",
        }
    ]
    assert server.frames[-1] == {"message_type": "input_audio_chunk", "commit": True, "sample_rate": 8000}


async def test_two_languages_are_both_named(server: ElevenLabs, line: Line) -> None:
    line.says(voiced(1))
    assert (await heard(server, line, language="hi-en"))[-1].language == "hi-en"
    assert (server.queries[0]["language_code"], server.queries[0]["secondary_languages"]) == ("hi", "en")


async def test_a_refusal_says_which_and_nothing_more(server: ElevenLabs, line: Line) -> None:
    server.fault = "reported"
    line.says(voiced(1))
    with pytest.raises(ProviderError) as caught:
        await heard(server, line)
    assert str(caught.value) == "elevenlabs: reported quota_exceeded"
    assert not caught.value.retriable


async def test_messages_that_say_nothing_are_passed_over(server: ElevenLabs, line: Line) -> None:
    server.odd = [
        {},
        {"message_type": ["partial_transcript"]},
        {"message_type": "partial_transcript"},
        {"message_type": "partial_transcript", "text": None},
        {"message_type": "committed_transcript_with_timestamps", "text": " ", "language_code": 5},
        {"message_type": "brand_new"},
    ]
    line.says(voiced(1))
    said = await heard(server, line)
    assert [one.text for one in said if one.final] == server.lines
    assert all(server.lines[0].startswith(one.text) for one in said)


async def test_a_session_that_began_and_then_has_no_text_is_given_up(server: ElevenLabs, line: Line) -> None:
    server.fault = "deaf"
    line.says(voiced(1))
    with pytest.raises(ProviderError, match="took too long"):
        await heard(server, line, final_timeout_seconds=0.1)


@pytest.mark.parametrize(
    ("given", "field"),
    [({"rate": 11025}, "rate"), ({"keyterms": ["x" * 21]}, "keyterms"), ({"final_timeout_seconds": 0}, "final")],
)
def test_what_the_service_would_refuse_is_refused_at_once(given: dict[str, object], field: str) -> None:
    with pytest.raises(ValidationError, match=field):
        Options.model_validate(given)
