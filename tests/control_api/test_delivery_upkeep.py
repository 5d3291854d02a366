from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from control_api.links import delivery_upkeep
from control_api.links.delivery_upkeep import KEPT, look
from storage.assets import Delivery, DeliveryState
from storage.database import Database
from storage.ids import LOG, new_id
from storage.seed import Seeded
from tests.control_api.receivers import deliveries, subscribed


class Shown:
    def __init__(self) -> None:
        self.last: tuple[int, float] | None = None

    def waiting(self, deliveries: int, oldest_seconds: float) -> None:
        self.last = deliveries, oldest_seconds


async def add(database: Database, organisation: str, webhook: str, **more: Any) -> Delivery:
    about: dict[str, Any] = {"triggered_at": datetime.now(UTC)} | more
    delivery = Delivery(new_id(LOG), organisation, webhook, "evt_1", "call.ended", {}, **about)
    async with database.begin() as work:
        await work.deliveries.add([delivery])
    return delivery


async def test_what_waits_is_shown_with_how_long_the_oldest_is_due(database: Database, seeded: Seeded) -> None:
    (webhook,) = await subscribed(database, seeded.organisation, "https://example.com/")
    now, gauge = datetime.now(UTC), Shown()
    await look(database, now, gauge)
    assert gauge.last == (0, 0.0)
    for age in (30, 90):
        await add(database, seeded.organisation, webhook.id, due_at=now - timedelta(seconds=age))
    await add(database, seeded.organisation, webhook.id, state=DeliveryState.DONE)
    (off,) = await subscribed(database, seeded.organisation, "https://off.example/", is_active=False)
    await add(database, seeded.organisation, off.id, due_at=now - timedelta(days=1))
    await look(database, now, gauge)
    assert gauge.last == (2, 90.0)
    await look(database, now - timedelta(hours=1), gauge)
    assert gauge.last == (2, 0.0)


async def test_old_deliveries_are_forgotten_slice_by_slice(
    database: Database, seeded: Seeded, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivery_upkeep, "SLICE", 2)
    (webhook,) = await subscribed(database, seeded.organisation, "https://example.com/")
    for _ in range(3):
        await add(database, seeded.organisation, webhook.id)
    now = datetime.now(UTC)
    kept = await add(database, seeded.organisation, webhook.id)
    later = now + KEPT
    assert [await look(database, later, Shown()) for _ in range(3)] == [2, 1, 0]
    assert await deliveries(database, webhook) == [kept]
