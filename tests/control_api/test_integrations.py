from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from aiohttp import encode_basic_auth, web
from aiohttp.test_utils import TestServer
from sqlalchemy import text

from storage.database import Database
from storage.records import FlowKind, FlowStatus, Scope
from storage.seed import Seeded
from tests.control_api.api import Api, serving_api
from tests.storage.samples import a_flow

EXOTEL = {
    "api_key": "your_exotel_api_key",
    "api_token": "your_exotel_api_token_9abc",
    "account_sid": "your_account_sid",
    "subdomain": "api.exotel.com",
    "phone_number": "+15550010000",
}


async def nothing() -> None: ...


@dataclass
class Provider:
    """All of them in one: answers with `status` to good credentials and 401 to others."""

    url: str = ""
    status: int = 200
    asked: list[str] = field(default_factory=list)
    meanwhile: Callable[[], Awaitable[object]] = nothing
    """What happens before it answers."""

    async def answer(self, request: web.Request) -> web.Response:
        self.asked.append(f"{request.method} {request.path}")
        await self.meanwhile()
        good = (
            request.headers.get("Authorization") == encode_basic_auth(EXOTEL["api_key"], EXOTEL["api_token"])
            or request.headers.get("api-subscription-key") == "a-good-key-of-sarvam"
            or request.headers.get("xi-api-key") == "a-good-key-of-elevenlabs"
            or request.headers.get("Authorization") == "Bearer a-good-key-of-openai"
        )
        return web.json_response({}, status=self.status if good else 401)


@pytest.fixture
async def provider() -> AsyncIterator[Provider]:
    standing = Provider()
    app = web.Application()
    app.router.add_route("*", "/{tail:.*}", standing.answer)
    server = TestServer(app)
    await server.start_server()
    standing.url = str(server.make_url("")).rstrip("/")
    yield standing
    await server.close()


@pytest.fixture
async def api(database: Database, provider: Provider, tmp_path: Path) -> AsyncIterator[Api]:
    places = dict.fromkeys(("exotel", "sarvam", "elevenlabs", "openai"), provider.url)
    async with serving_api(database, tmp_path, places=places) as api:
        yield api


async def test_exotel_is_connected_and_only_the_ends_of_its_secrets_are_shown(api: Api) -> None:
    before = await api.get("/integrations/telephony/exotel")
    assert (before.status, before.body["is_connected"], before.body["api_token"]) == (200, False, None)
    put = await api.put("/integrations/telephony/exotel", EXOTEL)
    assert put.status == 200
    got = await api.get("/integrations/telephony/exotel")
    assert got.body == put.body
    shown: dict[str, Any] = {**EXOTEL, "api_key": "••••••••_key", "api_token": "••••••••9abc"}
    assert {name: got.body[name] for name in EXOTEL} == shown
    assert (got.body["provider"], got.body["is_connected"]) == ("exotel", True)
    assert got.body["connected_at"].endswith("Z")
    listed = (await api.get("/integrations/telephony")).body["providers"]
    assert [(one["provider"], one["is_connected"]) for one in listed] == [("exotel", True)]
    fields = listed[0]["account_schema"]["properties"]
    assert [name for name, field in fields.items() if field.get("writeOnly")] == ["api_key", "api_token"]


async def test_a_short_secret_is_not_half_shown(api: Api) -> None:
    put = await api.put("/integrations/voice/sarvam", {"api_key": "abcdef"})
    assert put.body["api_key"] == "••••••••"


async def test_no_secret_can_be_read_in_the_database(api: Api) -> None:
    await api.put("/integrations/telephony/exotel", EXOTEL)
    await api.put("/integrations/voice/openai", {"api_key": "sk-canary-0123456789", "base_url": "http://10.0.0.5/v1"})
    async with api.database.connect() as connection:
        rows = (await connection.execute(text("SELECT * FROM integrations"))).all()
    kept = repr(rows)
    assert "http://10.0.0.5/v1" in kept
    for secret in (EXOTEL["api_key"], EXOTEL["api_token"], "canary"):
        assert secret not in kept


@pytest.mark.parametrize("provider_name", ["sarvam", "elevenlabs", "openai"])
async def test_a_voice_provider_is_connected_asked_and_disconnected(
    api: Api, provider: Provider, provider_name: str
) -> None:
    path = f"/integrations/voice/{provider_name}"
    assert (await api.post(f"{path}/check")).detail == "Integration not found"
    await api.put(path, {"api_key": f"a-good-key-of-{provider_name}"})
    good = await api.post(f"{path}/check")
    assert (good.status, good.body["ok"], good.body["detail"]) == (200, True, None)
    await api.put(path, {"api_key": "a-bad-key-of-anybody"})
    bad = await api.post(f"{path}/check")
    assert (bad.body["ok"], bad.body["detail"]) == (False, f"{provider_name} refused the credentials")
    assert (await api.get(path)).body["trouble"] == f"{provider_name} refused the credentials"
    assert len(provider.asked) == 2
    assert (await api.delete(path)).status == 204
    assert (await api.delete(path)).status == 404
    assert (await api.get(path)).body["is_connected"] is False


