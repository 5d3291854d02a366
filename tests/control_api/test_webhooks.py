from __future__ import annotations

import base64
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from control_api.access.limits import Limits, Rules
from storage.assets import Delivery, Webhook
from storage.database import Database
from storage.ids import LOG, new_id
from storage.records import Scope
from storage.sealing import webhook_part
from storage.seed import Seeded
from tests.control_api.api import Api, serving_api
from tests.storage.samples import NOW

GIVEN = {
    "name": "CRM Sync Workflow",
    "url": "https://workflow.example.internal/nn-events",
    "events": ["call.ended", "call.started", "call.transferred"],
    "headers": {"X-Workflow-Secret": "your-shared-secret"},
}
"""The document's example of `POST /webhooks`."""
EVENTS = [
    "call.started",
    "call.ended",
    "call.transferred",
    "call.no_answer",
    "call.voicemail",
    "call.transcript_ready",
    "campaign.launched",
    "campaign.stopped",
    "campaign.completed",
]
PAYLOAD = {
    "event": "call.ended",
    "fired_at": "2026-05-12T14:34:05Z",
    "organisation_uuid": "org_o1p2q3",
    "data": {"call_uuid": "cal_c1d2e3f4", "transcript": [{"speaker": "agent", "text": "Hi", "timestamp": 0.0}]},
}


@pytest.fixture
async def api(database: Database, tmp_path: Path) -> AsyncIterator[Api]:
    async with serving_api(database, tmp_path) as api:
        yield api


async def kept(api: Api, uuid: str) -> Webhook:
    async with api.database.read() as work:
        webhook = await work.webhooks.get(uuid)
    assert webhook is not None
    return webhook


async def test_a_webhook_is_created_as_documented(api: Api) -> None:
    made = await api.made("/webhooks", GIVEN)
    secret = made["secret"]
    assert made == {
        **GIVEN,
        "uuid": made["uuid"],
        "headers": {"X-Workflow-Secret": "••••••••cret"},
        "secret": secret,
        "is_active": True,
        "failures": 0,
        "trouble": None,
        "last_triggered_at": None,
        "old_secret_until": None,
        "created_at": made["created_at"],
        "updated_at": made["created_at"],
    }
    assert made["uuid"].startswith("wbh_")
    assert secret.startswith("whsec_")
    assert len(base64.b64decode(secret.removeprefix("whsec_"), validate=True)) == 32
    shown = {**made, "secret": "••••••••" + secret[-4:]}
    assert (await api.get(f"/webhooks/{made['uuid']}")).body == shown
    assert (await api.get("/webhooks")).body == {"webhooks": [shown], "total": 1}
    assert (await api.get("/v1/webhooks")).body == {"webhooks": [shown], "total": 1}
    assert (await api.get(f"/v1/webhooks/{made['uuid']}")).body == shown


async def test_the_documents_fields_are_listed(api: Api) -> None:
    made = await api.made("/v1/webhooks", GIVEN)
    async with api.database.begin() as work:
        triggered = NOW + timedelta(minutes=1)
        await work.webhooks.save(replace(await kept(api, made["uuid"]), last_triggered_at=triggered), now=NOW)
    listed = (await api.get("/webhooks")).body["webhooks"][0]
    assert {name: listed[name] for name in ("name", "url", "events", "is_active", "last_triggered_at")} == {
        "name": "CRM Sync Workflow",
        "url": "https://workflow.example.internal/nn-events",
        "events": ["call.ended", "call.started", "call.transferred"],
        "is_active": True,
        "last_triggered_at": "2026-03-01T09:31:00Z",
    }


async def test_secret_and_headers_are_kept_sealed(api: Api, database: Database) -> None:
    made = await api.made("/webhooks", {**GIVEN, "secret": "a-secret-of-their-own"})
    assert made["secret"] == "••••••••-own"
    webhook = await kept(api, made["uuid"])
    about = {"organisation": webhook.organisation_id}
    seal = api.services.seal
    assert seal.open(webhook.secret, name=webhook_part(webhook.id, "secret"), **about) == "a-secret-of-their-own"
    opened = seal.open(webhook.headers, name=webhook_part(webhook.id, "headers"), **about)
    assert opened == '{"X-Workflow-Secret":"your-shared-secret"}'
    async with database.connect() as connection:
        row = str((await connection.execute(text("SELECT * FROM webhooks"))).one())
    assert "your-shared-secret" not in row
    assert "a-secret-of-their-own" not in row


