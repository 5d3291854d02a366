"""Members of a queue, and whether calls may be handed to them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from storage.database import Database
from tests.control_api.api import Api, serving_api

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
