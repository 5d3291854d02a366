"""S1 to S4 and R13: many calls in real time over real websockets, on this server and on Pipecat and LiveKit Agents.

The server has one core, the load another. Speech is real, providers answer at once, replies last 3 s, the voice
detector (Silero) waits 0.2 s: what is measured is what the server adds. Where speech ends is told by our detector;
Pipecat's, which listens to loudness too, often tells it a chunk or two earlier, and its answers gain by that.
`--no-peers` leaves the others out, `--quick` takes few calls. Writes docs/call_load.png.
"""

from __future__ import annotations

import argparse
import asyncio
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

import uvloop

from benchmarks import plots
from benchmarks.bench_server import INSTANT, free_port, process, vaani
from benchmarks.caller_track import conversation
from benchmarks.load import Load, loop_lag, measure
from benchmarks.report import Bar, machine, print_bars
from transports.simulator.crowd import Track

ROOT = Path(__file__).parent.parent
PEERS = ROOT / "benchmarks" / "peers"
PICTURE = ROOT / "docs" / "call_load.png"
VAANI, PIPECAT, PIPECAT_MODEL, LIVEKIT = "Vaani", "Pipecat", "Pipecat, end-of-turn model", "LiveKit Agents"
COMMANDS = {
    PIPECAT: ("pipecat", "pipecat_bot.py", "--end-of-turn", "silence"),
    PIPECAT_MODEL: ("pipecat", "pipecat_bot.py"),
    LIVEKIT: ("livekit", "livekit_session.py"),
}
CALLS = {VAANI: (20, 100, 200, 300, 350, 400), PIPECAT: (5, 16), PIPECAT_MODEL: (5,), LIVEKIT: (20, 60, 75)}
QUICK = {VAANI: (20, 100), PIPECAT: (5,), LIVEKIT: (20,)}
WANTED_CALLS = 100
ANSWER_LIMIT = LATE_LIMIT = 100.0
"""Milliseconds: what S2 asks of a core that is full."""


async def of_vaani(calls: int, track: Track) -> tuple[Load, tuple[float, float]]:
    with tempfile.TemporaryDirectory() as folder:
        async with vaani(Path(folder), INSTANT) as server:
            before = await loop_lag(server.port)
            load = await measure(VAANI, server, track, calls)
            return load, (await loop_lag(server.port)).since(before)


async def of_peer(name: str, calls: int, track: Track) -> Load:
    home, script, *more = COMMANDS[name]
    port = free_port()
    command = [str(ROOT / ".peers" / home / "bin" / "python"), str(PEERS / script), "--port", str(port), *more]
    async with process(command, port) as server:
        return await measure(name, server, track, calls)


def show(load: Load) -> None:
    print(
        f"{load.server:<28} {load.calls:>5} {load.cpu:>8.2f} {load.memory:>8.2f} {load.over_p50:>8.1f} "
        f"{load.over_p95:>8.1f} {load.late_p99:>8.1f} {load.unanswered:>6}/{load.answers:<6}"
        f" {load.generator_lag_p99:>5.1f}",
        flush=True,
    )


def holds(load: Load) -> bool:
    """Whether S2's promise was kept under this load."""
    return load.over_p95 <= ANSWER_LIMIT and load.late_p99 <= LATE_LIMIT and not load.unanswered


def ratios(loads: Sequence[Load]) -> None:
    ours = {load.calls: load for load in loads if load.server == VAANI}
    reference = ours.get(WANTED_CALLS) or ours[max(ours)]
    for name in (PIPECAT, PIPECAT_MODEL, LIVEKIT):
        theirs = [load for load in loads if load.server == name]
        if theirs:
            best = min(theirs, key=lambda load: load.cpu)
            print(
                f"{name} at {best.calls} calls: {best.cpu / reference.cpu:.1f} x the CPU and "
                f"{best.memory / reference.memory:.0f} x the memory of a call with Vaani at {reference.calls}"
            )


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="few calls")
    parser.add_argument("--no-peers", action="store_true", help="only this server")
    asked = parser.parse_args()
    plan = dict(QUICK if asked.quick else CALLS)
    if asked.no_peers:
        plan = {VAANI: plan[VAANI]}
    else:
        subprocess.run([PEERS / "setup.sh"], check=True)  # noqa: ASYNC221 - nothing else runs yet
    track = await asyncio.to_thread(conversation, 4, 5.0)
    print(f"machine: {machine()}; one core for the server, one for the load")
    print(f"{'server':<28} calls  CPU ms   MB/call  over p50 over p95 late p99  lost/answers  gen. lag (ms)")
    loads: list[Load] = []
    lags: dict[int, tuple[float, float]] = {}
    for name, counts in plan.items():
        for calls in counts:
            if name == VAANI:
                load, lags[calls] = await of_vaani(calls, track)
            else:
                load = await of_peer(name, calls, track)
            loads.append(load)
            show(load)
    ratios(loads)
    bars(loads, lags)
    plots.call_load(loads, PICTURE)


def bars(loads: Sequence[Load], lags: dict[int, tuple[float, float]]) -> None:
    ours = [load for load in loads if load.server == VAANI]
    usual = next(load for load in ours if load.calls == WANTED_CALLS)
    most = max((load.calls for load in ours if holds(load)), default=0)
    print_bars(
        Bar("S1 CPU of a call-second at 100 calls", usual.cpu, 2.5, "ms"),
        Bar("S2 calls on one core", most, 400, "", at_least=True),
        Bar("S3 added to an answer at 100 calls, p50", usual.over_p50, 25, "ms"),
        Bar("S3 added to an answer at 100 calls, p95", usual.over_p95, 40, "ms"),
        Bar("S4 memory of a call", usual.memory, 0.5, "MB"),
        Bar(f"R13 20 ms ticks over 10 ms late at {most} calls", lags.get(most, (1.0, 1.0))[0] * 100, 1, "%"),
        Bar(f"R13 20 ms ticks over 50 ms late at {most} calls", lags.get(most, (1.0, 1.0))[1] * 100, 0, "%"),
    )


if __name__ == "__main__":
    uvloop.run(main())
