"""What waits in the database that all processes share. Each of them tells the same: take the greatest, not the sum."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from datetime import datetime

from prometheus_client import CollectorRegistry, Gauge

from server.capacity_metrics import CapacityMetrics, Neighbour
from storage.database import Database, DatabaseUnavailableError
from storage.overview import Overview

SECONDS = 15.0
"""Between two looks."""
LONGEST = 10.0
"""Seconds of a look, after which the database counts as away."""
ALL = ", of all processes"

_log = logging.getLogger(__name__)


class OverviewMetrics:
    def __init__(self, registry: CollectorRegistry) -> None:
        def gauge(name: str, about: str) -> Gauge:
            return Gauge(name, about, registry=registry)

        self._campaigns = Gauge(
            "vaani_campaigns",
            "Campaigns by status: active, paused by somebody, stopped by the server" + ALL,
            ["status"],
            registry=registry,
        )
        self._contacts = Gauge(
            "vaani_campaign_contacts",
            "Contacts of active campaigns: waiting for a call, or in flight" + ALL,
            ["state"],
            registry=registry,
        )
        self._late = gauge(
            "vaani_attempts_late_seconds", "For how long an attempt has been due to be looked after; 0: none is" + ALL
        )
        self._events = gauge("vaani_outbox_waiting", "Events that nobody was told of yet" + ALL)
        self._events_oldest = gauge("vaani_outbox_oldest_seconds", "The age of the oldest of them; 0: there is none")
        self._analyses = gauge("vaani_analyses_waiting", "Calls that are to be analysed" + ALL)
        self._analyses_oldest = gauge(
            "vaani_analyses_oldest_seconds", "For how long the first of them has been due; 0: none is"
        )
        self._took = gauge("vaani_database_seconds", "How long these few counts took, the last time")

    def tell(self, seen: Overview, now: datetime, took: float) -> None:
        """`took` is in seconds."""
        for status in ("active", "paused", "stopped"):
            self._campaigns.labels(status).set(getattr(seen, status))
        self._contacts.labels("waiting").set(seen.contacts_waiting)
        self._contacts.labels("in_flight").set(seen.contacts_in_flight)
        self._late.set(_age(seen.attempts_late_since, now))
        self._events.set(seen.events)
        self._events_oldest.set(_age(seen.events_since, now))
        self._analyses.set(seen.analyses)
        self._analyses_oldest.set(_age(seen.analyses_since, now))
        self._took.set(took)


async def watch(
    database: Database, clock: Callable[[], datetime], metrics: OverviewMetrics, capacity: CapacityMetrics
) -> None:
    """Runs until cancelled."""
    while True:
        try:
            async with asyncio.timeout(LONGEST):
                await look(database, clock, metrics)
        except (DatabaseUnavailableError, TimeoutError) as away:
            is_reached = False
            _log.warning("what waits in the database cannot be counted", extra={"error": str(away)})
        except Exception:  # noqa: BLE001 - it must outlive a bad round
            is_reached = False
            _log.exception("what waits in the database could not be counted")
        else:
            is_reached = True
        capacity.reached(Neighbour.DATABASE, is_reached)
        await asyncio.sleep(SECONDS)


async def look(database: Database, clock: Callable[[], datetime], metrics: OverviewMetrics) -> None:
    began = time.perf_counter()
    async with database.read() as work:
        seen = await work.overviews.read()
    metrics.tell(seen, clock(), time.perf_counter() - began)


def _age(since: datetime | None, now: datetime) -> float:
    return 0.0 if since is None else max((now - since).total_seconds(), 0.0)
