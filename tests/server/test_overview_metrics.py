from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from prometheus_client import CollectorRegistry

from server import overview_metrics
from server.capacity_metrics import CapacityMetrics
from server.overview_metrics import OverviewMetrics, watch
from storage.database import Database
from storage.ids import EVENT, new_id
from storage.overview import Overview
from storage.records import OutboxEvent
from storage.seed import Seeded
from tests.patience import until
from tests.server.test_database_away import Away
from tests.storage.samples import NOW


def test_what_is_due_later_is_not_late() -> None:
    registry = CollectorRegistry()
    later = NOW + timedelta(minutes=1)
    OverviewMetrics(registry).tell(Overview(1, 0, 0, 0, 0, later, 2, NOW - timedelta(seconds=9), 1, later), NOW, 0.01)
    values = [
        registry.get_sample_value(f"vaani_{what}_seconds")
        for what in ("attempts_late", "outbox_oldest", "analyses_oldest")
    ]
    assert values == [0, 9, 0]


async def test_a_database_that_is_away_is_told_and_counted_again_once_it_is_back(
    database: Database, seeded: Seeded, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(overview_metrics, "SECONDS", 0.001)
    registry = CollectorRegistry()
    metrics, capacity = OverviewMetrics(registry), CapacityMetrics(registry)

    class Sometimes:
        is_there = False

        def read(self) -> Any:
            return database.read() if self.is_there else Away().read()

    def reached(wanted: float) -> bool:
        return registry.get_sample_value("vaani_reached", {"neighbour": "database"}) == wanted

    async with database.begin(seeded.organisation) as work:
        await work.outbox.add([OutboxEvent(new_id(EVENT), seeded.organisation, "call.ended", {}, NOW)])
    house: Any = Sometimes()
    watching = asyncio.create_task(watch(house, lambda: NOW + timedelta(seconds=5), metrics, capacity))
    await until(lambda: reached(0))
    house.is_there = True
    await until(lambda: reached(1))
    assert registry.get_sample_value("vaani_outbox_waiting") == 1
    assert registry.get_sample_value("vaani_outbox_oldest_seconds") == 5
    watching.cancel()
    await asyncio.gather(watching, return_exceptions=True)