async def test_every_documented_event_can_be_subscribed(api: Api) -> None:
    made = await api.made("/webhooks", {**GIVEN, "events": EVENTS})
    assert made["events"] == EVENTS


async def test_only_what_is_given_changes(api: Api) -> None:
    made = await api.made("/webhooks", GIVEN)
    path = f"/webhooks/{made['uuid']}"
    changed = await api.patch(path, {"name": "Sync", "events": ["call.voicemail"]})
    assert changed.status == 200
    secret = "••••••••" + made["secret"][-4:]
    expected = {**made, "secret": secret, "name": "Sync", "events": ["call.voicemail"]}
    assert {**changed.body, "updated_at": made["updated_at"]} == expected
    assert changed.body["updated_at"] >= made["updated_at"]
    off = await api.patch(f"/v1{path}", {"is_active": False, "url": "https://example.com/hook"})
    assert (off.body["is_active"], off.body["url"]) == (False, "https://example.com/hook")
    assert (await api.patch(path, {"secret": "another secret"})).status == 400
    assert (await api.patch(path, {"secret": "another-secret-then"})).body["secret"] == "••••••••then"
    webhook = await kept(api, made["uuid"])
    part = webhook_part(webhook.id, "secret")
    opened = api.services.seal.open(webhook.secret, organisation=webhook.organisation_id, name=part)
    assert opened == "another-secret-then"
    assert (await api.patch(path, {})).body["name"] == "Sync"


async def test_a_header_given_back_as_it_was_shown_stays(api: Api) -> None:
    made = await api.made("/webhooks", GIVEN)
    path = f"/webhooks/{made['uuid']}"
    changed = await api.patch(path, {"headers": {**made["headers"], "X-More": "some-more-of-it"}})
    assert changed.body["headers"] == {"X-Workflow-Secret": "••••••••cret", "X-More": "••••••••f-it"}
    webhook = await kept(api, made["uuid"])
    part = webhook_part(webhook.id, "headers")
    opened = api.services.seal.open(webhook.headers, organisation=webhook.organisation_id, name=part)
    assert opened == '{"X-Workflow-Secret":"your-shared-secret","X-More":"some-more-of-it"}'
    wrong = await api.patch(path, {"headers": {"X-Other": "••••••••cret"}})
    assert (wrong.status, wrong.detail) == (400, "headers.X-Other is masked: it must be given in full")
    assert (await api.patch(path, {"headers": {}})).body["headers"] == {}


async def test_switching_on_forgets_failures_and_nothing_else_does(api: Api) -> None:
    made = await api.made("/webhooks", GIVEN)
    path = f"/webhooks/{made['uuid']}"
    async with api.database.begin() as work:
        failed = replace(await kept(api, made["uuid"]), is_active=False, failures=20, trouble="20 failures in a row")
        await work.webhooks.save(failed, now=NOW)
    renamed = (await api.patch(path, {"name": "Sync"})).body
    assert (renamed["is_active"], renamed["failures"], renamed["trouble"]) == (False, 20, "20 failures in a row")
    on = (await api.patch(path, {"is_active": True})).body
    assert (on["is_active"], on["failures"], on["trouble"]) == (True, 0, None)


async def test_a_change_does_not_undo_what_a_delivery_counted_meanwhile(api: Api, seeded: Seeded) -> None:
    made = await api.made("/webhooks", GIVEN)
    before = await kept(api, made["uuid"])
    async with api.database.begin(seeded.organisation) as work:
        await work.webhooks.rewrite(replace(before, failures=3), ["failures"], now=NOW)
        assert await work.webhooks.rewrite(replace(before, name="Sync"), ["name"], now=NOW)
    after = await kept(api, made["uuid"])
    assert after == replace(before, failures=3, name="Sync", updated_at=NOW)


async def test_a_list_can_be_of_the_active_ones_and_is_paged(api: Api) -> None:
    names = ["one", "two", "three"]
    made = [await api.made("/webhooks", {**GIVEN, "name": name}) for name in names]
    await api.patch(f"/webhooks/{made[1]['uuid']}", {"is_active": False})

    async def listed(query: str) -> tuple[list[str], int]:
        body = (await api.get(f"/webhooks{query}")).body
        return [shown["name"] for shown in body["webhooks"]], body["total"]

    assert await listed("") == (names, 3)
    assert await listed("?is_active=true") == (["one", "three"], 2)
    assert await listed("?is_active=false") == (["two"], 1)
    assert await listed("?limit=1&offset=1") == (["two"], 3)
    assert (await api.get("/webhooks?is_active=perhaps")).status == 400


