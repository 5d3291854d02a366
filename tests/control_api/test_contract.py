"""The router, the document and the table of routes say the same."""

from __future__ import annotations

import asyncio
import re
import tomllib
from collections.abc import AsyncIterator
from pathlib import Path
from threading import current_thread
from typing import Any

import pytest
from aiohttp.test_utils import make_mocked_request
from openapi_pydantic import OpenAPI

from control_api.app import ENDPOINTS, VERSION, create_app
from control_api.document import described as description
from control_api.document.openapi import document
from control_api.document.route_table import test_of as where_tested
from control_api.document.route_table import written
from control_api.web.asked import Asked
from control_api.web.contract import Contract
from control_api.web.shapes import Shown
from control_api.web.vocabulary import Vocabulary, path_in
from storage.database import Database
from storage.records import Scope
from tests.control_api.api import Api, serving_api

ROOT = Path(__file__).parents[2]
READING = {"POST /calls/{call_uuid}/recording-link"}
"""Changes nothing: it gives what a GET would, in another form."""
UNGUARDED = {"GET /organisation", "GET /credits", "GET /credits/ledger"}
"""Open to any key: they tell it whose it is, and what is left to spend."""


@pytest.fixture
async def api(database: Database, tmp_path: Path) -> AsyncIterator[Api]:
    async with serving_api(database, tmp_path) as api:
        yield api


def described() -> dict[str, Any]:
    return document(ENDPOINTS, url="https://voice.example.com", version=VERSION)


def operations() -> set[tuple[str, str]]:
    return {(method.upper(), path) for path, item in described()["paths"].items() for method in item}


def test_everything_that_can_be_asked_for_is_described_and_nothing_else() -> None:
    routed = {
        (endpoint.method, path_in(vocabulary, path)) for endpoint in ENDPOINTS for vocabulary, path in endpoint.places
    }
    assert operations() == routed
    assert len(routed) == sum(len(endpoint.places) for endpoint in ENDPOINTS)


def test_the_document_is_openapi_and_every_reference_in_it_leads_somewhere() -> None:
    OpenAPI.model_validate(described())
    found = described()
    names = set(found["components"]["schemas"])
    ids = [operation["operationId"] for item in found["paths"].values() for operation in item.values()]
    assert len(ids) == len(set(ids))
    assert references(found) <= {f"#/components/schemas/{name}" for name in names}


def references(value: Any) -> set[str]:
    if isinstance(value, list):
        return set().union(*map(references, value))
    if not isinstance(value, dict):
        return set()
    own = {value["$ref"]} if isinstance(value.get("$ref"), str) else set()
    return own.union(*map(references, value.values()))


def test_every_route_needs_a_scope() -> None:
    open_ = {endpoint.name for endpoint in ENDPOINTS if endpoint.scope is None}
    assert open_ == UNGUARDED


def test_reading_needs_a_scope_to_read_and_writing_one_to_write() -> None:
    for endpoint in ENDPOINTS:
        if endpoint.scope is not None and endpoint.scope is not Scope.KEYS_WRITE:
            reads = endpoint.method == "GET" or endpoint.name in READING
            assert endpoint.scope.endswith(":read" if reads else ":write"), endpoint.name


def test_both_vocabularies_are_one_handler_and_differ_in_words_alone() -> None:
    found = described()
    both = [endpoint for endpoint in ENDPOINTS if len(endpoint.places) == 2]
    assert len(both) > 10
    for endpoint in both:
        ours, theirs = (
            found["paths"][path_in(vocabulary, path)][endpoint.method.lower()] for vocabulary, path in endpoint.places
        )
        assert set(ours["responses"]) == set(theirs["responses"]), endpoint.name
        assert len(ours["parameters"]) == len(theirs["parameters"]), endpoint.name
        assert ("requestBody" in ours) == ("requestBody" in theirs), endpoint.name


def test_the_developers_words_are_theirs() -> None:
    developers = {
        name: schema for name, schema in described()["components"]["schemas"].items() if name.startswith("v1.")
    }
    words = {word for schema in developers.values() for word in schema.get("properties", {})}
    assert not words & {"flow_uuid", "customer_uuid", "flows", "customers", "customers_queued"}
    assert "contacts" in words


def test_the_page_of_routes_is_up_to_date() -> None:
    page = (ROOT / "docs" / "API.md").read_text()
    assert written(page, ENDPOINTS) == page, "python -m control_api.document.route_table"


def test_every_route_has_a_test_that_asks_for_it() -> None:
    for endpoint in ENDPOINTS:
        test = (ROOT / where_tested(endpoint)).read_text()
        words = [part for part in endpoint.path.split("/") if part and not part.startswith("{")]
        assert [word for word in words if not re.search(rf"\b{re.escape(word)}\b", test)] == [], endpoint.name


def test_the_version_is_the_projects() -> None:
    assert tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"] == VERSION


async def test_a_fixed_path_goes_before_a_placeholder(api: Api) -> None:
    fixed = [(endpoint.method, path) for endpoint in ENDPOINTS for _, path in endpoint.places if "{" not in path]
    assert ("GET", "/api/voice/customers/meta/tags") in fixed
    app = create_app([], services=api.services, ready=lambda: None)
    for method, path in fixed:
        found = await app.router.resolve(make_mocked_request(method, path))
        assert found.get_info().get("path") == path


async def test_the_document_and_the_page_are_served_without_a_key(api: Api) -> None:
    served = await api.get("/openapi.json")
    assert served.status == 200
    assert set(served.body["paths"]) == {path for _, path in operations()}
    async with api.http.get(f"{api.url}/docs") as answer:
        page = await answer.text()
        policy = answer.headers["Content-Security-Policy"]
    assert answer.status == 200
    assert policy.startswith("default-src 'none'")
    assert "<script" not in page
    assert "http://" not in page
    for path in served.body["paths"]:
        assert path in page


async def test_the_document_is_made_once_and_not_on_the_event_loop(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    makers = []

    def noted(*given: Any, **more: Any) -> dict[str, Any]:
        makers.append(current_thread())
        return document(*given, **more)

    monkeypatch.setattr(description, "document", noted)
    answers = await asyncio.gather(*(api.get(path) for path in ("/openapi.json", "/docs", "/openapi.json")))
    assert [answer.status for answer in answers] == [200] * 3
    assert len(makers) == 1
    assert makers[0] is not current_thread()


def test_a_contract_of_the_developers_words() -> None:
    contract = Contract("Things", "/things", v1="/objects", read=Scope.CALLS_READ, write=Scope.CALLS_WRITE)

    class Thing(Shown):
        uuid: str

    @contract.get("/{flow_uuid}")
    async def get(asked: Asked, flow_uuid: str) -> None: ...

    (endpoint,) = contract.endpoints
    assert endpoint.name == "GET /things/{flow_uuid}"
    assert [(vocabulary, path_in(vocabulary, path)) for vocabulary, path in endpoint.places] == [
        (Vocabulary.DASHBOARD, "/api/voice/things/{flow_uuid}"),
        (Vocabulary.DEVELOPERS, "/v1/objects/{campaign_id}"),
    ]
    assert endpoint.status == 204
