"""How long requests take while Redis is up, hangs, is killed, and is back: rate limits are on, and counted in it.

Two servers share it, each with calls on the line; clients ask both all the time.
"""

from __future__ import annotations

import asyncio
import os
import signal
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aiohttp import ClientError, ClientSession, ClientTimeout, TCPConnector
from pydantic import SecretStr

from benchmarks import databases
from benchmarks.report import Bar, percentile, print_bars
from tests.control_api import redis_servers
from tests.e2e.cluster import HEADERS, cluster_of
from tests.server.serving import serving

BAR_SECONDS = 1.0
CLIENTS, SECONDS = 2, 8.0
"""At a time, of each server, and of each phase."""
PAUSE = 0.1
"""Between two requests of a client."""
PATHS = ("/flows", "/calls", "/customers", "/agents", "/webhooks")
LIMITS = "default=999999999/minute"
"""They are counted, and never reached."""
CALLS = 10


@dataclass
class Phase:
    name: str
    seconds: list[float] = field(default_factory=list)
    failed: Counter[str] = field(default_factory=Counter)
    """By what came instead of an answer: a status, or the error."""

    def bars(self) -> list[Bar]:
        return [
            Bar(f"requests while Redis {self.name}, p99", percentile(self.seconds, 0.99), BAR_SECONDS, "s"),
            Bar(f"requests while Redis {self.name}, the longest", max(self.seconds), BAR_SECONDS, "s"),
            Bar(f"requests that failed while Redis {self.name}", self.failed.total(), 0, ""),
        ]


async def asked(urls: Sequence[str], phase: Phase, seconds: float) -> None:
    """Requests until the time is over; those that are on their way then are waited for."""
    until = time.monotonic() + seconds

    async def client(number: int) -> None:
        turn = number
        while time.monotonic() < until:
            turn += 1
            url = f"{urls[number % len(urls)]}/api/voice{PATHS[turn % len(PATHS)]}"
            began = time.monotonic()
            try:
                async with http.get(url, headers=HEADERS) as answer:
                    await answer.read()
                    if answer.status != 200:
                        phase.failed[str(answer.status)] += 1
            except (ClientError, TimeoutError) as error:
                phase.failed[type(error).__name__] += 1
            phase.seconds.append(time.monotonic() - began)
            await asyncio.sleep(PAUSE)

    async with ClientSession(connector=TCPConnector(limit=0), timeout=ClientTimeout(total=30)) as http:
        await asyncio.gather(*(client(number) for number in range(CLIENTS * len(urls))))


async def measured(folder: Path) -> list[Phase]:
    phases = {name: Phase(name) for name in ("is up", "hangs", "is awake again", "is killed", "is back")}
    async with AsyncExitStack() as stack:
        place = await stack.enter_async_context(databases.postgresql(folder))
        with redis_servers.real(folder) as redis:
            shared: dict[str, Any] = {
                "database_url": SecretStr(place),
                "redis_url": SecretStr(redis),
                "rate_limits": LIMITS,
            }
            houses = [
                await stack.enter_async_context(serving(folder / name, node=name, **shared))
                for name in ("one", "other")
            ]
            urls = [house.server.url for house in houses]
            lines = await stack.enter_async_context(cluster_of(place))
            for number in range(CALLS):
                await lines.rings(urls[number % len(urls)], f"call-{number}")
            await asked(urls, phases["is up"], SECONDS)
            process = redis_servers.process_of(folder)
            await _while_it_changes(urls, phases["hangs"], lambda: os.kill(process, signal.SIGSTOP))
            await _while_it_changes(urls, phases["is awake again"], lambda: os.kill(process, signal.SIGCONT))
            await _while_it_changes(urls, phases["is killed"], lambda: redis_servers.kill(folder))
        (folder / "redis.sock").unlink(missing_ok=True)
        with redis_servers.real(folder):
            await asked(urls, phases["is back"], SECONDS)
            cut = sum(caller.was_cut for caller in lines.callers)
        print(f"calls that were cut: {cut} of {CALLS}")
    return list(phases.values())


async def _while_it_changes(urls: Sequence[str], phase: Phase, change: Callable[[], None]) -> None:
    """It changes in mid-load, a quarter of the time after the clients began."""
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(asked(urls, phase, SECONDS))
        await asyncio.sleep(SECONDS / 4)
        change()


async def main() -> None:
    if redis_servers.INSTALLED is None:
        raise SystemExit("no redis-server: run tests/redis.sh")
    with tempfile.TemporaryDirectory(dir="/var/tmp") as folder:
        phases = await measured(Path(folder))
    for phase in phases:
        middle = percentile(phase.seconds, 0.5) * 1000
        print(
            f"{phase.name}: {len(phase.seconds)} requests, p50 {middle:.0f} ms, failed: {dict(phase.failed) or 'none'}"
        )
    print_bars(*(bar for phase in phases for bar in phase.bars()))


if __name__ == "__main__":
    asyncio.run(main())