async def test_a_new_secret_is_shown_once_and_the_old_one_lasts_another_day(api: Api) -> None:
    made = await api.made("/webhooks", GIVEN)
    path = f"/webhooks/{made['uuid']}"
    rotated = await api.post(f"{path}/rotate-secret")
    assert rotated.status == 200
    assert rotated.body["secret"].startswith("whsec_")
    assert rotated.body["secret"] != made["secret"]
    until = datetime.fromisoformat(rotated.body["old_secret_until"])
    assert until - datetime.fromisoformat(rotated.body["updated_at"]) == timedelta(hours=24)
    assert (await api.get(path)).body == {**rotated.body, "secret": "••••••••" + rotated.body["secret"][-4:]}
    webhook = await kept(api, made["uuid"])
    part = webhook_part(webhook.id, "secret")
    assert webhook.old_secret is not None
    assert api.services.seal.open(webhook.old_secret, organisation=webhook.organisation_id, name=part) == made["secret"]
    changed = await api.patch(path, {"secret": "one-that-somebody-chose"})
    assert changed.body["old_secret_until"] is None
    assert (await kept(api, made["uuid"])).old_secret is None
    assert (await api.post("/v1/webhooks/wbh_unknown/rotate-secret")).status == 404


async def test_a_second_rotation_waits_until_the_first_is_over(api: Api) -> None:
    made = await api.made("/webhooks", GIVEN)
    path = f"/webhooks/{made['uuid']}"
    first = await api.post(f"{path}/rotate-secret")
    before = await kept(api, made["uuid"])
    again = await api.post(f"{path}/rotate-secret")
    until = first.body["old_secret_until"]
    told = f"A rotation is under way until {until}: the secret before this one signs too until then"
    assert (again.status, again.detail) == (409, told)
    assert await kept(api, made["uuid"]) == before
    over = datetime.now(UTC) - timedelta(seconds=1)
    async with api.database.begin() as work:
        await work.webhooks.rewrite(replace(before, old_secret_until=over), ["old_secret_until"], now=over)
    assert (await api.post(f"{path}/rotate-secret")).status == 200


async def test_a_deleted_webhook_takes_its_deliveries_with_it(api: Api, seeded: Seeded) -> None:
    made = await api.made("/webhooks", GIVEN)
    async with api.database.begin() as work:
        await work.deliveries.add(
            [Delivery(new_id(LOG), seeded.organisation, made["uuid"], "evt_1", "call.ended", PAYLOAD, triggered_at=NOW)]
        )
    deleted = await api.delete(f"/webhooks/{made['uuid']}")
    assert (deleted.status, deleted.raw) == (204, b"")
    assert (await api.get("/webhooks")).body == {"webhooks": [], "total": 0}
    async with api.database.read() as work:
        assert await work.deliveries.page(made["uuid"], [], 10) == ([], 0)
    assert (await api.delete(f"/webhooks/{made['uuid']}")).status == 404


async def test_switching_off_gives_up_what_waits(api: Api, seeded: Seeded) -> None:
    made = await api.made("/webhooks", GIVEN)
    waiting = Delivery(
        new_id(LOG), seeded.organisation, made["uuid"], "evt_1", "call.ended", PAYLOAD, triggered_at=NOW, due_at=NOW
    )
    async with api.database.begin() as work:
        await work.deliveries.add([waiting])
    await api.patch(f"/webhooks/{made['uuid']}", {"is_active": False})
    (log,) = (await api.get(f"/webhooks/{made['uuid']}/logs")).body["logs"]
    assert (log["state"], log["next_attempt_at"], log["trouble"]) == ("failed", None, "the webhook was switched off")


