"""Who can listen, think and speak in a call."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from server.catalogue import catalogue
from storage.database import Database
from storage.records import Scope
from storage.seed import Seeded
from tests.control_api.api import serving_api


async def test_the_providers_of_each_stage_with_the_schema_of_their_options(
    database: Database, seeded: Seeded, tmp_path: Path
) -> None:
    async with serving_api(database, tmp_path, catalogue=catalogue(tmp_path)) as api:
        got = await api.get("/providers")
    assert (got.status, list(got.body)) == (200, ["stt", "llm", "tts", "realtime"])
    found: dict[str, dict[str, Any]] = {
        stage: {provider["name"]: provider for provider in providers} for stage, providers in got.body.items()
    }
    assert {stage: "embedded" in providers for stage, providers in found.items()} == {
        "stt": True,
        "llm": True,
        "tts": True,
        "realtime": False,
    }
    openai = found["llm"]["openai"]
    assert openai["needs_key"] is True
    assert openai["options_schema"]["properties"]["api_key"]["writeOnly"] is True
    assert "writeOnly" not in openai["options_schema"]["properties"]["model"]
    assert found["realtime"]["openai"]["needs_key"] is True
    embedded = found["tts"]["embedded"]
    assert embedded["needs_key"] is False
    assert embedded["options_schema"]["properties"]["speed"]["maximum"] == 2.0


async def test_scope(database: Database, seeded: Seeded, tmp_path: Path) -> None:
    async with serving_api(database, tmp_path) as api:
        assert (await api.get("/providers", token=await api.key(Scope.AGENTS_READ))).status == 200
        refused = await api.get("/providers", token=await api.key(Scope.AGENTS_WRITE))
        assert (refused.status, refused.detail) == (
            403,
            "Insufficient permissions. Required scopes: voice:agents:read",
        )
