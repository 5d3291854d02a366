"""What carriers answer, written in batches: a busy campaign's answers would wait for each other's transactions."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence

from dialer.conclude import Report, conclude
from dialer.news import Placed, placed
from dialer.timing import Prices, Timing
from storage.database import Database, DatabaseUnavailableError
from storage.dialing import Attempt

BATCH = 200
AGAIN_SECONDS = 1.0
"""Before the database is tried again."""

_log = logging.getLogger(__name__)


class Books:
    """Nothing that waits here is lost by a crash: whoever starts next asks the carrier."""

    def __init__(
        self,
        database: Database,
        *,
        timing: Timing,
        prices: Prices,
        told: Callable[[Sequence[Attempt]], None] = lambda ended: None,
    ) -> None:
        """`told` is given the attempts that have ended."""
        self._database, self._timing, self._prices, self.told = database, timing, prices, told
        self._waiting: list[tuple[str, Placed | Report]] = []
        self._news = asyncio.Event()
        self._one_at_a_time = asyncio.Lock()

    def enter(self, organisation: str, entry: Placed | Report) -> None:
        self._waiting.append((organisation, entry))
        self._news.set()

    async def keep(self) -> None:
        """Writes what there is, until it is cancelled."""
        while True:
            await self._news.wait()
            try:
                await self.write()
            except DatabaseUnavailableError as away:
                _log.warning("what carriers answered could not be written yet", extra={"error": str(away)})
                await asyncio.sleep(AGAIN_SECONDS)
            except Exception:  # noqa: BLE001 - the dialer must outlive a bad round: the carrier will be asked again
                _log.exception("what carriers answered could not be written")

    async def write(self) -> None:
        """All that waits. If the database is away it waits on, and DatabaseUnavailableError is raised."""
        async with self._one_at_a_time:
            while self._waiting:
                organisation = self._waiting[0][0]
                batch = [entry for whose, entry in self._waiting if whose == organisation][:BATCH]
                try:
                    ended = await self._write(organisation, batch)
                except DatabaseUnavailableError:
                    raise
                except Exception:
                    self._drop(batch)
                    raise
                self._drop(batch)
                self.told(ended)
            self._news.clear()

    async def _write(self, organisation: str, batch: Sequence[Placed | Report]) -> list[Attempt]:
        """In two transactions: within one, runs are held in order."""
        accepted = [entry for entry in batch if isinstance(entry, Placed)]
        reports = [entry for entry in batch if isinstance(entry, Report)]
        if accepted:
            async with self._database.begin(organisation) as work:
                await placed(work, accepted, self._timing)
        if not reports:
            return []
        async with self._database.begin(organisation) as work:
            return await conclude(work, reports, self._prices)

    def _drop(self, batch: Sequence[Placed | Report]) -> None:
        gone = {id(entry) for entry in batch}
        self._waiting = [waiting for waiting in self._waiting if id(waiting[1]) not in gone]
