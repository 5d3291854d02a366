"""Answers, counted together: percentiles of the whole and of each stage, over time, and which took longest."""

from __future__ import annotations

import heapq
from array import array
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime

import numpy as np

from storage.records import TurnLatency

STAGES = ("vad", "stt", "turn", "llm", "tts", "wire")
"""In the order of the road."""


@dataclass(frozen=True, slots=True)
class Spread:
    """Percentiles in milliseconds, each a value that was measured."""

    p50: float
    p95: float
    p99: float
    count: int


@dataclass(frozen=True, slots=True)
class Step:
    """One stage's share of one answer."""

    stage: str
    provider: str | None
    start_ms: float
    """Since the caller's last sound: the end of what it builds on."""
    ms: float


def steps(latency: TurnLatency) -> Iterator[Step]:
    """Those that were seen. They overlap: a turn is judged while its words are recognised."""
    built = (
        ("vad", None, 0.0, latency.vad_ms),
        ("stt", latency.stt, latency.vad_ms, latency.stt_ms),
        ("turn", None, 0.0, latency.end_of_turn_ms),
        ("llm", latency.llm, latency.end_of_turn_ms, latency.llm_ms),
        ("tts", latency.tts, latency.llm_ms, latency.tts_ms),
        ("wire", None, latency.tts_ms, latency.wire_ms),
    )
    for stage, provider, start, end in built:
        if start is not None and end is not None:
            yield Step(stage, provider, start, round(max(end - start, 0.0), 1))


@dataclass(slots=True)
class AnswerFigures:
    """Of answers that are added a few at a time. What it is asked for then is sorted: for a thread."""

    since: datetime
    until: datetime
    slowest_wanted: int
    _totals: array[float] = field(default_factory=lambda: array("d"))
    _times: array[float] = field(default_factory=lambda: array("d"))
    _stages: defaultdict[tuple[str, str | None], array[float]] = field(
        default_factory=lambda: defaultdict(lambda: array("d"))
    )
    _slowest: list[tuple[float, str, int, datetime]] = field(default_factory=list)

    def add(self, latencies: Iterable[TurnLatency]) -> None:
        """Such as have been measured at a time that is known."""
        for latency in latencies:
            for step in steps(latency):
                self._stages[step.stage, step.provider].append(step.ms)
            total, at = latency.total_ms, latency.measured_at
            if total is None or at is None:
                continue
            self._totals.append(total)
            self._times.append(at.timestamp())
            slow = total, latency.call_id, latency.position, at
            if len(self._slowest) < self.slowest_wanted:
                heapq.heappush(self._slowest, slow)
            else:
                heapq.heappushpop(self._slowest, slow)

    def whole(self) -> Spread | None:
        """From the caller's last sound to the agent's first. None: nobody was answered."""
        return _spread(np.asarray(self._totals))

    def stages(self) -> list[tuple[str, str | None, Spread]]:
        found = []
        for stage, provider in sorted(self._stages, key=lambda key: (STAGES.index(key[0]), key[1] or "")):
            spread = _spread(np.asarray(self._stages[stage, provider]))
            if spread is not None:
                found.append((stage, provider, spread))
        return found

    def over_time(self, stretches: int) -> list[Spread | None]:
        """As `whole`, of each of so many equal stretches of the window, oldest first."""
        begin, seconds = self.since.timestamp(), (self.until - self.since).total_seconds()
        places = ((np.asarray(self._times) - begin) * stretches // seconds).astype(int)
        totals = np.asarray(self._totals)
        return [_spread(totals[places == place]) for place in range(stretches)]

    def slowest(self) -> list[tuple[float, str, int, datetime]]:
        """Milliseconds, call, position of the agent's turn, and when; the slowest first."""
        return sorted(self._slowest, reverse=True)


def _spread(values: np.ndarray[tuple[int], np.dtype[np.float64]]) -> Spread | None:
    count = len(values)
    if not count:
        return None
    ordered = np.sort(values)
    p50, p95, p99 = (float(ordered[(count * percent + 99) // 100 - 1]) for percent in (50, 95, 99))
    return Spread(p50, p95, p99, count)