async def test_wrong_fields_are_named_and_nothing_is_kept(api: Api) -> None:
    made = await api.made("/webhooks", GIVEN)
    wrong: list[tuple[dict[str, Any], str]] = [
        ({"name": " "}, "name must not be empty"),
        ({"events": []}, "events must name at least one event type"),
        ({"events": ["call.strated"]}, "events names call.strated, which is no event type"),
        ({"events": ["call.ended", "call.ended"]}, "events names call.ended more than once"),
        ({"url": "http://example.com/"}, "url must begin with https://"),
        ({"url": "example.com"}, "url must begin with https://"),
        ({"url": "https://user:word@example.com/"}, "url must have no credentials in it"),
        ({"url": "https://127.0.0.1/"}, "url must not lead to a private address"),
        ({"headers": {"Host": "x"}}, "headers must not set Host, which the server sets itself"),
        ({"secret": "short"}, "secret "),
        ({"secret": "a secret with spaces"}, "secret must be 16 to 200 printable characters without spaces"),
        ({"secret": "whsec_not-base64-at-all"}, "secret must be base64 of 16 to 64 bytes after whsec_"),
        ({"retries": 3}, "retries is not a known field"),
    ]
    for fields, detail in wrong:
        for answer in (
            await api.post("/webhooks", GIVEN | fields),
            await api.patch(f"/webhooks/{made['uuid']}", fields),
        ):
            assert answer.status == 400, fields
            assert answer.detail.startswith(detail), fields
    for field in ("name", "url", "events"):
        missing = await api.post("/webhooks", {name: value for name, value in GIVEN.items() if name != field})
        assert (missing.status, missing.detail) == (400, f"{field} is required")
        null = await api.patch(f"/webhooks/{made['uuid']}", {field: None})
        assert null.status == 400
    assert (await api.get("/webhooks")).body["total"] == 1
    assert (await api.get(f"/webhooks/{made['uuid']}")).body["updated_at"] == made["updated_at"]


async def test_an_operator_may_allow_private_places(database: Database, tmp_path: Path) -> None:
    async with serving_api(database, tmp_path, private_webhooks=True) as api:
        for url in ("http://127.0.0.1:9000/hook", "https://localhost/hook", "http://[::1]/"):
            assert (await api.made("/webhooks", {**GIVEN, "url": url}))["url"] == url
        for url in ("ftp://127.0.0.1/", "http://user@127.0.0.1/"):
            assert (await api.post("/webhooks", {**GIVEN, "url": url})).status == 400


async def test_what_is_not_there_and_what_is_anothers_look_alike(api: Api) -> None:
    made = await api.made("/webhooks", GIVEN)
    _, token = await api.stranger()
    for prefix in ("", "/v1"):
        for path, key in ((f"{prefix}/webhooks/wbh_unknown", None), (f"{prefix}/webhooks/{made['uuid']}", token)):
            answers = [
                await api.get(path, token=key),
                await api.get(f"{path}/logs", token=key),
                await api.patch(path, {"name": "Mine"}, token=key),
                await api.patch(path, {"headers": {}}, token=key),
                await api.delete(path, token=key),
            ]
            assert {(answer.status, answer.detail) for answer in answers} == {(404, "Webhook not found")}
        assert (await api.get(f"{prefix}/webhooks", token=token)).body == {"webhooks": [], "total": 0}
    assert (await api.get(f"/webhooks/{made['uuid']}")).body["name"] == GIVEN["name"]


async def test_each_route_wants_its_scope(api: Api) -> None:
    made = await api.made("/webhooks", GIVEN)
    path = f"/webhooks/{made['uuid']}"
    writer, reader = await api.key(Scope.WEBHOOKS_WRITE), await api.key(Scope.WEBHOOKS_READ)
    for place in ("/webhooks", path, f"{path}/logs"):
        answer = await api.get(place, token=writer)
        assert (answer.status, answer.detail) == (403, "Insufficient permissions. Required scopes: voice:webhooks:read")
    for answer in (
        await api.post("/webhooks", GIVEN, token=reader),
        await api.patch(path, {"name": "Sync"}, token=reader),
        await api.delete(path, token=reader),
    ):
        assert (answer.status, answer.detail) == (
            403,
            "Insufficient permissions. Required scopes: voice:webhooks:write",
        )


async def test_twenty_a_minute_can_be_created(database: Database, tmp_path: Path) -> None:
    limits = Limits(None, Rules())
    try:
        async with serving_api(database, tmp_path, limits=limits) as api:
            statuses = [(await api.post("/webhooks", {})).status for _ in range(21)]
            assert statuses == [400] * 20 + [429]
            answer = await api.post("/v1/webhooks", GIVEN)
            assert (answer.status, answer.detail) == (429, "Rate limit exceeded: 20/minute")
    finally:
        await limits.close()
