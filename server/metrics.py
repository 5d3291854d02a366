"""`/metrics`: how late the event loop is, the one figure that tells of every stall, and how outgoing calls go."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from aiohttp import web
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, disable_created_metrics
from prometheus_client import generate_latest as plain
from prometheus_client.openmetrics.exposition import generate_latest as openmetrics

from dialer.accounts import CARRIERS
from dialer.ports import Trouble
from server.start import StartError
from storage.dialing import Attempt

TICK = 0.02
"""As often as a call's sound comes."""
WINDOW = 500
"""Ticks over which the worst lag is shown: 10 s."""
OPENMETRICS = "application/openmetrics-text"
PLAIN_TYPE = "text/plain; version=0.0.4; charset=utf-8"
OPENMETRICS_TYPE = f"{OPENMETRICS}; version=1.0.0; charset=utf-8"
MOST_HIDDEN = 3000
"""Ticks of a stall that are counted: of a process that was stopped for longer, a minute tells enough."""
LAGS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 1.0)

# A second line for each counter, that says when it was made: nobody asks.
disable_created_metrics()  # type: ignore[no-untyped-call]


class DialerMetrics:
    def __init__(self, registry: CollectorRegistry) -> None:
        """A trouble that is counted for the first time is a rise, so all of them begin at 0."""
        self._attempts = Counter(
            "vaani_attempts", "Outgoing calls that are over", ["provider", "outcome"], registry=registry
        )
        self._troubles = Counter(
            "vaani_carrier_troubles", "Calls that a carrier did not place", ["provider", "trouble"], registry=registry
        )
        for provider in CARRIERS:
            for trouble in Trouble:
                self._troubles.labels(provider, trouble)

    def ended(self, attempts: Sequence[Attempt]) -> None:
        for attempt in attempts:
            self._attempts.labels(attempt.provider, attempt.outcome or "not_placed").inc()

    def troubled(self, provider: str, trouble: Trouble) -> None:
        self._troubles.labels(provider, trouble).inc()


class LoopLag:
    def __init__(self, registry: CollectorRegistry) -> None:
        self._lags: deque[float] = deque(maxlen=WINDOW)
        self._histogram = Histogram(
            "vaani_loop_lag_seconds", "How late each 20 ms tick of the event loop came", buckets=LAGS, registry=registry
        )
        worst = Gauge("vaani_loop_lag_worst_seconds", "The worst of the last 10 s", registry=registry)
        worst.set_function(lambda: max(self._lags, default=0.0))

    async def watch(self) -> None:
        """Runs until cancelled."""
        loop = asyncio.get_running_loop()
        due = loop.time() + TICK
        while True:
            await asyncio.sleep(max(due - loop.time(), 0.0))
            due += self.ticked(max(loop.time() - due, 0.0)) * TICK

    def ticked(self, late: float) -> int:
        """A tick came so many seconds late. How many were due by then: a stall hides ticks, and each is counted."""
        missed = int(late / TICK)
        for tick in reversed(range(min(missed, MOST_HIDDEN) + 1)):  # the latest of them last
            lag = late - tick * TICK
            self._lags.append(lag)
            self._histogram.observe(lag)
        return missed + 1


@asynccontextmanager
async def metrics_site(registry: CollectorRegistry, host: str, port: int) -> AsyncIterator[None]:
    """/metrics of this process alone, where several answer on one port. Raises StartError."""
    app = web.Application()
    app.add_routes([metrics_route(registry)])
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        try:
            # For a moment two have it, when one process replaces another.
            await web.TCPSite(runner, host, port, reuse_port=True).start()
        except OSError as error:
            why = error.strerror or error
            raise StartError(f"The port {port} of VAANI_METRICS_PORT cannot be used: {why}.") from None
        yield
    finally:
        await runner.cleanup()


def metrics_route(registry: CollectorRegistry) -> web.RouteDef:
    """Who asks for OpenMetrics is told exemplars too: of each bucket the call that was last in it."""

    async def metrics(request: web.Request) -> web.Response:
        wants = any(OPENMETRICS in accept for accept in request.headers.getall("Accept", []))
        write, kind = (openmetrics, OPENMETRICS_TYPE) if wants else (plain, PLAIN_TYPE)
        body = await asyncio.to_thread(write, registry)  # some ms of a server that has been up for long
        return web.Response(body=body, headers={"Content-Type": kind})

    return web.get("/metrics", metrics)
