"""S12: what a call costs with one process, and with two that share a port, a PostgreSQL and a Redis.

Two processes on two cores carry twice as many calls if the cost of one call has stayed the same, and fewer if what they
share gets in the way. So the load is the same for each process, everything runs wherever there is room, and the CPU of
a call is compared.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

import uvloop

from benchmarks.bench_server import INSTANT, free_port, process
from benchmarks.caller_track import conversation
from benchmarks.databases import postgresql
from benchmarks.load import Load, measure
from benchmarks.report import Bar, machine, print_bars
from storage.database import Database
from storage.migrations import migrate
from storage.seed import seed
from tests.control_api import redis_servers
from transports.simulator.crowd import Track

CALLS = 40
"""Of each process: few enough for a machine that carries load, database and servers on its cores."""


async def of(workers: int, calls: int, track: Track) -> Load:
    with tempfile.TemporaryDirectory() as folder:
        async with postgresql(Path(folder)) as url:
            with redis_servers.real(Path(folder)) as redis:
                await migrate(url)
                async with Database(url) as database, database.begin() as work:
                    await seed(work, now=datetime.now(UTC), config=INSTANT, voice_config={}, language="en-IN")
                port = free_port()
                environment = {
                    "VAANI_DATA_DIR": f"{folder}/data",
                    "VAANI_PORT": str(port),
                    "VAANI_DATABASE_URL": url,
                    "VAANI_REDIS_URL": redis,
                    "VAANI_MAX_CALLS": "5000",
                    "VAANI_LOG_LEVEL": "warning",
                }
                command = [sys.executable, "-m", "server", "serve", "--workers", str(workers)]
                async with process(command, port, environment, ready="/readyz", cores=None) as server:
                    return await measure(f"{workers} processes", server, track, calls)


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calls", type=int, default=CALLS, help="of each process")
    asked = parser.parse_args()
    every = os.sched_getaffinity(0)
    track = await asyncio.to_thread(conversation, 4, 5.0)
    print(f"machine: {machine()}; servers, database and load on the same cores")
    loads = []
    for workers in (1, 2):
        os.sched_setaffinity(0, every)  # the load has a core of its own from its beginning on
        load = await of(workers, workers * asked.calls, track)
        loads.append(load)
        print(
            f"{load.server}: {load.calls} calls, {load.cpu:.2f} ms CPU for a call-second,"
            f" p95 over {load.over_p95:.1f} ms, {load.unanswered} turns unanswered"
        )
    one, two = loads
    print_bars(
        Bar("S12 calls with two processes, of those with one", 2 * one.cpu / two.cpu, 1.9, "x", at_least=True),
        Bar("S12 turns that were not answered", one.unanswered + two.unanswered, 0, ""),
    )


if __name__ == "__main__":
    uvloop.run(main())
