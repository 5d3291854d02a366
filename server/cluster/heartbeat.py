"""A node tells that it lives, and notices who does not any more.

One is dead if what it tells has not changed for LOST_SECONDS while another looked on: no two clocks are compared. Who
has not looked for a while itself, because it was stopped or the database was away, begins to watch anew.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
import time
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from importlib.metadata import PackageNotFoundError, version

from server.start import StartError
from server.switchboard import Switchboard
from storage.database import Database, DatabaseUnavailableError
from storage.nodes import Node

BEAT_SECONDS = 2.0
LOST_SECONDS = 7.0
"""With two beats more until it shows, and the time to close its calls: well under 15 s."""
AWAY_SECONDS = 5.0
"""Who has not looked for so long has no say."""

_log = logging.getLogger(__name__)

TakeOver = Callable[[Node], Awaitable[None]]
"""Closes what a dead node left open."""


class Watch:
    """Who has been silent for too long. Times are of a clock that never jumps, in seconds."""

    def __init__(self) -> None:
        self._seen: dict[str, tuple[datetime, float]] = {}
        self._looked = -AWAY_SECONDS

    def silent(self, others: Iterable[Node], at: float) -> list[Node]:
        if at - self._looked > AWAY_SECONDS:
            self._seen.clear()
        self._looked = at
        before, self._seen = self._seen, {}
        dead = []
        for node in others:
            told, since = before.get(node.generation, (None, at))
            self._seen[node.generation] = (node.seen_at, since if told == node.seen_at else at)
            if at - self._seen[node.generation][1] >= LOST_SECONDS:
                dead.append(node)
        return dead


class Heartbeat:
    def __init__(
        self,
        database: Database,
        switchboard: Switchboard,
        *,
        node: str,
        capacity: int,
        take_over: TakeOver,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._database, self._switchboard, self._take_over, self._clock = database, switchboard, take_over, clock
        self._me = _born(node, capacity)
        self._watch = Watch()
        self._is_away = False

    async def join(self) -> None:
        """From now on others count on it."""
        self._me = self._now(_born(self._me.name, self._me.capacity))
        async with self._database.begin() as work:
            await work.nodes.join(self._me)

    async def leave(self) -> None:
        """Once its calls are over. If the database is away, the others will find it dead, with nothing left open."""
        try:
            async with self._database.begin() as work:
                await work.nodes.leave(self._me)
        except DatabaseUnavailableError as away:
            _log.warning("the other nodes could not be told of the end of this one", extra={"error": str(away)})

    async def keep(self) -> None:
        """Runs until cancelled, from `join` on."""
        while True:
            await asyncio.sleep(BEAT_SECONDS)
            try:
                await self.beat()
            except DatabaseUnavailableError as away:
                if not self._is_away:
                    _log.warning("the other nodes cannot be told that this one lives", extra={"error": str(away)})
                self._is_away = True
            except Exception:  # noqa: BLE001 - it must outlive a bad round, or the others take this node for dead
                _log.exception("a heartbeat failed")
            else:
                self._is_away = False

    async def beat(self) -> None:
        me = self._now(self._me)
        async with self._database.begin() as work:
            lives = await work.nodes.beat(me)
            every = await work.nodes.every()
        if not lives:
            _log.error(
                "this node was taken for dead, or another one has its name: its calls are cut",
                extra={"node": me.name, "calls": me.calls},
            )
            self._switchboard.cut()
            await self.join()
            return
        self._me = me
        for lost in self._watch.silent([node for node in every if node.name != me.name], self._clock()):
            await self._take_over(lost)

    def _now(self, node: Node) -> Node:
        return replace(
            node, seen_at=datetime.now(UTC), calls=len(self._switchboard), draining=self._switchboard.draining
        )


async def must_be_alone(database: Database, node: str) -> None:
    """Of a process that shares no Redis: another at work on the database would not hear of it. Raises StartError."""
    before = await _others(database, node)
    latest = datetime.now(UTC) - timedelta(seconds=LOST_SECONDS)
    if not any(seen_at > latest for seen_at in before.values()):
        return
    await asyncio.sleep(BEAT_SECONDS * 1.5)  # it may have been killed a moment ago
    for name, seen_at in (await _others(database, node)).items():
        if seen_at != before.get(name):
            raise StartError(
                f"Another server, {name}, is at work on this database: several need VAANI_REDIS_URL, the same for all."
            )


async def _others(database: Database, node: str) -> dict[str, datetime]:
    async with database.read() as work:
        return {other.name: other.seen_at for other in await work.nodes.every() if other.name != node}


def _born(name: str, capacity: int) -> Node:
    now = datetime.now(UTC)
    return Node(name, secrets.token_hex(8), now, now, 0, capacity, False, _version())


def _version() -> str:
    try:
        return version("vaani")
    except PackageNotFoundError:
        return ""
