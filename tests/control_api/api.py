"""The control API over a real socket, on the database that the test has, and those who ask it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from aiohttp import ClientSession
from aiohttp.test_utils import TestServer

from control_api.access.auth import SignIn
from control_api.access.limits import Limits, Rules
from control_api.app import create_app
from control_api.catalogue import Catalogue
from control_api.links.public_only import public_session
from control_api.web.asked import Services
from storage.database import Database
from storage.keys import key_for, new_token
from storage.records import Organisation, Scope
from storage.sealing import Seal
from tests.storage.samples import TOKEN, an_organisation

PUBLIC = "https://voice.example.com"


@dataclass
class Answer:
    status: int
    headers: dict[str, str]
    body: Any
    """Parsed, if it was JSON."""
    raw: bytes = field(repr=False, default=b"")

    @property
    def detail(self) -> str:
        """Of an error."""
        return str(self.body["detail"])


@dataclass
class Api:
    """Asks as the first organisation, with every scope, unless told otherwise."""

    url: str
    http: ClientSession
    database: Database
    services: Services
    token: str = TOKEN

    async def ask(self, method: str, path: str, json: Any = None, *, token: str | None = None, **more: Any) -> Answer:
        """`path` begins with a slash; one without a prefix is under /api/voice."""
        if path.split("/")[1] not in ("api", "v1", "campaign", "openapi.json", "docs", "healthz"):
            path = "/api/voice" + path
        headers = {"Authorization": f"Bearer {token or self.token}", **more.pop("headers", {})}
        if json is not None:
            more["json"] = json
        async with self.http.request(method, self.url + path, headers=headers, **more) as answer:
            raw = await answer.read()
            body = await answer.json() if answer.content_type == "application/json" else None
            return Answer(answer.status, dict(answer.headers), body, raw)

    async def get(self, path: str, **more: Any) -> Answer:
        return await self.ask("GET", path, **more)

    async def post(self, path: str, json: Any = None, **more: Any) -> Answer:
        return await self.ask("POST", path, json, **more)

    async def patch(self, path: str, json: Any = None, **more: Any) -> Answer:
        return await self.ask("PATCH", path, json, **more)

    async def put(self, path: str, json: Any = None, **more: Any) -> Answer:
        return await self.ask("PUT", path, json, **more)

    async def delete(self, path: str, **more: Any) -> Answer:
        return await self.ask("DELETE", path, **more)

    async def made(self, path: str, json: Any, **more: Any) -> dict[str, Any]:
        """What was created."""
        answer = await self.post(path, json, **more)
        assert answer.status == 201, answer
        body: dict[str, Any] = answer.body
        return body

    async def key(self, *scopes: Scope, organisation: str | None = None) -> str:
        """A key of the first organisation, or of another, with just these scopes; without any, with all."""
        token = new_token()
        async with self.database.begin() as work:
            if organisation is None:
                first = await work.organisations.first()
                assert first is not None
                organisation = first.id
            await work.keys.add(key_for(token, organisation, "A key", scopes or Scope, datetime.now(UTC)))
        return token

    async def made_voice(self, organisation: str, speaker: str) -> None:
        """As if an engine had made one that nobody can reach any more."""
        async with self.database.begin(organisation) as work:
            found = await work.speakers.held(speaker)
            assert found is not None
            await work.speakers.save(replace(found, engine="chatterbox", voice="v1"), now=found.created_at)

    async def stranger(self) -> tuple[Organisation, str]:
        """Another organisation, and a key of it with every scope."""
        other = an_organisation()
        async with self.database.begin() as work:
            await work.organisations.add(other)
        return other, await self.key(organisation=other.id)


@asynccontextmanager
async def serving_api(database: Database, data: Path, **more: Any) -> AsyncIterator[Api]:
    """`more` are services in place of the plain ones. Without rate limits, unless given."""
    outward = public_session(private=more.get("private_webhooks", False))
    async with ClientSession() as http, SignIn(database) as sign_in, outward as public_http:
        given: dict[str, Any] = {
            "database": database,
            "sign_in": sign_in,
            "limits": Limits(None, Rules.parse("off")),
            "seal": Seal({"0" * 8: bytes(32)}, "0" * 8),
            "http": http,
            "public_http": public_http,
            "data": data,
            "public_url": PUBLIC,
            "catalogue": Catalogue(),
            "longest_stream": 0.0,  # what can be read to its end
        }
        services = Services(**given | more)
        server = TestServer(create_app([], services=services, ready=lambda: None))
        await server.start_server(shutdown_timeout=0.5)
        try:
            yield Api(str(server.make_url("")).rstrip("/"), http, database, services)
        finally:
            await server.close()
