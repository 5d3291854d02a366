from __future__ import annotations

import numpy as np

from pipeline.audio import frame_bytes
from pipeline.frames import AudioIn, Frame, SpeechStarted, SpeechStopped
from processors.vad import LoudnessVad, SpeechEdges, VadOptions
from tests import speech

RATE = 8000


def verdicts(edges: SpeechEdges, voiced: str, step: float = 0.02) -> list[tuple[float, Frame]]:
    """Hears one piece for every character, `#` for a voice; gives each edge with the time it was told."""
    told: list[tuple[float, Frame]] = []
    for index, mark in enumerate(voiced):
        edge = edges.hear(mark == "#", index * step, (index + 1) * step)
        if edge is not None:
            told.append((round((index + 1) * step, 3), edge))
    return told


def test_speech_starts_once_it_was_unbroken_for_the_start_time_and_stops_likewise() -> None:
    told = verdicts(SpeechEdges(0.16, 0.2), "." * 5 + "#" * 20 + "." * 15)
    (start_told, started), (stop_told, stopped) = told
    assert (start_told, stop_told) == (0.26, 0.7)
    assert isinstance(started, SpeechStarted)
    assert round(started.at, 3) == 0.1
    assert isinstance(stopped, SpeechStopped)
    assert round(stopped.at, 3) == 0.5


def test_a_knock_is_no_speech_and_a_short_pause_is_no_end() -> None:
    assert verdicts(SpeechEdges(0.16, 0.2), ("#" * 7 + ".") * 10) == []
    told = verdicts(SpeechEdges(0.16, 0.2), ("#" * 10 + "." * 9) * 3 + "." * 10)
    assert [type(edge) for _, edge in told] == [SpeechStarted, SpeechStopped]


def hear(pcm: bytes, options: VadOptions | None = None) -> list[Frame]:
    """What the loudness detector says beside the sound itself."""
    vad, heard = LoudnessVad(options), list[Frame]()
    vad.emit = heard.append
    size = frame_bytes(RATE)
    for index in range(len(pcm) // size):
        vad.process(AudioIn(pcm[index * size : (index + 1) * size], index * 0.02))
    assert sum(isinstance(frame, AudioIn) for frame in heard) == len(pcm) // size
    return [frame for frame in heard if not isinstance(frame, AudioIn)]


def noise(seconds: float, dbfs: float, seed: int = 1) -> bytes:
    samples = np.random.default_rng(seed).normal(0, 32768 * 10 ** (dbfs / 20), int(seconds * RATE))
    return samples.clip(-32768, 32767).astype("<i2").tobytes()


def test_a_sentence_over_a_noisy_line_is_found_where_it_is() -> None:
    said = np.frombuffer(speech.prompt("agent-alreadyon").pcm(), "<i2")
    line = np.frombuffer(noise(1, -50) + noise(len(said) / RATE, -50, 2) + noise(2, -50, 3), "<i2").copy()
    line[RATE : RATE + len(said)] = np.clip(line[RATE : RATE + len(said)].astype(int) + said, -32768, 32767)
    edges = hear(line.tobytes())
    assert isinstance(edges[0], SpeechStarted)
    assert isinstance(edges[-1], SpeechStopped)
    assert abs(edges[0].at - 1.0) < 0.3
    assert abs(edges[-1].at - (1.0 + len(said) / RATE)) < 0.3


def test_steady_noise_and_gaps_in_it_are_no_speech() -> None:
    assert hear(noise(3, -35) + bytes(RATE) + noise(3, -35, 2)) == []
