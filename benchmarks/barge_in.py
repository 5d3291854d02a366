"""S6: the caller speaks into the bot's speech; how long until its sound is stopped, and whether any comes after.

1,000 cuts over real websockets: 40 calls at once, each interrupting its bot 25 times with real speech. The detector's
start time (the speech that it wants to hear before it is sure) is taken out.
"""

from __future__ import annotations

import asyncio
import os
import tempfile
from pathlib import Path

import uvloop

from benchmarks.bench_server import INSTANT, LOAD_CORE, vaani
from benchmarks.caller_track import VAD, conversation
from benchmarks.report import Bar, percentile, print_bars
from transports.simulator.crowd import Crowd

CALLS, TURNS = 40, 26
PAUSE = 1.5
"""Seconds after which the caller goes on, a good second into the bot's 3 s."""


async def main() -> None:
    track = await asyncio.to_thread(conversation, TURNS, PAUSE)
    os.sched_setaffinity(0, {LOAD_CORE})
    with tempfile.TemporaryDirectory() as folder:
        async with vaani(Path(folder), INSTANT) as server:
            report = await Crowd("127.0.0.1", server.port, track, calls=CALLS, spread=4.0).run()
    cuts = [(cut - VAD.start_seconds) * 1000 for call in report.calls for cut in call.cuts]
    print(f"{len(cuts)} cuts over the detector's start time of {VAD.start_seconds * 1000:.0f} ms")
    print_bars(
        Bar("S6 clear sent, over the detector's start time, p50", percentile(cuts, 0.50), 20, "ms"),
        Bar("S6 clear sent, over the detector's start time, p99", percentile(cuts, 0.99), 20, "ms"),
        Bar("S6 messages of stale sound", sum(call.stale for call in report.calls), 0, ""),
        Bar("S6 interruptions that did not stop the bot", sum(call.uncut for call in report.calls), 0, ""),
    )


if __name__ == "__main__":
    uvloop.run(main())
