"""What is asked of the analysis and cannot be understood is named where the flow or the agent is shown."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from server.analysis.options import mistake, of_flow
from server.plan import unobeyed
from storage.database import Database
from storage.seed import Seeded
from tests.control_api.api import serving_api

FLOW = {"kind": "outbound", "name": "Spring", "provider": "nextneural"}
EMBEDDED = {"llm": {"provider": "embedded"}}
BAD: list[tuple[dict[str, Any], str]] = [
    ({"extraction_schema": "x"}, "config.extraction_schema must be a JSON object"),
    ({"extraction_schema": {"type": "banana"}}, "config.extraction_schema $: 'type' of the schema"),
    (
        {"extraction_schema": {"type": "object", "properties": {"a": {"pattern": "(?=a)b"}}}},
        "config.extraction_schema $.a: 'pattern' of the schema",
    ),
    ({"extraction_schema": {"$ref": "http://169.254.169.254/x"}}, "config.extraction_schema $: '$ref' must lead into"),
    ({"qms_scores": {"a": 1}}, "config.qms_scores must be"),
    ({"success_rubric": 5}, "config.success_rubric must be"),
]


@pytest.mark.parametrize("agent", [None, {}, EMBEDDED], ids=["nobody", "plain", "embedded"])
@pytest.mark.parametrize(("config", "says"), BAD)
async def test_a_flow_s_warnings_name_what_cannot_be_understood(
    database: Database, seeded: Seeded, tmp_path: Path, config: dict[str, Any], says: str, agent: dict[str, Any] | None
) -> None:
    async with serving_api(database, tmp_path, warnings=unobeyed) as api:
        speaker = {}
        if agent is not None:
            made = await api.made("/agents", {"name": "Aria", "role": "Sales", "config": agent})
            speaker = {"voice_agent_id": made["uuid"]}
        path = f"/flows/{(await api.made('/flows', {**FLOW, **speaker}))['uuid']}"
        changed = await api.patch(path, {"config": config})
        assert changed.status == 200
        for shown in (changed, await api.get(path)):
            (warning,) = shown.body["warnings"]
            assert warning.startswith(says)


async def test_an_agent_s_warnings_name_a_schema_that_cannot_be_followed(
    database: Database, seeded: Seeded, tmp_path: Path
) -> None:
    analysis = {"extraction_schema": {"type": "banana"}}
    async with serving_api(database, tmp_path, warnings=unobeyed) as api:
        made = await api.made(
            "/agents", {"name": "Aria", "role": "Sales", "config": {**EMBEDDED, "analysis": analysis}}
        )
    (warning,) = made["warnings"]
    assert warning.startswith("config.analysis.extraction_schema $: 'type' of the schema")


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "object", "properties": {"a": {"$ref": "#/$defs/b"}}, "$defs": {"b": {"items": {"$ref": "#"}}}},
        {"anyOf": [{"type": ["string", "null"], "pattern": "^a+$"}, True], "minimum": 1, "required": ["a"]},
        {"format": "email", "description": "of the customer", "multipleOf": 0.5},
    ],
)
def test_a_schema_that_can_be_followed_is_asked_for(schema: dict[str, Any]) -> None:
    assert mistake({"extraction_schema": schema}) is None
    assert of_flow({"extraction_schema": schema}) == {"extraction_schema": schema}


@pytest.mark.parametrize(
    "schema",
    [
        {"properties": ["a"]},
        {"items": {"type": "banana"}},
        {"additionalProperties": {"enum": 5}},
        {"prefixItems": [{"minimum": "a"}]},
        {"anyOf": {"type": "string"}},
        {"not": {"multipleOf": 0}},
        {"properties": {"a": {"$ref": "#/$defs/gone"}}},
        {"$ref": "#/$defs/a", "$defs": {"a": {"required": 3}}},
        {"allOf": [5]},
    ],
)
def test_what_is_wrong_anywhere_in_a_schema_is_found(schema: dict[str, Any]) -> None:
    assert str(mistake({"extraction_schema": schema})).startswith("config.extraction_schema ")
    assert of_flow({"extraction_schema": schema}) == {}
