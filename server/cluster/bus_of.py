"""The bus that the settings ask for: in memory, or in a Redis that several processes share."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from server.capacity_metrics import CapacityMetrics, Neighbour
from server.cluster.heartbeat import must_be_alone
from server.settings import Settings
from storage.bus import EventBus, MemoryBus
from storage.database import Database


@asynccontextmanager
async def bus_of(
    settings: Settings, database: Database, node: str, capacity: CapacityMetrics
) -> AsyncIterator[EventBus]:
    """Raises StartError without a Redis, if another process is at work on the database."""
    if settings.redis_url is None:
        await must_be_alone(database, node)
        yield MemoryBus()
        return
    from storage.redis_bus import RedisBus  # a quarter of a second that most servers need not spend

    async with RedisBus(settings.redis_url.get_secret_value()) as bus:
        capacity.asks(Neighbour.REDIS, bus.reached.is_set)
        yield bus
