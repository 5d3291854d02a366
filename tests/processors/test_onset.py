from __future__ import annotations

import numpy as np
import pytest

from pipeline.audio import FULL_SCALE, frame_bytes
from processors.onset import may_have_begun
from tests.fakes import RATE


def slices(*levels: float) -> list[bytes]:
    """20 ms each, of noise at so many dBFS."""
    dice = np.random.default_rng(0)
    size = frame_bytes(RATE) // 2
    return [(dice.normal(size=size) * 10 ** (level / 20) * FULL_SCALE).astype("<i2").tobytes() for level in levels]


@pytest.mark.parametrize("slice_of_it", [-1, -2, -3])
def test_a_sound_in_the_last_60_ms_stands_out_of_the_silence(slice_of_it: int) -> None:
    levels = [-60.0] * 25
    levels[slice_of_it] = -30.0
    assert may_have_begun(slices(*levels), silence=0.5)


@pytest.mark.parametrize(
    "levels",
    [
        pytest.param([-60.0] * 25, id="nothing"),
        pytest.param([-30.0] * 25, id="a noise that goes on"),
        pytest.param([-60.0] * 20 + [-30.0] + [-60.0] * 4, id="a click that is over"),
        pytest.param([-90.0] * 24 + [-60.0], id="too soft for a voice"),
    ],
)
def test_what_is_no_beginning(levels: list[float]) -> None:
    assert not may_have_begun(slices(*levels), silence=0.5)


def test_the_speech_before_the_silence_is_not_what_the_sound_is_compared_with() -> None:
    sound = slices(*[-20.0] * 40, *[-60.0] * 9, -30.0)
    assert may_have_begun(sound, silence=0.2)


def test_of_a_silence_that_has_just_begun_nothing_is_known() -> None:
    assert not may_have_begun(slices(*[-60.0] * 20, -20.0), silence=0.06)
