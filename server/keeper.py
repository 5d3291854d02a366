"""Ends what is kept of recordings: those that are older than their organisation keeps them, and those let go of.

Any number of processes may do it on one database: each lets go of rows that no other holds, in small transactions.
A row names a recording no more before its files go, and a removal stands in the database until they are gone.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from datetime import datetime, timedelta

from control_api.records.recording_file import forget
from control_api.records.stored_sound import beside
from storage.database import Database, DatabaseUnavailableError
from storage.keeping import Removal
from storage.recording_store import RecordingStore, StoreUnavailableError
from storage.recordings import Recordings

SECONDS = 300.0
"""Between two looks."""
SLICE = 100
"""Calls in one transaction."""
GIVEN_UP = timedelta(days=30)
"""A process that was not there for so long does not come back with its disk."""

_log = logging.getLogger(__name__)


class Keeper:
    def __init__(
        self,
        database: Database,
        recordings: Recordings,
        store: RecordingStore | None,
        *,
        node: str,
        clock: Callable[[], datetime],
    ) -> None:
        """`node` is whose files are on this disk."""
        self._database, self._recordings, self._store = database, recordings, store
        self._node, self._clock = node, clock

    async def keep(self) -> None:
        """Until it is cancelled."""
        while True:
            try:
                await self.once()
            except (DatabaseUnavailableError, StoreUnavailableError) as away:
                _log.warning("recordings that are not to be kept wait to be removed", extra={"error": str(away)})
            except Exception:  # noqa: BLE001 - it must outlive a bad round
                _log.exception("recordings that are not to be kept could not be removed")
            await asyncio.sleep(SECONDS)

    async def once(self) -> int:
        """How many recordings were removed. Raises StoreUnavailableError; what was let go of is then removed later."""
        await self._expire()
        return await self._remove()

    async def _expire(self) -> None:
        async with self._database.read() as work:
            limited = await work.keeping.limited()
        for organisation, days in limited.items():
            now = self._clock()
            expired = SLICE
            while expired == SLICE:
                async with self._database.begin(organisation) as work:
                    expired = await work.keeping.expire(now - timedelta(days=days), SLICE, now=now)
                if expired:
                    _log.info("recordings expired", extra={"organisation": organisation, "recordings": expired})

    async def _remove(self) -> int:
        removed, after = 0, ""
        while True:
            async with self._database.read() as work:
                due = await work.keeping.removals(SLICE, after)
            gone = [removal.call_id for removal in due if await self._is_gone(removal)]
            if gone:
                async with self._database.begin() as work:
                    await work.keeping.removed(gone)
            removed += len(gone)
            if len(due) < SLICE:
                return removed
            after = due[-1].call_id

    async def _is_gone(self, removal: Removal) -> bool:
        """False if its file may be on another process's disk."""
        had_it = await forget(self._recordings, [removal.path])
        if self._store is not None:
            await self._store.remove([removal.path, beside(removal.path)])
            return True
        return bool(had_it) or removal.node == self._node or removal.at < self._clock() - GIVEN_UP
