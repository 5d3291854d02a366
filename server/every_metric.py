"""All that `/metrics` tells, made in one place: a server has it, and what is drawn of it is checked against it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from prometheus_client import CollectorRegistry, Gauge

from processors.meter import Metrics
from server.analysis.metrics import AnalysisMetrics
from server.capacity_metrics import CapacityMetrics
from server.http_metrics import HttpMetrics
from server.metrics import DialerMetrics, LoopLag
from server.overview_metrics import OverviewMetrics
from server.uploads import recordings_waiting
from server.webhook_metrics import WebhookMetrics


@dataclass(frozen=True, slots=True)
class EveryMetric:
    registry: CollectorRegistry
    calls: Metrics
    capacity: CapacityMetrics
    lag: LoopLag
    http: HttpMetrics
    dialer: DialerMetrics
    webhooks: WebhookMetrics
    analyses: AnalysisMetrics
    overview: OverviewMetrics
    recordings_waiting: Gauge

    @classmethod
    def made(cls) -> Self:
        registry = CollectorRegistry()
        return cls(
            registry,
            Metrics(registry),
            CapacityMetrics(registry),
            LoopLag(registry),
            HttpMetrics(registry),
            DialerMetrics(registry),
            WebhookMetrics(registry),
            AnalysisMetrics(registry),
            OverviewMetrics(registry),
            recordings_waiting(registry),
        )
