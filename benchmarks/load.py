"""One load on one server, and what came of it."""

from __future__ import annotations

import asyncio
import os
import re
import time
from dataclasses import dataclass

import aiohttp

from benchmarks.bench_server import LOAD_CORE, Measured
from benchmarks.caller_track import VAD
from benchmarks.report import percentile
from transports.simulator.crowd import Crowd, CrowdReport, Track

LEAST_SPREAD, CALLS_A_SECOND = 8.0, 20
"""The calls begin over at least so many seconds, and no faster than so many in one."""


@dataclass(frozen=True, slots=True)
class Load:
    """Times in milliseconds; `over` means over the voice detector's own wait."""

    server: str
    calls: int
    cpu: float
    """Of one second of one call, all threads, while all calls are up."""
    memory: float
    """MB that a call adds."""
    over_p50: float
    over_p95: float
    late_p99: float
    """How long a caller's line had been dry when the next sound of a reply came."""
    answers: int
    unanswered: int
    """Of the turns, because of a refused or dropped call or a reply that never came."""
    generator_lag_p99: float
    """Above a few, the load generator was the bottleneck."""


async def measure(name: str, server: Measured, track: Track, calls: int) -> Load:
    """Runs this process on the load's core from here on."""
    os.sched_setaffinity(0, {LOAD_CORE})
    before = server.cost()
    seconds = len(track.pcm) / 16000
    spread = max(LEAST_SPREAD, calls / CALLS_A_SECOND)
    crowd = asyncio.create_task(Crowd("127.0.0.1", server.port, track, calls=calls, spread=spread).run())
    await asyncio.sleep(spread + 1)
    begin, at = server.cost(), time.monotonic()
    await asyncio.sleep(max(seconds - spread - 2, 1))
    end, took = server.cost(), time.monotonic() - at
    report = await crowd
    over = [(answer - VAD.stop_seconds) * 1000 for call in report.calls for answer in call.answers] or [float("inf")]
    late = [seconds * 1000 for call in report.calls for seconds in call.lateness] or [float("inf")]
    turns = calls * len(track.speeches)
    return Load(
        name,
        calls,
        cpu=(end.cpu - begin.cpu) / took / calls * 1000,
        memory=(end.rss - before.rss) / calls / 2**20,
        over_p50=percentile(over, 0.5),
        over_p95=percentile(over, 0.95),
        late_p99=percentile(late, 0.99),
        answers=len(over),
        unanswered=turns - answered(report),
        generator_lag_p99=percentile(report.lag, 0.99) * 1000,
    )


def answered(report: CrowdReport) -> int:
    return sum(len(call.answers) for call in report.calls)


@dataclass(frozen=True, slots=True)
class Lag:
    """The 20 ms ticks of our server's loop so far, and how many of them came over 10 and over 50 ms late."""

    ticks: float
    over_10: float
    over_50: float

    def since(self, before: Lag) -> tuple[float, float]:
        """The shares that were late, start-up left out."""
        ticks = self.ticks - before.ticks
        return (self.over_10 - before.over_10) / ticks, (self.over_50 - before.over_50) / ticks


async def loop_lag(port: int) -> Lag:
    async with aiohttp.ClientSession() as http, http.get(f"http://127.0.0.1:{port}/metrics") as answer:
        text = await answer.text()
    found = dict(re.findall(r'vaani_loop_lag_seconds_bucket\{le="([^"]+)"\} (\S+)', text))
    ticks = float(found["+Inf"])
    return Lag(ticks, ticks - float(found["0.01"]), ticks - float(found["0.05"]))
