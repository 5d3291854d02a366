from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from standardwebhooks import Webhook as StandardWebhook

from storage.assets import Delivery, DeliveryState
from storage.database import Database
from storage.ids import LOG, new_id
from storage.records import Scope
from storage.seed import Seeded
from tests.control_api.api import Api, serving_api
from tests.control_api.receivers import Received, announced, dispatching, receiving
from tests.patience import until
from tests.storage.samples import LATER, NOW

PAYLOAD = {
    "event": "call.ended",
    "fired_at": "2026-05-12T14:34:05Z",
    "organisation_uuid": "org_o1p2q3",
    "data": {"call_uuid": "cal_c1d2e3f4", "transcript": [{"speaker": "agent", "text": "Hi", "timestamp": 0.0}]},
}


@pytest.fixture
async def api(database: Database, tmp_path: Path) -> AsyncIterator[Api]:
    async with serving_api(database, tmp_path, private_webhooks=True) as api:
        yield api


async def hooked(api: Api, url: str, **more: Any) -> dict[str, Any]:
    return await api.made("/webhooks", {"name": "CRM", "url": url, "events": ["call.ended"], **more})


async def logged(api: Api, seeded: Seeded, webhook: str, *deliveries: dict[str, Any]) -> list[Delivery]:
    entries = [
        Delivery(new_id(LOG), seeded.organisation, webhook, f"evt_{n}", "call.ended", PAYLOAD, triggered_at=NOW, **more)
        for n, more in enumerate(deliveries)
    ]
    async with api.database.begin() as work:
        await work.deliveries.add(entries)
    return entries


DONE = {"state": DeliveryState.DONE, "attempts": 1, "response_status": 200, "response_ms": 12}
FAILED = {"state": DeliveryState.FAILED, "attempts": 4, "trouble": "it did not answer within 10 seconds"}
PENDING = {"state": DeliveryState.PENDING, "attempts": 1, "response_status": 500, "due_at": LATER}


async def test_deliveries_are_listed_newest_first(api: Api, seeded: Seeded) -> None:
    made = await hooked(api, "https://example.com/")
    entries = await logged(api, seeded, made["uuid"], DONE, FAILED, PENDING)
    expected: list[dict[str, Any]] = [
        {
            "uuid": entry.id,
            "event_uuid": entry.event_id,
            "event_type": "call.ended",
            "payload": PAYLOAD,
            "state": entry.state,
            "success": entry.state is DeliveryState.DONE,
            "attempts": entry.attempts,
            "response_status": entry.response_status,
            "response_ms": entry.response_ms,
            "trouble": entry.trouble,
            "triggered_at": "2026-03-01T09:30:00Z",
            "next_attempt_at": "2026-03-01T09:35:00Z" if entry.due_at else None,
        }
        for entry in reversed(entries)
    ]
    path = f"/webhooks/{made['uuid']}/logs"
    answer = await api.get(path)
    assert (answer.status, answer.body) == (200, {"logs": expected, "total": 3})
    assert (await api.get(f"/v1{path}?limit=1&offset=1")).body == {"logs": expected[1:2], "total": 3}
    assert (await api.get(f"{path}?state=failed")).body == {"logs": expected[1:2], "total": 1}
    assert (await api.get(f"{path}?state=sending")).body == {"logs": [], "total": 0}
    assert (await api.get(f"{path}?state=lost")).status == 400
    assert (await api.get(f"{path}?limit=101")).status == 400


async def test_a_test_event_is_sent_at_once_and_what_came_back_is_told(api: Api, seeded: Seeded) -> None:
    async with receiving() as receiver:
        made = await hooked(api, f"{receiver.url}/hook", headers={"X-Workflow-Secret": "shared"})
        answer = await api.post(f"/webhooks/{made['uuid']}/test")
    assert (answer.status, answer.body["success"], answer.body["response_status"]) == (200, True, 200)
    (received,) = receiver.received
    assert received.told["event"] == "webhook.test"
    assert received.told["organisation_uuid"] == seeded.organisation
    assert received.headers["X-Workflow-Secret"] == "shared"
    assert received.headers["Content-Type"] == "application/json"
    StandardWebhook(made["secret"]).verify(received.body, received.headers)
    assert (await api.get(f"/webhooks/{made['uuid']}/logs")).body == {"logs": [answer.body], "total": 1}


async def test_a_test_that_fails_says_why_and_counts_for_nothing(api: Api) -> None:
    async def refuses(received: Received, request: web.Request) -> int:
        return 401

    async with receiving(refuses) as receiver:
        made = await hooked(api, receiver.url)
        answer = await api.post(f"/v1/webhooks/{made['uuid']}/test")
    assert answer.status == 200
    told = {name: answer.body[name] for name in ("success", "response_status", "trouble", "attempts")}
    assert told == {"success": False, "response_status": 401, "trouble": "it answered 401", "attempts": 1}
    assert len(receiver.received) == 1
    closed = await api.post(f"/webhooks/{made['uuid']}/test")
    assert (closed.body["response_status"], closed.body["trouble"]) == (None, "no connection could be made")
    shown = (await api.get(f"/webhooks/{made['uuid']}")).body
    assert (shown["failures"], shown["is_active"]) == (0, True)


async def test_during_a_rotation_either_secret_verifies(api: Api) -> None:
    async with receiving() as receiver:
        made = await hooked(api, receiver.url)
        rotated = (await api.post(f"/webhooks/{made['uuid']}/rotate-secret")).body
        await api.post(f"/webhooks/{made['uuid']}/test")
    (received,) = receiver.received
    for secret in (made["secret"], rotated["secret"]):
        StandardWebhook(secret).verify(received.body, received.headers)


