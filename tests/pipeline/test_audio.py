from __future__ import annotations

import itertools
import math
from typing import get_args

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline import audio


def tone(seconds: float, rate: int, hertz: float = 440.0, amplitude: float = 0.5) -> bytes:
    t = np.arange(round(seconds * rate)) / rate
    return (amplitude * 32767 * np.sin(2 * math.pi * hertz * t)).astype("<i2").tobytes()


@given(st.lists(st.binary(max_size=700)))
def test_slices_lose_and_repeat_nothing(pieces: list[bytes]) -> None:
    slicer = audio.Slicer(8000)
    slices = list(itertools.chain.from_iterable(slicer.push(piece) for piece in pieces))
    whole = b"".join(pieces)
    assert b"".join(slices) == whole[: len(whole) // 320 * 320]
    assert all(len(piece) == 320 for piece in slices)


@pytest.mark.parametrize("codec", ["mulaw", "alaw"])
def test_g711_keeps_38_db_of_a_loud_tone(codec: audio.Codec) -> None:
    sound = np.frombuffer(tone(0.5, 8000), "<i2").astype(float)
    back = np.frombuffer(audio.decode(audio.encode(tone(0.5, 8000), codec), codec), "<i2").astype(float)
    noise = np.mean((sound - back) ** 2)
    assert 10 * math.log10(np.mean(sound**2) / noise) > 36


def test_g711_gives_the_standard_s_codes() -> None:
    samples = np.array([0, 8, -8, 32767, -32768, 1000], "<i2").tobytes()
    assert audio.encode(samples, "mulaw")[0] == 0xFF
    assert audio.encode(samples, "mulaw")[3:5] == bytes([0x80, 0x00])
    assert audio.encode(samples, "alaw")[:3] == bytes([0xD5, 0xD5, 0x55])
    assert audio.decode(bytes(range(256)), "mulaw")[:2] == np.int16(-32124).tobytes()


@pytest.mark.parametrize("codec", ["mulaw", "alaw"])
def test_every_code_survives_a_round_trip(codec: audio.Codec) -> None:
    codes = bytes(range(256))
    once = audio.decode(codes, codec)
    assert audio.decode(audio.encode(once, codec), codec) == once


@pytest.mark.parametrize(("source", "target"), [(8000, 16000), (22050, 8000), (24000, 8000), (16000, 24000)])
def test_a_resampled_stream_keeps_length_pitch_and_level(source: int, target: int) -> None:
    sound = tone(1.0, source)
    stream = audio.Resampler(source, target)
    size = audio.frame_bytes(source)
    out = b"".join(stream.push(sound[i : i + size]) for i in range(0, len(sound), size)) + stream.flush()
    assert abs(audio.seconds(out, target) - 1.0) < 0.01
    assert abs(audio.level(out) - audio.level(sound)) < 0.5
    spectrum = np.abs(np.fft.rfft(np.frombuffer(out, "<i2")))
    assert abs(int(np.argmax(spectrum)) * target / (len(out) // 2) - 440) < 3


def test_equal_rates_cost_nothing() -> None:
    sound = tone(0.02, 8000)
    assert audio.Resampler(8000, 8000).push(sound) is sound


def test_loudness_in_slices_of_10_ms() -> None:
    sound = bytes(1600) + tone(0.1, 8000, amplitude=1.0) + b"\0\0" * 7
    levels = audio.loudness(sound, 8000)
    assert levels.shape == (20,)
    assert levels[0] == -96
    assert levels[15] == pytest.approx(-3.0, abs=0.3)


def test_half_a_sample_is_refused() -> None:
    with pytest.raises(ValueError, match="buffer size"):
        audio.loudness(b"\0\0\0", 8000)
    with pytest.raises(ValueError, match="buffer size"):
        audio.encode(b"\0\0\0", "mulaw")


def test_levels_and_lengths() -> None:
    assert audio.level(b"") == -96
    assert audio.seconds(audio.silence(1.5, 8000), 8000) == 1.5
    assert audio.frame_bytes(24000) == 960
    assert set(get_args(audio.Codec)) == {"pcm16", "mulaw", "alaw"}
    assert audio.resample(tone(1, 8000), 8000, 16000).__len__() == 32000
