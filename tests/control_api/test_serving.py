"""What holds for every route: how it is refused, and in which form."""

from __future__ import annotations

import io
import logging
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientPayloadError, web
from aiohttp.test_utils import TestClient, TestServer
from pydantic import ValidationError

from control_api.access.limits import Limits, Rules
from control_api.links.integration_shapes import ExotelShown
from control_api.people import customers
from control_api.web.serving import answers
from storage.customers import Customers
from storage.database import Database
from storage.errors import DatabaseUnavailableError
from storage.records import Scope
from tests.control_api.api import Api, serving_api

PHONE = "+14155550192"


@pytest.fixture
async def api(database: Database, tmp_path: Path) -> AsyncIterator[Api]:
    async with serving_api(database, tmp_path) as api:
        yield api


@pytest.mark.either
@pytest.mark.parametrize("header", ["", "Bearer", "Bearer nn_k_wrong", "Basic abc", "Bearer \x80", "bearer  "])
async def test_without_a_good_token_nothing_is_told(api: Api, header: str) -> None:
    headers = {"Authorization": header} if header else {"Authorization": ""}
    answer = await api.get("/customers/cst_1", headers=headers)
    assert (answer.status, answer.body) == (401, {"detail": "Invalid or expired token"})
    assert answer.headers["WWW-Authenticate"] == "Bearer"


async def test_a_token_in_the_query_does_not_sign_in_to_a_record(api: Api) -> None:
    answer = await api.get(f"/customers?token={api.token}", headers={"Authorization": ""})
    assert answer.status == 401


async def test_a_missing_scope_is_named(api: Api) -> None:
    token = await api.key(Scope.CALLS_READ)
    answer = await api.post("/customers", {"name": "A", "phone": PHONE}, token=token)
    assert answer.status == 403
    assert answer.body == {"detail": "Insufficient permissions. Required scopes: voice:contacts:write"}


@pytest.mark.parametrize(
    ("method", "path", "status", "detail"),
    [
        ("GET", "/nothing", 404, "Not found"),
        ("GET", "/customers/cst_none", 404, "Customer not found"),
        ("GET", "/customers/%00", 404, "Not found"),
        ("GET", "/customers/a%2Fb", 404, "Not found"),
        ("PUT", "/customers", 405, "Method not allowed"),
    ],
)
async def test_what_is_not_there_is_told_in_the_same_form(
    api: Api, method: str, path: str, status: int, detail: str
) -> None:
    answer = await api.ask(method, path)
    assert (answer.status, answer.body) == (status, {"detail": detail})


@pytest.mark.either
@pytest.mark.parametrize(
    ("body", "detail"),
    [
        (b"", "the body is not valid JSON"),
        (b"{", "the body is not valid JSON"),
        (b'{"name": NaN}', "the body is not valid JSON"),
        (b'{"name": 1e999}', "the body is not valid JSON"),
        (b'{"name": "\\ud800"}', "the body is not valid JSON"),
        (b'{"name": "\xff"}', "the body is not valid JSON"),
        (b'{"name": "\\u0000"}', "the body holds a character that cannot be stored"),
        (b'{"\\u0000": 1}', "the body holds a character that cannot be stored"),
        (b"[" * 100_000 + b"]" * 100_000, "the body is not valid JSON"),
        (b'{"metadata": ' + b'{"a":' * 200 + b"1" + b"}" * 201, "the body is nested too deeply"),
        (b"[]", "the body must be a JSON object"),
        (b'"name"', "the body must be a JSON object"),
        (b"{}", "name is required"),
        (b'{"name": "A", "phone": "+14155550192", "fax": 1}', "fax is not a known field"),
        (b'{"name": "A", "phone": "4155550192"}', "phone must be in E.164 format"),
        (b'{"name": "A", "phone": 14155550192}', "phone must be a valid string"),
        (b'{"name": "A", "phone": "+14155550192", "tags": "x"}', "tags must be a valid list"),
    ],
)
async def test_a_bad_body_is_refused_with_what_to_mend_and_changes_nothing(api: Api, body: bytes, detail: str) -> None:
    headers = {"Content-Type": "application/json"}
    answer = await api.ask("POST", "/customers", data=body, headers=headers)
    assert (answer.status, answer.body) == (400, {"detail": detail})
    assert (await api.get("/customers")).body["total"] == 0


@pytest.mark.parametrize(
    "kind", ["text/plain", "application/x-www-form-urlencoded", "application/json; charset=latin-1"]
)
async def test_a_body_of_another_type_is_refused(api: Api, kind: str) -> None:
    answer = await api.ask("POST", "/customers", data=b"{}", headers={"Content-Type": kind})
    assert (answer.status, answer.body) == (415, {"detail": "Content-Type must be application/json"})


