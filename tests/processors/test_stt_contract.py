"""What every recogniser promises. One that is elsewhere is asked over a real socket, of a stand-in."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, aclosing
from dataclasses import dataclass
from typing import Any

import pytest
from aiohttp import ClientSession

from pipeline.audio import frame_bytes, resample
from pipeline.frames import AudioIn, SpeechStarted, SpeechStopped, Transcript
from pipeline.mailbox import Mailbox
from processors import catalogue
from processors.ports import ListenFrame, ProviderError, SpeechToText
from tests import speech
from tests.patience import until
from tests.processors.stand_ins import FAULTS, SECRET, elevenlabs, hosted, openai_sound, sarvam, tasks_of_ours

STAND_INS: dict[str, tuple[str, Callable[[], AbstractAsyncContextManager[Any]], dict[str, Any]]] = {
    "elevenlabs": ("elevenlabs", elevenlabs.running, {}),
    "openai": ("openai", openai_sound.running, {}),
    "pipecat": ("pipecat", hosted.listening, {}),
    "sarvam": ("sarvam", sarvam.running, {}),
    "sarvam realtime": ("sarvam", sarvam.running, {"socket": "realtime"}),
}
"""By a name for the reader: the provider, its stand-in, and options beside `params()` and the short timeouts."""
OURS: dict[str, dict[str, Any]] = {"embedded": {}, "scripted": {"lines": ["one", "two"]}}
SHORT = {"connect_timeout_seconds": 0.3, "final_timeout_seconds": 0.3}


@dataclass
class Asked:
    """A recogniser, and whom it asks."""

    made: Callable[[], SpeechToText]
    server: Any
    """A StandIn with `lines`: what stretches of speech are taken for, in turn."""


@pytest.fixture(params=list(STAND_INS))
async def remote(request: pytest.FixtureRequest) -> AsyncIterator[Asked]:
    provider, running, options = STAND_INS[request.param]
    async with running() as server, ClientSession() as http:
        yield Asked(lambda: catalogue.create("stt", provider, server.params(**SHORT, **options), http), server)


@pytest.fixture(params=[*OURS, *STAND_INS])
async def stt(request: pytest.FixtureRequest) -> AsyncIterator[SpeechToText]:
    async with AsyncExitStack() as stack:
        http = await stack.enter_async_context(ClientSession())
        if request.param in OURS:
            yield catalogue.create("stt", request.param, OURS[request.param], http)
            return
        provider, running, options = STAND_INS[request.param]
        server = await stack.enter_async_context(running())
        server.lines = ["one", "two"]
        yield catalogue.create("stt", provider, server.params(**options), http)


class Line:
    """A call's sound as the recogniser gets it."""

    def __init__(self, rate: int) -> None:
        self.heard: Mailbox[ListenFrame] = Mailbox(100_000)
        self._rate, self._at = rate, 0.0

    def sound(self, pcm: bytes) -> None:
        step = frame_bytes(self._rate)
        for start in range(0, len(pcm) - step + 1, step):
            self.heard.put(AudioIn(pcm[start : start + step], self._at))
            self._at += 0.02

    def silence(self, seconds: float) -> None:
        self.sound(bytes(round(seconds * 50) * frame_bytes(self._rate)))

    def says(self, pcm: bytes | None = None) -> None:
        """A stretch of speech, by default of a person who says "thank you"."""
        self.begins(pcm)
        self.stops()

    def begins(self, pcm: bytes | None = None) -> None:
        self.silence(0.5)
        started = self._at
        pcm = resample(speech.prompt("auth-thankyou").pcm(), speech.RATE, self._rate) if pcm is None else pcm
        self.sound(pcm[: 10 * frame_bytes(self._rate)])
        self.heard.put(SpeechStarted(started))
        self.sound(pcm[10 * frame_bytes(self._rate) :])

    def stops(self) -> None:
        stopped = self._at
        self.silence(0.2)
        self.heard.put(SpeechStopped(stopped))


async def heard_by(stt: SpeechToText, line: Line) -> list[Transcript]:
    line.heard.close()
    return [transcript async for transcript in stt.transcribe(line.heard)]


async def test_each_stretch_of_speech_has_one_final_text(stt: SpeechToText) -> None:
    line = Line(stt.rate)
    line.says()
    line.says()
    heard = await heard_by(stt, line)
    assert [bool(transcript.text) for transcript in heard if transcript.final] == [True, True]
    assert heard[-1].final


async def test_speech_without_words_has_an_empty_text(remote: Asked) -> None:
    stt = remote.made()
    line = Line(stt.rate)
    finals: list[str] = []
    line.says(bytes(stt.rate))
    async with aclosing(stt.transcribe(line.heard)) as texts:
        async for transcript in texts:
            if transcript.final:
                finals.append(transcript.text)
                line.says()
                line.heard.close()
    assert finals == ["", remote.server.lines[0]]


async def test_a_reader_that_stops_early_leaves_nothing_behind(stt: SpeechToText) -> None:
    line = Line(stt.rate)
    line.says()
    async with aclosing(stt.transcribe(line.heard)) as texts:
        await anext(texts)
    assert not tasks_of_ours()


async def test_it_is_connected_before_the_first_word_and_no_longer_than_the_call(remote: Asked) -> None:
    stt = remote.made()
    line = Line(stt.rate)
    call = asyncio.ensure_future(anext(stt.transcribe(line.heard)))
    await until(lambda: remote.server.open == 1)
    call.cancel()
    await asyncio.gather(call, return_exceptions=True)
    await until(lambda: remote.server.open == 0)
    assert not tasks_of_ours()


@pytest.mark.parametrize("fault", FAULTS)
async def test_every_fault_ends_in_texts_or_in_one_error_that_tells_no_secret(
    remote: Asked, fault: str, caplog: pytest.LogCaptureFixture
) -> None:
    remote.server.fault = fault
    stt = remote.made()
    line = Line(stt.rate)
    for _ in range(3):
        line.says()
    error: ProviderError | None = None
    async with asyncio.timeout(10):
        try:
            async with aclosing(stt.transcribe(line.heard)) as texts:
                async for transcript in texts:
                    assert not transcript.final or transcript.text == ""
        except ProviderError as raised:
            error = raised
    assert error is not None, "the call's sound is not at its end"
    assert error.retriable == (fault != "unauthorized")
    assert SECRET not in f"{error} {error!r} {caplog.text}"
    assert error.__cause__ is None
    await until(lambda: not remote.server.open and not tasks_of_ours())


async def test_many_are_heard_at_once(stt: SpeechToText) -> None:
    lines = [Line(stt.rate) for _ in range(4)]
    for line in lines:
        line.says()
    for heard in await asyncio.gather(*(heard_by(stt, line) for line in lines)):
        assert [bool(transcript.text) for transcript in heard if transcript.final] == [True]
