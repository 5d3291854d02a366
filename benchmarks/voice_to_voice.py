"""S7: whole spoken conversations with the embedded stack, one call at a time; where the time of each answer went.

The demo caller talks to the demo line over the real websocket wire; the steps are the server's own, read from its
database. Writes docs/voice_to_voice.png.
"""

from __future__ import annotations

import asyncio
import json
import tempfile
from pathlib import Path
from statistics import median

import aiohttp
import uvloop

from benchmarks import plots
from benchmarks.bench_server import vaani
from benchmarks.report import Bar, percentile, print_bars
from processors.tts.embedded import EmbeddedTts
from server import demo
from server.caller import FROM, SCRIPT, TO
from server.simulator import RATE, VOICE, voice_of
from storage.database import Database
from storage.records import TurnLatency
from transports.simulator.casting import from_script
from transports.simulator.exotel_wire import CallFacts
from transports.simulator.line import SimulatedLine

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


async def main() -> None:
    found: list[TurnLatency] = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        async with vaani(folder, demo.plan(), cores=None) as server, aiohttp.ClientSession() as http:
            for seed in range(CALLS):
                found += await one_call(http, server.port, folder, seed)
    totals = [each.total_ms for each in found if each.total_ms is not None]
    print(f"{len(totals)} answers in {CALLS} calls of the demo caller")
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


async def one_call(http: aiohttp.ClientSession, port: int, folder: Path, seed: int) -> list[TurnLatency]:
    script = json.loads(SCRIPT.read_text())
    person = await from_script(script, voice_of(EmbeddedTts(VOICE)), rate=RATE, seed=seed)
    facts = CallFacts(from_number=FROM, to_number=TO, rate=RATE, call_sid=f"bench{seed}")
    talk = await SimulatedLine(f"ws://127.0.0.1:{port}/ws/exotel", person, facts).run(http)
    url = f"sqlite+aiosqlite:///{folder / 'vaani.db'}"
    while True:
        async with Database(url) as database, database.read() as work:
            call = await work.calls.get(talk.call)
            if call is not None and call.ended_at is not None:
                return await work.calls.latencies(talk.call)
        await asyncio.sleep(0.2)


if __name__ == "__main__":
    uvloop.run(main())
