"""S7: whole spoken conversations with the embedded stack, one call at a time; where the time of each answer went.

The demo caller talks to the demo line over the real websocket wire; the steps are the server's own, read from its
database. Writes docs/voice_to_voice.png.
"""

from __future__ import annotations

import tempfile
from argparse import ArgumentParser
from pathlib import Path
from statistics import median

import aiohttp
import uvloop

from benchmarks import plots
from benchmarks.bench_server import vaani
from benchmarks.demo_calls import one_call
from benchmarks.report import Bar, percentile, print_bars
from benchmarks.voice_gains import WITHOUT, gains
from server import demo
from storage.records import TurnLatency

CALLS = 4
PICTURE = Path(__file__).parent.parent / "docs" / "voice_to_voice.png"
STEPS = {
    "voice detector sure": "vad_ms",
    "speech to text": "stt_ms",
    "end of turn": "end_of_turn_ms",
    "first words": "llm_ms",
    "first sound": "tts_ms",
    "on the line": "total_ms",
}


async def main(calls: int = CALLS) -> None:
    found: list[TurnLatency] = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        async with vaani(folder, demo.plan(), cores=None) as server, aiohttp.ClientSession() as http:
            for seed in range(calls):
                found += (await one_call(http, server.port, folder, seed)).answers
    totals = [each.total_ms for each in found if each.total_ms is not None]
    print(f"{len(totals)} answers in {calls} calls of the demo caller")
    medians = {}
    for step, field in STEPS.items():
        values = [getattr(each, field) for each in found if getattr(each, field) is not None]
        medians[step] = median(values)
        print(f"  {step:<22} p50 {medians[step]:7.0f} ms   p95 {percentile(values, 0.95):7.0f} ms")
    print_bars(
        Bar("S7 voice to voice, embedded stack, p50", percentile(totals, 0.50), 800, "ms"),
        Bar("S7 voice to voice, embedded stack, p95", percentile(totals, 0.95), 1200, "ms"),
    )
    plots.waterfall(medians, f"Median of {len(totals)} answers, embedded stack, one call", PICTURE)


if __name__ == "__main__":
    asked = ArgumentParser(description=__doc__)
    asked.add_argument("--gains", action="store_true", help="what each thing that makes answers come sooner is worth")
    asked.add_argument("--calls", type=int, default=CALLS)
    asked.add_argument("--instant-ear", action="store_true", help="of --gains: the words are there at once")
    asked.add_argument("--variants", nargs="+", choices=WITHOUT, default=list(WITHOUT), help="of --gains")
    given = asked.parse_args()
    if given.gains:
        uvloop.run(gains(given.calls, instant_ear=given.instant_ear, variants=given.variants))
    else:
        uvloop.run(main(given.calls))
