"""SQLite takes values of any size, PostgreSQL none that its column has no room for: the API lets neither see one."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import BaseModel, TypeAdapter
from sqlalchemy import Integer, String, Table

from control_api.app import ENDPOINTS
from control_api.queues.shapes import MemberBody, MemberChange
from storage import asset_tables, dialing_tables, queue_tables, tables
from storage.asset_tables import customers
from storage.tables import flows

TABLES = {
    "API keys": tables.api_keys,
    "Campaigns in Vapi's words": flows,
    "Contact lists": asset_tables.contact_lists,
    "Credits": dialing_tables.credit_accounts,
    "Customers": customers,
    "Flows": flows,
    "Organisation": tables.organisations,
    "Phone numbers": asset_tables.phone_numbers,
    "Queues": queue_tables.queues,
    "Scripts": asset_tables.scripts,
    "Voice agents": tables.agents,
    "Voice models": asset_tables.speakers,
    "Webhooks": asset_tables.webhooks,
}
"""Tag of an endpoint → where what its body says is kept."""
JSON_ALONE = {"Calls", "Integrations"}
OF_MODELS: dict[type[BaseModel], Table] = {MemberBody: queue_tables.members, MemberChange: queue_tables.members}
"""What is kept elsewhere than the rest of its tag."""
RENAMED = {"voice_agent_id": "agent_id"}
LARGEST = 2**31 - 1

Case = tuple[Table, str, type[BaseModel], str]
"""A column, and a field that is written there."""


def cases(kind: type[Any]) -> list[Any]:
    found: dict[str, Case] = {}
    for endpoint in ENDPOINTS:
        for model in filter(None, (endpoint.body, endpoint.uploads)):
            for field in model.model_fields if endpoint.tag in TABLES else ():
                table, name = OF_MODELS.get(model, TABLES[endpoint.tag]), RENAMED.get(field, field)
                if name in table.c and type(table.c[name].type) is kind:
                    found[f"{model.__name__}.{field}"] = table, name, model, field
    return [pytest.param(*case, id=name) for name, case in found.items()]


def choices(model: type[BaseModel], field: str) -> list[dict[str, Any]]:
    """Of what the field may be, the schemas."""
    info = model.model_fields[field]
    whole = TypeAdapter(info.rebuild_annotation()).json_schema()

    def flat(one: dict[str, Any]) -> list[dict[str, Any]]:
        one = whole["$defs"][one["$ref"].rpartition("/")[2]] if "$ref" in one else one
        return [each for choice in one["anyOf"] for each in flat(choice)] if "anyOf" in one else [one]

    return flat(whole)


def longest(schema: dict[str, Any]) -> float:
    """Characters. Endless if nothing is said."""
    if "enum" in schema or "const" in schema:
        return max(map(len, schema.get("enum", [schema.get("const")])))
    return float(schema.get("maxLength", "inf"))


@pytest.mark.parametrize(("table", "column", "model", "field"), cases(String))
def test_no_text_is_taken_that_is_longer_than_its_column(
    table: Table, column: str, model: type[BaseModel], field: str
) -> None:
    texts = [schema for schema in choices(model, field) if schema["type"] == "string"]
    assert texts
    assert max(map(longest, texts)) <= table.c[column].type.length  # type: ignore[attr-defined]


@pytest.mark.parametrize(("table", "column", "model", "field"), cases(Integer))
def test_no_number_is_taken_that_is_larger_than_its_column(
    table: Table, column: str, model: type[BaseModel], field: str
) -> None:
    assert all(schema["maximum"] <= LARGEST for schema in choices(model, field) if schema["type"] == "integer")


def test_no_tag_is_taken_that_is_longer_than_its_column() -> None:
    for endpoint in ENDPOINTS:
        for field in ("tags", "branches"):
            if endpoint.body is not None and field in endpoint.body.model_fields:
                (tags,) = choices(endpoint.body, field)
                assert tags["items"]["maxLength"] <= asset_tables.tags.c.tag.type.length  # type: ignore[attr-defined]


def test_it_is_known_of_every_body_where_it_is_kept() -> None:
    assert {endpoint.tag for endpoint in ENDPOINTS if endpoint.body or endpoint.uploads} == TABLES.keys() | JSON_ALONE
