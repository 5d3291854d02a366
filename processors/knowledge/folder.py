"""Documents on this machine, read once for all calls until they change."""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Sequence
from pathlib import Path

from processors.knowledge.documents import Found, found, read
from processors.knowledge.index import Index
from processors.ports import Message

_log = logging.getLogger(__name__)

NAME = r"[A-Za-z0-9][A-Za-z0-9_-]{0,99}"
"""Of a folder: no path leads anywhere by it."""
PATIENCE = 1.0
"""Seconds that a turn waits for documents which are still being read; it is answered without them then."""
AT_ONCE = 50_000
"""Passages that are searched within a millisecond. More of them take a thread."""
BEFORE = 0.4
"""What the caller's words before the last ones weigh: "and on Sunday?" means little alone."""
KEPT = 64
"""Folders; the one that was opened longest ago goes first."""


class Shelf:
    """The indexes of all folders of this process."""

    def __init__(self) -> None:
        self._read: dict[Path, tuple[tuple[Found, ...], Index]] = {}
        self._reading: dict[Path, asyncio.Task[Index]] = {}

    async def index(self, folder: Path) -> Index:
        """As the files are now. Several who ask at once wait for the same; who gives up leaves it at work."""
        if folder not in self._reading:
            task = self._reading[folder] = asyncio.create_task(self._opened(folder))
            task.add_done_callback(lambda _: self._reading.pop(folder))
        return await asyncio.shield(self._reading[folder])

    async def _opened(self, folder: Path) -> Index:
        known = self._read.pop(folder, None)
        files, index = await asyncio.to_thread(_made, folder, known)
        while len(self._read) >= KEPT:
            self._read.pop(next(iter(self._read)))
        self._read[folder] = files, index
        return index


def _made(folder: Path, known: tuple[tuple[Found, ...], Index] | None) -> tuple[tuple[Found, ...], Index]:
    """What is known already, if the files are still the same. Blocks."""
    files = found(folder) if folder.is_dir() and not folder.is_symlink() else ()
    if known is not None and known[0] == files:
        return known
    passages, left_out = read(files)
    if left_out or not passages:
        told = {"folder": folder.name, "left_out": left_out, "passages": len(passages)}
        _log.warning("documents of a knowledge folder were left out, or there are none", extra=told)
    return files, Index(passages)


class FolderKnowledge:
    """One call's. What it finds is of the files as they were when the call began."""

    def __init__(self, shelf: Shelf, root: Path, name: str, most: int) -> None:
        """Raises ValueError for a name that may lead elsewhere."""
        if not re.fullmatch(NAME, name):
            raise ValueError("a knowledge folder's name is made of letters, digits, - and _")
        self._most = most
        self._opening = asyncio.ensure_future(shelf.index(root / name))

    async def about(self, chat: Sequence[Message]) -> str:
        said = [message.text for message in chat if message.role == "user"][-2:]
        try:
            async with asyncio.timeout(PATIENCE):
                index = await asyncio.shield(self._opening)
        except TimeoutError:
            return ""
        queries = [*((before, BEFORE) for before in said[:-1]), *((last, 1.0) for last in said[-1:])]
        if len(index) > AT_ONCE:
            passages = await asyncio.to_thread(index.best, queries, self._most)
        else:
            passages = index.best(queries, self._most)
        return "\n".join(f"- {passage}" for passage in passages)
