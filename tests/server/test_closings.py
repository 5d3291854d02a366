from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest

from server import closings, patience
from server.closings import Closings
from storage.database import Database, DatabaseUnavailableError, UnitOfWork
from storage.records import CallStatus, Outcome
from tests.patience import until
from tests.server.house import House, scripted
from transports.loopback import Line, quiet


class Failing:
    """A database that can be away, or lose its connection when all is committed."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.away = self.torn = self.unread = False
        self.refused = 0

    @asynccontextmanager
    async def begin(self, organisation: str | None = None) -> AsyncIterator[UnitOfWork]:
        if self.away:
            self.refused += 1
            raise DatabaseUnavailableError("the database cannot be reached")
        async with self._database.begin(organisation) as work:
            yield work
        if self.torn:
            self.torn = False
            self.refused += 1
            raise DatabaseUnavailableError("the connection to the database was lost")

    def read(self, organisation: str | None = None) -> AbstractAsyncContextManager[UnitOfWork]:
        if self.unread:
            self.refused += 1
            raise DatabaseUnavailableError("the database cannot be reached")
        return self._database.read(organisation)


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(closings, "FIRST_WAIT", 0.001)


@pytest.mark.parametrize("trouble", ["away", "torn"])
async def test_a_call_whose_end_the_database_did_not_take_is_closed_when_it_is_back(house: House, trouble: str) -> None:
    failing: Any = Failing(house.database)
    house = replace(house, database=failing)
    await house.agent(scripted(greeting="Hello."))

    async def script() -> AsyncIterator[Line]:
        yield quiet(1)
        setattr(failing, trouble, True)

    async with asyncio.timeout(10):
        call, line = await house.call(script())
        assert line.ending == "callended"
        assert len(house.switchboard) == 0
        if trouble == "away":
            assert (await house.row(call)).status is CallStatus.IN_PROGRESS
            assert len(house.recordings.unfinished()) == 1
        await until(lambda: failing.refused > 2 or not failing.away)
        failing.away = False
        await until(lambda: not house.recordings.unfinished())
        assert await house.office.ledger.write()
    row = await house.row(call)
    assert (row.status, row.outcome, row.reason) == (CallStatus.ENDED, Outcome.CONNECTED, "callended")
    assert row.recording is not None
    assert [turn.text for turn in await house.turns(call)] == ["Hello."]
    assert [event.topic for event in await house.announced()] == ["call.started", "call.ended"]


@pytest.mark.parametrize("trouble", ["away", "torn", "unread"])
async def test_a_call_whose_start_the_database_did_not_take_is_held_all_the_same(
    house: House, monkeypatch: pytest.MonkeyPatch, trouble: str
) -> None:
    monkeypatch.setattr(patience, "PAUSE_SECONDS", 0.001)
    failing: Any = Failing(house.database)
    house = replace(house, database=failing)
    await house.agent(scripted(greeting="Hello."))
    setattr(failing, trouble, True)

    async def script() -> AsyncIterator[Line]:
        yield quiet(1)

    async def back() -> None:
        await until(lambda: failing.refused > 1 or trouble == "torn")
        failing.away = failing.unread = False

    async with asyncio.timeout(10), asyncio.TaskGroup() as tasks:
        tasks.create_task(back())
        call, line = await house.call(script())
    assert failing.refused
    assert line.ending == "callended"
    assert [turn.text for turn in await house.turns(call)] == ["Hello."]
    assert [event.topic for event in await house.announced()] == ["call.started", "call.ended"]


async def test_a_caller_waits_only_so_long_for_a_database_that_stays_away(
    house: House, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(patience, "PAUSE_SECONDS", 0.001)
    monkeypatch.setattr(patience, "PATIENCE_SECONDS", 0.05)
    failing: Any = Failing(house.database)
    house = replace(house, database=failing)
    failing.unread = True
    _, line = await house.call([quiet(1)])
    assert line.ending == "closed"
    assert failing.refused > 1
    assert caplog.messages == ["a call waits for the database", "a call could not be taken without the database"]
    assert all(record.exc_info is None for record in caplog.records)
    assert len(house.switchboard) == 0


async def books_that_never_close() -> None:
    raise DatabaseUnavailableError("the database cannot be reached")


async def test_the_way_out_waits_for_late_books_only_so_long(caplog: pytest.LogCaptureFixture) -> None:
    late = Closings()
    before = asyncio.all_tasks()
    await late.close("cal_1", books_that_never_close)
    async with asyncio.timeout(5):
        await late.settle(0.01)
    assert asyncio.all_tasks() == before
    assert caplog.messages == [
        "the books of a call could not be closed yet",
        "the books of calls stayed open: the next start closes them",
    ]


async def test_the_way_out_waits_for_nothing_where_all_is_closed() -> None:
    tries: list[int] = []

    async def second() -> None:
        tries.append(1)
        if len(tries) == 1:
            await books_that_never_close()

    done = Closings()
    async with asyncio.timeout(5):
        await done.settle(60)
        await done.close("cal_1", second)
        await done.settle(60)
    assert len(tries) == 2


async def test_what_is_a_bug_is_told_once_and_not_tried_again(caplog: pytest.LogCaptureFixture) -> None:
    troubles: list[Exception] = [DatabaseUnavailableError("the database is busy"), ValueError("a bug")]

    async def wrong() -> None:
        raise troubles.pop(0)

    late = Closings()
    async with asyncio.timeout(5):
        await late.close("cal_1", wrong)
        await late.settle(60)
    assert caplog.messages[-1] == "the books of a call could not be closed"
    assert troubles == []
