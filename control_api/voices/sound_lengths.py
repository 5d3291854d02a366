"""How long a WAV or MP3 file lasts, whatever its name and its tags claim, and the sound in it.

Both are read here, since a demuxer can be kept busy for many seconds by a file of nothing but chunks or tags. All of it
blocks: for a thread.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, BinaryIO

if TYPE_CHECKING:
    from av import AudioFrame

WAV, MP3 = "audio/wav", "audio/mpeg"
LOWEST_RATE, HIGHEST_RATE, CHANNELS = 8000, 192_000, 2

_SAMPLES = {1: "PCM", 3: "float", 6: "A-law", 7: "mu-law"}
_EXTENSIBLE = 0xFFFE
"""Format whose true number stands later."""
_CHUNKS = 64
"""Of a WAV file, before its sound: programs write about five."""
_PIECE = 64 << 10
_BROKEN = 100
"""MP3 frames that cannot be decoded, after which the file is given up: where files were joined there are one or two."""


class NotSpeechError(Exception):
    """Its text says what the file must be."""


@dataclass(frozen=True, slots=True)
class Waveform:
    """Where the sound of a WAV file stands, and how it is written."""

    encoding: str
    """PCM, float, A-law or mu-law."""
    rate: int
    channels: int
    sample_bytes: int
    """Of all channels together."""
    start: int
    """Bytes before the sound."""
    samples: int


def content_type(file: BinaryIO) -> str:
    """By its first bytes. Raises NotSpeechError."""
    file.seek(0)
    head = file.read(12)
    if head[:4] == b"RIFF" and head[8:] == b"WAVE":
        return WAV
    is_frame = len(head) > 1 and head[0] == 0xFF and head[1] & 0xE6 == 0xE2  # eleven bits of sync, then layer III
    if head[:3] == b"ID3" or is_frame:
        return MP3
    raise NotSpeechError("must be a WAV or MP3 file")


def length(file: BinaryIO, longest: float) -> float:
    """Seconds; soon over `longest` an MP3 file is read no further. Raises NotSpeechError."""
    if content_type(file) == WAV:
        sound = waveform(file)
        return sound.samples / sound.rate
    seconds = 0.0
    for frame in mp3_frames(file):
        seconds += frame.samples / frame.sample_rate
        if seconds > longest:
            break
    if not seconds:
        raise NotSpeechError("cannot be read as an MP3 file")
    return seconds


def waveform(file: BinaryIO) -> Waveform:
    """Of a WAV file. Raises NotSpeechError."""
    encoding, channels, sample_bytes, rate = "", 0, 0, 0
    file.seek(12)
    for _ in range(_CHUNKS):
        head = file.read(8)
        if len(head) < 8:
            break
        name, size = struct.unpack("<4sI", head)
        start = file.tell()
        if name == b"data" and rate:
            left = file.seek(0, 2) - start  # who writes to a pipe knows no size: the file's own end counts
            return Waveform(encoding, rate, channels, sample_bytes, start, min(size, left) // sample_bytes)
        if name == b"fmt ":
            encoding, channels, sample_bytes, rate = _format(file.read(min(size, 40)))
        file.seek(start + size + size % 2)
    raise NotSpeechError("cannot be read as a WAV file")


def _format(body: bytes) -> tuple[str, int, int, int]:
    """Encoding, channels, bytes of one sample of all channels, and samples a second."""
    if len(body) < 16:
        raise NotSpeechError("cannot be read as a WAV file")
    tag, channels, rate, _, sample_bytes, bits = struct.unpack_from("<HHIIHH", body)
    if tag == _EXTENSIBLE and len(body) >= 26:
        (tag,) = struct.unpack_from("<H", body, 24)
    if tag not in _SAMPLES:
        raise NotSpeechError(f"must be a WAV file of {', '.join(_SAMPLES.values())} samples, or an MP3 file")
    _must_be_usual(rate, channels)
    if not sample_bytes or sample_bytes * 8 != channels * bits:
        raise NotSpeechError("cannot be read as a WAV file")
    return _SAMPLES[tag], channels, sample_bytes, rate


def mp3_frames(file: BinaryIO) -> Iterator[AudioFrame]:
    """In their order. Raises NotSpeechError."""
    import av  # 0.1 s, which a start can do without

    file.seek(_after_tag(file))
    decoder, broken = av.CodecContext.create("mp3", "r"), 0
    for piece in chain(iter(lambda: file.read(_PIECE), b""), [b""]):  # nothing: the last frame is complete
        for packet in decoder.parse(piece):
            try:
                frames = decoder.decode(packet)
            except av.FFmpegError:
                broken += 1
                if broken > _BROKEN:
                    raise NotSpeechError("cannot be read as an MP3 file") from None
                continue
            for frame in frames:
                _must_be_usual(frame.sample_rate, frame.layout.nb_channels)
                yield frame


def _after_tag(file: BinaryIO) -> int:
    """Where the sound begins, after titles and pictures."""
    file.seek(0)
    head = file.read(10)
    if head[:3] != b"ID3" or len(head) < 10:
        return 0
    size = 0
    for seven_bits in head[6:]:
        size = size << 7 | seven_bits & 0x7F
    return 10 + size


def _must_be_usual(rate: int, channels: int) -> None:
    if not LOWEST_RATE <= rate <= HIGHEST_RATE or not 1 <= channels <= CHANNELS:
        raise NotSpeechError(f"must be mono or stereo, of {LOWEST_RATE} to {HIGHEST_RATE} samples a second")
