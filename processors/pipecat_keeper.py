"""Hosted services that are kept between replies: their connections stay open, and a barge-in costs no new one."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Coroutine, Hashable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from aiohttp import ClientSession
from pydantic import Field

from processors.pipecat_service import Kind, ServiceOptions, opened

if TYPE_CHECKING:
    from processors.pipecat_host import Host


class KeptOptions(ServiceOptions):
    keep_seconds: float = Field(default=60, ge=0, le=3600)
    """For so long a service waits for its next reply, with its connections; 0: each reply has its own."""


@asynccontextmanager
async def lent(options: KeptOptions, kind: Kind, rate: int, http: ClientSession) -> AsyncIterator[Host]:
    """A service for one reply. What is left of a reply that was broken off is never heard in the next."""
    keeper = _keepers.setdefault(http, _Keeper())
    key = (kind, rate, options.model_dump_json(), options.api_key.get_secret_value())
    host = keeper.take(key) or await opened(options, kind, rate, http)
    if not options.keep_seconds:
        try:
            yield host
        finally:
            await host.end()
        return
    try:
        yield host
    except BaseException:
        keeper.settle(key, host, options.keep_seconds)
        raise
    keeper.keep(key, host, options.keep_seconds)


async def close(http: ClientSession) -> None:
    """Ends the services that were kept; for when the server stops."""
    if (keeper := _keepers.pop(http, None)) is not None:
        await keeper.close()


class _Keeper:
    def __init__(self) -> None:
        self._resting: dict[Hashable, dict[Host, asyncio.TimerHandle]] = defaultdict(dict)
        self._tasks: set[asyncio.Task[None]] = set()
        self._closed = False

    def take(self, key: Hashable) -> Host | None:
        resting = self._resting[key]
        while resting:
            host, timer = resting.popitem()
            timer.cancel()
            if host.error is None:
                return host
            self._start(host.end())
        return None

    def keep(self, key: Hashable, host: Host, seconds: float) -> None:
        if self._closed or host.error is not None:
            self._start(host.end())
            return
        self._resting[key][host] = asyncio.get_running_loop().call_later(seconds, self._dismiss, key, host)

    def settle(self, key: Hashable, host: Host, seconds: float) -> None:
        """In a task of its own: whoever broke off a reply does not wait."""
        self._start(self._quieten(key, host, seconds))

    async def close(self) -> None:
        self._closed = True
        for resting in self._resting.values():
            for host, timer in resting.items():
                timer.cancel()
                self._start(host.end())
            resting.clear()
        while self._tasks:
            await asyncio.gather(*self._tasks)

    async def _quieten(self, key: Hashable, host: Host, seconds: float) -> None:
        if host.error is None and await host.interrupt():
            self.keep(key, host, seconds)
        else:
            await host.end()

    def _dismiss(self, key: Hashable, host: Host) -> None:
        del self._resting[key][host]
        self._start(host.end())

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


_keepers: dict[ClientSession, _Keeper] = {}
