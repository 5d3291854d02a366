from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import replace
from datetime import timedelta

import pytest
from aiohttp import web

from control_api.links import dispatcher as module
from control_api.links.verdict import MOST_FAILURES
from storage.assets import DeliveryState
from storage.database import Database
from storage.seed import Seeded
from tests.control_api.receivers import (
    QUICK,
    Counted,
    Received,
    all_are,
    announced,
    by_call,
    deliveries,
    dispatching,
    kept,
    real_now,
    receiving,
    relayed,
    subscribed,
)
from tests.patience import until
from tests.storage.samples import an_organisation

DONE, FAILED, PENDING, SENDING = (
    DeliveryState.DONE,
    DeliveryState.FAILED,
    DeliveryState.PENDING,
    DeliveryState.SENDING,
)


@pytest.fixture(autouse=True)
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LOOKS_SECONDS", 0.02)


async def test_an_event_reaches_each_webhook_that_wants_it_and_is_logged(database: Database, seeded: Seeded) -> None:
    tally = Counted()
    async with receiving() as receiver:
        one, other = await subscribed(database, seeded.organisation, f"{receiver.url}/one", f"{receiver.url}/other")
        (deaf,) = await subscribed(database, seeded.organisation, f"{receiver.url}/deaf", events=["call.voicemail"])
        (off,) = await subscribed(database, seeded.organisation, f"{receiver.url}/off", is_active=False)
        (call,) = await announced(database, seeded.organisation, 1)
        async with dispatching(database, tally=tally):
            await until(lambda: len(receiver.taken) == 2)
            await until(lambda: len(tally.states) == 2)
    assert {received.path for received in receiver.received} == {"/one", "/other"}
    assert len({received.id for received in receiver.received}) == 1
    for webhook in (one, other):
        (log,) = await deliveries(database, webhook)
        assert (log.state, log.attempts, log.response_status, log.trouble, log.due_at) == (DONE, 1, 200, None, None)
        assert log.response_ms is not None
        assert log.payload["data"]["call_uuid"] == call
        assert (await kept(database, webhook)).last_triggered_at is not None
    assert await deliveries(database, deaf) == await deliveries(database, off) == []


async def test_a_try_that_failed_is_made_again_with_the_same_bytes_and_id(database: Database, seeded: Seeded) -> None:
    async def twice_bad(received: Received, request: web.Request) -> int:
        return 503 if len(receiver.received) < 3 else 204

    async with receiving(twice_bad) as receiver:
        (webhook,) = await subscribed(database, seeded.organisation, receiver.url)
        await announced(database, seeded.organisation, 1)
        async with dispatching(database, waits=QUICK):
            await until(lambda: all_are(database, webhook, DONE))
    assert len({(received.id, received.body) for received in receiver.received}) == 1
    (log,) = await deliveries(database, webhook)
    assert (log.attempts, log.response_status) == (3, 204)
    assert (await kept(database, webhook)).failures == 0


async def test_after_three_retries_it_is_given_up(database: Database, seeded: Seeded) -> None:
    async def bad(received: Received, request: web.Request) -> int:
        return 500

    tally = Counted()
    async with receiving(bad) as receiver:
        (webhook,) = await subscribed(database, seeded.organisation, receiver.url)
        await announced(database, seeded.organisation, 1)
        async with dispatching(database, waits=QUICK, tally=tally):
            await until(lambda: all_are(database, webhook, FAILED))
            await until(lambda: len(tally.states) == 4)
    assert len(receiver.received) == 4
    assert tally.states == [PENDING, PENDING, PENDING, FAILED]
    (log,) = await deliveries(database, webhook)
    assert (log.attempts, log.response_status, log.trouble, log.due_at) == (4, 500, "it answered 500", None)
    assert (await kept(database, webhook)).failures == 1


async def test_a_redirect_is_a_failure_and_nobody_follows_it(database: Database, seeded: Seeded) -> None:
    async def elsewhere(received: Received, request: web.Request) -> web.Response:
        return web.Response(status=307, headers={"Location": f"{receiver.url}/elsewhere"})

    async with receiving(elsewhere) as receiver:
        (webhook,) = await subscribed(database, seeded.organisation, f"{receiver.url}/here")
        await announced(database, seeded.organisation, 1)
        async with dispatching(database, waits=()):
            await until(lambda: all_are(database, webhook, FAILED))
    assert [received.path for received in receiver.received] == ["/here"]


async def test_one_that_is_gone_is_switched_off_at_once(database: Database, seeded: Seeded) -> None:
    async def gone(received: Received, request: web.Request) -> int:
        return 410

    async with receiving(gone) as receiver:
        (webhook,) = await subscribed(database, seeded.organisation, receiver.url)
        await announced(database, seeded.organisation, 9)
        async with dispatching(database, waits=QUICK):
            await until(lambda: all_are(database, webhook, FAILED))
    off = await kept(database, webhook)
    assert (off.is_active, off.trouble) == (False, "it answered 410: it is gone for good")
    assert len(receiver.received) <= module.OF_ONE_WEBHOOK


