"""Queues of human agents."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from storage.database import Database
from storage.records import Call, CallStatus
from storage.seed import Seeded
from tests.control_api.api import Api, serving_api
from tests.storage.samples import a_call

QUEUE = {"name": "sales_specialist", "timezone": "Asia/Kolkata", "hours": {"start": "09:00", "end": "18:00"}}
MEMBER = {"name": "Asha", "phone": "+14155550192"}
ANOTHER_DAY = (datetime.now(UTC) + timedelta(days=3)).strftime("%a").lower()
NEVER_OPEN = {"name": "closed", "hours": {"start": "09:00", "end": "18:00", "days": [ANOTHER_DAY]}}
NOW = ("is_open", "members", "available", "waiting")


@pytest.fixture
async def api(database: Database, tmp_path: Path) -> AsyncIterator[Api]:
    async with serving_api(database, tmp_path) as api:
        yield api


async def test_a_queue_is_made_shown_changed_and_deleted(api: Api) -> None:
    queue = await api.made("/queues", QUEUE)
    assert (queue["name"], queue["hours"], queue["max_wait"], queue["ring_seconds"]) == (
        "sales_specialist",
        {"start": "09:00", "end": "18:00"},
        120,
        30,
    )
    path = f"/queues/{queue['uuid']}"
    changed = await api.patch(path, {"hours": None, "ring_seconds": 20})
    assert (changed.body["hours"], changed.body["ring_seconds"], changed.body["timezone"]) == (None, 20, "Asia/Kolkata")
    assert (await api.get("/queues")).body == {"queues": [changed.body], "total": 1}
    await api.made(f"{path}/members", MEMBER)
    assert (await api.delete(path)).status == 204
    assert (await api.get(path)).status == 404
    assert (await api.get("/queues")).body["total"] == 0


@pytest.mark.either
@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        ({"name": "two words"}, "name"),
        ({"name": ""}, "name"),
        ({"name": "a", "timezone": "Mars/Base"}, "timezone"),
        ({"name": "a", "hours": {"start": "9", "end": "18:00"}}, "hours.start"),
        ({"name": "a", "hours": {"start": "09:00", "end": "09:00"}}, "hours"),
        ({"name": "a", "hours": {"start": "09:00", "end": "10:00", "days": []}}, "hours.days"),
        ({"name": "a", "ring_seconds": 0}, "ring_seconds"),
    ],
)
async def test_what_is_wrong_with_a_queue_is_named(api: Api, body: Any, sentence: str) -> None:
    answer = await api.post("/queues", body)
    assert answer.status == 400
    assert answer.detail.startswith(sentence)
    assert (await api.get("/queues")).body["total"] == 0


async def test_two_queues_have_two_names(api: Api) -> None:
    one, two = await api.made("/queues", {"name": "a"}), await api.made("/queues", {"name": "b"})
    assert (await api.post("/queues", {"name": "a"})).status == 409
    assert (await api.patch(f"/queues/{two['uuid']}", {"name": "a"})).status == 409
    assert (await api.patch(f"/queues/{one['uuid']}", {"name": "a"})).status == 200


async def test_the_flows_urls_are_shown_and_carry_a_secret_of_the_organisation(api: Api) -> None:
    shown = (await api.get("/integrations/telephony/exotel")).body
    _, stranger = await api.stranger()
    others = (await api.get("/integrations/telephony/exotel", token=stranger)).body
    for name in ("passthru_url", "connect_url"):
        assert shown[name].startswith(f"https://voice.example.com/webhooks/exotel/{name.removesuffix('_url')}?token=")
        assert shown[name] != others[name]


async def test_a_queue_tells_who_could_be_given_a_call_now_and_what_came_of_its_transfers(
    database: Database, seeded: Seeded, tmp_path: Path
) -> None:
    async def commands(call: Call, command: Mapping[str, Any]) -> Mapping[str, Any]:
        return {"ok": True}

    async with serving_api(database, tmp_path, commands=commands) as api:
        queue, closed = await api.made("/queues", {"name": "sales"}), await api.made("/queues", NEVER_OPEN)
        path = f"/queues/{queue['uuid']}"
        for one in (path, f"/queues/{closed['uuid']}"):
            await api.made(f"{one}/members", MEMBER)
        await api.made(f"{path}/members", {"name": "Ravi", "phone": "+14155550193", "is_on": False})
        now = {one["name"]: [one[name] for name in NOW] for one in (await api.get("/queues")).body["queues"]}
        assert now == {"sales": [True, 2, 1, 0], "closed": [False, 1, 0, 0]}
        call = a_call(seeded.organisation, status=CallStatus.IN_PROGRESS, carrier_call="CA1")
        async with database.begin() as work:
            await work.calls.open(call)
        await api.post(f"/calls/{call.id}/transfer", {"target": "sales", "agent_brief": "Wants a desk."})
        assert [(await api.get(path)).body[name] for name in NOW] == [True, 2, 0, 1]
        of_call = (await api.get(f"/calls/{call.id}/transfers")).body
        assert of_call["total"] == 1
        assert (await api.get(f"{path}/transfers")).body == of_call
        assert (await api.get(f"{path}/transfers?offset=1")).body == {"transfers": [], "total": 1}
        assert (await api.get(f"/queues/{closed['uuid']}/transfers")).body == {"transfers": [], "total": 0}
