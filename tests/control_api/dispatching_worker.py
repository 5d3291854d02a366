"""A process that relays events and sends deliveries until it is killed."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from control_api.links.addressing import Addressing
from server.relay import relay
from storage.bus import MemoryBus
from storage.database import Database
from tests.control_api.receivers import PUBLIC, dispatching

LEASE = timedelta(seconds=4)
WAITS = (0.05, 0.1, 0.2)


def dispatch_for_ever(url: str) -> None:
    asyncio.run(_dispatch(url))


async def _dispatch(url: str) -> None:
    async with Database(url) as database, dispatching(database, seconds=3.0, lease=LEASE, waits=WAITS) as dispatcher:
        await relay(database, MemoryBus(), Addressing(database, PUBLIC, dispatcher.wake.set).take)
