"""Takes finished recordings to the object store. Whatever becomes of the store or of this process, none is lost.

A marker on disk stands for each until the store has it: a restart goes on where the last one was.
"""

from __future__ import annotations

import asyncio
import fcntl
import logging
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from prometheus_client import CollectorRegistry, Gauge

from control_api.records.recording_file import Format, forget
from control_api.records.stored_sound import beside, making
from processors.wav_parts import joined
from storage.database import Database, DatabaseUnavailableError
from storage.recording_store import RecordingStore, StoreUnavailableError
from storage.recordings import FOLDER, Recordings, call_of
from storage.records import Call, CallStatus

SECONDS, LONGEST_WAIT = 5.0, 300.0
"""Between two looks; while the store is away each wait is twice the one before."""
AT_ONCE = 4
LOCK = "uploads.lock"

_log = logging.getLogger(__name__)


def recordings_waiting(registry: CollectorRegistry) -> Gauge:
    return Gauge("vaani_recordings_waiting", "Recordings that have yet to reach the object store", registry=registry)


class Uploads:
    """Of a data folder. Any number of processes that share it may do it."""

    def __init__(
        self, database: Database, recordings: Recordings, store: RecordingStore, data: Path, waiting: Gauge
    ) -> None:
        self._data, self._leaves = data, False
        self._database, self._recordings, self._store = database, recordings, store
        self._waiting = waiting

    async def keep(self) -> None:
        """Until it is cancelled."""
        wait = SECONDS
        while True:
            try:
                left = await self.once()
            except DatabaseUnavailableError as away:
                _log.warning("recordings wait for the database", extra={"error": str(away)})
                left = 1
            except Exception:  # noqa: BLE001 - it must outlive a bad round
                _log.exception("recordings could not be taken to the object store")
                left = 1
            wait = min(wait * 2, LONGEST_WAIT) if left else SECONDS
            await asyncio.sleep(wait)

    async def settle(self, seconds: float) -> None:
        """On the way out, after the last call: the disk may go with this process. What is left the next start takes.

        The first parts of calls that are being transferred go too, and stay here as well.
        """
        self._leaves = True
        try:
            async with asyncio.timeout(seconds):
                left = await self.once()
        except (TimeoutError, DatabaseUnavailableError):
            left = len(await asyncio.to_thread(self._recordings.waiting))
        if left:
            _log.warning("recordings stay on this disk: the next start takes them", extra={"waiting": left})

    async def once(self) -> int:
        """Takes what is waiting there; how many could not be taken, for the store is away."""
        try:
            with _alone(self._data / FOLDER):
                is_there = await self._take_what_waits()
        except BlockingIOError:  # another process on this folder is at it
            is_there = True
        left = len(await asyncio.to_thread(self._recordings.waiting))
        self._waiting.set(left)
        return 0 if is_there else left

    async def _take_what_waits(self) -> bool:
        """False if the store is away."""
        waiting = await asyncio.to_thread(self._recordings.waiting)
        self._waiting.set(len(waiting))
        for start in range(0, len(waiting), AT_ONCE):
            try:
                await self._take_all(waiting[start : start + AT_ONCE])
            except StoreUnavailableError as away:
                _log.warning("recordings wait for the object store", extra={"error": str(away)})
                return False
        return True

    async def _take_all(self, paths: list[str]) -> None:
        """Raises the first trouble, once all have been tried."""
        tried = await asyncio.gather(*map(self._take, paths), return_exceptions=True)
        for trouble in tried:
            if isinstance(trouble, BaseException):
                raise trouble

    async def _take(self, path: str) -> None:
        file, call = self._recordings.file(path), await self._call(path)
        is_over = call is None or call.status is CallStatus.ENDED
        if not is_over and not self._leaves:
            return  # it may go on, after a transfer
        if _names(call, path) and await asyncio.to_thread(file.exists):
            if not await self._has_parts(path):
                await self._store.put(file, path, Format.WAV.content_type)
            elif not await self._join(file, path):
                return  # another part came at the same moment: the next look finds it there
        if not is_over:
            return
        if not _names(await self._call(path), path):  # or not any more: expired meanwhile, or opted out of
            await self._store.remove([path, beside(path)])
        await forget(self._recordings, [path])

    async def _has_parts(self, path: str) -> bool:
        """The call was handed over, and may have gone on in another process: the first part is on that one's disk."""
        async with self._database.read() as work:
            return bool(await work.transfers.of(call_of(path)))

    async def _join(self, file: Path, path: str) -> bool:
        """Lays our part over those that are in the store already. False if another one got in between."""
        there = await self._store.look(path)
        if there is None:
            return await self._store.replace(file, path, Format.WAV.content_type, None)
        folder = await asyncio.to_thread(making, self._data)
        theirs, whole = (folder / f"{secrets.token_hex(8)}.wav" for _ in range(2))
        try:
            if not await self._store.fetch(path, theirs):
                return False
            await asyncio.to_thread(joined, file, theirs, whole)
            is_whole = await self._store.replace(whole, path, Format.WAV.content_type, there)
            if is_whole:
                await self._store.remove([beside(path)])  # it was made of a part
        except ValueError as error:
            _log.warning("parts of a recording cannot be joined", extra={"file": path, "error": str(error)})
            return False
        finally:
            for one in (theirs, whole):
                await asyncio.to_thread(one.unlink, missing_ok=True)
        return is_whole

    async def _call(self, path: str) -> Call | None:
        async with self._database.read() as work:
            return await work.calls.get(call_of(path))


def _names(call: Call | None, path: str) -> bool:
    return call is not None and call.recording == path


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Several processes may share a data folder. Raises BlockingIOError while another has it."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with (folder / LOCK).open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
