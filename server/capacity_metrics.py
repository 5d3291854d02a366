"""What this process could carry, what it uses, and whether it reaches what it needs."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum

from prometheus_client import CollectorRegistry, Gauge, ProcessCollector


class Neighbour(StrEnum):
    DATABASE = "database"
    REDIS = "redis"


class CapacityMetrics:
    def __init__(self, registry: CollectorRegistry) -> None:
        ProcessCollector(registry=registry)
        self._most = Gauge("vaani_max_calls", "How many calls this process takes at most", registry=registry)
        self._draining = Gauge(
            "vaani_draining", "1: it takes no new call and waits for the live ones", registry=registry
        )
        self._reached = Gauge(
            "vaani_reached",
            "1: this process reaches what it needs; 0: it is away. Redis is left out where none is set",
            ["neighbour"],
            registry=registry,
        )

    def carries(self, most: int, is_draining: Callable[[], bool]) -> None:
        self._most.set(most)
        self._draining.set_function(lambda: float(is_draining()))

    def reached(self, neighbour: Neighbour, is_reached: bool) -> None:
        self._reached.labels(neighbour).set(is_reached)

    def asks(self, neighbour: Neighbour, is_reached: Callable[[], bool]) -> None:
        """From now on it is asked at each scrape."""
        self._reached.labels(neighbour).set_function(lambda: float(is_reached()))
