"""Members of a queue, and whether calls may be handed to them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from storage.database import Database
from storage.ids import MEMBER as MEMBER_ID
from storage.ids import new_id
from storage.transfer_records import Member
from tests.control_api.api import Api, serving_api
from tests.patience import until
from tests.storage.samples import NOW
from tests.storage.test_postgresql import waits_for_a_lock

MEMBER = {"name": "Asha", "phone": "+14155550192"}


@pytest.fixture
async def api(database: Database, tmp_path: Path) -> AsyncIterator[Api]:
    async with serving_api(database, tmp_path) as api:
        yield api


async def test_a_member_is_switched_off_and_on(api: Api) -> None:
    queue = await api.made("/queues", {"name": "sales"})
    path = f"/queues/{queue['uuid']}/members"
    member = await api.made(path, MEMBER)
    assert (member["is_available"], member["calls"]) == (True, 0)
    assert (await api.post(path, MEMBER)).status == 409
    off = await api.patch(f"{path}/{member['uuid']}", {"is_on": False})
    assert (off.body["is_on"], off.body["is_available"]) == (False, False)
    availability = await api.get("/calls/agent-availability?target=sales")
    assert availability.body["available"] is False
    await api.patch(f"{path}/{member['uuid']}", {"is_on": True})
    availability = await api.get("/calls/agent-availability?target=sales")
    assert list(availability.body) == ["target", "available", "queue_depth", "checked_at"]
    assert (availability.body["target"], availability.body["available"]) == ("sales", True)
    assert (await api.get(f"{path}/{member['uuid']}")).body["is_available"] is True
    assert (await api.get(path)).body["total"] == 1
    assert (await api.delete(f"{path}/{member['uuid']}")).status == 204
    assert (await api.get(path)).body == {"members": [], "total": 0}


async def test_a_member_of_one_queue_is_none_of_another(api: Api) -> None:
    one, two = await api.made("/queues", {"name": "a"}), await api.made("/queues", {"name": "b"})
    member = await api.made(f"/queues/{one['uuid']}/members", MEMBER)
    for method in ("GET", "DELETE"):
        assert (await api.ask(method, f"/queues/{two['uuid']}/members/{member['uuid']}")).status == 404
    assert (await api.patch(f"/queues/{two['uuid']}/members/{member['uuid']}", {"name": "B"})).status == 404


async def test_a_member_of_a_queue_that_is_being_deleted_is_refused(api: Api) -> None:
    queue = await api.made("/queues", {"name": "sales"})
    async with api.database.begin() as work:
        assert await work.queues.delete(queue["uuid"])
        adding = asyncio.create_task(api.post(f"/queues/{queue['uuid']}/members", MEMBER))
        await until(lambda: waits_for_a_lock(api.database))
    assert (await adding).status == 404


async def test_a_queue_goes_with_a_member_who_is_just_being_added(api: Api) -> None:
    queue = await api.made("/queues", {"name": "sales"})
    async with api.database.begin() as work:
        kept = await work.queues.held(queue["uuid"])
        assert kept is not None
        deleting = asyncio.create_task(api.delete(f"/queues/{queue['uuid']}"))
        await until(lambda: waits_for_a_lock(api.database))
        await work.members.add(
            Member(new_id(MEMBER_ID), kept.organisation_id, kept.id, "Asha", "+14155550192", NOW, NOW)
        )
    assert (await deleting).status == 204
