"""What each thing that makes answers come sooner is worth: the same calls with all of them, and without one.

The demo caller, the server's own ear, and a model and a voice that take as long as hosted ones do
(benchmarks/paid_stand_ins.py). Run by `python -m benchmarks.voice_to_voice --gains`.
"""

from __future__ import annotations

import asyncio
import json
import re
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

import aiohttp

from benchmarks.bench_server import vaani
from benchmarks.demo_calls import one_call
from benchmarks.paid_stand_ins import StandIns, stand_ins
from benchmarks.report import percentile
from server import demo
from server.caller import SCRIPT
from storage.records import TurnLatency

WITHOUT: dict[str, dict[str, Any]] = {
    "all of it": {},
    "without asking ahead": {"speculate": False},
    "without the first clause": {"speech": {"min_characters": 1, "boundaries": [".", "!", "?"]}},
    "without kept sounds": {"voice_cache": False},
    "without any": {
        "speculate": False,
        "voice_cache": False,
        "speech": {"min_characters": 1, "boundaries": [".", "!", "?"]},
    },
}
APART = 6.0
"""Seconds from one call to the next: the first one's greeting is over by then."""
SERIES = re.compile(r'^vaani_speculations_total\{outcome="(\w+)",transport="\w+"\} (\S+)$', re.MULTILINE)


@dataclass(slots=True)
class Measured:
    answers: list[TurnLatency] = field(default_factory=list)
    greetings: list[float] = field(default_factory=list)
    """Seconds to the greeting's first sound. The first call's is never kept before."""
    asked: int = 0
    spoken: int = 0
    ahead: dict[str, int] = field(default_factory=dict)

    def row(self, name: str, base: float) -> str:
        totals = [each.total_ms for each in self.answers if each.total_ms is not None]
        p50, turn = median(totals), median(each.end_of_turn_ms for each in self.answers if each.end_of_turn_ms)
        greeting = f"{1000 * median(self.greetings[1:]):.0f}" if self.greetings[1:] else ""
        ahead = f"{self.ahead.get('adopted', 0)} of {sum(self.ahead.values())}" if self.ahead else ""
        return (
            f"| {name} | {len(totals)} | {turn:.0f} | {p50:.0f} | {percentile(totals, 0.95):.0f} | {p50 / base:.2f} | "
            f"{greeting} | {self.asked} | {ahead} | {self.spoken} |"
        )


async def gains(calls: int, *, instant_ear: bool, variants: Sequence[str]) -> None:
    """With an instant ear the words are there as soon as the silence is, whatever else the machine does."""
    print("| | answers | turn p50, ms | answer p50, ms | p95, ms | ratio | greeting, ms | asked | adopted | phrases |")
    print("|---|---|---|---|---|---|---|---|---|---|")
    base: float | None = None
    ear = {"stt": {"provider": "scripted", "options": {"lines": _lines()}}} if instant_ear else {}
    for name in variants:
        found = await measured({**ear, **WITHOUT[name]}, calls)
        base = base or median(each.total_ms for each in found.answers if each.total_ms is not None)
        print(found.row(name, base), flush=True)


async def measured(less: dict[str, Any], calls: int) -> Measured:
    with tempfile.TemporaryDirectory() as name:
        folder, result = Path(name), Measured()
        async with (
            stand_ins(demo.SCRIPT) as services,
            aiohttp.ClientSession() as http,
            vaani(folder, {**_plan(services), **less}, cores=None) as server,
        ):
            talking = []
            for seed in range(calls):
                talking.append(asyncio.create_task(one_call(http, server.port, folder, seed)))
                await asyncio.sleep(APART)
            for call in await asyncio.gather(*talking):
                result.answers += call.answers
                result.greetings.append(call.greeting)
            async with http.get(f"http://127.0.0.1:{server.port}/metrics") as answer:
                page = await answer.text()
        result.asked, result.spoken = services.asked, services.spoken
        result.ahead = {outcome: int(float(count)) for outcome, count in SERIES.findall(page)}
        return result


def _lines() -> list[str]:
    said = (step if isinstance(step, str) else step.get("text", "") for step in json.loads(SCRIPT.read_text()))
    return list(filter(None, said))


def _plan(services: StandIns) -> dict[str, Any]:
    where = {"base_url": services.base_url}
    return {
        **demo.plan(),
        "llm": {"provider": "openai", "options": {**where, "model": "stand-in"}},
        "tts": {"provider": "openai", "options": where},
        "analysis": {"enabled": False},
    }
