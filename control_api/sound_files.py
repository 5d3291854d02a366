"""Speech that was uploaded: what it is, where it is kept, and how it is streamed."""

from __future__ import annotations

import asyncio
import os
import secrets
import shutil
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from aiohttp import web

from control_api.errors import bad, not_found
from storage.database import to_the_end

FOLDER = "voices"
"""Below the data folder."""
MEGABYTES = 20
"""Of one file."""
WAV, MP3 = "audio/wav", "audio/mpeg"
FORMATS = {WAV: "wav", MP3: "mp3"}
"""How FFmpeg calls what is accepted; names of the kept files end so too."""
SLACK = 0.1
"""Seconds by which a file may miss its limits: encoders pad."""
LOWEST_RATE, HIGHEST_RATE, CHANNELS = 8000, 192_000, 2


class NotSpeechError(Exception):
    """Its text says what the file must be."""


@dataclass(frozen=True, slots=True)
class Speech:
    content_type: str
    seconds: float


async def heard(file: BinaryIO, field: str, *, shortest: float, longest: float) -> Speech:
    """A WAV or MP3 file of that many seconds. Raises RefusedError, which names the field."""
    try:
        return await asyncio.to_thread(_heard, file, shortest, longest)
    except NotSpeechError as error:
        raise bad(f"{field} {error}") from None


@asynccontextmanager
async def kept(data: Path, folder: str, file: BinaryIO, speech: Speech) -> AsyncIterator[str]:
    """The path, below `data`, of a copy that only this server's user may read. It goes again if the block fails.

    To be run by `to_the_end`: a cancellation in the midst of a commit would take the file from a row that stays.
    """
    path = f"{FOLDER}/{folder}/{secrets.token_hex(16)}.{FORMATS[speech.content_type]}"
    try:
        await asyncio.to_thread(_copy, file, data / path)
        yield path
    except BaseException:
        await asyncio.to_thread(_remove, data, [path])
        raise


async def forget(data: Path, paths: Iterable[str]) -> None:
    """With the folders that become empty."""
    await to_the_end(asyncio.to_thread(_remove, data, list(paths)))


async def streamed(file: Path, content_type: str) -> web.FileResponse:
    """The file, or the range of it that is asked for. Raises RefusedError if it is gone."""
    if not await asyncio.to_thread(file.is_file):
        raise not_found("Audio")
    return web.FileResponse(file, headers={"Content-Type": content_type, "Cache-Control": "private"})


def _heard(file: BinaryIO, shortest: float, longest: float) -> Speech:
    """Raises NotSpeechError. Decodes no more than `longest` seconds."""
    import av  # 0.1 s, which a start can do without

    content_type = _content_type(file)
    seconds = 0.0
    try:
        # The format is told: left to guess, FFmpeg would also follow playlists to other files.
        with av.open(file, "r", FORMATS[content_type], metadata_errors="replace") as container:
            if not container.streams.audio:
                raise NotSpeechError("holds no sound")
            stream = container.streams.audio[0]
            codec = stream.codec_context
            if codec is None or not codec.name.startswith(("pcm_", "mp3")):
                raise NotSpeechError("must be a WAV file of PCM, or an MP3 file")
            if not LOWEST_RATE <= codec.sample_rate <= HIGHEST_RATE or codec.channels > CHANNELS:
                raise NotSpeechError(f"must be mono or stereo, of {LOWEST_RATE} to {HIGHEST_RATE} samples a second")
            for frame in container.decode(stream):
                seconds += frame.samples / frame.sample_rate
                if seconds > longest + SLACK:
                    break
    except av.FFmpegError:
        raise NotSpeechError("cannot be read as a WAV or MP3 file") from None
    if not shortest - SLACK <= seconds <= longest + SLACK:
        raise NotSpeechError(f"must last {shortest:g} to {longest:g} seconds")
    file.seek(0)
    return Speech(content_type, seconds)


def _content_type(file: BinaryIO) -> str:
    """By its first bytes, whatever it is called."""
    file.seek(0)
    head = file.read(12)
    file.seek(0)
    if head[:4] == b"RIFF" and head[8:] == b"WAVE":
        return WAV
    is_frame = len(head) > 1 and head[0] == 0xFF and head[1] & 0xE6 == 0xE2  # eleven bits of sync, then layer III
    if head[:3] == b"ID3" or is_frame:
        return MP3
    raise NotSpeechError("must be a WAV or MP3 file")


def _copy(source: BinaryIO, path: Path) -> None:
    while True:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with suppress(FileNotFoundError):  # whoever removed the last file took the folder with it
            handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            break
    with os.fdopen(handle, "wb") as copy:
        shutil.copyfileobj(source, copy)


def _remove(data: Path, paths: list[str]) -> None:
    for path in paths:
        (data / path).unlink(missing_ok=True)
    for folder in {(data / path).parent for path in paths}:
        with suppress(OSError):
            folder.rmdir()
