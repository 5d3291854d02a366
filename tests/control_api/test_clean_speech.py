"""What a recording must be to make a voice of it, each fault told by its name."""

from __future__ import annotations

import io
import wave
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from control_api.voices.clean_speech import Findings, findings, must_be_clean
from control_api.voices.sound_lengths import NotSpeechError
from control_api.voices.sound_samples import RATE, samples_of
from control_api.voices.transcripts import must_fit
from control_api.web.errors import RefusedError
from tests.control_api.uploads import mp3, wav
from tests.speech import prompts

Sound = NDArray[np.float64]


def file_of(sound: Sound, rate: int = RATE) -> io.BytesIO:
    file = io.BytesIO()
    with wave.open(file, "wb") as writer:
        writer.setnchannels(1)
        writer.setsampwidth(2)
        writer.setframerate(rate)
        writer.writeframes((np.clip(sound, -1, 1) * 32767).astype("<i2").tobytes())
    return file


def found(sound: Sound) -> Findings:
    return findings(samples_of(file_of(sound), 60))


def human() -> Sound:
    """A woman at a telephone, 20 seconds of her."""
    said = b"".join(prompt.pcm() for prompt in prompts(6, words=8))
    line: Sound = np.frombuffer(said, "<i2").astype(float).repeat(2)[: 20 * RATE]
    line *= 0.7 / np.abs(line).max()
    return line


def lower(sound: Sound) -> Sound:
    """As a man would say it: 9 semitones deeper, and slower."""
    slower = 2 ** (9 / 12)
    made: Sound = np.interp(np.arange(0, len(sound) - 1, 1 / slower), np.arange(len(sound)), sound)
    return made


def trouble(sound: Sound) -> str:
    with pytest.raises(NotSpeechError) as refused:
        must_be_clean(found(sound), speech_seconds=5)
    return str(refused.value)


def test_recorded_speech_will_do() -> None:
    must_be_clean(found(human()), speech_seconds=5)
    must_be_clean(found(lower(human())[: 20 * RATE]), speech_seconds=5)


def test_every_fault_is_told() -> None:
    clean = human()
    noise = np.random.default_rng(1).normal(0, 1, len(clean)) * np.sqrt(np.mean(clean**2))
    assert trouble(np.zeros(10 * RATE)).startswith("is too quiet")
    assert trouble(clean * 0.003).startswith("is too quiet")
    assert trouble(np.clip(clean * 4, -1, 1)).startswith("is clipped")
    assert trouble(np.clip(clean * 4, -0.5, 0.5)).startswith("is clipped")
    assert trouble(clean + noise * 10 ** (-8 / 20)).startswith("is too noisy")
    assert trouble(np.concatenate([clean[: 3 * RATE], np.zeros(9 * RATE)])).startswith("holds too little speech")


def test_a_woman_and_a_man_are_two_and_each_alone_is_one() -> None:
    woman, man = human(), lower(human())
    assert trouble(np.concatenate([woman[: 8 * RATE], man[: 8 * RATE]])).startswith("sounds like more than one")
    turns = [part for at in range(4) for part in (woman[at * RATE * 3 :][: 3 * RATE], man[at * RATE * 3 :][: 3 * RATE])]
    assert trouble(np.concatenate(turns)).startswith("sounds like more than one")
    assert found(woman).semitones < 5


def test_noise_that_speech_stands_well_above_is_let_through() -> None:
    clean = human()
    noise = np.random.default_rng(1).normal(0, 1, len(clean)) * np.sqrt(np.mean(clean**2))
    must_be_clean(found(clean + noise * 10 ** (-20 / 20)), speech_seconds=5)


@pytest.mark.parametrize("encoding", ["u8", "s24le", "s32le", "f32le", "f64le", "alaw", "mulaw"])
def test_every_encoding_holds_the_same_sound(encoding: str) -> None:
    import av

    plain = samples_of(io.BytesIO(wav(2, rate=16000)), 60).samples
    frame = av.AudioFrame.from_ndarray((plain * 32768).astype(np.int16)[None, :], format="s16", layout="mono")
    frame.sample_rate = RATE
    file = io.BytesIO()
    with av.open(file, "w", "wav") as container:
        stream: Any = container.add_stream(f"pcm_{encoding}", rate=RATE, layout="mono")
        for packet in (*stream.encode(frame), *stream.encode(None)):
            container.mux(packet)
    other = samples_of(file, 60).samples
    assert len(other) == len(plain)
    assert np.sqrt(np.mean((other - plain) ** 2)) < 0.01


def test_an_mp3_file_is_as_long_and_as_loud() -> None:
    plain, packed = (samples_of(io.BytesIO(each), 60) for each in (wav(5, rate=16000), mp3(5)))
    assert abs(packed.seconds - plain.seconds) < 0.2
    assert abs(packed.loudest.peak - plain.loudest.peak) < 0.05


@pytest.mark.parametrize(
    ("transcript", "ok"), [("Good morning, this is Aria.", True), ("B", False), ("बहुत धन्यवाद", True)]
)
def test_a_transcript_fits_its_recording(transcript: str, ok: bool) -> None:
    if ok:
        must_fit(transcript, 5.0)
        return
    with pytest.raises(RefusedError, match="too short"):
        must_fit(transcript, 5.0)


def test_more_is_not_said_than_can_be() -> None:
    with pytest.raises(RefusedError, match="too long"):
        must_fit("This is a very long text. " * 20, 5.0)