async def test_a_body_that_is_too_large_is_refused_with_and_without_a_length(api: Api) -> None:
    async def dribble() -> AsyncIterator[bytes]:
        for _ in range(100):
            yield b" " * 65536

    headers = {"Content-Type": "application/json"}
    for body in (io.BytesIO(b" " * (5 << 20)), dribble()):
        answer = await api.ask("POST", "/customers", data=body, headers=headers)
        assert answer.status == 413


@pytest.mark.either
@pytest.mark.parametrize(
    ("query", "detail"),
    [
        ("limit=101", "limit must be less than or equal to 100"),
        ("limit=0", "limit must be greater than or equal to 1"),
        ("limit=x", "limit must be a valid integer, unable to parse string as an integer"),
        ("limit=1&limit=2", "limit is given more than once"),
        ("offset=-1", "offset must be greater than or equal to 0"),
        ("page=2", "page is not a known parameter"),
        ("search=%00", "search holds a character that cannot be stored"),
    ],
)
async def test_a_bad_query_is_refused_with_what_to_mend(api: Api, query: str, detail: str) -> None:
    answer = await api.get(f"/customers?{query}")
    assert (answer.status, answer.body) == (400, {"detail": detail})


async def test_a_fault_is_told_by_a_reference_that_stands_in_the_log(
    api: Api, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fails(*given: Any) -> None:
        raise ZeroDivisionError(f"secret of {PHONE}")

    monkeypatch.setattr(customers, "_shown", fails)
    with caplog.at_level(logging.ERROR):
        answer = await api.post("/customers", {"name": "A", "phone": PHONE})
    assert answer.status == 500
    reference = answer.detail.removeprefix("Internal error, reference ")
    assert len(reference) == 16
    (record,) = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert record.__dict__["reference"] == reference
    assert record.exc_info is not None


@pytest.mark.parametrize("said", ["the database is busy", "the database has no room for this"])
async def test_what_ails_the_database_is_told(api: Api, monkeypatch: pytest.MonkeyPatch, said: str) -> None:
    async def fails(*given: object, **more: object) -> None:
        raise DatabaseUnavailableError(said)

    monkeypatch.setattr(Customers, "get", fails)
    answer = await api.get("/customers/cst_1")
    assert (answer.status, answer.detail, answer.headers["Retry-After"]) == (503, said.replace("the", "The", 1), "1")


@pytest.mark.parametrize("fault", [ZeroDivisionError("a bug"), DatabaseUnavailableError("the database is busy")])
async def test_no_error_is_written_into_an_answer_that_has_begun(fault: Exception) -> None:
    async def begin(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Length": "1000"})
        await response.prepare(request)
        await response.write(b"so far")
        raise fault

    app = web.Application(middlewares=[answers])
    app.router.add_get("/", begin)
    async with TestClient(TestServer(app)) as client:
        answer = await client.get("/")
        assert await answer.content.readexactly(6) == b"so far"
        with pytest.raises(ClientPayloadError):
            await answer.content.read()


def test_an_answer_that_will_not_do_keeps_what_is_in_it_to_itself() -> None:
    with pytest.raises(ValidationError) as refused:
        ExotelShown.model_validate({"account_sid": ["canary"]})
    assert "canary" not in str(refused.value)


async def test_limits_are_told_on_every_answer_and_kept(database: Database, tmp_path: Path) -> None:
    limits = Limits(None, Rules.parse("default=3/minute, POST /customers=1/minute"))
    async with serving_api(database, tmp_path, limits=limits) as api:
        made = await api.post("/customers", {"name": "A", "phone": PHONE})
        assert made.status == 201
        assert made.headers["X-RateLimit-Limit"] == "1"
        assert made.headers["X-RateLimit-Remaining"] == "0"
        again = await api.post("/v1/contacts", {"name": "A", "phone": PHONE})
        assert (again.status, again.detail) == (429, "Rate limit exceeded: 1/minute")
        assert 1 <= int(again.headers["Retry-After"]) <= 60
        assert [(await api.get("/customers")).status for _ in range(4)] == [200, 200, 200, 429]
        wrong = await api.get("/customers", token="nn_k_wrong")
        assert wrong.status == 401
        assert wrong.headers["X-RateLimit-Remaining"] == "2"
        assert (await api.get("/nothing")).headers["X-RateLimit-Remaining"] == "1"


async def test_a_parameter_that_a_route_does_not_have_is_refused(api: Api) -> None:
    for path in ("/agents?limit=1", "/v1/voice-agents?x=1", "/organisation?x=1", "/customers/meta/tags?x=1"):
        answer = await api.get(path)
        name = path.partition("?")[2].partition("=")[0]
        assert (answer.status, answer.detail) == (400, f"{name} is not a known parameter")


async def test_a_body_that_is_no_object_is_told_so(api: Api) -> None:
    for path in ("/agents", "/customers/bulk"):
        answer = await api.post(path, data=b"[]", headers={"Content-Type": "application/json"})
        assert (answer.status, answer.detail) == (400, "the body must be a JSON object")
