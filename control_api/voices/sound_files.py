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

from control_api.voices.clean_speech import findings, must_be_clean
from control_api.voices.sound_lengths import MP3, WAV, NotSpeechError, content_type, length
from control_api.voices.sound_samples import samples_of
from control_api.web.errors import bad, not_found
from storage.database import to_the_end

FOLDER = "voices"
"""Below the data folder."""
MEGABYTES = 20
"""Of one file."""
SUFFIXES = {WAV: "wav", MP3: "mp3"}
SLACK = 0.3
"""Seconds by which a file may be too long: MP3 encoders add some."""


@dataclass(frozen=True, slots=True)
class Speech:
    content_type: str
    seconds: float


async def heard(file: BinaryIO, field: str, *, shortest: float, longest: float, spoken: float) -> Speech:
    """A WAV or MP3 file of that many seconds, of clean speech of one person for `spoken` of them at least.

    Raises RefusedError, which names the field.
    """
    try:
        return await asyncio.to_thread(_heard, file, shortest, longest, spoken)
    except NotSpeechError as error:
        raise bad(f"{field} {error}") from None


@asynccontextmanager
async def copied(data: Path, folder: str, file: BinaryIO, speech: Speech) -> AsyncIterator[str]:
    """The path, below `data`, of a copy that only this server's user may read. It goes again if the block fails.

    To be run by `to_the_end`: a cancellation in the midst of a commit would take the file from a row that stays.
    """
    path = f"{FOLDER}/{folder}/{secrets.token_hex(16)}.{SUFFIXES[speech.content_type]}"
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


def _heard(file: BinaryIO, shortest: float, longest: float, spoken: float) -> Speech:
    """Raises NotSpeechError."""
    seconds = length(file, longest + SLACK)
    if not shortest <= seconds <= longest + SLACK:
        raise NotSpeechError(f"must last {shortest:g} to {longest:g} seconds")
    must_be_clean(findings(samples_of(file, longest + SLACK)), speech_seconds=spoken)
    return Speech(content_type(file), seconds)


def _copy(source: BinaryIO, path: Path) -> None:
    while True:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with suppress(FileNotFoundError):  # whoever removed the last file took the folder with it
            handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            break
    source.seek(0)
    with os.fdopen(handle, "wb") as copy:
        shutil.copyfileobj(source, copy)


def _remove(data: Path, paths: list[str]) -> None:
    for path in paths:
        (data / path).unlink(missing_ok=True)
    for folder in {(data / path).parent for path in paths}:
        with suppress(OSError):
            folder.rmdir()