async def test_failures_in_a_row_switch_it_off_and_what_waits_is_given_up(database: Database, seeded: Seeded) -> None:
    async def bad(received: Received, request: web.Request) -> int:
        return 500

    async with receiving(bad) as receiver:
        (webhook,) = await subscribed(database, seeded.organisation, receiver.url)
        await announced(database, seeded.organisation, 50)
        async with dispatching(database, waits=()):
            await until(lambda: all_are(database, webhook, FAILED))
        off = await kept(database, webhook)
        assert not off.is_active
        assert off.trouble is not None
        assert "deliveries in a row failed; the last: it answered 500" in off.trouble
        assert MOST_FAILURES <= off.failures < MOST_FAILURES + module.OF_ONE_WEBHOOK
        assert len(receiver.received) == off.failures
        unsent = [log for log in await deliveries(database, webhook) if log.attempts == 0]
        assert {log.trouble for log in unsent} == {"the webhook was switched off"}
        await announced(database, seeded.organisation, 1)
        assert len(await deliveries(database, webhook)) == 50


async def test_a_success_resets_what_was_counted(database: Database, seeded: Seeded) -> None:
    async with receiving() as receiver:
        (webhook,) = await subscribed(database, seeded.organisation, receiver.url, failures=MOST_FAILURES - 1)
        await announced(database, seeded.organisation, 1)
        async with dispatching(database):
            await until(lambda: all_are(database, webhook, DONE))
    on = await kept(database, webhook)
    assert (on.is_active, on.failures) == (True, 0)


async def test_what_is_told_of_a_call_comes_in_order_however_often_it_fails(database: Database, seeded: Seeded) -> None:
    tries: Counter[tuple[str, str]] = Counter()

    async def first_bad(received: Received, request: web.Request) -> int:
        tries[received.id, received.path] += 1
        return 500 if tries[received.id, received.path] == 1 and received.told["event"] == "call.started" else 200

    async with receiving(first_bad) as receiver:
        (webhook,) = await subscribed(database, seeded.organisation, receiver.url)
        await announced(database, seeded.organisation, 12, "call.started", "call.ended")
        async with dispatching(database, waits=(0.05,)), dispatching(database, waits=(0.05,)):
            await until(lambda: all_are(database, webhook, DONE))
    assert list(by_call(receiver.received)) == [["call.started", "call.started", "call.ended"]] * 12


async def test_a_later_event_goes_when_the_earlier_was_given_up(database: Database, seeded: Seeded) -> None:
    async def no_starts(received: Received, request: web.Request) -> int:
        return 500 if received.told["event"] == "call.started" else 200

    async with receiving(no_starts) as receiver:
        (webhook,) = await subscribed(database, seeded.organisation, receiver.url)
        await announced(database, seeded.organisation, 1, "call.started", "call.ended")
        async with dispatching(database, waits=(0.01,)):
            await until(lambda: all_are(database, webhook, DONE, FAILED))
    assert list(by_call(receiver.received)) == [["call.started", "call.started", "call.ended"]]


async def test_one_that_hangs_among_fifty_delays_nobody(database: Database, seeded: Seeded) -> None:
    hung = asyncio.Event()

    async def hangs(received: Received, request: web.Request) -> int:
        if received.path == "/0":
            await hung.wait()
        return 200

    async with receiving(hangs) as receiver:
        webhooks = await subscribed(
            database, seeded.organisation, *(f"{receiver.url}/{number}" for number in range(50))
        )
        await announced(database, seeded.organisation, 10)
        async with dispatching(database):
            await until(lambda: len(receiver.taken) == 49 * 10)
            assert len(receiver.of("/0")) == module.OF_ONE_WEBHOOK
            assert await all_are(database, webhooks[0], SENDING, PENDING)
            hung.set()
            await until(lambda: len(receiver.taken) == 50 * 10)


async def test_an_organisation_whose_receivers_all_hang_delays_no_other(database: Database, seeded: Seeded) -> None:
    hung, other = asyncio.Event(), an_organisation()

    async def hangs(received: Received, request: web.Request) -> int:
        if received.path != "/other":
            await hung.wait()
        return 200

    async with database.begin() as work:
        await work.organisations.add(other)
    async with receiving(hangs) as receiver:
        await subscribed(database, seeded.organisation, *(f"{receiver.url}/{number}" for number in range(60)))
        await subscribed(database, other.id, f"{receiver.url}/other")
        await announced(database, seeded.organisation, 10)
        async with dispatching(database):
            await until(lambda: len(receiver.received) >= module.OF_ONE_ORGANISATION)
            await announced(database, other.id, 10)
            await until(lambda: len(receiver.of("/other")) == 10)
            assert len(receiver.received) == module.OF_ONE_ORGANISATION + 10
            hung.set()


async def test_one_that_does_not_answer_in_time_is_tried_again(database: Database, seeded: Seeded) -> None:
    for_ever = asyncio.Event()

    async def hangs_once(received: Received, request: web.Request) -> int:
        if len(receiver.received) == 1:
            await for_ever.wait()
        return 200

    async with receiving(hangs_once) as receiver:
        (webhook,) = await subscribed(database, seeded.organisation, receiver.url)
        await announced(database, seeded.organisation, 1)
        tally = Counted()
        async with dispatching(database, seconds=0.2, waits=QUICK, tally=tally):
            await until(lambda: all_are(database, webhook, DONE))
            await until(lambda: len(tally.states) == 2)
    assert tally.states == [PENDING, DONE]


