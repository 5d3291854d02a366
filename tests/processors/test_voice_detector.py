from __future__ import annotations

import asyncio
from collections.abc import Iterator

import numpy as np
import pytest

from pipeline.audio import frame_bytes, resample
from pipeline.frames import AudioIn, Frame, SpeechStarted, SpeechStopped
from processors.neural_vad import NeuralVad
from processors.vad import VadOptions
from processors.voice_detector import VoiceDetector
from tests import speech
from tests.fakes import settle, started
from tests.patience import until

EVERYTHING = VadOptions(min_volume_dbfs=-96)


@pytest.fixture
def detector() -> Iterator[VoiceDetector]:
    with VoiceDetector() as detector:
        yield detector


def say(vad: NeuralVad, pcm: bytes, rate: int = speech.RATE) -> None:
    size = frame_bytes(rate)
    for index in range(len(pcm) // size):
        vad.process(AudioIn(pcm[index * size : (index + 1) * size], index * 0.02))


async def edges_of(
    detector: VoiceDetector, lines: list[bytes], rate: int = speech.RATE, options: VadOptions | None = None
) -> list[list[Frame]]:
    """What is said of each line, all of them heard at once. Ends the detector."""
    vads = [NeuralVad(detector, rate, options) for _ in lines]
    async with started(vads[0]) as first:
        heard = [first, *([] for _ in vads[1:])]
        for vad, its in zip(vads[1:], heard[1:], strict=True):
            vad.emit, vad.tasks = its.append, vads[0].tasks
            vad.start()
        for vad, pcm in zip(vads, lines, strict=True):
            say(vad, pcm, rate)
        await asyncio.to_thread(detector.close)
        await settle()
    return [[frame for frame in its if not isinstance(frame, AudioIn)] for its in heard]


def line(*names: str, gap: float = 1.0) -> bytes:
    """The prompts with silence around each."""
    silence = bytes(int(gap * speech.RATE) * 2)
    return silence + b"".join(speech.prompt(name).pcm() + silence for name in names)


@pytest.mark.parametrize("rate", [8000, 16000, 24000])
async def test_a_sentence_is_found_where_it_is_at_every_rate(detector: VoiceDetector, rate: int) -> None:
    pcm = line("auth-thankyou")
    (edges,) = await edges_of(detector, [resample(pcm, speech.RATE, rate)], rate)
    begin, end = edges
    loud = np.flatnonzero(np.abs(np.frombuffer(pcm, "<i2").astype(int)) > 600) / speech.RATE
    assert isinstance(begin, SpeechStarted)
    assert isinstance(end, SpeechStopped)
    assert abs(begin.at - loud[0]) < 0.15
    assert abs(end.at - loud[-1]) < 0.25


async def test_what_is_found_on_a_line_does_not_depend_on_the_others(detector: VoiceDetector) -> None:
    lines = [line(prompt.name) for prompt in speech.prompts(20, seconds=4)]
    together = await edges_of(detector, lines)
    for pcm, edges in list(zip(lines, together, strict=True))[:4]:
        with VoiceDetector() as alone:
            assert await edges_of(alone, [pcm]) == [edges]
    assert all(edges for edges in together)


async def test_leaving_quiet_sound_out_does_not_change_what_is_found(detector: VoiceDetector) -> None:
    pcm = line(*(prompt.name for prompt in speech.prompts(8, seconds=5)))
    (sparing,) = await edges_of(detector, [pcm])
    with VoiceDetector() as thorough:
        (whole,) = await edges_of(thorough, [pcm], options=EVERYTHING)
    assert [type(edge) for edge in sparing] == [type(edge) for edge in whole]
    shifts = [abs(a.at - b.at) for a, b in zip(sparing, whole, strict=True) if isinstance(a, SpeechStarted)]  # type: ignore[attr-defined]
    assert max(shifts) <= 0.1


async def test_music_of_two_tones_and_noise_are_no_speech(detector: VoiceDetector) -> None:
    time = np.arange(4 * speech.RATE) / speech.RATE
    tones = 3000 * (np.sin(2 * np.pi * 440 * time) + np.sin(2 * np.pi * 350 * time))
    noise = np.random.default_rng(1).normal(0, 300, 4 * speech.RATE)
    assert await edges_of(detector, [sound.astype("<i2").tobytes() for sound in (tones, noise)]) == [[], []]


async def test_sound_passes_before_anything_is_known_of_it(detector: VoiceDetector) -> None:
    vad = NeuralVad(detector, speech.RATE)
    async with started(vad) as heard:
        frame = AudioIn(bytes(frame_bytes(speech.RATE)), 0.0)
        vad.process(frame)
        assert heard == [frame]


async def test_lines_that_end_in_mid_sentence_leave_nothing_behind(detector: VoiceDetector) -> None:
    pcm = speech.prompt("auth-thankyou").pcm()
    for _ in range(40):
        vad = NeuralVad(detector, speech.RATE)
        async with started(vad):
            await settle()
            say(vad, pcm)
            await until(lambda: bool(detector._memories[8000].slots))  # or all would wait for the thread at once
        say(vad, pcm)  # a frame may still be on its way
        await until(lambda: not detector._memories[8000].slots)
    await asyncio.to_thread(detector.close)
    assert [len(memory.slots) for memory in detector._memories.values()] == [0, 0]
    assert len(detector._memories[8000]._context) == 16


async def test_a_model_that_fails_ends_the_calls_that_asked_and_no_other(
    detector: VoiceDetector, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Broken:
        def run(self, *_: object) -> None:
            raise MemoryError

    monkeypatch.setattr(detector._memories[16000], "_model", Broken())
    wide, narrow = NeuralVad(detector, 16000), NeuralVad(detector, 8000)
    pcm = line("auth-thankyou")

    async def call_on_a_wide_line() -> None:
        async with asyncio.timeout(5), started(wide):
            say(wide, resample(pcm, 8000, 16000), 16000)
            await asyncio.Event().wait()

    async with started(narrow) as heard:
        with pytest.raises(ExceptionGroup) as raised:
            await call_on_a_wide_line()
        assert raised.group_contains(RuntimeError, match="voice detector failed")
        say(narrow, pcm)
        await asyncio.to_thread(detector.close)
        await settle()
        assert [type(frame) for frame in heard if not isinstance(frame, AudioIn)] == [SpeechStarted, SpeechStopped]