async def test_a_private_address_is_refused_at_the_socket_too(api: Api, database: Database, tmp_path: Path) -> None:
    async with receiving() as receiver:
        made = await hooked(api, receiver.url.replace("http://", "https://"))  # made while the operator allowed it
        plain = await hooked(api, receiver.url)
        async with serving_api(database, tmp_path) as strict:
            answer = await strict.post(f"/webhooks/{made['uuid']}/test")
            assert answer.body["trouble"] == "its url must not lead to a private address"
            named = await hooked(strict, "https://rebound.example/")
            assert (await strict.post(f"/webhooks/{named['uuid']}/test")).body["success"] is False
            assert (await strict.post(f"/webhooks/{plain['uuid']}/test")).body["success"] is False
    assert receiver.received == []


async def test_one_delivery_is_sent_again_with_the_same_id(api: Api, seeded: Seeded) -> None:
    async with receiving() as receiver:
        made = await hooked(api, receiver.url)
        await announced(api.database, seeded.organisation, 1)
        async with dispatching(api.database):
            await until(lambda: len(receiver.taken) == 1)
            path = f"/webhooks/{made['uuid']}/logs"

            async def succeeded() -> bool:
                return bool((await api.get(f"{path}?state=done")).body["total"])

            await until(succeeded)
            (log,) = (await api.get(path)).body["logs"]
            again = await api.post(f"{path}/{log['uuid']}/retry")
            assert (again.status, again.body["state"], again.body["attempts"]) == (200, "pending", 0)
            await until(lambda: len(receiver.taken) == 2)
    first, second = receiver.received
    assert (first.id, first.body) == (second.id, second.body)


async def test_all_that_failed_are_sent_again(api: Api, seeded: Seeded) -> None:
    async with receiving() as receiver:
        made = await hooked(api, receiver.url)
        await logged(api, seeded, made["uuid"], FAILED, DONE, FAILED)
        answer = await api.post(f"/v1/webhooks/{made['uuid']}/retry-failed")
        assert (answer.status, answer.body) == (200, {"retried": 2})
        async with dispatching(api.database):
            await until(lambda: len(receiver.taken) == 2)
    assert {received.id for received in receiver.received} == {"evt_0", "evt_2"}
    assert (await api.post(f"/webhooks/{made['uuid']}/retry-failed")).body == {"retried": 0}


async def test_what_is_on_its_way_is_not_sent_again_and_nothing_to_one_that_is_off(api: Api, seeded: Seeded) -> None:
    made = await hooked(api, "https://example.com/")
    waiting, failed = await logged(api, seeded, made["uuid"], PENDING, FAILED)
    path = f"/webhooks/{made['uuid']}"
    again = await api.post(f"{path}/logs/{waiting.id}/retry")
    assert (again.status, again.detail) == (409, "The delivery is on its way already")
    assert (await api.post(f"{path}/logs/wbl_unknown/retry")).detail == "Log not found"
    await api.patch(path, {"is_active": False})
    for place in (f"{path}/logs/{failed.id}/retry", f"{path}/retry-failed"):
        off = await api.post(place)
        assert (off.status, off.detail) == (409, "Webhook is switched off: switch it on first")
    async with api.database.read() as work:
        assert await work.deliveries.get(made["uuid"], failed.id) == failed


async def test_what_is_anothers_does_not_exist(api: Api, seeded: Seeded) -> None:
    async with receiving() as receiver:
        made = await hooked(api, receiver.url)
        (failed,) = await logged(api, seeded, made["uuid"], FAILED)
        _, token = await api.stranger()
        path = f"/webhooks/{made['uuid']}"
        for place in ("/test", f"/logs/{failed.id}/retry", "/retry-failed", "/rotate-secret"):
            for prefix in ("", "/v1"):
                answer = await api.post(f"{prefix}{path}{place}", token=token)
                assert (answer.status, answer.detail) == (404, "Webhook not found")
        mine = await hooked(replace(api, token=token), receiver.url)
        assert (await api.post(f"/webhooks/{mine['uuid']}/logs/{failed.id}/retry", token=token)).status == 404
        assert (await api.get(f"{path}/logs", token=token)).status == 404
    assert receiver.received == []


async def test_each_route_wants_its_scope(api: Api, seeded: Seeded) -> None:
    made = await hooked(api, "https://example.com/")
    (failed,) = await logged(api, seeded, made["uuid"], FAILED)
    writer, reader = await api.key(Scope.WEBHOOKS_WRITE), await api.key(Scope.WEBHOOKS_READ)
    path = f"/webhooks/{made['uuid']}"
    answer = await api.get(f"{path}/logs", token=writer)
    assert (answer.status, answer.detail) == (403, "Insufficient permissions. Required scopes: voice:webhooks:read")
    for place in ("/test", f"/logs/{failed.id}/retry", "/retry-failed", "/rotate-secret"):
        answer = await api.post(f"{path}{place}", token=reader)
        assert (answer.status, answer.detail) == (
            403,
            "Insufficient permissions. Required scopes: voice:webhooks:write",
        )


async def test_what_was_addressed_while_a_webhook_was_switched_off_does_not_go_out_when_it_is_on(
    api: Api, seeded: Seeded
) -> None:
    made = await hooked(api, "https://example.com/")
    path = f"/webhooks/{made['uuid']}"
    await api.patch(path, {"is_active": False})
    await logged(api, seeded, made["uuid"], PENDING)
    await api.patch(path, {"is_active": True})
    (log,) = (await api.get(f"{path}/logs")).body["logs"]
    assert (log["state"], log["trouble"]) == ("failed", "the webhook was switched off")
