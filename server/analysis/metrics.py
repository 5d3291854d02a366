"""How analyses of calls go, for `/metrics`."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter

from storage.analysis_records import AnalysisStatus


class AnalysisMetrics:
    def __init__(self, registry: CollectorRegistry) -> None:
        self._tries = Counter(
            "vaani_analyses",
            "Tries to analyse a call, by what came of them; pending: it is tried again",
            ["status"],
            registry=registry,
        )
        for status in AnalysisStatus:
            self._tries.labels(status)

    def tried(self, status: AnalysisStatus) -> None:
        self._tries.labels(status).inc()
