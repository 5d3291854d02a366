from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Iterable, Iterator
from contextlib import aclosing

import numpy as np
import pytest

from benchmarks.word_errors import distance, spoken
from pipeline.audio import resample
from pipeline.frames import AudioIn, SpeechStarted, SpeechStopped, Transcript
from pipeline.mailbox import Mailbox
from processors.ports import ListenFrame, ProviderError
from processors.stt import embedded, scripted
from processors.stt.embedded import Decoders, EmbeddedStt, Options, create
from processors.stt.moonshine import RATE, SIZES, Moonshine, vocabulary
from processors.stt.segments import Job, Segments
from tests import speech
from tests.fakes import settle

STEP = RATE // 50 * 2
"""Bytes of 20 ms."""


def sound(name: str, *, mulaw: bool = False) -> bytes:
    return resample(speech.prompt(name).pcm(mulaw=mulaw), speech.RATE, RATE)


class Line:
    """A call's sound as the recogniser gets it."""

    def __init__(self) -> None:
        self.at = 0.0

    def hear(self, pcm: bytes) -> Iterator[ListenFrame]:
        for start in range(0, len(pcm) - STEP + 1, STEP):
            yield AudioIn(pcm[start : start + STEP], self.at)
            self.at += 0.02

    def silence(self, seconds: float) -> Iterator[ListenFrame]:
        yield from self.hear(bytes(round(seconds * 50) * STEP))

    def speech(self, pcm: bytes, *, announced: bool = True) -> Iterator[ListenFrame]:
        """With the edges that a detector would tell, when it would tell them."""
        started = self.at
        yield from self.hear(pcm[: 8 * STEP])
        if announced:
            yield SpeechStarted(started)
        yield from self.hear(pcm[8 * STEP :])
        stopped = self.at
        yield from self.silence(0.2)
        yield SpeechStopped(stopped)


async def transcripts(frames: Iterable[ListenFrame], **options: float) -> list[Transcript]:
    """Everything is heard at once, much faster than it was said."""
    heard: Mailbox[ListenFrame] = Mailbox(100_000)
    for frame in frames:
        heard.put(frame)
    heard.close()
    stt = create(Options.model_validate({"partial_seconds": 10} | options), None)
    return [transcript async for transcript in stt.transcribe(heard)]


def finals(heard: Iterable[Transcript]) -> list[str]:
    return [" ".join(spoken(transcript.text)) for transcript in heard if transcript.final]


async def test_telephone_speech_is_understood() -> None:
    wrong = words = 0
    for prompt in speech.prompts(12, seconds=6):
        (text,) = finals(await transcripts(Line().speech(sound(prompt.name, mulaw=True))))
        said = spoken(prompt.text)
        wrong += distance(said, text.split())
        words += len(said)
    assert wrong / words < 0.06


async def test_each_end_of_speech_gets_one_final_text_in_order() -> None:
    line = Line()
    frames = [
        *line.silence(1),
        *line.speech(sound("auth-thankyou")),
        *line.silence(0.1),
        *line.speech(sound("call-forwarding")),
        *line.speech(sound("auth-thankyou")),
    ]
    assert finals(await transcripts(frames)) == ["thank you", "call forwarding", "thank you"]


async def test_speech_that_was_not_announced_is_understood() -> None:
    line = Line()
    frames = [*line.silence(3), *line.speech(sound("auth-thankyou"), announced=False)]
    assert finals(await transcripts(frames)) == ["thank you"]


@pytest.mark.parametrize("level", [0.0, 10.0, 300.0])
async def test_noise_taken_for_speech_has_no_words(level: float) -> None:
    hiss = np.random.default_rng(2).normal(0, level, RATE).astype("<i2").tobytes()
    assert finals(await transcripts(Line().speech(hiss))) == [""]


