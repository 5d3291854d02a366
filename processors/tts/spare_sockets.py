"""Connections to a voice that cannot be silenced: one is always open before it is needed.

What such a voice still says of a reply that was cut would be heard in the next one, so the connection is thrown away.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from dataclasses import dataclass
from typing import Any

from processors.json_socket import JsonSocket
from processors.ports import ProviderError

PING = 20.0
"""Seconds after which an idle connection gives a sign of life."""
IDLE = 600.0
"""Seconds that a call may go without a reply; then its spare is closed, and the next reply opens one."""
_PAUSES = (0.5, 1.0, 2.0, 5.0, 10.0, 30.0)
"""Seconds before a spare that could not be opened, or did not last, is tried again."""


@dataclass(slots=True, eq=False)
class Connection:
    socket: JsonSocket
    closing: AsyncExitStack
    rested: bool = False
    """It has been idle, and its other end may be gone without our having seen it."""
    watch: asyncio.Task[None] | None = None

    async def close(self) -> None:
        await self.closing.aclose()

    async def roused(self) -> bool:
        """After a rest. False: it was closed meanwhile."""
        self.rested = True
        try:
            if self.watch is not None:
                self.watch.cancel()
                await asyncio.wait((self.watch,))
        except asyncio.CancelledError:
            await self.close()
            raise
        if not self.socket.open:
            await self.close()
        return self.socket.open


class SpareSockets:
    def __init__(self, opened: Callable[[], AbstractAsyncContextManager[JsonSocket]], ping: Mapping[str, Any]) -> None:
        """`opened` makes a connection that is ready to speak, and closes it."""
        self._opened, self._ping = opened, ping
        self._idle: list[Connection] = []
        self._wanted = asyncio.Event()
        self._tasks: asyncio.TaskGroup | None = None
        self._failures = 0

    async def keep(self) -> None:
        """Until cancelled: then everything idle is closed. Without it every reply opens its own connection."""
        try:
            async with asyncio.TaskGroup() as tasks:
                self._tasks = tasks
                self._wanted.set()
                try:
                    while await self._wanted.wait():
                        await self._open_spare()
                finally:
                    self._tasks = None
        finally:
            idle, self._idle = self._idle, []
            await asyncio.gather(*(connection.close() for connection in idle))

    async def take(self) -> Connection:
        """A spare, or a new one. Raises ProviderError."""
        self._failures = 0
        self._wanted.set()
        while self._idle:
            connection = self._idle.pop()
            if await connection.roused():
                return connection
        return await self.fresh()

    async def fresh(self) -> Connection:
        """Raises ProviderError."""
        closing = AsyncExitStack()
        return Connection(await closing.enter_async_context(self._opened()), closing)

    def give_back(self, connection: Connection) -> bool:
        """After a reply that was spoken whole. False: there is no room for it, and it is to be closed."""
        if self._tasks is None or len(self._idle) > 1:
            return False
        self._idle.append(connection)
        connection.watch = self._tasks.create_task(self._watch(connection))
        return True

    async def _open_spare(self) -> None:
        self._wanted.clear()
        if self._idle:
            return
        if self._failures:
            await asyncio.sleep(_PAUSES[min(self._failures, len(_PAUSES)) - 1])
        try:
            connection = await self.fresh()
        except ProviderError as error:  # a reply that needs a connection meets it too
            self._failed(error)
            return
        if not self.give_back(connection):
            await connection.close()

    def _failed(self, error: ProviderError) -> None:
        self._failures += 1
        if error.retriable:
            self._wanted.set()

    async def _watch(self, connection: Connection) -> None:
        """Until it is taken, or has been idle for too long, or its other end is gone."""
        try:
            async with asyncio.timeout(IDLE):
                while True:
                    try:
                        async with asyncio.timeout(PING):
                            await connection.socket.receive()  # answers to pings, and nothing else that matters
                    except TimeoutError:
                        self._failures = 0
                        await connection.socket.send(self._ping)
        except TimeoutError:
            pass
        except ProviderError as error:
            self._failed(error)
        self._idle.remove(connection)
        await connection.close()
