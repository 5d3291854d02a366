from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from pipeline.audio import SAMPLE_BYTES
from pipeline.frames import AudioDone, AudioOut, Frame, Interrupt, Pause, Played, Resume, SendDigits
from processors.tones import FIRST_REPLY, HIGH, KEYS, LOW, Tones, sound

RATES = (8000, 16000, 24000)


def samples(pcm: bytes) -> NDArray[np.float64]:
    return np.frombuffer(pcm, "<i2").astype(np.float64)


def heard_keys(pcm: bytes, rate: int) -> str:
    """As a telephone exchange would: of each 100 ms the strongest row and column, if there is any sound."""
    found, step = "", rate // 10
    wave = samples(pcm)
    for start in range(0, len(wave) - step + 1, step):
        piece = wave[start : start + step]
        if np.abs(piece).max() < 100:
            continue
        at = np.arange(step) / rate
        strength = {hertz: abs(np.sum(piece * np.exp(-2j * np.pi * hertz * at))) for hertz in (*LOW, *HIGH)}
        row, column = (max(group, key=strength.__getitem__) for group in (LOW, HIGH))
        rest = max(loud for hertz, loud in strength.items() if hertz not in (row, column))
        assert min(strength[row], strength[column]) > 5 * rest
        found += KEYS[LOW.index(row) * len(HIGH) + HIGH.index(column)]
    return found


def pressed(*frames: Frame) -> list[Frame]:
    sent: list[Frame] = []
    tones = Tones(8000)
    tones.emit = sent.append
    for frame in frames:
        tones.process(frame)
    return sent


def said(frames: list[Frame]) -> bytes:
    return b"".join(frame.pcm for frame in frames if isinstance(frame, AudioOut))


@pytest.mark.parametrize("rate", RATES)
def test_an_exchange_hears_the_keys_that_were_sent(rate: int) -> None:
    pcm = b"".join(sound(key, rate) for key in KEYS)
    assert heard_keys(pcm, rate) == KEYS
    assert len(pcm) == len(KEYS) * rate // 5 * SAMPLE_BYTES


@pytest.mark.parametrize("rate", RATES)
def test_a_tone_lasts_100_ms_and_so_does_the_silence_behind_it(rate: int) -> None:
    wave = samples(sound("5", rate))
    tone, gap = wave[: rate // 10], wave[rate // 10 :]
    assert np.abs(tone[rate // 50 :]).max() > 10_000
    assert np.abs(wave).max() < 16_384, "two of them and a voice beside them are not cut"
    assert len(gap) == rate // 10
    assert not gap.any()


def test_a_w_waits_for_half_a_second() -> None:
    assert sound("w", 8000) == bytes(8000)


def test_keys_take_the_place_of_what_the_bot_says_and_are_no_part_of_the_chat() -> None:
    sent = pressed(SendDigits("1#"))
    kinds = [type(frame) for frame in sent]
    assert kinds == [SendDigits, Interrupt, AudioOut, AudioOut, AudioDone]
    assert heard_keys(said(sent), 8000) == "1#"
    assert {frame.reply for frame in sent if isinstance(frame, AudioOut | AudioDone)} == {FIRST_REPLY}


def test_more_keys_follow_the_first_ones_and_cut_none_of_them() -> None:
    sent = pressed(SendDigits("12"), SendDigits("3"))
    assert sum(isinstance(frame, Interrupt) for frame in sent) == 1
    assert heard_keys(said(sent), 8000) == "123"
    assert [frame.reply for frame in sent if isinstance(frame, AudioDone)] == [FIRST_REPLY, FIRST_REPLY - 1]


def test_a_menu_that_talks_on_cuts_no_key_in_two() -> None:
    cuts = [Pause(1.0), Resume(1.1), Interrupt(1.2)]
    assert not {Pause, Resume}.intersection(map(type, pressed(SendDigits("12"), *cuts)))
    over = Played(FIRST_REPLY, 1.0, 0.4, "", complete=True, over=True)
    assert pressed(SendDigits("12"), over, *cuts)[-3:] == cuts
    assert pressed(*cuts) == cuts