async def test_what_a_provider_says_is_noted_of_the_credentials_it_was_asked_about(
    api: Api, provider: Provider
) -> None:
    path = "/integrations/voice/sarvam"
    await api.put(path, {"api_key": "a-bad-key-of-anybody"})
    provider.meanwhile = lambda: api.put(path, {"api_key": "a-good-key-of-sarvam"})
    assert (await api.post(f"{path}/check")).body["ok"] is False
    shown = (await api.get(path)).body
    assert (shown["api_key"], shown["trouble"], shown["checked_at"]) == ("••••••••rvam", None, None)


async def test_exotel_is_asked_about_the_account(api: Api, provider: Provider) -> None:
    await api.put("/integrations/telephony/exotel", EXOTEL)
    assert (await api.post("/integrations/telephony/exotel/check")).body["ok"] is True
    assert provider.asked == ["GET /v1/Accounts/your_account_sid/ActiveStreams"]
    provider.status = 404
    assert "does not know" in (await api.post("/integrations/telephony/exotel/check")).body["detail"]


@pytest.mark.parametrize("status", [302, 429, 500])
async def test_a_provider_that_does_not_tell_says_nothing_of_the_credentials(
    api: Api, provider: Provider, status: int
) -> None:
    await api.put("/integrations/telephony/exotel", EXOTEL)
    provider.status = status
    answer = await api.post("/integrations/telephony/exotel/check")
    assert answer.status == 502
    assert EXOTEL["api_token"] not in answer.detail
    assert (await api.get("/integrations/telephony/exotel")).body["checked_at"] is None


async def test_a_provider_that_is_away_is_told_as_such(database: Database, tmp_path: Path) -> None:
    async with serving_api(database, tmp_path, places={"sarvam": "http://127.0.0.1:9"}) as api:
        await api.put("/integrations/voice/sarvam", {"api_key": "a-good-key-of-sarvam"})
        answer = await api.post("/integrations/voice/sarvam/check")
    assert answer.status == 502
    assert answer.detail.startswith("sarvam could not be asked: ")


async def test_exotel_stays_connected_while_a_campaign_runs(api: Api, seeded: Seeded) -> None:
    await api.put("/integrations/telephony/exotel", EXOTEL)
    flow = a_flow(seeded.organisation, kind=FlowKind.OUTBOUND, status=FlowStatus.ACTIVE)
    async with api.database.begin(seeded.organisation) as work:
        await work.flows.add(flow)
    answer = await api.delete("/integrations/telephony/exotel")
    assert (answer.status, answer.detail) == (409, "Running campaigns must be stopped first")
    async with api.database.begin(seeded.organisation) as work:
        await work.flows.delete(flow.id)
    assert (await api.delete("/integrations/telephony/exotel")).status == 204


@pytest.mark.either
@pytest.mark.parametrize(
    ("path", "body", "sentence"),
    [
        ("/integrations/telephony/exotel", {**EXOTEL, "subdomain": "evil.example.com"}, "subdomain must be"),
        ("/integrations/telephony/exotel", {**EXOTEL, "phone_number": "5550010000"}, "phone_number must be in E.164"),
        ("/integrations/telephony/exotel", {**EXOTEL, "account_sid": "../../x"}, "account_sid must be 1 to 80 letters"),
        ("/integrations/telephony/exotel", {"api_key": "k"}, "api_token is required"),
        ("/integrations/voice/sarvam", {"api_key": "k" * 20, "base_url": "https://x.example"}, "base_url is not"),
        (
            "/integrations/voice/openai",
            {"api_key": "k" * 20, "base_url": "https://u:p@x.example"},
            "base_url must have",
        ),
        ("/integrations/voice/openai", {"api_key": "has space"}, "api_key"),
    ],
)
async def test_what_cannot_be_credentials_is_refused(api: Api, path: str, body: dict[str, str], sentence: str) -> None:
    answer = await api.put(path, body)
    assert answer.status == 400
    assert sentence in answer.detail
    assert (await api.get(path)).body["is_connected"] is False


async def test_strangers_see_nothing_of_it_and_scopes_hold(api: Api) -> None:
    await api.put("/integrations/telephony/exotel", EXOTEL)
    _, stranger = await api.stranger()
    assert (await api.get("/integrations/telephony/exotel", token=stranger)).body["is_connected"] is False
    assert (await api.delete("/integrations/telephony/exotel", token=stranger)).status == 404
    reader = await api.key(Scope.INTEGRATIONS_READ)
    refused = await api.put("/integrations/voice/sarvam", {"api_key": "k" * 20}, token=reader)
    assert refused.status == 403
    assert refused.detail == "Insufficient permissions. Required scopes: voice:integrations:write"
    assert (await api.get("/integrations/voice/nobody")).detail == "Provider not found"


async def test_there_are_no_app_integrations_yet(api: Api) -> None:
    answer = await api.get("/integrations/apps", params={"category": "crm"})
    assert (answer.status, answer.body) == (200, {"apps": [], "total": 0})
