"""Parts of one recording, laid over each other."""

from __future__ import annotations

from itertools import permutations
from pathlib import Path

import numpy as np
import pytest

from processors.wav import HEADER, WavWriter
from processors.wav_parts import joined
from tests.processors.test_wav_goes_on import RATE, sound, written


def test_each_part_is_heard_where_it_was_whatever_the_order_and_however_often(tmp_path: Path) -> None:
    parts = [tmp_path / f"{second}.wav" for second in (0, 2, 4)]
    for second, part in zip((0, 2, 4), parts, strict=True):
        written(part, start=second * RATE)
    wholes = set()
    for number, order in enumerate(permutations([*parts, parts[0]])):
        whole = order[0]
        for step, part in enumerate(order[1:]):
            into = tmp_path / f"whole.{number}.{step}.wav"
            joined(part, whole, into)
            whole = into
        wholes.add(whole.read_bytes())
    assert len(wholes) == 1
    loud = sound(whole)[:, 0] != 0
    assert len(loud) == 5 * RATE
    assert [bool(loud[second * RATE : (second + 1) * RATE].all()) for second in range(5)] == [
        True,
        False,
        True,
        False,
        True,
    ]


def test_a_part_whose_writer_was_killed_is_joined_as_far_as_it_goes(tmp_path: Path) -> None:
    part, other, whole = (tmp_path / f"{name}.wav" for name in ("part", "other", "whole"))
    written(part)
    written(other, start=2 * RATE)
    with part.open("ab") as file:
        file.write(b"\1\2\3")
    joined(part, other, whole)
    assert len(sound(whole)) == 3 * RATE
    assert np.array_equal(sound(whole)[:RATE], sound(part)[:RATE])


def test_parts_of_two_rates_and_what_is_no_recording_are_refused(tmp_path: Path) -> None:
    part, other, whole = (tmp_path / f"{name}.wav" for name in ("part", "other", "whole"))
    written(part)
    WavWriter(other, 2 * RATE).close()
    with pytest.raises(ValueError, match="two rates"):
        joined(part, other, whole)
    for content in (b"", b"RIFF" + bytes(HEADER)):
        other.write_bytes(content)
        with pytest.raises(ValueError, match="none of ours"):
            joined(part, other, whole)
