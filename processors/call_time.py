"""How long calls last, as they last: what CPU time is divided by."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

from prometheus_client import CollectorRegistry
from prometheus_client.metrics_core import CounterMetricFamily
from prometheus_client.registry import Collector


class CallTime(Collector):
    """`vaani_call_seconds_total`: grows while calls go on, and not only when they end."""

    def __init__(self, registry: CollectorRegistry, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lines: dict[str, tuple[int, float, float]] = {}
        """Transport → calls since a moment, that moment, and the seconds of calls before it."""
        registry.register(self)

    def began(self, transport: str) -> None:
        self._lines[transport] = self._counted(transport, 1)

    def ended(self, transport: str) -> None:
        self._lines[transport] = self._counted(transport, -1)

    def collect(self) -> Iterator[CounterMetricFamily]:
        seconds = CounterMetricFamily(
            "vaani_call_seconds", "Seconds of all calls so far, those that go on included", labels=["transport"]
        )
        for transport in tuple(self._lines):
            seconds.add_metric([transport], self._counted(transport, 0)[2])
        yield seconds

    def _counted(self, transport: str, more: int) -> tuple[int, float, float]:
        now = self._clock()
        calls, since, seconds = self._lines.get(transport, (0, now, 0.0))
        return calls + more, now, seconds + calls * (now - since)
