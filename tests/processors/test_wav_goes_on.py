"""A recording that goes on after a break of the line."""

from __future__ import annotations

import wave
from pathlib import Path

import numpy as np

from processors.wav import WavWriter

RATE = 8000
LOUD = np.full((RATE, 2), 1000, "<i2").tobytes()
"""A second."""


def sound(path: Path) -> np.ndarray[tuple[int, ...], np.dtype[np.int16]]:
    with wave.open(str(path), "rb") as file:
        assert file.getframerate() == RATE
        return np.frombuffer(file.readframes(file.getnframes()), "<i2").reshape(-1, 2)


def written(path: Path, start: int = 0, rate: int = RATE) -> None:
    writer = WavWriter(path, rate, start)
    writer.append(LOUD)
    writer.close()


def test_the_time_between_is_silent_and_what_was_there_stays(tmp_path: Path) -> None:
    path = tmp_path / "call.wav"
    written(path)
    written(path, start=3 * RATE)
    loud = sound(path)[:, 0] != 0
    assert len(loud) == 4 * RATE
    assert [bool(loud[second * RATE : (second + 1) * RATE].all()) for second in range(4)] == [True, False, False, True]
    assert not loud[RATE : 3 * RATE].any()


def test_sound_that_reaches_beyond_the_break_is_not_written_over(tmp_path: Path) -> None:
    path = tmp_path / "call.wav"
    written(path)
    written(path, start=RATE // 2)
    assert len(sound(path)) == 2 * RATE
    assert (sound(path) != 0).all()


def test_where_nothing_is_there_the_time_before_is_silent(tmp_path: Path) -> None:
    path = tmp_path / "call.wav"
    written(path, start=RATE)
    assert not sound(path)[:RATE].any()
    assert (sound(path)[RATE:] != 0).all()


def test_a_new_recording_replaces_what_was_there(tmp_path: Path) -> None:
    path = tmp_path / "call.wav"
    path.write_bytes(b"old" * RATE * 10)
    written(path)
    assert len(sound(path)) == RATE


def test_a_part_of_another_rate_is_kept_beside(tmp_path: Path) -> None:
    path = tmp_path / "call.wav"
    written(path, rate=16000)
    written(path, start=RATE)
    assert len(sound(path)) == 2 * RATE
    with wave.open(str(tmp_path / "call.part.wav"), "rb") as file:
        assert (file.getframerate(), file.getnframes()) == (16000, RATE)
