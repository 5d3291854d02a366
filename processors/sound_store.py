"""Sounds that are kept to be heard again: in memory, and on disk those that may stay there. Both are bounded."""

from __future__ import annotations

import asyncio
import logging
import os
from collections import OrderedDict
from pathlib import Path
from uuid import uuid4

_log = logging.getLogger(__name__)

MEMORY = 64 * 2**20
"""Bytes kept in memory: some 250 sentences of 5 s at 24 kHz."""
DISK = 256 * 2**20
"""Bytes kept on disk."""


class SoundStore:
    """By keys that say nothing: digests. What was used longest ago goes first."""

    def __init__(self, folder: Path | None = None, *, memory: int = MEMORY, disk: int = DISK) -> None:
        """Without a folder nothing is kept on disk."""
        self._folder, self._memory, self._disk = folder, memory, disk
        self._kept: OrderedDict[str, bytes] = OrderedDict()
        self._size = 0
        self.making: set[str] = set()
        """Keys of sounds that somebody is about to keep: nobody else need make them."""
        self._is_told = False
        """That the disk fails: once is enough."""

    async def get(self, key: str) -> bytes | None:
        if key in self._kept:
            self._kept.move_to_end(key)
            return self._kept[key]
        try:
            sound = await asyncio.to_thread(self._read, key)
        except OSError as error:
            self._tell(error)
            return None
        if sound is not None:
            self._remember(key, sound)
        return sound

    async def put(self, key: str, sound: bytes, *, on_disk: bool) -> None:
        """One that is larger than all that may be kept is not kept. A disk that is full or broken keeps nothing."""
        self._remember(key, sound)
        if on_disk and self._folder is not None:
            try:
                await asyncio.to_thread(self._write, self._folder, key, sound)
            except OSError as error:
                self._tell(error)

    def _remember(self, key: str, sound: bytes) -> None:
        self._size += len(sound) - len(self._kept.pop(key, b""))
        self._kept[key] = sound
        while self._size > self._memory:
            _, oldest = self._kept.popitem(last=False)
            self._size -= len(oldest)

    def _tell(self, error: OSError) -> None:
        if not self._is_told:
            self._is_told = True
            _log.warning("sounds cannot be kept on disk", extra={"error": type(error).__name__, "errno": error.errno})

    def _read(self, key: str) -> bytes | None:
        if self._folder is None:
            return None
        path = self._folder / key
        try:
            sound = path.read_bytes()
            os.utime(path)
        except FileNotFoundError:  # another process may just have thrown it away
            return None
        return sound

    def _write(self, folder: Path, key: str, sound: bytes) -> None:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        beside = folder / f"{key}.{uuid4().hex}.part"  # two calls may say the same for the first time at once
        try:
            with beside.open("xb") as file:
                file.write(sound)
                file.flush()
                os.fsync(file.fileno())  # so that a power cut leaves no half of it under the key
            beside.replace(folder / key)
        except OSError:
            beside.unlink(missing_ok=True)
            raise
        self._make_room(folder)

    def _make_room(self, folder: Path) -> None:
        files = []
        for path in folder.iterdir():
            try:
                about = path.stat()
            except FileNotFoundError:
                continue
            files.append((about.st_mtime_ns, about.st_size, path))
        size = sum(length for _, length, _ in files)
        for _, length, path in sorted(files):
            if size <= self._disk:
                return
            path.unlink(missing_ok=True)
            size -= length
