"""Counters of a fixed window each, in Redis: one count for all processes. Imported only where a Redis is set."""

from __future__ import annotations

from typing import Any

from limits.aio.storage import RedisStorage
from redis.asyncio import BlockingConnectionPool
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

PREFIX = "vaani:limits"
CONNECTIONS = 32
"""From one process."""


class RedisWindows(RedisStorage):
    """Raises StorageError for whatever is wrong with Redis, and tries nothing twice."""

    STORAGE_SCHEME = None  # type: ignore[assignment]  # no URL leads to it: the library's registry stays as it is

    def __init__(self, url: str, *, wait: float) -> None:
        """`url` is `redis://`, `rediss://` or `unix://`; `wait` is in seconds, for a connection and for an answer."""
        self._pool = BlockingConnectionPool.from_url(
            url,
            max_connections=CONNECTIONS,
            timeout=wait,
            socket_connect_timeout=wait,
            socket_timeout=wait,
            retry=Retry(NoBackoff(), 0),
        )
        options: dict[str, Any] = {"connection_pool": self._pool}  # the library's types leave it out
        super().__init__("redis://", wrap_exceptions=True, implementation="redispy", key_prefix=PREFIX, **options)

    async def close(self) -> None:
        await self._pool.disconnect()
