"""A recording as it goes out: the WAV file that was written, or an MP3 made of it once and kept beside it."""

from __future__ import annotations

import asyncio
import os
import re
import secrets
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from enum import Enum
from itertools import chain
from pathlib import Path

from storage.recordings import Recordings

BITS_A_SECOND = 64_000
"""For both channels: telephone speech, and one of them is silent most of the time."""
RATES = (8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000)
"""That MP3 knows, in hertz."""
HEADER_BYTES = 44
"""A WAV file that is no longer has no sound in it."""

_encoder = ThreadPoolExecutor(1, thread_name_prefix="mp3")
"""At most one core goes to this, and who comes second finds it made."""


class Format(Enum):
    """By the content types that ask for it; the first is what it is answered as."""

    MP3 = ("audio/mpeg", "audio/mp3")
    WAV = ("audio/wav", "audio/x-wav", "audio/wave", "audio/vnd.wave")

    @property
    def content_type(self) -> str:
        names: tuple[str, ...] = self.value
        return names[0]


def preferred(accept: str) -> Format:
    """By an Accept header: WAV where that is liked better than MP3, which is what is expected."""
    likings: dict[str, float] = {}
    for choice in accept.lower().split(","):
        kind, *parameters = (part.strip() for part in choice.split(";"))
        quality = next((part for part in parameters if re.fullmatch(r"q=[01](\.\d{0,3})?", part)), "q=1")
        likings[kind] = float(quality.removeprefix("q="))

    def liking(format_: Format) -> float:
        return next((likings[kind] for kind in (*format_.value, "audio/*", "*/*") if kind in likings), 0.0)

    return Format.WAV if liking(Format.WAV) > liking(Format.MP3) else Format.MP3


async def recording_file(wav: Path, wanted: Format) -> Path | None:
    """None if nothing was recorded. Raises av.FFmpegError for a file that is no WAV."""
    made = wav.with_suffix(".mp3")
    stale = await asyncio.to_thread(_stale, made, wav)
    if stale is None or wanted is Format.WAV:
        return None if stale is None else wav
    if stale:
        await asyncio.get_running_loop().run_in_executor(_encoder, _make, made, wav)
    return made


async def forget(recordings: Recordings, paths: Sequence[str]) -> int:
    """Removes the files, also if the caller is cancelled; how many there were.

    Not while an MP3 is made, or that would stay.
    """
    if not paths:
        return 0
    removing = asyncio.get_running_loop().run_in_executor(_encoder, _remove, recordings, paths)
    return await asyncio.shield(removing)


def _remove(recordings: Recordings, paths: Sequence[str]) -> int:
    return sum([recordings.drop(path) for path in paths])


def _stale(made: Path, wav: Path) -> bool | None:
    """Whether it is to be made; None if there is nothing to make it of."""
    try:
        source = wav.stat()
    except FileNotFoundError:
        return None
    if source.st_size <= HEADER_BYTES:
        return None
    return not made.exists() or made.stat().st_mtime_ns < source.st_mtime_ns


def _make(made: Path, wav: Path) -> None:
    """Whole or not at all, whatever becomes of this process or this machine."""
    if not _stale(made, wav):
        return
    part = made.with_name(f"{made.stem}.{secrets.token_hex(4)}.part")
    try:
        _encode(wav, part)
        with part.open("rb") as written:
            os.fsync(written.fileno())
        part.replace(made)
    finally:
        part.unlink(missing_ok=True)


def _encode(wav: Path, mp3: Path) -> None:
    import av  # a tenth of a second that a start need not spend
    from av.audio.resampler import AudioResampler

    with av.open(str(wav), format="wav") as source, av.open(str(mp3), "w", format="mp3") as target:
        sound = source.streams.audio[0]
        rate = min(RATES, key=lambda rate: (abs(rate - sound.rate), -rate))
        encoded = target.add_stream("libmp3lame", rate=rate, layout="stereo", format="s16p")
        encoded.bit_rate = BITS_A_SECOND
        encoded.options = {"joint_stereo": "0"}  # or a little of each side is heard on the other
        resampler = AudioResampler(format="s16p", layout="stereo", rate=rate)
        for frame in chain(source.decode(sound), [None]):
            for piece in resampler.resample(frame):
                target.mux(encoded.encode(piece))
        target.mux(encoded.encode(None))
