from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from storage.database import Database
from storage.records import Scope
from tests.control_api.api import Api, serving_api


@pytest.fixture
async def api(database: Database, tmp_path: Path) -> AsyncIterator[Api]:
    async with serving_api(database, tmp_path) as api:
        yield api


async def test_a_key_is_shown_once_works_and_stops_working(api: Api) -> None:
    made = await api.made("/api-keys", {"name": "CRM", "scopes": ["voice:contacts:read"], "expires_in_days": 30})
    token = made["key"]
    assert token.startswith("nn_k_")
    assert len(token) >= 5 + 32
    assert (await api.get("/customers", token=token)).status == 200
    assert (await api.get("/calls/live", token=token)).status == 403
    listed = (await api.get("/api-keys")).body
    (kept,) = [key for key in listed["api_keys"] if key["uuid"] == made["uuid"]]
    assert "key" not in kept
    assert kept["start"] == token[:10]
    assert kept["expires_at"] > kept["created_at"]
    assert listed["total"] == 2
    assert (await api.delete(f"/api-keys/{made['uuid']}")).status == 204
    assert (await api.delete(f"/api-keys/{made['uuid']}")).status == 204
    refused = await api.get("/customers", token=token)
    assert (refused.status, refused.detail) == (401, "Invalid or expired token")


async def test_nobody_gives_away_more_than_they_have(api: Api) -> None:
    keeper = await api.key(Scope.KEYS_WRITE, Scope.CALLS_READ)
    refused = await api.post(
        "/api-keys", {"name": "More", "scopes": ["voice:calls:read", "voice:calls:write"]}, token=keeper
    )
    assert refused.status == 403
    assert refused.detail == "Insufficient permissions. Required scopes: voice:calls:write"
    await api.made("/api-keys", {"name": "Less", "scopes": ["voice:calls:read"]}, token=keeper)


async def test_another_organisations_keys_are_nobodys(api: Api) -> None:
    made = await api.made("/api-keys", {"name": "CRM", "scopes": ["voice:contacts:read"]})
    _, stranger = await api.stranger()
    assert (await api.delete(f"/api-keys/{made['uuid']}", token=stranger)).detail == "API key not found"
    assert (await api.get("/customers", token=made["key"])).status == 200
    uuids = [key["uuid"] for key in (await api.get("/api-keys", token=stranger)).body["api_keys"]]
    assert made["uuid"] not in uuids


@pytest.mark.either
@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        ({"scopes": ["voice:calls:read"]}, "name is required"),
        ({"name": "x", "scopes": []}, "scopes"),
        ({"name": "x", "scopes": ["voice:everything"]}, "scopes.0 must be"),
        ({"name": " ", "scopes": ["voice:calls:read"]}, "name must not be empty"),
        ({"name": "x", "scopes": ["voice:calls:read"], "expires_in_days": 0}, "expires_in_days must be"),
        ({"name": "x", "scopes": ["voice:calls:read"], "admin": True}, "admin is not a known field"),
    ],
)
async def test_a_bad_key_is_refused_with_what_to_mend(api: Api, body: dict[str, object], sentence: str) -> None:
    answer = await api.post("/api-keys", body)
    assert answer.status == 400
    assert sentence in answer.detail
    assert (await api.get("/api-keys")).body["total"] == 1