async def test_what_has_been_said_so_far_comes_while_the_caller_speaks() -> None:
    line = Line()
    heard: Mailbox[ListenFrame] = Mailbox(1000)
    frames = list(line.speech(sound("agent-alreadyon")))
    async with aclosing(create(Options(), None).transcribe(heard)) as texts:
        for frame in frames[: len(frames) * 2 // 3]:
            heard.put(frame)
        partial = await anext(texts)
        assert not partial.final
        assert "already" in partial.text
        for frame in frames[len(frames) * 2 // 3 :]:
            heard.put(frame)
        heard.close()
        rest = [text async for text in texts]
    assert [text.final for text in rest][-1:] == [True]
    assert sum(text.final for text in rest) == 1


async def test_speech_longer_than_the_model_takes_is_understood_in_pieces() -> None:
    pcm = sound("conf-adminmenu-18")
    assert len(pcm) / 2 / RATE > 20
    heard = await transcripts(Line().speech(pcm))
    (text,) = finals(heard)
    said = spoken(speech.prompt("conf-adminmenu-18").text)
    assert distance(said, text.split()) / len(said) < 0.1


async def test_a_call_that_ends_in_mid_decode_leaves_the_threads_free() -> None:
    decoders = Decoders(1)
    heard: Mailbox[ListenFrame] = Mailbox(1000)
    for frame in Line().speech(sound("agent-alreadyon")):
        heard.put(frame)

    async def listen() -> None:
        async for _ in EmbeddedStt(Options(), decoders).transcribe(heard):
            pass

    call = asyncio.create_task(listen())
    await settle()
    assert not decoders.idle
    call.cancel()
    await asyncio.gather(call, return_exceptions=True)
    assert decoders.idle


async def test_a_final_text_does_not_wait_for_another_calls_partial_one() -> None:
    decoders = Decoders(1)
    pcm = sound("agent-alreadyon")
    partial, final = Job(pcm, 5.0, "partial"), Job(pcm, 5.0, "final")
    looking = asyncio.create_task(decoders.decode("base", partial))
    await settle()
    assert "pound key" in await decoders.decode("base", final)
    assert partial.dropped
    assert await looking == ""


async def test_a_model_that_is_not_installed_is_told_as_a_providers_trouble(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(SIZES, "tiny", ("no_such_package", "acme==1"))
    stt = create(Options(model="tiny"), None)

    async def heard() -> AsyncGenerator[ListenFrame, None]:
        for frame in Line().speech(sound("auth-thankyou")):
            yield frame

    with pytest.raises(ProviderError, match="make setup") as raised:
        await anext(stt.transcribe(heard()))
    assert not raised.value.retriable


def hear_all(segments: Segments, frames: Iterable[ListenFrame]) -> None:
    for frame in frames:
        segments.hear(frame)


def test_a_partial_text_that_heard_the_last_word_is_the_final_one() -> None:
    frames = list(Line().speech(b"\x00\x10" * 32000))
    segments = Segments(RATE, partial_seconds=0.5)
    hear_all(segments, frames[:-1])
    look = segments.next(look=True)
    assert look is not None
    look.text = "book a seat"
    segments.hear(frames[-1])
    final = segments.next(look=True)
    assert final is not None
    assert (final.kind, final.text) == ("final", "book a seat")


def test_a_partial_text_that_missed_the_last_word_is_given_up() -> None:
    frames = list(Line().speech(b"\x00\x10" * 32000))
    segments = Segments(RATE, partial_seconds=0.5)
    hear_all(segments, frames[:60])
    look = segments.next(look=True)
    assert look is not None
    hear_all(segments, frames[60:])
    assert look.dropped
    final = segments.next(look=True)
    assert final is not None
    assert (final.kind, final.text) == ("final", None)
    assert 2.0 <= len(final.pcm) / 2 / RATE <= 2.4


def test_silence_is_not_kept() -> None:
    segments = Segments(RATE, partial_seconds=0.5)
    hear_all(segments, Line().silence(600))
    assert len(segments._sound) <= 6.1 * RATE * 2


def test_a_model_that_repeats_itself_is_stopped() -> None:
    class Stuck:
        def __getattr__(self, name: str) -> object:
            return getattr(model._decoder, name)

        def run_with_ort_values(self, names: list[str], state: dict[str, object]) -> list[object]:
            _, *rest = model._decoder.run_with_ort_values(names, state)
            return [Always(), *rest]

    class Always:
        def numpy(self) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
            return np.eye(1, 32768, 500, dtype=np.float32)[np.newaxis]

    model = Moonshine("base")
    stuck = Moonshine.__new__(Moonshine)
    stuck.__dict__ = model.__dict__ | {"_decoder": Stuck()}
    once = model._words[500].decode().strip()
    assert stuck.transcribe(np.zeros(RATE * 8, np.float32)).split() == [once]


def test_the_vocabulary_file_is_read_to_its_last_byte() -> None:
    long = b"x" * 300
    file = b"\x01<\x01<\x01<" + b"\x04\xe2\x96\x81a" + bytes([128 + 300 % 128, 300 // 128]) + long + b"\x00"
    assert vocabulary(file) == [b"", b"", b"", b" a", long, b""]


async def test_a_script_is_heard_line_by_line() -> None:
    for cycle, expected in ((True, ["one", "two", "one"]), (False, ["one", "two", ""])):
        stt = scripted.create(scripted.Options(lines=["one", "two"], cycle=cycle), None)
        heard: Mailbox[ListenFrame] = Mailbox(10)
        for at in range(3):
            heard.put(SpeechStopped(at))
        heard.close()
        assert [text.text async for text in stt.transcribe(heard) if text.final] == expected


def test_warming_twice_loads_once() -> None:
    embedded.warm()
    loaded = embedded._MODELS["base"]
    embedded.warm()
    assert embedded._MODELS["base"] is loaded
