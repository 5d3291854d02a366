"""One of several processes that answer on one port. Its parent says when it was replaced, and when it is to end."""

from __future__ import annotations

import asyncio
import os
import signal

from server.cluster.seat import Parent, Seat
from server.settings import Settings
from server.wiring import running

GRACE_SECONDS = 2.0
"""What was accepted before another took the place still brings its call here, and is served."""


async def work(settings: Settings, seat: Seat, parent: Parent) -> None:
    """Until SIGTERM, or until the parent dies, or until another has the place (SIGUSR1); then until its calls are over.

    Raises StartError.
    """
    stop, asked = asyncio.Event(), asyncio.Event()

    def asked_to_stop() -> None:
        if asked.is_set():
            os._exit(1)  # asked twice: at once, as kill would
        asked.set()
        stop.set()

    async def retire() -> None:
        seat.retired.set()
        await asyncio.sleep(GRACE_SECONDS)
        stop.set()

    async def orphaned() -> None:
        await parent.gone()
        await retire()  # another parent may want the port

    loop = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, asked_to_stop)
    settings = settings.model_copy(update={"port": seat.door.getsockname()[1]})
    tasks = {asyncio.create_task(orphaned())}
    try:
        async with running(settings, seat) as server:
            loop.add_signal_handler(signal.SIGUSR1, lambda: tasks.add(asyncio.create_task(retire())))
            parent.ready()
            await stop.wait()
            await server.switchboard.drain(settings.drain_seconds)
    finally:
        for task in tasks:
            task.cancel()
