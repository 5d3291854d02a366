"""How deliveries of webhooks go, for `/metrics`."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge

from storage.assets import DeliveryState

OUTCOMES = {
    DeliveryState.DONE: "delivered",
    DeliveryState.PENDING: "to_retry",
    DeliveryState.FAILED: "given_up",
}


class WebhookMetrics:
    def __init__(self, registry: CollectorRegistry) -> None:
        self._tries = Counter(
            "vaani_webhook_tries", "Tries to deliver an event, by what came of them", ["outcome"], registry=registry
        )
        for outcome in OUTCOMES.values():
            self._tries.labels(outcome)
        self._waiting = Gauge("vaani_webhook_waiting", "Deliveries on the way, of all processes", registry=registry)
        self._oldest = Gauge(
            "vaani_webhook_oldest_seconds",
            "For how long the oldest of them has been due; 0: none is",
            registry=registry,
        )

    def tried(self, state: DeliveryState) -> None:
        self._tries.labels(OUTCOMES[state]).inc()

    def waiting(self, deliveries: int, oldest_seconds: float) -> None:
        self._waiting.set(deliveries)
        self._oldest.set(oldest_seconds)
