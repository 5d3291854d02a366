"""The bus of processes that share a Redis. Imported only where one is set.

Subscribers of the same process are served from memory, at once, whatever Redis does. The rest goes by one connection
that listens and one that publishes, each held by one task. While Redis is away what would have gone over it is counted
and forgotten: news that come late do harm, and the truth is in the database.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections import Counter, deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any, Self

import orjson
from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.connection import AbstractConnection
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from storage.bus import BACKLOG, MemoryBus, Message

PREFIX = "vaani:bus:"
WAITING = 5000
"""Messages that may wait for Redis; more are dropped, the newest first."""
AT_ONCE = 500
"""Messages in one round trip."""
WAIT_SECONDS = 0.5
"""For a connection, for an answer to what was published, and for a subscription to be confirmed."""
AGAIN_SECONDS = 0.5
"""Between two tries to reach a Redis that is away."""
PING_SECONDS, SILENCE_SECONDS = 1.0, 3.0
"""How often the listening connection is asked whether it lives, and how long without a word it is believed to."""

_log = logging.getLogger(__name__)


class RedisBus:
    """Works within its block. No method waits for Redis longer than WAIT_SECONDS, nor raises what befalls it."""

    def __init__(self, url: str, *, backlog: int = BACKLOG) -> None:
        """`url` is `redis://`, `rediss://` or `unix://`."""
        self._here = MemoryBus(backlog)
        self._me = secrets.token_hex(8)
        self._pool = BlockingConnectionPool.from_url(
            url,
            max_connections=2,
            timeout=WAIT_SECONDS,
            socket_connect_timeout=WAIT_SECONDS,
            socket_timeout=None,  # the listener waits as long as nothing is said
            protocol=2,
            retry=Retry(NoBackoff(), 0),
        )
        self._waiting: deque[tuple[str, bytes]] = deque()
        self._news, self._changed = asyncio.Event(), asyncio.Event()
        self._wanted: Counter[str] = Counter()
        self._asked: dict[str, asyncio.Event] = {}
        """What Redis is to send; set once it has said that it will."""
        self._keeping: asyncio.Task[None] | None = None
        self._closing = False
        self.reached, self._told_away = asyncio.Event(), False
        self.dropped = 0
        """Messages that other processes were not told."""

    async def publish(self, topic: str, message: Message) -> None:
        await self._here.publish(topic, message)
        if not self.reached.is_set() or len(self._waiting) >= WAITING:
            self.dropped += 1
            return
        self._waiting.append((topic, orjson.dumps({"by": self._me, "message": message})))
        self._news.set()

    @asynccontextmanager
    async def subscribe(self, topic: str) -> AsyncIterator[AsyncIterator[Message]]:
        async with self._here.subscribe(topic) as news:
            self._wanted[topic] += 1
            self._changed.set()
            try:
                await self._confirmed(topic)
                yield news
            finally:
                self._wanted[topic] -= 1
                if not self._wanted[topic]:
                    del self._wanted[topic]
                    self._changed.set()

    async def __aenter__(self) -> Self:
        self._keeping = asyncio.create_task(self._keep())
        with suppress(TimeoutError):
            async with asyncio.timeout(WAIT_SECONDS):
                await self.reached.wait()
        return self

    async def __aexit__(self, *failure: object) -> None:
        self._closing = True
        if self._keeping is not None:
            self._keeping.cancel()
            await asyncio.wait([self._keeping])
        await self._pool.disconnect()

    async def _confirmed(self, topic: str) -> None:
        """What others publish from now on is heard, if Redis is there."""
        if self.reached.is_set():
            with suppress(TimeoutError):
                async with asyncio.timeout(WAIT_SECONDS):
                    await self._asked.setdefault(topic, asyncio.Event()).wait()

    async def _keep(self) -> None:
        while not self._closing:  # a task group that is cancelled raises what befell its tasks meanwhile, and only that
            try:
                await self._connected()
            except* (RedisError, OSError, TimeoutError) as errors:
                self._gone(errors.exceptions[0])
                await asyncio.sleep(AGAIN_SECONDS)

    async def _connected(self) -> None:
        """Until the connection is lost, which it raises."""
        async with asyncio.timeout(2 * WAIT_SECONDS):
            line: AbstractConnection = await self._pool.get_connection()  # type: ignore[no-untyped-call]
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._listen(line))
                group.create_task(self._ask(line))
                group.create_task(self._ping(line))
                group.create_task(self._send())
        finally:
            self.reached.clear()
            for asked in self._asked.values():
                asked.set()
            self._asked.clear()
            self.dropped += len(self._waiting)
            self._waiting.clear()
            await line.disconnect(nowait=True)
            await self._pool.release(line)

    async def _listen(self, line: AbstractConnection) -> None:
        while True:
            async with asyncio.timeout(SILENCE_SECONDS):
                heard: list[Any] = await line.read_response(disable_decoding=True)
            if not self.reached.is_set():
                self._back()
            match heard:
                case [b"message", bytes(channel), bytes(body)]:
                    await self._hear(channel, body)
                case [b"subscribe", bytes(channel), _]:
                    asked = self._asked.get(channel.decode().removeprefix(PREFIX))
                    if asked is not None:
                        asked.set()

    async def _hear(self, channel: bytes, body: bytes) -> None:
        try:
            told = orjson.loads(body)
            by, message = told["by"], told["message"]
        except (ValueError, TypeError, KeyError):  # anybody at this Redis can say anything
            _log.warning("what was heard over Redis is not of a server like this")
            return
        if by != self._me:
            await self._here.publish(channel.decode().removeprefix(PREFIX), message)

    async def _ask(self, line: AbstractConnection) -> None:
        """Keeps what Redis sends in line with what is wanted here."""
        sent: set[str] = set()
        while True:
            self._changed.clear()
            stale, fresh = sent - self._wanted.keys(), self._wanted.keys() - sent
            sent = set(self._wanted)
            for topic in stale:
                self._asked.pop(topic, None)
            for topic in fresh:
                self._asked.setdefault(topic, asyncio.Event())
            if stale:
                await line.send_command("UNSUBSCRIBE", *(PREFIX + topic for topic in stale), check_health=False)
            if fresh:
                await line.send_command("SUBSCRIBE", *(PREFIX + topic for topic in fresh), check_health=False)
            await self._changed.wait()

    async def _ping(self, line: AbstractConnection) -> None:
        await line.send_command("SUBSCRIBE", PREFIX, check_health=False)  # before anything else it would be no listener
        while True:
            await line.send_command("PING", check_health=False)
            await asyncio.sleep(PING_SECONDS)

    async def _send(self) -> None:
        redis = Redis(connection_pool=self._pool)
        while True:
            await self._news.wait()
            self._news.clear()
            while self._waiting:
                async with asyncio.timeout(WAIT_SECONDS), redis.pipeline(transaction=False) as pipe:
                    for _ in range(min(AT_ONCE, len(self._waiting))):
                        topic, body = self._waiting.popleft()
                        pipe.publish(PREFIX + topic, body)
                    await pipe.execute()

    def _gone(self, error: Exception) -> None:
        if not self._told_away:
            self._told_away = True
            _log.warning(
                "Redis cannot be reached: other processes are told nothing", extra={"error": type(error).__name__}
            )

    def _back(self) -> None:
        self.reached.set()
        if self._told_away:
            self._told_away = False
            _log.info("Redis can be reached again", extra={"untold": self.dropped})
