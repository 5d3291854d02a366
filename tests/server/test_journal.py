from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from sqlalchemy.exc import OperationalError

from pipeline.frames import Failure, Frame, Hangup
from pipeline.news import Answered, DeadAir, FalseInterruption, Said
from server import journal
from server.journal import Journal, Ledger
from storage.database import Database, UnitOfWork
from storage.moment_records import MomentKind
from storage.records import Speaker
from storage.seed import Seeded
from tests.fakes import started
from tests.logged import logged
from tests.patience import until
from tests.storage.samples import a_call

PROVIDERS = {"stt": "ears", "llm": "mind", "tts": "voice"}


class Refusing:
    """A database that is away as long as it is told to be."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.away = True

    @asynccontextmanager
    async def begin(self, organisation: str | None = None) -> AsyncIterator[UnitOfWork]:
        async with self._database.begin(organisation) as work:
            yield work
            if self.away:
                raise OperationalError("INSERT", {}, OSError("disk full"))


@pytest.fixture
async def call(database: Database, seeded: Seeded) -> str:
    call = a_call(seeded.organisation)
    async with database.begin(seeded.organisation) as work:
        await work.calls.open(call)
    return call.id


def answered(reply: int) -> Answered:
    return Answered(reply, 3.0, 0.2, 0.25, 0.5, 0.6004, None, 0.75)


def customer(text: str, at: float = 1.0) -> Said:
    return Said("customer", text, at, 0.5)


def agent(text: str, reply: int, *, interrupted: bool = False) -> Said:
    return Said("agent", text, 2.0, 1.0, interrupted=interrupted, reply=reply)


async def turns(database: Database, call: str) -> list[tuple[int, str, str]]:
    async with database.read() as work:
        return [(turn.position, turn.speaker, turn.text) for turn in await work.calls.turns(call)]


async def test_turns_and_latencies_are_written_with_their_places(database: Database, seeded: Seeded, call: str) -> None:
    ledger = Ledger(database)
    books = Journal(ledger, seeded.organisation, call, PROVIDERS)
    said: list[Frame] = [
        agent("Hello.", 1),
        customer("What time is it?"),
        answered(2),
        agent("It is", 2, interrupted=True),
        customer("Thanks"),
    ]
    async with started(books) as heard:
        for frame in said:
            books.process(frame)
    assert await ledger.write()
    assert heard == said
    assert await turns(database, call) == [
        (0, "agent", "Hello."),
        (1, "customer", "What time is it?"),
        (2, "agent", "It is"),
        (3, "customer", "Thanks"),
    ]
    async with database.read() as work:
        cut = (await work.calls.turns(call))[2]
        (latency,) = await work.calls.latencies(call)
    assert (cut.speaker, cut.at, cut.seconds, cut.interrupted) == (Speaker.AGENT, 2.0, 1.0, True)
    assert (latency.position, latency.vad_ms, latency.stt_ms, latency.end_of_turn_ms) == (2, 200, 250, 500)
    assert (latency.llm_ms, latency.tts_ms, latency.total_ms) == (600.4, None, 750)
    assert (latency.stt, latency.llm, latency.tts) == ("ears", "mind", "voice")
    assert latency.measured_at is not None


async def test_what_the_call_stumbled_over_is_kept_with_its_time(database: Database, seeded: Seeded, call: str) -> None:
    refusing = Refusing(database)
    ledger = Ledger(refusing)  # type: ignore[arg-type]
    books = Journal(ledger, seeded.organisation, call, PROVIDERS)
    async with started(books):
        for frame in (DeadAir(6.0, 2.02), FalseInterruption(9.5, 0.5), agent("It is", 2, interrupted=True)):
            books.process(frame)
    assert not await ledger.write()
    refusing.away = False
    assert await ledger.write()
    async with database.read() as work:
        moments = await work.moments.of_call(call)
    assert [(moment.kind, moment.at, moment.seconds) for moment in moments] == [
        (MomentKind.INTERRUPTION, 3.0, 0.0),
        (MomentKind.DEAD_AIR, 6.0, 2.02),
        (MomentKind.FALSE_INTERRUPTION, 9.5, 0.5),
    ]


@asynccontextmanager
async def kept(ledger: Ledger) -> AsyncIterator[None]:
    """The ledger's own task."""
    task = asyncio.create_task(ledger.keep())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_lines_are_written_while_the_call_goes_on(
    database: Database, seeded: Seeded, call: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journal, "WRITE_SECONDS", 0.0)
    ledger = Ledger(database)
    books = Journal(ledger, seeded.organisation, call, PROVIDERS)
    async with kept(ledger), started(books):
        books.process(customer("one"))

        async def written() -> bool:
            return await turns(database, call) == [(0, "customer", "one")]

        await until(written)


