"""A recording in the object store: its WAV, or an MP3 made of it once and put beside it."""

from __future__ import annotations

import asyncio
import secrets
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from control_api.records.recording_file import HEADER_BYTES, Format, recording_file
from storage.recording_store import RecordingStore, Stored
from storage.recordings import FOLDER

MAKING = "making"
"""Folder of what is fetched to make something else of. Empty but for a moment, and after a crash."""

CRASHED_SECONDS = 86_400
"""After which nobody can still be at it."""


@dataclass(frozen=True, slots=True)
class StoredSounds:
    """Raises StoreUnavailableError, as the store itself."""

    store: RecordingStore
    data: Path
    one_at_a_time: asyncio.Lock = field(default_factory=asyncio.Lock)
    """A WAV of an hour fills 230 MB of the disk while its MP3 is made."""

    async def find(self, path: str, wanted: Format) -> tuple[str, Stored] | None:
        """Which object it is. None if nothing was recorded. Raises av.FFmpegError for a file that is no WAV."""
        if wanted is Format.WAV:
            stored = await self.store.look(path)
            return (path, stored) if stored is not None and stored.size > HEADER_BYTES else None
        mp3 = beside(path)
        stored = await self.store.look(mp3)
        if stored is None:
            async with self.one_at_a_time:
                stored = await self.store.look(mp3) or await self._made(path, mp3)
        return None if stored is None else (mp3, stored)

    async def _made(self, path: str, mp3: str) -> Stored | None:
        folder = await asyncio.to_thread(making, self.data)
        wav = folder / f"{secrets.token_hex(8)}.wav"
        try:
            if not await self.store.fetch(path, wav):
                return None
            made = await recording_file(wav, Format.MP3)
            if made is None:
                return None
            stored = await self.store.put(made, mp3, Format.MP3.content_type)
        finally:
            await asyncio.to_thread(_unlink, wav)
        if await self.store.look(path) is None:  # it was removed meanwhile, and its MP3 was not there to be
            await self.store.remove([mp3])
            return None
        return stored


def beside(path: str) -> str:
    """Where the MP3 of a WAV lies."""
    return str(PurePosixPath(path).with_suffix(".mp3"))


def making(data: Path) -> Path:
    """Where it is, below a data folder. Makes it, or takes away what a crash has left in it: for a thread."""
    folder = data / FOLDER / MAKING
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for left in folder.iterdir():
        with suppress(FileNotFoundError):  # another process tidies too
            if left.stat().st_mtime < time.time() - CRASHED_SECONDS:
                left.unlink()
    return folder


def _unlink(wav: Path) -> None:
    for file in (wav, wav.with_suffix(".mp3")):
        file.unlink(missing_ok=True)
