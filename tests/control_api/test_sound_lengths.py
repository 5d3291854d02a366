"""How long a WAV or MP3 file lasts, and that none keeps the server busy."""

from __future__ import annotations

import io
import random
import struct
from collections.abc import Callable
from contextlib import suppress

import pytest

from control_api.voices.sound_lengths import MP3, WAV, NotSpeechError, content_type, length
from tests.control_api.uploads import mp3, wav

TAG = b"ID3\x04\x00\x00\x00\x00\x07\x68" + b"\xff\xfb\x90\x00" * 250
"""A thousand bytes that look like the beginnings of frames, and are a title."""


class Reads(io.BytesIO):
    """Counts what is read of it."""

    total = 0

    def read(self, size: int | None = -1) -> bytes:
        piece = super().read(size)
        self.total += len(piece)
        return piece


@pytest.mark.parametrize(
    ("sound", "kind", "seconds"),
    [
        (wav(12.5), WAV, 12.5),
        (wav(10, rate=44100, channels=2), WAV, 10),
        (mp3(12.5), MP3, 12.5),
        (mp3(12.5, rate=8000), MP3, 12.5),
        (mp3(10, rate=44100), MP3, 10),
        (TAG + mp3(10), MP3, 10),
        (mp3(5) * 2, MP3, 10),
    ],
)
def test_length_and_kind(sound: bytes, kind: str, seconds: float) -> None:
    assert content_type(io.BytesIO(sound)) == kind
    assert seconds <= length(io.BytesIO(sound), 60) < seconds + 0.3


@pytest.mark.parametrize("tag", [1, 3, 6, 7, 0xFFFE])
def test_every_kind_of_sample_that_wav_files_have(tag: int) -> None:
    """24 bits and stereo, with a title before the sound; an extensible one says later what it is."""
    about = struct.pack("<HHIIHH", tag, 2, 48000, 288000, 6, 24) + struct.pack("<HHIH14x", 22, 24, 3, 1)
    data = bytes(6 * 48000 * 2)
    file = b"".join(
        name + struct.pack("<I", len(body)) + body + b"\0" * (len(body) % 2)
        for name, body in ((b"fmt ", about), (b"LIST", b"INFOodd"), (b"data", data))
    )
    assert length(io.BytesIO(b"RIFF\0\0\0\0WAVE" + file), 60) == 2


@pytest.mark.parametrize("size", [0xFFFFFFFF, 0x7FFFFFFF])
def test_a_wav_file_written_to_a_pipe_lasts_to_its_end(size: int) -> None:
    piped = wav(11)[:40] + struct.pack("<I", size) + wav(11)[44:]
    assert length(io.BytesIO(piped), 60) == 11


@pytest.mark.parametrize(
    ("sound", "told"),
    [
        (b"", "must be a WAV or MP3 file"),
        (b"OggS" + bytes(100), "must be a WAV or MP3 file"),
        (b"#EXTM3U\nfile:///etc/passwd\n", "must be a WAV or MP3 file"),
        (b"RIFF\0\0\0\0AVI " + bytes(100), "must be a WAV or MP3 file"),
        (wav(1)[:30], "cannot be read as a WAV file"),
        (wav(1)[:12] + wav(1)[36:], "cannot be read as a WAV file"),
        (wav(1)[:32] + b"\0\0" + wav(1)[34:], "cannot be read as a WAV file"),
        (wav(1)[:20] + b"\x55\0" + wav(1)[22:], "must be a WAV file of PCM"),
        (wav(1, rate=4000), "must be mono or stereo, of 8000 to 192000 samples a second"),
        (wav(1, channels=3), "must be mono or stereo"),
        (b"ID3", "cannot be read as an MP3 file"),
        (TAG, "cannot be read as an MP3 file"),
        (b"\xff\xfb\x90\x00" * 5000, "cannot be read as an MP3 file"),
    ],
)
def test_what_is_wrong_is_said(sound: bytes, told: str) -> None:
    with pytest.raises(NotSpeechError, match=told):
        length(io.BytesIO(sound), 60)


def test_of_a_long_file_no_more_is_decoded_than_is_asked_for() -> None:
    hour = Reads(mp3(60, rate=8000) * 60)
    assert 60 < length(hour, 60) < 61
    assert hour.total < 200_000 < len(hour.getvalue()) / 10


@pytest.mark.parametrize(
    "made",
    [
        lambda size: wav(12) + bytes(size),
        lambda size: b"RIFF\0\0\0\0WAVE" + bytes(size),
        lambda size: b"RIFF\0\0\0\0WAVE" + b"LIST\x02\0\0\0ab" * (size // 10),
    ],
)
def test_of_many_chunks_few_are_looked_at(made: Callable[[int], bytes]) -> None:
    file = Reads(made(1 << 20))
    with suppress(NotSpeechError):
        length(file, 60)
    assert file.total < 2000


def test_what_cannot_be_decoded_is_soon_given_up() -> None:
    """Frames that are whole on the outside, and noise within."""
    chance = random.Random(1)
    noise = Reads(b"".join(b"\xff\xfb\x90\x00" + chance.randbytes(413) for _ in range(5000)))
    with pytest.raises(NotSpeechError, match="cannot be read as an MP3 file"):
        length(noise, 600)
    assert noise.total < len(noise.getvalue()) / 5


@pytest.mark.parametrize("sound", [wav(11), mp3(11)])
def test_no_damage_is_a_fault_of_ours(sound: bytes) -> None:
    chance = random.Random(2)
    for _ in range(200):
        damaged = bytearray(sound[: chance.choice((len(sound), chance.randrange(len(sound))))])
        for _ in range(chance.choice((1, 5, 100)) if damaged else 0):
            damaged[chance.randrange(min(len(damaged), chance.choice((50, len(damaged)))))] = chance.randrange(256)
        with suppress(NotSpeechError):
            assert 0 <= length(io.BytesIO(damaged), 60) < 61 or content_type(io.BytesIO(damaged)) == WAV
