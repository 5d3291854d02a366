"""A sound file of a stranger's → PCM. Runs in a thread."""

from __future__ import annotations

import io

import av
from av.error import FFmpegError

LONGEST = 300.0
"""Seconds that are kept of it."""


class NoSoundError(ValueError):
    """It is neither WAV nor MP3, too big, or there is nothing in it."""


def decoded(file: bytes, rate: int) -> bytes:
    """Mono PCM16 at `rate` Hz: the first `LONGEST` seconds of a WAV or MP3 file. Raises NoSoundError."""
    kind = _kind(file)
    most = int(LONGEST * rate) * 2
    pcm = bytearray()
    try:
        with av.open(io.BytesIO(file), "r", format=kind) as container:
            resampler = av.AudioResampler(format="s16", layout="mono", rate=rate)
            for frame in container.decode(audio=0):
                for made in resampler.resample(frame):
                    pcm += bytes(made.planes[0])[: made.samples * 2]
                if len(pcm) >= most:
                    break
            else:
                for made in resampler.resample(None):
                    pcm += bytes(made.planes[0])[: made.samples * 2]
    except (FFmpegError, IndexError, ValueError):
        raise NoSoundError from None
    if not pcm:
        raise NoSoundError
    return bytes(pcm[:most])


def _kind(file: bytes) -> str:
    if file[:4] == b"RIFF" and file[8:12] == b"WAVE":
        return "wav"
    if file[:3] == b"ID3" or (len(file) > 1 and file[0] == 0xFF and file[1] & 0xE6 == 0xE2):
        return "mp3"
    raise NoSoundError
