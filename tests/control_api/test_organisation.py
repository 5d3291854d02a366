from __future__ import annotations

from pathlib import Path

from storage.database import Database
from storage.records import Scope
from storage.seed import Seeded
from tests.control_api.api import serving_api


async def test_the_organisation_is_shown_and_changed(database: Database, seeded: Seeded, tmp_path: Path) -> None:
    async with serving_api(database, tmp_path) as api:
        got = await api.get("/organisation")
        assert (got.status, got.body["uuid"], got.body["name"]) == (200, seeded.organisation, "My organisation")
        overrides = {"firstMessage": "Namaste.", "backgroundSound": "office"}
        changed = await api.patch("/organisation", {"name": "Luminary Home", "assistant_overrides": overrides})
        assert changed.body["name"] == "Luminary Home"
        assert changed.body["assistant_overrides"] == overrides
        assert any("backgroundSound" in warning for warning in changed.body["warnings"])
        assert (await api.get("/organisation")).body == changed.body
        assert changed.body["max_parallel_calls"] is None
        for limit in (1, 10_000, None):
            limited = await api.patch("/organisation", {"max_parallel_calls": limit})
            assert (limited.status, limited.body) == (200, {**changed.body, "max_parallel_calls": limit})
        for wrong_limit, sentence in (
            (0, "max_parallel_calls must be greater than or equal to 1"),
            (10_001, "max_parallel_calls must be less than or equal to 10000"),
            ("5", "max_parallel_calls must be a valid integer"),
        ):
            refused = await api.patch("/organisation", {"max_parallel_calls": wrong_limit})
            assert (refused.status, refused.detail) == (400, sentence)
        wrong = await api.patch("/organisation", {"assistant_overrides": {"firstMesage": "Hi"}})
        assert wrong.status == 400
        assert "firstMesage is not a known field" in wrong.detail
        reader = await api.key(Scope.CALLS_READ)
        assert (await api.get("/organisation", token=reader)).body["scopes"] == [Scope.CALLS_READ]
        assert (await api.patch("/organisation", {"name": "Mine"}, token=reader)).status == 403
        _, stranger = await api.stranger()
        assert (await api.get("/organisation", token=stranger)).body["name"] == "Another"
