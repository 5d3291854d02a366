from __future__ import annotations

import asyncio
import wave
from pathlib import Path

import numpy as np

from pipeline.audio import frame_bytes
from pipeline.frames import FRAME_SECONDS, AudioIn, Frame, Heard, Listen
from pipeline.news import BothSides
from processors.recorder import Recorder, RecordingThread
from processors.tap import CHUNK_FRAMES, LISTENED_SECONDS, Tap
from tests.fakes import started

RATE = 8000
FRAME = frame_bytes(RATE)
CHUNK = 2 * CHUNK_FRAMES * FRAME
LISTENED = round(LISTENED_SECONDS / FRAME_SECONDS)


def tapped() -> tuple[Tap, list[Frame]]:
    passed: list[Frame] = []
    tap = Tap(RATE)
    tap.emit = passed.append
    return tap, passed


def sound(number: int) -> bytes:
    """20 ms like no other."""
    return np.full(FRAME // 2, number + 1, "<i2").tobytes()


def spoken(number: int) -> list[Frame]:
    """One tick: what the caller says, and what the bot says in its last 15 ms."""
    at = number * FRAME_SECONDS
    return [AudioIn(sound(number), at), Heard(sound(-number - 2)[FRAME // 4 :], at + 0.005, 1)]


def handed_out(passed: list[Frame]) -> bytes:
    return b"".join(frame.pcm for frame in passed if isinstance(frame, BothSides))


def test_while_nobody_listens_everything_passes_and_nothing_is_kept() -> None:
    tap, passed = tapped()
    frames = [frame for number in range(100) for frame in spoken(number)]
    for frame in frames:
        tap.process(frame)
    assert passed == frames
    assert tap._stretch is None


async def test_who_listens_hears_what_a_recording_holds(tmp_path: Path) -> None:
    thread = RecordingThread()
    recorder = Recorder(tmp_path / "a.wav", RATE, thread)
    tap, passed = tapped()
    async with started(recorder):
        await asyncio.sleep(0)  # or it ends before it began
        tap.process(Listen())
        for number in range(203):
            for frame in spoken(number):
                recorder.process(frame)
                tap.process(frame)
    await asyncio.to_thread(thread.close)
    with wave.open(str(tmp_path / "a.wav")) as file:
        recorded = file.readframes(file.getnframes())
    heard = handed_out(passed)
    assert len(heard) == 40 * CHUNK
    assert recorded.startswith(heard)


def test_sound_is_handed_out_in_pieces_of_100_ms_from_the_next_sound_on() -> None:
    tap, passed = tapped()
    for number in range(40):
        if number == 10:
            tap.process(Listen())
        for frame in spoken(number):
            tap.process(frame)
    pieces = [frame for frame in passed if isinstance(frame, BothSides)]
    assert [len(piece.pcm) for piece in pieces] == [CHUNK] * 5
    left = np.frombuffer(handed_out(passed), "<i2")[::2]
    assert list(left[:: FRAME // 2]) == [number + 1 for number in range(10, 35)]


def test_it_stops_when_nobody_asks_any_more_and_goes_on_when_somebody_does() -> None:
    tap, passed = tapped()
    tap.process(Listen())
    for number in range(2 * LISTENED):
        for frame in spoken(number):
            tap.process(frame)
    assert len(handed_out(passed)) == LISTENED // CHUNK_FRAMES * CHUNK
    assert tap._stretch is None
    passed.clear()
    tap.process(Listen())
    for number in range(2 * LISTENED, 2 * LISTENED + LISTENED // 2):
        if number == 2 * LISTENED + LISTENED // 4:
            tap.process(Listen())
        for frame in spoken(number):
            tap.process(frame)
    assert len(handed_out(passed)) == (LISTENED // 2 - 1) // CHUNK_FRAMES * CHUNK