async def test_an_answer_counts_by_its_status_however_slow_or_long_its_body(
    database: Database, seeded: Seeded, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("control_api.links.webhook_sender.READ_SECONDS", 0.05)
    for_ever = asyncio.Event()

    async def drips(received: Received, request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        await response.write(b"x" * (1 if received.path == "/slow" else 1 << 20))
        await for_ever.wait()
        return response

    async with receiving(drips) as receiver:
        slow, long = await subscribed(database, seeded.organisation, f"{receiver.url}/slow", f"{receiver.url}/long")
        await announced(database, seeded.organisation, 1)
        async with dispatching(database):
            await until(lambda: all_are(database, slow, DONE))
            await until(lambda: all_are(database, long, DONE))
        for_ever.set()


async def test_two_dispatchers_on_one_database_send_nothing_twice(database: Database, seeded: Seeded) -> None:
    async with receiving() as receiver:
        webhooks = await subscribed(database, seeded.organisation, *(f"{receiver.url}/{n}" for n in range(5)))
        await announced(database, seeded.organisation, 60)
        async with dispatching(database), dispatching(database):
            await until(lambda: len(receiver.received) >= 300)
            for webhook in webhooks:
                await until(lambda: all_are(database, webhook, DONE))  # noqa: B023 - asked at once
    assert Counter((one.path, one.id) for one in receiver.received).most_common(1)[0][1] == 1
    assert len(receiver.received) == 300


async def test_two_relays_make_one_delivery(database: Database, seeded: Seeded) -> None:
    (webhook,) = await subscribed(database, seeded.organisation, "https://example.com/")
    async with database.begin(seeded.organisation) as work:
        await work.announce_all([("call.ended", {"call": f"cal_{number}"}) for number in range(50)])
    await asyncio.gather(*(relayed(database) for _ in range(4)))
    calls = [log.call_id for log in await deliveries(database, webhook)]
    assert sorted(calls, key=str) == sorted(f"cal_{number}" for number in range(50))


async def test_what_one_had_in_hand_when_it_died_another_sends_when_its_lease_is_over(
    database: Database, seeded: Seeded
) -> None:
    now = real_now()
    async with receiving() as receiver:
        (webhook,) = await subscribed(database, seeded.organisation, receiver.url)
        await announced(database, seeded.organisation, 1)
        async with database.begin() as work:
            (taken,) = await work.deliveries.claim(webhook.id, 4, now=real_now(), until=now + timedelta(hours=1))
        async with database.read() as work:
            assert await work.deliveries.webhooks_due(real_now(), []) == []
        async with dispatching(database, clock=lambda: real_now() + timedelta(hours=2)):
            await until(lambda: all_are(database, webhook, DONE))
        (log,) = await deliveries(database, webhook)
        assert log.attempts == 1
        async with database.begin() as work:
            late = replace(taken, state=FAILED, due_at=None)
            assert await work.deliveries.settle([(taken, late)]) == []
        assert await all_are(database, webhook, DONE)


async def test_a_webhook_that_is_deleted_meanwhile_breaks_nothing(database: Database, seeded: Seeded) -> None:
    deleted = asyncio.Event()

    async def waits(received: Received, request: web.Request) -> int:
        if received.path == "/deleted":
            await deleted.wait()
        return 200

    async with receiving(waits) as receiver:
        gone, stays = await subscribed(
            database, seeded.organisation, f"{receiver.url}/deleted", f"{receiver.url}/stays"
        )
        await announced(database, seeded.organisation, 6)
        async with dispatching(database):
            await until(lambda: len(receiver.of("/deleted")) == module.OF_ONE_WEBHOOK)
            async with database.begin(seeded.organisation) as work:
                assert await work.webhooks.delete(gone.id)
            deleted.set()
            await announced(database, seeded.organisation, 6)
            await until(lambda: len(receiver.of("/stays")) == 12)
            await until(lambda: all_are(database, stays, DONE))
    assert len(receiver.of("/deleted")) == module.OF_ONE_WEBHOOK


async def test_a_private_address_is_not_reached_and_the_log_says_so(database: Database, seeded: Seeded) -> None:
    async with receiving() as receiver:
        (webhook,) = await subscribed(
            database, seeded.organisation, receiver.url.replace("http://127.0.0.1", "https://localtest.example")
        )
        await announced(database, seeded.organisation, 1)
        (plain,) = await subscribed(database, seeded.organisation, receiver.url)
        await announced(database, seeded.organisation, 1)
        async with dispatching(database, private=False, waits=()):
            await until(lambda: all_are(database, plain, FAILED))
            await until(lambda: all_are(database, webhook, FAILED))
    assert receiver.received == []
    (log,) = await deliveries(database, plain)
    assert log.trouble == "its url must begin with https://"
