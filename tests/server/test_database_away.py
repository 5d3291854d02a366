"""While the database is away each part says so in one sentence, and goes on when it is back."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from typing import Any

import pytest

from server.analysis.analyst import Analyst
from server.desks import InboundDesk
from server.journal import Ledger
from server.transfers import TransferDesk
from storage.bus import MemoryBus
from storage.database import DatabaseUnavailableError, UnitOfWork
from storage.records import Speaker, Turn
from tests.patience import until
from tests.server.house import SEAL
from tests.storage.samples import NOW


class Away:
    asked = 0

    def begin(self, organisation: str | None = None) -> AbstractAsyncContextManager[UnitOfWork]:
        self.asked += 1
        raise DatabaseUnavailableError("the database cannot be reached")

    read = begin


async def write(database: Any) -> None:
    ledger = Ledger(database)
    ledger.enter("org_1", Turn("cal_1", 0, Speaker.AGENT, "Hello.", 0.0, 1.0, False), None)
    assert not await ledger.write()


async def analyse(database: Any) -> None:
    http: Any = None
    assert await Analyst(database, SEAL, http).look_once() == 0


async def look_after_transfers(database: Any) -> None:
    desk = TransferDesk(database, MemoryBus(), inbound=InboundDesk(), outbound=InboundDesk(), clock=lambda: NOW)
    keeping = asyncio.create_task(desk.keep())
    await until(lambda: database.asked > 0)
    keeping.cancel()
    await asyncio.gather(keeping, return_exceptions=True)


@pytest.mark.parametrize("part", [write, analyse, look_after_transfers])
async def test_a_database_that_is_away_is_told_in_one_sentence(
    caplog: pytest.LogCaptureFixture, part: Callable[[Any], Awaitable[None]]
) -> None:
    await part(Away())
    (record,) = caplog.records
    assert (record.levelno, record.exc_info) == (logging.WARNING, None)
    assert record.__dict__["error"] == "the database cannot be reached"
