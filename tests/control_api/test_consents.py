"""What is written down of a consent, and what is refused. What depends on one: test_voice_cloning.py."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from control_api.voices.consent import AGREED
from storage.database import Database
from storage.seed import Seeded
from tests.control_api.api import Api, serving_api
from tests.control_api.uploads import form, wav

PATH = "/models/speakers/aria/consent"


@pytest.fixture
async def api(database: Database, seeded: Seeded, tmp_path: Path) -> AsyncIterator[Api]:
    async with serving_api(database, tmp_path) as api:
        fields = {"name": "aria", "language": "en-IN", "reference_audio": wav(11)}
        assert (await api.post("/models/speakers", data=form(fields))).status == 201
        yield api


async def test_a_consent_is_kept_shown_replaced_and_withdrawn(api: Api) -> None:
    first = (await api.post(PATH, {"owner": " Aria Shah "})).body["consent"]
    assert (first["owner"], first["statement"]) == ("Aria Shah", AGREED)
    second = (await api.post(PATH, {"owner": "Aria Shah", "statement": "By letter."})).body["consent"]
    assert second["statement"] == "By letter."
    assert (await api.get("/models/speakers")).body[0]["consent"] == second
    for _ in range(2):
        assert (await api.delete(PATH)).status == 204
    assert (await api.get("/models/speakers/aria")).body["consent"] is None


@pytest.mark.either
@pytest.mark.parametrize(
    ("body", "field"),
    [({}, "owner"), ({"owner": " "}, "owner"), ({"owner": "A", "statement": ""}, "statement"), ({"name": "A"}, "")],
)
async def test_a_wrong_field_is_named_and_records_nothing(api: Api, body: dict[str, Any], field: str) -> None:
    refused = await api.post(PATH, body)
    assert refused.status == 400
    assert refused.detail.startswith(field)
    assert (await api.get("/models/speakers/aria")).body["consent"] is None
