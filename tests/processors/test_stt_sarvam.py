"""Sarvam's recognisers: what is asked of each socket, and how stretches of speech come to their texts."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import Any

import numpy as np
import pytest
from aiohttp import ClientSession
from pydantic import ValidationError

from pipeline.audio import SAMPLE_BYTES
from pipeline.frames import Transcript
from processors import catalogue
from processors.ports import FollowsLanguage, ProviderError, SpeechToText
from tests.patience import until
from tests.processors.stand_ins import SECRET, sarvam
from tests.processors.stand_ins.sarvam import Sarvam
from tests.processors.test_stt_contract import Line, heard_by

RATE = 8000
SPEECH = np.full(RATE, 500, "<i2").tobytes()
"""A second that the stand-in takes for speech."""


@pytest.fixture
async def server() -> AsyncIterator[Sarvam]:
    async with sarvam.running() as server:
        yield server


@pytest.fixture
async def http() -> AsyncIterator[ClientSession]:
    async with ClientSession() as http:
        yield http


def ears(server: Sarvam, http: ClientSession, **options: Any) -> SpeechToText:
    made: SpeechToText = catalogue.create("stt", "sarvam", server.params(rate=RATE, **options), http)
    return made


async def test_the_streaming_socket_is_asked_as_documented(server: Sarvam, http: ClientSession) -> None:
    line = Line(RATE)
    line.says(SPEECH)
    (heard,) = await heard_by(ears(server, http, language="hi-en", keyterms=["मेज़"]), line)
    assert heard == Transcript(server.lines[0], final=True, language="hi-IN")
    assert server.queries == [
        {
            "language-code": "hi-IN",
            "model": "saaras:v4",
            "mode": "codemix",
            "sample_rate": "8000",
            "input_audio_codec": "pcm_s16le",
            "vad_signals": "true",
            "flush_signal": "true",
            "keyterms": '["मेज़"]',
        }
    ]
    assert server.frames[0] == {"audio": {"sample_rate": 8000, "encoding": "audio/wav"}}
    assert server.frames[-1] == {"type": "flush"}
    assert SPEECH in server.heard


async def test_the_realtime_socket_is_asked_as_documented(server: Sarvam, http: ClientSession) -> None:
    line = Line(RATE)
    line.says(SPEECH)
    server.language = "od-IN"
    heard = await heard_by(ears(server, http, socket="realtime", language="or-IN"), line)
    assert heard[-1] == Transcript(server.lines[0], final=True, language="or-IN")
    assert server.queries == [
        {
            "language_code": "or-IN",
            "model": "saaras:v3-realtime",
            "mode": "transcribe",
            "sample_rate": "8000",
            "stream_type": "fast",
            "endpointing": "manual",
            "encoding": "linear16",
        }
    ]
    assert server.frames[0] == {"event": "speech_start"}
    assert server.frames[-1] == {"event": "speech_end"}
    assert SPEECH in server.heard


@pytest.mark.parametrize(
    "code", ["unknown", "auto", "hi", "en", "hi-en", "ta", "te", "kn", "mr", "bn", "gu", "ml", "pa"]
)
@pytest.mark.parametrize("socket", ["streaming", "realtime"])
async def test_it_understands_what_customers_prefer(
    server: Sarvam, http: ClientSession, socket: str, code: str
) -> None:
    line = Line(RATE)
    line.says(SPEECH)
    assert (await heard_by(ears(server, http, socket=socket, language=code), line))[-1].final


async def test_partial_texts_come_while_the_caller_speaks(server: Sarvam, http: ClientSession) -> None:
    line = Line(RATE)
    line.begins(SPEECH)
    async with aclosing(ears(server, http, socket="realtime").transcribe(line.heard)) as texts:
        partial = await anext(texts)
        assert not partial.final
        assert server.lines[0].startswith(partial.text)
        line.stops()
        assert [text async for text in _to_final(texts)][-1].text == server.lines[0]


async def _to_final(texts: AsyncIterator[Transcript]) -> AsyncIterator[Transcript]:
    async for transcript in texts:
        yield transcript
        if transcript.final:
            return


async def test_speech_that_the_service_cuts_in_two_is_one_text(server: Sarvam, http: ClientSession) -> None:
    server.lines, server.utterance_seconds = ["book a table", "for two"], 0.6
    line = Line(RATE)
    line.begins(SPEECH[: round(0.6 * RATE) * SAMPLE_BYTES])
    async with aclosing(ears(server, http).transcribe(line.heard)) as texts:
        assert await anext(texts) == Transcript("book a table", final=False, language="hi-IN")
        line.stops()
        assert await anext(texts) == Transcript("book a table for two", final=True, language="hi-IN")


async def test_what_the_service_has_told_before_the_end_of_speech_is_not_waited_for_long(
    server: Sarvam, http: ClientSession
) -> None:
    server.utterance_seconds = 0.3
    line = Line(RATE)
    line.begins(SPEECH[: round(0.2 * RATE) * SAMPLE_BYTES])
    async with aclosing(ears(server, http, final_timeout_seconds=30).transcribe(line.heard)) as texts:
        assert not (await anext(texts)).final
        line.stops()
        assert await anext(texts) == Transcript(server.lines[0], final=True, language="hi-IN")


async def test_words_that_come_too_late_are_not_lost(server: Sarvam, http: ClientSession) -> None:
    server.slow.clear()
    line = Line(RATE)
    line.says(SPEECH)
    texts = ears(server, http, final_timeout_seconds=0.05).transcribe(line.heard)
    async with aclosing(texts):
        assert await anext(texts) == Transcript("", final=True)
        server.slow.set()
        assert await anext(texts) == Transcript(server.lines[0], final=True, language="hi-IN")


async def test_a_partial_text_stands_for_a_final_one_that_does_not_come(server: Sarvam, http: ClientSession) -> None:
    server.slow.clear()
    line = Line(RATE)
    line.begins(SPEECH)
    async with aclosing(
        ears(server, http, socket="realtime", final_timeout_seconds=0.05).transcribe(line.heard)
    ) as texts:
        assert not (await anext(texts)).final
        line.stops()
        final = [text async for text in _to_final(texts)][-1]
        assert final.text
        server.slow.set()
        line.says(SPEECH)
        assert [text async for text in _to_final(texts)][-1].text == server.lines[0]


@pytest.mark.parametrize(
    ("socket", "sign"),
    [("streaming", {"audio": {"sample_rate": RATE, "encoding": "audio/wav"}}), ("realtime", {"event": "ping"})],
)
async def test_a_silent_call_stays_connected(
    server: Sarvam, http: ClientSession, socket: str, sign: dict[str, Any]
) -> None:
    line = Line(RATE)
    line.silence(35)
    assert await heard_by(ears(server, http, socket=socket), line) == []
    assert server.frames == [sign] * 3
    assert len(server.heard) <= 3 * 0.1 * RATE * SAMPLE_BYTES


@pytest.mark.parametrize("socket", ["streaming", "realtime"])
async def test_an_empty_account_is_told_by_its_code_alone(server: Sarvam, http: ClientSession, socket: str) -> None:
    server.fault = "reported"
    line = Line(RATE)
    line.says(SPEECH)
    with pytest.raises(ProviderError, match=r"^sarvam: reported insufficient_quota_error$") as caught:
        await heard_by(ears(server, http, socket=socket), line)
    assert (caught.value.status, caught.value.retriable) == (402, False)
    assert SECRET not in repr(caught.value)


async def test_parameters_that_the_service_rejects_are_not_tried_again(server: Sarvam, http: ClientSession) -> None:
    with pytest.raises(ProviderError, match="closed the connection with 4000") as caught:
        await heard_by(ears(server, http, socket="realtime", language="as-IN"), Line(RATE))
    assert not caught.value.retriable


async def test_without_a_key_nobody_is_asked(server: Sarvam, http: ClientSession) -> None:
    with pytest.raises(ProviderError, match="no API key"):
        await heard_by(ears(server, http, api_key=""), Line(RATE))
    assert server.opened == 0


async def test_a_connection_that_breaks_while_nobody_speaks_is_told_at_once(
    server: Sarvam, http: ClientSession
) -> None:
    listening = asyncio.ensure_future(anext(ears(server, http).transcribe(Line(RATE).heard)))
    await until(lambda: server.open == 1)
    await server.sockets[0].close()
    with pytest.raises(ProviderError, match="closed the connection"):
        await listening


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"language": "fr-FR"}, "Sarvam understands bn, en"),
        ({"socket": "realtime", "model": "saaras:v3"}, "the realtime socket has saaras:v3-realtime and saaras:v4"),
        ({"model": "saaras:v3", "keyterms": ["x"]}, "only saaras:v4 takes any"),
    ],
)
def test_what_a_socket_cannot_do_is_refused(options: dict[str, Any], told: str) -> None:
    with pytest.raises(ValidationError, match=told):
        catalogue.load("stt", "sarvam").Options.model_validate(options)


async def test_a_realtime_recogniser_is_told_in_mid_call_of_another_language(
    server: Sarvam, http: ClientSession
) -> None:
    stt = ears(server, http, socket="realtime", language="hi-IN")
    assert isinstance(stt, FollowsLanguage)
    line = Line(RATE)
    line.says(SPEECH)
    async with aclosing(stt.transcribe(line.heard)) as texts:
        assert [text async for text in _to_final(texts)][-1].final
        stt.listen_for("ta-IN")
        line.says(SPEECH)
        assert [text async for text in _to_final(texts)][-1].final
    assert {"event": "config.update", "language_code": "ta-IN"} in server.frames


async def test_one_that_finds_the_language_out_is_told_none(server: Sarvam, http: ClientSession) -> None:
    stt = ears(server, http, socket="realtime")
    assert isinstance(stt, FollowsLanguage)
    line = Line(RATE)
    async with aclosing(stt.transcribe(line.heard)) as texts:
        stt.listen_for("ta-IN")
        line.says(SPEECH)
        assert [text async for text in _to_final(texts)][-1].final
    assert all(frame["event"] != "config.update" for frame in server.frames)
