"""Scripts: what an agent has to say in a flow."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from storage.database import Database
from storage.records import Scope
from storage.seed import Seeded
from tests.control_api.api import Api, serving_api
from tests.storage.samples import a_flow

SPRING: dict[str, Any] = {
    "name": "Spring offer",
    "content": "Tell {{name|the customer}} about the standing desk.",
    "description": "For lapsed customers",
    "language_code": "en-US",
}


@pytest.fixture
async def api(database: Database, seeded: Seeded, tmp_path: Path) -> AsyncIterator[Api]:
    async with serving_api(database, tmp_path) as api:
        yield api


async def test_a_script_is_created_shown_changed_and_deleted(api: Api) -> None:
    made = await api.made("/scripts", SPRING)
    assert made["uuid"].startswith("scr_")
    assert {name: made[name] for name in SPRING} == SPRING
    path = f"/scripts/{made['uuid']}"
    assert (await api.get(path)).body == made
    changed = await api.patch(path, {"content": "Another one.", "language_code": None})
    assert changed.body == {
        **made,
        "content": "Another one.",
        "language_code": None,
        "updated_at": changed.body["updated_at"],
    }
    assert (await api.delete(path)).status == 204
    for gone in (await api.get(path), await api.patch(path, {"name": "x"}), await api.delete(path)):
        assert (gone.status, gone.detail) == (404, "Script not found")


async def test_name_and_content_are_enough(api: Api) -> None:
    made = await api.made("/scripts", {"name": "Short", "content": "Hi."})
    assert (made["description"], made["language_code"]) == ("", None)


async def test_the_list_comes_page_by_page_in_both_vocabularies(api: Api) -> None:
    made = [await api.made("/v1/scripts", {**SPRING, "name": f"Script {n}"}) for n in range(3)]
    page = (await api.get("/scripts?limit=2&offset=1")).body
    assert page == {"scripts": made[1:], "total": 3}
    assert (await api.get("/v1/scripts")).body == {"scripts": made, "total": 3}
    assert (await api.get(f"/v1/scripts/{made[0]['uuid']}")).body == made[0]


@pytest.mark.either
@pytest.mark.parametrize(
    ("fields", "detail"),
    [
        ({"name": " "}, "name must not be empty"),
        ({"content": ""}, "content "),
        ({"content": None}, "content must be a valid string"),
        ({"language_code": "??"}, "language_code "),
        ({"flow": "x"}, "flow is not a known field"),
    ],
)
async def test_a_wrong_field_is_named_and_changes_nothing(api: Api, fields: dict[str, Any], detail: str) -> None:
    made = await api.made("/scripts", SPRING)
    for refused in (
        await api.post("/scripts", {**SPRING, **fields}),
        await api.patch(f"/scripts/{made['uuid']}", fields),
    ):
        assert refused.status == 400
        assert refused.detail.startswith(detail)
    assert (await api.get("/scripts")).body == {"scripts": [made], "total": 1}


async def test_a_script_that_flows_name_is_not_deleted(api: Api, seeded: Seeded) -> None:
    made, other = await api.made("/scripts", SPRING), await api.made("/scripts", SPRING)
    path = f"/scripts/{made['uuid']}"
    flows = [a_flow(seeded.organisation, script_id=made["uuid"]) for _ in range(2)]
    async with api.database.begin(seeded.organisation) as work:
        for flow in flows:
            await work.flows.add(flow)
    refused = await api.delete(path)
    assert (refused.status, refused.detail) == (409, "Script is used by 2 flows")
    async with api.database.begin(seeded.organisation) as work:
        await work.flows.delete(flows[0].id)
    assert (await api.delete(path)).detail == "Script is used by 1 flow"
    assert (await api.get(path)).status == 200
    assert (await api.delete(f"/scripts/{other['uuid']}")).status == 204


async def test_another_organisation_has_no_such_script(api: Api) -> None:
    made, (_, stranger) = await api.made("/scripts", SPRING), await api.stranger()
    path = f"/scripts/{made['uuid']}"
    for answer in (
        await api.get(path, token=stranger),
        await api.patch(path, {"name": "Mine"}, token=stranger),
        await api.delete(path, token=stranger),
    ):
        assert (answer.status, answer.detail) == (404, "Script not found")
    assert (await api.get("/scripts", token=stranger)).body == {"scripts": [], "total": 0}
    assert (await api.get(path)).body == made


async def test_scopes(api: Api) -> None:
    made, reader = await api.made("/scripts", SPRING), await api.key(Scope.CAMPAIGNS_READ)
    path = f"/scripts/{made['uuid']}"
    assert (await api.get(path, token=reader)).status == 200
    for answer in (
        await api.post("/scripts", SPRING, token=reader),
        await api.patch(path, {"name": "x"}, token=reader),
        await api.delete(path, token=reader),
    ):
        assert answer.status == 403
        assert answer.detail == "Insufficient permissions. Required scopes: voice:campaigns:write"
    assert (await api.get("/scripts", token=await api.key(Scope.AGENTS_READ))).status == 403
