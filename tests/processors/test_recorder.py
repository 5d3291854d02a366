from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
import wave
from pathlib import Path

import numpy as np
import pytest

from pipeline.audio import frame_bytes
from pipeline.bed import Bed
from pipeline.frames import AudioIn, Background, Heard
from pipeline.news import RecordingConsent
from processors.recorder import Recorder, RecordingThread, Track
from processors.wav import HEADER, repair
from tests.fakes import RATE, settle, started


def read(path: Path) -> tuple[np.ndarray, np.ndarray]:
    with wave.open(str(path)) as file:
        assert (file.getnchannels(), file.getsampwidth(), file.getframerate()) == (2, 2, RATE)
        both = np.frombuffer(file.readframes(file.getnframes()), "<i2").reshape(-1, 2)
    return both[:, 0], both[:, 1]


async def test_both_sides_lie_where_they_were_heard_to_the_sample(tmp_path: Path) -> None:
    thread = RecordingThread()
    path = tmp_path / "day" / "call.wav"
    stage = Recorder(path, RATE, thread)
    rng = np.random.default_rng(1)
    caller = rng.integers(-9000, 9000, RATE * 2, dtype=np.int16)
    bot = rng.integers(-9000, 9000, RATE, dtype=np.int16)
    offset = 4321  # samples: neither on a frame's border nor on a flush's
    width = frame_bytes(RATE) // 2
    async with started(stage):
        await settle()
        for n in range(len(caller) // width):
            at = n * width
            stage.process(AudioIn(caller[at : at + width].tobytes(), at / RATE))
            first, last = max(at, offset), min(at + width, offset + len(bot))
            if first < last:
                stage.process(Heard(bot[first - offset : last - offset].tobytes(), first / RATE, 1))
    thread.close()
    left, right = read(path)
    assert np.array_equal(left, caller)
    assert np.array_equal(right[offset : offset + len(bot)], bot)
    assert not right[:offset].any()
    assert not right[offset + len(bot) :].any()


async def test_what_was_heard_under_the_bot_is_on_its_side_and_the_caller_is_as_he_came(tmp_path: Path) -> None:
    thread, path = RecordingThread(), tmp_path / "call.wav"
    stage, loop = Recorder(path, RATE, thread), np.arange(1, 1001, dtype="<i2")
    width, since = frame_bytes(RATE) // 2, 3
    async with started(stage):
        await settle()
        for n in range(60):
            if n == since:
                stage.process(Background(Bed(loop.tobytes(), RATE)))
            stage.process(AudioIn(bytes(width * 2), n * width / RATE, np.full(width, 7, "<i2").tobytes()))
            if n == 40:
                stage.process(Heard(np.full(width, 5000, "<i2").tobytes(), n * width / RATE, 1))
    thread.close()
    left, right = read(path)
    assert (left == 7).all()
    expected = loop[np.arange(60 * width) % loop.size].copy()
    expected[: since * width] = 0
    expected[40 * width : 41 * width] += 5000
    assert np.array_equal(right, expected)


async def test_sound_that_ends_after_the_flush_that_it_began_in_is_not_lost(tmp_path: Path) -> None:
    track = Track(tmp_path / "a.wav", RATE)
    track.write(bytes(8), [(4, b"\1\0\2\0\3\0")])
    track.write(bytes(8), [])
    track.close()
    assert read(tmp_path / "a.wav")[1].tolist() == [0, 0, 1, 2, 3, 0, 0, 0]


async def test_a_disk_that_refuses_costs_the_recording_and_not_the_call(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").write_text("")
    thread = RecordingThread()
    stage = Recorder(tmp_path / "file" / "call.wav", RATE, thread)
    async with started(stage):
        await settle()
        stage.process(AudioIn(bytes(320), 0.0))
    thread.close()
    assert "a recording could not be written" in caplog.text


def test_a_file_with_a_stale_header_is_mended(tmp_path: Path) -> None:
    track = Track(tmp_path / "a.wav", RATE)
    track.write(bytes(3200), [])
    track.close()
    path = tmp_path / "a.wav"
    assert not repair(path)
    with path.open("ab") as file:
        file.write(b"\1\0\2\0\3")  # a whole stereo sample and a torn one
    assert repair(path)
    left, right = read(path)
    assert (len(left), left[-1], right[-1]) == (1601, 1, 2)
    (tmp_path / "b.wav").write_bytes(b"x" * HEADER)
    with pytest.raises(ValueError, match="no recording"):
        repair(tmp_path / "b.wav")


KILLED = """
import asyncio, sys, time
from pathlib import Path
from pipeline.frames import AudioIn, Heard
from processors.recorder import Recorder, RecordingThread
from tests.fakes import started

async def main():
    stage = Recorder(Path(sys.argv[1]), 8000, RecordingThread())
    async with started(stage):
        n, begin = 0, time.monotonic()
        while True:
            while n * 0.02 < (time.monotonic() - begin) * 50:  # fifty times real time
                value = (n % 30000).to_bytes(2, "little")
                stage.process(AudioIn(value * 160, n * 0.02))
                stage.process(Heard(value * 160, n * 0.02, 1))
                n += 1
            print(n, flush=True)
            await asyncio.sleep(0.001)

asyncio.run(main())
"""


def killed_recording(path: Path, after: float) -> tuple[int, np.ndarray, np.ndarray]:
    """Records until SIGKILL; returns the frames that were recorded by then, and both sides as they stand on disk."""
    process = subprocess.Popen([sys.executable, "-c", KILLED, str(path)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    process.stdout.readline()
    time.sleep(after)
    os.kill(process.pid, signal.SIGKILL)
    *_, last = process.communicate()[0].split()
    return int(last), *read(path)


@pytest.mark.parametrize("kills", [5, pytest.param(100, marks=[pytest.mark.soak, pytest.mark.timeout(600)])])
def test_a_kill_loses_at_most_a_second_and_leaves_both_sides_aligned(tmp_path: Path, kills: int) -> None:
    for kill in range(kills):
        path = tmp_path / f"{kill}.wav"
        frames, left, right = killed_recording(path, 0.05 + 0.007 * (kill % 50))
        assert frames * 160 - len(left) <= RATE * 1.0 + 50 * 160  # 1 s, and what is recorded at 50 x between two lines
        assert np.array_equal(left, right)
        assert np.array_equal(left[::160], np.arange(len(left) // 160, dtype=np.int16) % 30000)
        repair(path)
        assert len(read(path)[0]) >= len(left)


async def test_a_bug_in_one_recording_is_told_and_costs_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    thread = RecordingThread()
    bad, good = Track(tmp_path / "bad.wav", RATE), Track(tmp_path / "good.wav", RATE)
    write = Track.write

    def broken(track: Track, caller: bytes, bot: list[tuple[int, bytes]]) -> None:
        if track is bad:
            raise ValueError("a bug")
        write(track, caller, bot)

    monkeypatch.setattr(Track, "write", broken)
    async with asyncio.timeout(5):
        assert not await thread.finish(bad, bytes(8), [])
        assert await thread.finish(good, bytes(8), [])
    thread.close()
    assert "a recording could not be written" in caplog.text
    assert len(read(tmp_path / "good.wav")[0]) == 4


async def test_whoever_no_longer_waits_does_not_end_the_thread(tmp_path: Path) -> None:
    thread = RecordingThread()
    gone = asyncio.new_event_loop()
    future: asyncio.Future[bool] = gone.create_future()
    gone.close()
    thread._jobs.put((Track(tmp_path / "a.wav", RATE), bytes(8), [], future))
    async with asyncio.timeout(5):
        assert await thread.finish(Track(tmp_path / "b.wav", RATE), bytes(8), [])
    thread.close()


def test_sound_from_wholly_before_a_stretch_moves_nothing_in_it(tmp_path: Path) -> None:
    track = Track(tmp_path / "a.wav", RATE)
    track.write(bytes(8), [(-6, b"\1\0\2\0"), (4, b"\3\0")])
    track.close()
    left, right = read(tmp_path / "a.wav")
    assert len(left) == 4
    assert right.tolist() == [0, 0, 3, 0]


async def test_nothing_is_kept_before_consent_and_what_follows_lies_where_it_was_heard(tmp_path: Path) -> None:
    thread, path = RecordingThread(), tmp_path / "call.wav"
    stage, width = Recorder(path, RATE, thread, waits=True), frame_bytes(RATE) // 2
    loud = np.full(width, 1000, np.int16).tobytes()
    async with started(stage):
        await settle()
        for n in range(100):
            if n == 60:
                assert not path.exists()
                stage.process(RecordingConsent(n * 0.02, given=True))
            stage.process(AudioIn(loud, n * 0.02))
            stage.process(Heard(loud, n * 0.02, 1))
    thread.close()
    for side in read(path):
        assert len(side) == 100 * width
        assert not side[: 60 * width].any()
        assert side[60 * width :].all()


@pytest.mark.parametrize("answer", [None, RecordingConsent(0.5, given=False)], ids=["none", "no"])
async def test_without_consent_there_is_no_file(tmp_path: Path, answer: RecordingConsent | None) -> None:
    thread, path = RecordingThread(), tmp_path / "call.wav"
    stage = Recorder(path, RATE, thread, waits=True)
    async with started(stage):
        await settle()
        for n in range(60):
            stage.process(AudioIn(bytes(frame_bytes(RATE)), n * 0.02))
        if answer is not None:
            stage.process(answer)
    thread.close()
    assert os.listdir(tmp_path) == []
