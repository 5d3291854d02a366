"""A live call is handed to a human agent, or is not."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from control_api.web.errors import RefusedError
from dialer import hand_over
from storage.database import Database
from storage.records import Call, CallStatus, CallType, Scope
from storage.seed import Seeded
from tests.control_api.api import Api, serving_api
from tests.storage.samples import a_call

QUEUE = {"name": "sales_specialist", "timezone": "Asia/Kolkata", "hours": {"start": "09:00", "end": "18:00"}}
MEMBER = {"name": "Asha", "phone": "+14155550192"}
TRANSFER = {"target": "sales", "agent_brief": "Wants a desk.", "context": {"cart_value": 850}}


@pytest.fixture
async def api(database: Database, tmp_path: Path) -> AsyncIterator[Api]:
    async with serving_api(database, tmp_path) as api:
        yield api


async def a_live_call(api: Api, seeded: Seeded, **more: Any) -> Call:
    about = {"status": CallStatus.IN_PROGRESS, "carrier_call": "CA1", **more}
    call = a_call(seeded.organisation, **about)
    async with api.database.begin() as work:
        await work.calls.open(call)
    return call


async def test_an_unknown_queue_is_not_found(api: Api) -> None:
    for path in ("/calls/agent-availability?target=nowhere", "/v1/calls/agent-availability?target=nowhere"):
        answer = await api.get(path)
        assert (answer.status, answer.detail) == (404, "Queue not found")


async def test_a_call_is_handed_over_and_told_so(database: Database, seeded: Seeded, tmp_path: Path) -> None:
    told: list[tuple[str, Mapping[str, Any]]] = []

    async def commands(call: Call, command: Mapping[str, Any]) -> Mapping[str, Any]:
        told.append((call.id, command))
        return {"ok": True}

    async with serving_api(database, tmp_path, commands=commands) as api:
        queue = await api.made("/queues", {"name": "sales"})
        await api.made(f"/queues/{queue['uuid']}/members", MEMBER)
        call = await a_live_call(api, seeded)
        answer = await api.post(f"/v1/calls/{call.id}/transfer", TRANSFER)
        expected = {"status": "transfer_initiated", "call_uuid": call.id, "target": "sales"}
        assert (answer.status, answer.body) == (200, expected)
        (shown,) = (await api.get(f"/calls/{call.id}/transfers")).body["transfers"]
        assert told == [(call.id, {"do": "transfer", "target": "sales", "transfer": shown["uuid"]})]
        assert (shown["status"], shown["member_name"], shown["context"]) == ("initiated", "Asha", {"cart_value": 850})
        availability = await api.get("/calls/agent-availability?target=sales")
        assert (availability.body["available"], availability.body["queue_depth"]) == (False, 1)
        again = await api.post(f"/calls/{call.id}/transfer", TRANSFER)
        assert (again.status, again.detail) == (409, "Call is not currently active")
        other = await a_live_call(api, seeded, carrier_call="CA2")
        full = await api.post(f"/calls/{other.id}/transfer", TRANSFER)
        assert (full.status, full.detail) == (503, "No agents available in target queue")


async def test_a_process_that_does_not_answer_leaves_everything_as_it_was(
    database: Database, seeded: Seeded, tmp_path: Path
) -> None:
    async def silent(call: Call, command: Mapping[str, Any]) -> Mapping[str, Any]:
        raise RefusedError(503, "The call's process does not answer")

    async with serving_api(database, tmp_path, commands=silent) as api:
        queue = await api.made("/queues", {"name": "sales"})
        await api.made(f"/queues/{queue['uuid']}/members", MEMBER)
        call = await a_live_call(api, seeded)
        assert (await api.post(f"/calls/{call.id}/transfer", TRANSFER)).status == 503
        async with database.read() as work:
            present = await work.calls.get(call.id)
        assert present == replace(call)
        availability = await api.get("/calls/agent-availability?target=sales")
        assert (availability.body["available"], availability.body["queue_depth"]) == (True, 0)
        async with database.read() as work:
            assert await work.outbox.waiting(10) == [], "nobody is told of what did not happen"


async def test_a_process_that_obeys_and_is_slow_to_say_so_has_obeyed(
    database: Database, seeded: Seeded, tmp_path: Path
) -> None:
    async def slow(call: Call, command: Mapping[str, Any]) -> Mapping[str, Any]:
        async with database.begin(seeded.organisation) as work:
            assert await hand_over.obeyed(work, command["transfer"], datetime.now(UTC))
        raise RefusedError(503, "The call's process does not answer")

    async with serving_api(database, tmp_path, commands=slow) as api:
        queue = await api.made("/queues", {"name": "sales"})
        await api.made(f"/queues/{queue['uuid']}/members", MEMBER)
        call = await a_live_call(api, seeded)
        assert (await api.post(f"/calls/{call.id}/transfer", TRANSFER)).status == 200
        (shown,) = (await api.get(f"/calls/{call.id}/transfers")).body["transfers"]
        assert shown["status"] == "initiated"


async def test_of_many_who_transfer_one_call_at_once_all_but_one_are_told_that_it_is_on_its_way(
    database: Database, seeded: Seeded, tmp_path: Path
) -> None:
    async def commands(call: Call, command: Mapping[str, Any]) -> Mapping[str, Any]:
        return {"ok": True}

    async with serving_api(database, tmp_path, commands=commands) as api:
        queue = await api.made("/queues", {"name": "sales"})
        await api.made(f"/queues/{queue['uuid']}/members", MEMBER)
        call = await a_live_call(api, seeded)
        answers = await asyncio.gather(*(api.post(f"/calls/{call.id}/transfer", TRANSFER) for _ in range(20)))
        assert sorted(answer.status for answer in answers) == [200, *[409] * 19]


@pytest.mark.parametrize(
    ("status", "carrier_call"),
    [(CallStatus.RINGING, "CA1"), (CallStatus.TRANSFERRING, "CA1"), (CallStatus.IN_PROGRESS, None)],
)
async def test_only_a_call_that_its_carrier_can_dial_on_is_handed_over(
    api: Api, seeded: Seeded, status: CallStatus, carrier_call: str | None
) -> None:
    queue = await api.made("/queues", {"name": "sales"})
    await api.made(f"/queues/{queue['uuid']}/members", MEMBER)
    call = await a_live_call(api, seeded, status=status, carrier_call=carrier_call)
    assert (await api.post(f"/calls/{call.id}/transfer", TRANSFER)).status == 409
    assert (await api.get(f"/calls/{call.id}/transfers")).body == {"transfers": [], "total": 0}


@pytest.mark.parametrize("brief", ["", "  ", "x" * 281])
async def test_a_brief_is_one_to_280_characters(api: Api, seeded: Seeded, brief: str) -> None:
    call = await a_live_call(api, seeded)
    answer = await api.post(f"/calls/{call.id}/transfer", {**TRANSFER, "agent_brief": brief})
    assert answer.status == 400
    assert answer.detail.startswith("agent_brief")


async def test_who_may_only_read_calls_hands_none_over(api: Api, seeded: Seeded) -> None:
    call = await a_live_call(api, seeded)
    reader = await api.key(Scope.CALLS_READ)
    assert (await api.post(f"/calls/{call.id}/transfer", TRANSFER, token=reader)).status == 403
    assert (await api.post("/queues", QUEUE, token=reader)).status == 403
    assert (await api.get("/queues", token=reader)).status == 200


@pytest.mark.parametrize(("app_id", "status"), [({}, 409), ({"app_id": "77"}, 200)])
async def test_a_placed_call_needs_a_flow_that_dials_on(
    database: Database, seeded: Seeded, tmp_path: Path, app_id: dict[str, str], status: int
) -> None:
    async def commands(call: Call, command: Mapping[str, Any]) -> Mapping[str, Any]:
        return {"ok": True}

    async with serving_api(database, tmp_path, commands=commands) as api:
        account = {"api_key": "a", "api_token": "b", "account_sid": "c", **app_id}
        assert (await api.put("/integrations/telephony/exotel", account)).status == 200
        queue = await api.made("/queues", {"name": "sales"})
        await api.made(f"/queues/{queue['uuid']}/members", MEMBER)
        call = await a_live_call(api, seeded, call_type=CallType.OUTBOUND)
        answer = await api.post(f"/calls/{call.id}/transfer", TRANSFER)
        assert answer.status == status
        found = (await api.get(f"/calls/{call.id}/transfers")).body
        assert found["total"] == (status == 200)
