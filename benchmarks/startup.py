"""S11: from the start of the process to the moment it can take calls, with caches warm."""

from __future__ import annotations

import asyncio
import tempfile
import time
from pathlib import Path
from statistics import median

from benchmarks.bench_server import vaani
from benchmarks.report import Bar, print_bars
from server import demo

STARTS = 5


async def one_start() -> float:
    with tempfile.TemporaryDirectory() as folder:
        begin = time.monotonic()
        async with vaani(Path(folder), demo.plan(), cores=None) as server:
            return server.ready_at - begin


async def main() -> None:
    took = [await one_start() for _ in range(STARTS + 1)][1:]  # the first one warms the caches
    print("starts: " + ", ".join(f"{seconds:.2f} s" for seconds in took))
    print_bars(Bar("S11 start-up to readyz, median", median(took), 3, "s"))


if __name__ == "__main__":
    asyncio.run(main())