async def test_what_the_database_refused_is_written_later_in_order(
    database: Database, seeded: Seeded, call: str
) -> None:
    refusing: Any = Refusing(database)
    ledger = Ledger(refusing)
    books = Journal(ledger, seeded.organisation, call, PROVIDERS)
    with logged() as log:
        async with started(books):
            books.process(customer("one"))
            books.process(answered(1))
            books.process(agent("two", 1))
            assert not await ledger.write()
            books.process(customer("three"))
            assert not await ledger.write()
            assert await turns(database, call) == []
            refusing.away = False
            assert await ledger.write()
            assert await ledger.write()
    assert await turns(database, call) == [(0, "customer", "one"), (1, "agent", "two"), (2, "customer", "three")]
    async with database.read() as work:
        assert [latency.position for latency in await work.calls.latencies(call)] == [1]
    assert "could not be written yet" in log.getvalue()
    assert "three" not in log.getvalue()


async def test_a_refused_line_is_tried_again_without_new_ones(
    database: Database, seeded: Seeded, call: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journal, "WRITE_SECONDS", 0.0)
    refusing: Any = Refusing(database)
    ledger = Ledger(refusing)
    books = Journal(ledger, seeded.organisation, call, PROVIDERS)
    async with started(books), kept(ledger):
        books.process(customer("one"))
        await asyncio.sleep(0.05)
        refusing.away = False

        async def written() -> bool:
            return await turns(database, call) == [(0, "customer", "one")]

        await until(written)


async def test_a_write_that_is_cancelled_loses_nothing_and_writes_nothing_twice(
    database: Database, seeded: Seeded, call: str
) -> None:
    """Whoever waits for it may be cancelled in the middle of it: a call that is cut, a server that goes down."""
    ledger = Ledger(database)
    books = Journal(ledger, seeded.organisation, call, PROVIDERS)
    async with started(books):
        for steps in range(40):
            books.process(customer(str(steps)))
            writing = asyncio.create_task(ledger.write())
            for _ in range(steps):
                await asyncio.sleep(0)
            writing.cancel()
            await asyncio.gather(writing, return_exceptions=True)
    assert await ledger.write()
    assert [text for _, _, text in await turns(database, call)] == [str(steps) for steps in range(40)]


async def test_a_line_that_no_database_takes_delays_no_other_calls(
    database: Database, seeded: Seeded, call: str
) -> None:
    """Half an emoji, as a model that is cut in mid-character may send it."""
    ledger = Ledger(database)
    async with database.begin(seeded.organisation) as work:
        await work.calls.open(bad := a_call(seeded.organisation))
    good_books = Journal(ledger, seeded.organisation, call, PROVIDERS)
    bad_books = Journal(ledger, seeded.organisation, bad.id, PROVIDERS)
    with logged() as log:
        async with started(good_books), started(bad_books):
            bad_books.process(customer("canary \ud83d"))
            good_books.process(customer("one"))
            await ledger.write()
            good_books.process(customer("two"))
            await ledger.write()
    assert await turns(database, call) == [(0, "customer", "one"), (1, "customer", "two")]
    assert await turns(database, bad.id) == [(0, "customer", "canary \ufffd")]
    assert "canary" not in log.getvalue()


async def test_the_first_reason_to_hang_up_counts(database: Database, seeded: Seeded, call: str) -> None:
    books = Journal(Ledger(database), seeded.organisation, call, PROVIDERS)
    async with started(books):
        books.process(Hangup("script_ended"))
        books.process(Hangup("max_duration"))
    assert books.hangup == "script_ended"


async def test_a_line_that_the_database_never_takes_is_dropped_and_holds_up_no_other(
    database: Database, seeded: Seeded, call: str
) -> None:
    ledger = Ledger(database)
    good = Journal(ledger, seeded.organisation, call, PROVIDERS)
    nobodys = Journal(ledger, seeded.organisation, "cal_nobodys", PROVIDERS)
    async with started(good), started(nobodys):
        good.process(customer("one"))
        nobodys.process(customer("canary"))
        nobodys.process(answered(2))
        nobodys.process(agent("canary", 2))
        good.process(answered(2))
        good.process(agent("two", 2))
    with logged() as log:
        assert await ledger.write()
    assert await turns(database, call) == [(0, "customer", "one"), (1, "agent", "two")]
    async with database.read() as work:
        assert len(await work.calls.latencies(call)) == 1
    told = [json.loads(line) for line in log.getvalue().splitlines()]
    dropped = [line for line in told if line["message"] == "a line that the database does not take was dropped"]
    assert [(line["call"], line["position"]) for line in dropped] == [
        ("cal_nobodys", 0),
        ("cal_nobodys", 1),
        ("cal_nobodys", 1),
    ]
    assert "canary" not in log.getvalue()


async def test_a_provider_that_fails_is_logged_with_its_call(
    database: Database, seeded: Seeded, call: str, caplog: pytest.LogCaptureFixture
) -> None:
    books = Journal(Ledger(database), seeded.organisation, call, PROVIDERS)
    async with started(books) as heard:
        books.process(Failure("llm", "status 500", fatal=True))
    (record,) = [record for record in caplog.records if record.msg == "a provider failed"]
    told = record.__dict__
    assert (record.levelname, told["call"], told["stage"], told["error"], told["fatal"]) == (
        "WARNING",
        call,
        "llm",
        "status 500",
        True,
    )
    assert heard == [Failure("llm", "status 500", fatal=True)]
