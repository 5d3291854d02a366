from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from storage.assets import Delivery, DeliveryState, Webhook
from storage.database import Database, UnitOfWork
from storage.ids import LOG, WEBHOOK, new_id
from storage.seed import Seeded
from tests.storage.samples import LATER, NOW, an_organisation
from tests.storage.test_plans import plans

AFTER = LATER + timedelta(minutes=5)


def a_webhook(organisation: str, **more: Any) -> Webhook:
    return Webhook(new_id(WEBHOOK), organisation, "CRM", "https://a.example", ["call.ended"], "", "", NOW, NOW, **more)


def a_delivery(webhook: Webhook, **more: Any) -> Delivery:
    about: dict[str, Any] = {"triggered_at": NOW, "due_at": NOW} | more
    return Delivery(new_id(LOG), webhook.organisation_id, webhook.id, "evt_1", "call.ended", {"a": "राम"}, **about)


@pytest.fixture
async def webhook(database: Database, seeded: Seeded) -> Webhook:
    webhook = a_webhook(seeded.organisation)
    async with database.begin() as work:
        await work.webhooks.add(webhook)
    return webhook


async def kept(database: Database, *deliveries: Delivery) -> tuple[Delivery, ...]:
    async with database.begin() as work:
        await work.deliveries.add(deliveries)
    return deliveries


async def claimed(database: Database, webhook: Webhook, limit: int = 10) -> list[Delivery]:
    async with database.begin() as work:
        return await work.deliveries.claim(webhook.id, limit, now=LATER, until=AFTER)


async def test_what_is_due_is_taken_once_in_its_order(database: Database, webhook: Webhook) -> None:
    late, soon, waits = await kept(
        database,
        a_delivery(webhook, due_at=NOW + timedelta(seconds=1)),
        a_delivery(webhook),
        a_delivery(webhook, due_at=AFTER),
    )
    first = await claimed(database, webhook, 1)
    assert first == [replace(soon, state=DeliveryState.SENDING, due_at=AFTER, attempts=1)]
    assert [one.id for one in await claimed(database, webhook)] == [late.id]
    assert await claimed(database, webhook) == []
    async with database.read() as work:
        assert await work.deliveries.get(webhook.id, waits.id) == waits


async def test_many_who_ask_at_once_share_what_is_due(database: Database, webhook: Webhook) -> None:
    await kept(database, *(a_delivery(webhook) for _ in range(40)))
    shares = await asyncio.gather(*(claimed(database, webhook, 15) for _ in range(4)))
    taken = [one.id for share in shares for one in share]
    assert len(taken) == len(set(taken)) == 40


async def test_of_a_call_only_the_oldest_that_is_not_over_can_be_taken(database: Database, webhook: Webhook) -> None:
    started, ended, other = await kept(
        database,
        a_delivery(webhook, call_id="cal_1", due_at=LATER + timedelta(seconds=1)),
        a_delivery(webhook, call_id="cal_1"),
        a_delivery(webhook, call_id="cal_2"),
    )
    assert [one.id for one in await claimed(database, webhook)] == [other.id]
    async with database.begin() as work:
        (taken,) = await work.deliveries.claim(webhook.id, 10, now=LATER + timedelta(seconds=1), until=AFTER)
        assert taken.id == started.id
        assert await work.deliveries.claim(webhook.id, 10, now=LATER + timedelta(seconds=2), until=AFTER) == []
        over = replace(taken, state=DeliveryState.FAILED, due_at=None)
        assert await work.deliveries.settle([(taken, over)]) == [over]
        assert [one.id for one in await work.deliveries.claim(webhook.id, 10, now=LATER, until=AFTER)] == [ended.id]


async def test_whoever_lost_its_lease_settles_nothing(database: Database, webhook: Webhook) -> None:
    await kept(database, a_delivery(webhook))
    (stale,) = await claimed(database, webhook)
    async with database.begin() as work:
        (fresh,) = await work.deliveries.claim(webhook.id, 1, now=AFTER, until=AFTER + timedelta(minutes=1))
    assert fresh.attempts == stale.attempts == 1
    async with database.begin() as work:
        assert await work.deliveries.settle([(stale, replace(stale, state=DeliveryState.FAILED, due_at=None))]) == []
        done = replace(fresh, state=DeliveryState.DONE, due_at=None, response_status=200, response_ms=3)
        assert await work.deliveries.settle([(fresh, done)]) == [done]
        assert await work.deliveries.get(webhook.id, done.id) == done


async def test_only_active_webhooks_with_something_due_are_found(database: Database, webhook: Webhook) -> None:
    off, idle = a_webhook(webhook.organisation_id, is_active=False), a_webhook(webhook.organisation_id)
    async with database.begin() as work:
        await work.webhooks.add(off)
        await work.webhooks.add(idle)
    await kept(database, a_delivery(webhook), a_delivery(off), a_delivery(idle, due_at=AFTER))
    async with database.read() as work:
        assert await work.deliveries.webhooks_due(LATER, []) == [webhook]
        assert await work.deliveries.webhooks_due(LATER, [webhook.id]) == []


async def test_one_organisation_touches_nothing_of_anothers(database: Database, webhook: Webhook) -> None:
    other = an_organisation()
    async with database.begin() as work:
        await work.organisations.add(other)
    (failed,) = await kept(database, a_delivery(webhook, state=DeliveryState.FAILED, due_at=None))
    await kept(database, a_delivery(webhook))
    async with database.begin(other.id) as work:
        assert await work.deliveries.get(webhook.id, failed.id) is None
        assert await work.deliveries.page(webhook.id, [], 10) == ([], 0)
        assert await work.deliveries.webhooks_due(LATER, []) == []
        assert await work.deliveries.claim(webhook.id, 10, now=LATER, until=AFTER) == []
        assert not await work.deliveries.retry(webhook.id, failed.id, now=LATER)
        assert await work.deliveries.retry_failed(webhook.id, now=LATER) == 0
        assert await work.deliveries.give_up(webhook.id, "no") == 0
        assert await work.deliveries.forget(AFTER + timedelta(days=10_000), 10) == 0
        assert await work.webhooks.all_held([webhook.id]) == {}
        assert await work.webhooks.active_of([webhook.organisation_id]) == []


async def looked_for(work: UnitOfWork) -> None:
    await work.deliveries.webhooks_due(LATER, ["wbh_2"])
    await work.deliveries.claim("wbh_1", 4, now=LATER, until=AFTER)
    await work.deliveries.page("wbh_1", [], 50)
    await work.deliveries.has_old(NOW)


async def test_what_is_due_is_found_without_reading_the_log(database: Database, seeded: Seeded, file: Path) -> None:
    steps = await plans(database, seeded.organisation, looked_for)
    of_logs = [step for step in steps if "webhook_logs" in step or "earlier" in step]
    assert of_logs
    assert [step for step in of_logs if step.startswith("SCAN")] == []
    assert any("ix_webhook_logs_due" in step for step in of_logs)
    assert any("ix_webhook_logs_calls" in step for step in of_logs)
