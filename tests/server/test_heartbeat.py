from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from datetime import timedelta

import pytest

from server.cluster import heartbeat
from server.cluster.heartbeat import AWAY_SECONDS, BEAT_SECONDS, LOST_SECONDS, Heartbeat, Watch
from server.switchboard import Switchboard
from storage.database import Database, DatabaseUnavailableError
from storage.nodes import Node
from tests.patience import until
from tests.server.house import House, scripted
from tests.storage.samples import NOW
from transports.loopback import Line

OTHER = Node("other", "gen_1", NOW, NOW, 3, 200, False, "1")


def seen(node: Node, beats: int) -> Node:
    return replace(node, seen_at=NOW + timedelta(seconds=beats * BEAT_SECONDS))


def test_who_tells_nothing_new_for_long_is_dead_and_who_does_is_not() -> None:
    watch, at = Watch(), 100.0
    dead: list[Node] = []
    while not dead:
        dead = watch.silent([OTHER, seen(replace(OTHER, name="third", generation="gen_3"), int(at))], at)
        at += BEAT_SECONDS
    assert dead == [OTHER]
    assert LOST_SECONDS <= at - BEAT_SECONDS - 100.0 <= LOST_SECONDS + BEAT_SECONDS


def test_a_clock_that_is_wrong_kills_nobody() -> None:
    watch, years = Watch(), timedelta(days=1000)
    for beat in range(20):
        node = seen(OTHER, beat)
        assert not watch.silent([replace(node, seen_at=node.seen_at - years)], 100.0 + beat * BEAT_SECONDS)


def test_who_was_away_itself_watches_anew() -> None:
    watch = Watch()
    assert not watch.silent([OTHER], 100.0)
    away = 100.0 + LOST_SECONDS + AWAY_SECONDS
    assert not watch.silent([OTHER], away)
    assert not watch.silent([OTHER], away + BEAT_SECONDS)


def test_a_process_that_was_started_again_is_not_taken_for_the_one_before() -> None:
    watch = Watch()
    for beat in range(3):
        assert not watch.silent([OTHER], 100.0 + beat * BEAT_SECONDS)
    for beat in range(3, 6):
        assert not watch.silent([replace(OTHER, generation="gen_2")], 100.0 + beat * BEAT_SECONDS)


@dataclass
class Pair:
    """Two nodes on one database, and a clock that goes on by their beats."""

    database: Database
    switchboard: Switchboard
    now: float = 0.0
    taken: list[str] = field(default_factory=list)

    def node(self, name: str) -> Heartbeat:
        async def take_over(lost: Node) -> None:
            async with self.database.begin() as work:
                if await work.nodes.given_up(lost):
                    self.taken.append(f"{lost.name} by {name}")

        return Heartbeat(
            self.database, self.switchboard, node=name, capacity=10, take_over=take_over, clock=lambda: self.now
        )

    async def names(self) -> list[str]:
        async with self.database.read() as work:
            return [node.name for node in await work.nodes.every()]

    async def beats(self, *nodes: Heartbeat, times: int = 1) -> None:
        for _ in range(times):
            self.now += BEAT_SECONDS
            await asyncio.gather(*(node.beat() for node in nodes))


@pytest.fixture
def pair(database: Database, house: House) -> Pair:
    return Pair(database, house.switchboard)


async def test_one_of_those_who_notice_takes_over(pair: Pair) -> None:
    one, two, lost = pair.node("one"), pair.node("two"), pair.node("lost")
    for node in (one, two, lost):
        await node.join()
    await pair.beats(one, two, lost, times=5)
    assert pair.taken == []
    await pair.beats(one, two, times=6)
    assert len(pair.taken) == 1
    assert await pair.names() == ["one", "two"]


async def test_who_leaves_is_missed_by_nobody(pair: Pair) -> None:
    one, two = pair.node("one"), pair.node("two")
    await one.join()
    await two.join()
    await pair.beats(one, two)
    await two.leave()
    await pair.beats(one, times=6)
    assert (pair.taken, await pair.names()) == ([], ["one"])


async def test_who_was_taken_for_dead_cuts_its_calls_and_goes_on(
    pair: Pair, house: House, caplog: pytest.LogCaptureFixture
) -> None:
    await house.agent(scripted(greeting="Hello."))
    one, stopped = pair.node("one"), pair.node("stopped")
    await one.join()
    await stopped.join()
    never = asyncio.Event()

    async def silence() -> AsyncIterator[Line]:
        await never.wait()
        yield b""

    calling = asyncio.create_task(house.call(silence()))
    await until(lambda: len(house.switchboard) == 1)
    await pair.beats(one, times=6)
    assert pair.taken == ["stopped by one"]
    await until(lambda: any(house.switchboard._live.values()))
    await pair.beats(one, stopped)
    assert "taken for dead" in caplog.text
    with pytest.raises(asyncio.CancelledError):
        await calling
    assert len(house.switchboard) == 0
    assert await pair.names() == ["one", "stopped"]
    await pair.beats(one, stopped, times=6)
    assert pair.taken == ["stopped by one"]


async def test_a_database_that_is_away_is_told_once_and_ends_no_heartbeat(
    pair: Pair, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(heartbeat, "BEAT_SECONDS", 0.001)
    beats: list[int] = []

    async def beat(self: Heartbeat) -> None:
        beats.append(len(beats))
        if len(beats) < 5:
            raise DatabaseUnavailableError("away")

    monkeypatch.setattr(Heartbeat, "beat", beat)
    keeping = asyncio.create_task(pair.node("one").keep())
    await until(lambda: len(beats) > 8)
    keeping.cancel()
    await asyncio.gather(keeping, return_exceptions=True)
    assert caplog.text.count("cannot be told that this one lives") == 1
