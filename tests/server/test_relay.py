from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import pytest

from control_api.links.addressing import Addressing
from server import relay
from storage.bus import MemoryBus, Message
from storage.database import Database, DatabaseUnavailableError
from storage.records import OutboxEvent
from storage.seed import Seeded
from tests.patience import until


async def announce(database: Database, seeded: Seeded, *numbers: int) -> None:
    for number in numbers:
        async with database.begin(seeded.organisation) as work:
            await work.announce("call.ended", {"number": number})


async def waiting(database: Database) -> list[Any]:
    async with database.read() as work:
        return [event.body["number"] for event in await work.outbox.waiting(1000)]


class Bus(MemoryBus):
    """Notes what it is told, until it breaks."""

    def __init__(self, breaks_at: int | None = None) -> None:
        super().__init__()
        self.told: list[Any] = []
        self._breaks_at = breaks_at

    async def publish(self, topic: str, message: Message) -> None:
        if len(self.told) == self._breaks_at:
            self._breaks_at = None
            raise OSError("the bus is away")
        assert topic == "call.ended"
        self.told.append(message["number"])


@asynccontextmanager
async def relaying(database: Database, bus: Bus) -> AsyncIterator[None]:
    task = asyncio.create_task(relay.relay(database, bus, Addressing(database, "").take))
    yield
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_events_are_told_in_order_and_forgotten(database: Database, seeded: Seeded) -> None:
    await announce(database, seeded, 1, 2, 3)
    bus = MemoryBus()
    async with bus.subscribe("call.ended") as news:
        assert await relay.pass_on(database, bus, Addressing(database, "").take) == 3
        assert [await anext(news) for _ in range(3)] == [
            {"organisation": seeded.organisation, "number": number} for number in (1, 2, 3)
        ]
    assert await waiting(database) == []
    assert await relay.pass_on(database, bus, Addressing(database, "").take) == 0


async def test_what_could_not_be_told_stays_and_is_told_again(database: Database, seeded: Seeded) -> None:
    await announce(database, seeded, 1, 2, 3)
    bus = Bus(breaks_at=1)
    with pytest.raises(OSError, match="away"):
        await relay.pass_on(database, bus, Addressing(database, "").take)
    assert await waiting(database) == [1, 2, 3]
    await relay.pass_on(database, bus, Addressing(database, "").take)
    assert bus.told == [1, 1, 2, 3]
    assert await waiting(database) == []


async def test_the_relay_wakes_at_an_announcement_and_outlives_a_bad_round(
    database: Database, seeded: Seeded, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(relay, "SECONDS", 0.02)
    bus = Bus(breaks_at=2)

    async def forgotten() -> bool:
        return not await waiting(database)

    async with relaying(database, bus):
        for number in range(5):
            await announce(database, seeded, number)
            await until(lambda: len(bus.told) > number)  # noqa: B023 - asked at once
        await until(forgotten)
    assert bus.told == [0, 1, 2, 3, 4]
    assert "events could not be passed on yet" in caplog.text


async def test_what_another_process_announced_is_found(
    database: Database, seeded: Seeded, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(relay, "SECONDS", 0.01)
    bus = Bus()
    async with relaying(database, bus):
        await asyncio.sleep(0.02)
        async with database.begin(seeded.organisation) as work:
            await work.announce("call.ended", {"number": 7})
            work.has_announced = False  # as another process's commit is not heard of here
        await until(lambda: bus.told == [7])


async def test_a_backlog_is_told_batch_by_batch(
    database: Database, seeded: Seeded, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(relay, "BATCH", 3)
    await announce(database, seeded, *range(7))
    bus = Bus()
    assert [await relay.pass_on(database, bus, Addressing(database, "").take) for _ in range(4)] == [3, 3, 1, 0]
    assert bus.told == list(range(7))


async def test_an_event_that_can_never_be_taken_is_dropped_and_holds_up_no_other(
    database: Database, seeded: Seeded, caplog: pytest.LogCaptureFixture
) -> None:
    await announce(database, seeded, 1, 2, 3)
    taken: list[Any] = []
    real = Addressing(database, "").take

    async def take(events: Sequence[OutboxEvent]) -> None:
        numbers = [event.body["number"] for event in events]
        if 2 in numbers:
            raise KeyError("no payload can be made of it")
        await real(events)
        taken.extend(numbers)

    assert await relay.pass_on(database, MemoryBus(), take) == 3
    assert taken == [1, 3]
    assert await waiting(database) == []
    (record,) = [one for one in caplog.records if "was dropped" in one.message]
    assert record.__dict__["topic"] == "call.ended"
    assert record.__dict__["event"]


async def test_while_the_database_is_away_nothing_is_set_aside_and_one_sentence_is_logged(
    database: Database, seeded: Seeded, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(relay, "SECONDS", 0.005)
    await announce(database, seeded, 1, 2)
    tries: list[int] = []

    async def take(events: Sequence[OutboxEvent]) -> None:
        tries.append(len(events))
        raise DatabaseUnavailableError("the database cannot be reached")

    task = asyncio.create_task(relay.relay(database, MemoryBus(), take))
    await until(lambda: len(tries) > 3)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert set(tries) == {2}
    assert await waiting(database) == [1, 2]
    assert caplog.messages == ["events wait for the database"]
    assert all(record.exc_info is None for record in caplog.records)
