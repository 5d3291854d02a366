"""Two organisations, every route: what one has does not exist for the other."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from control_api.app import ENDPOINTS, create_app
from control_api.web.contract import Endpoint
from control_api.web.vocabulary import Vocabulary
from storage.database import Database
from storage.records import Scope
from storage.seed import Seeded
from tests.control_api.api import Answer, Api, serving_api
from tests.control_api.everything import (
    CANARY,
    NEAR,
    NOBODYS,
    asked,
    filled,
    good_body,
    named,
    one_of_everything,
    routes,
)

A_REFERENCE = re.compile(r"((^|_)ids?|_uuids?|_sid|^phone_numbers|^speaker|^search|^tags)$")
"""Fields that may name what is an organisation's."""
REFERENCES: dict[str, Any] = {
    "id": "{flow_uuid}",
    "flow_uuid": "{flow_uuid}",
    "customer_uuid": "{customer_uuid}",
    "contact_list_id": "{list_uuid}",
    "script_id": "{script_uuid}",
    "voice_agent_id": "{agent_uuid}",
    "assistant_id": "{agent_uuid}",
    "phone_number_id": "{number_uuid}",
    "customer_ids": ["{customer_uuid}"],
    "phone_numbers": ["{number_uuid}"],
}
"""Such a field → whose id it takes."""
NO_REFERENCES = {
    "last_event_id",
    "app_id",
    "account_sid",
    "external_id",
    "speaker",
    "workflow_id",
    "squad_id",
    "duplicate_from_campaign_id",
}
"""Such a field that names nothing that is kept here, or that is not obeyed."""
WORDS = {"search": CANARY, "tags": f"{CANARY}:1"}
"""Such a field → what the first organisation has there."""


@dataclass
class Theirs:
    """One of everything, of the first organisation, and how it is named in paths."""

    ids: dict[str, str]
    organisation: str

    def known_by(self, answer: Answer) -> list[str]:
        """What of it stands in an answer."""
        text = answer.raw.decode("utf-8", "replace") + repr(answer.headers)
        return [mark for mark in (CANARY, self.organisation, *self.ids.values()) if mark in text]


@dataclass
class Stranger:
    """Another organisation, with one of everything of its own."""

    api: Api
    ids: dict[str, str]


@pytest.fixture
async def api(database: Database, tmp_path: Path) -> AsyncIterator[Api]:
    asyncio.get_running_loop().set_debug(False)  # thousands of requests
    places: dict[str, str] = {}
    async with serving_api(database, tmp_path, places=places) as api:
        places |= dict.fromkeys(NEAR, api.url)  # no provider is asked, but this server, which refuses
        yield api


@pytest.fixture
async def theirs(api: Api, seeded: Seeded) -> Theirs:
    return Theirs(await one_of_everything(api, seeded.organisation), seeded.organisation)


@pytest.fixture
async def stranger(api: Api) -> Stranger:
    organisation, token = await api.stranger()
    other = replace(api, token=token)
    return Stranger(other, await one_of_everything(other, organisation.id, "own"))


def names_a_record(endpoint: Endpoint) -> bool:
    return bool(set(endpoint.path_names) - NOBODYS)


async def test_what_one_organisation_has_does_not_exist_for_the_other(
    api: Api, theirs: Theirs, stranger: Stranger
) -> None:
    before = await everything(api, theirs.ids)
    for endpoint, place in routes():
        answer = await asked(stranger.api, endpoint, named(endpoint, place, theirs.ids), stranger.ids)
        if names_a_record(endpoint):
            assert answer.status == 404, (endpoint.name, answer)
        else:
            assert answer.status < 500 or "/check" in place, (endpoint.name, answer)
        assert theirs.known_by(answer) == [], endpoint.name
    assert await everything(api, theirs.ids) == before


async def test_who_has_it_is_told_so_by_every_route(api: Api, theirs: Theirs, file: Path) -> None:
    """So that no 404 above is one for everybody."""
    gone = set()
    for endpoint, place in routes():
        path = named(endpoint, place, theirs.ids)
        what = path.rpartition("/")[2] if place.endswith("}") else endpoint.name
        answer = await asked(api, endpoint, path, theirs.ids)
        assert (answer.status == 404) == (what in gone), (path, answer)
        if endpoint.method == "DELETE" and (place.endswith("}") or answer.status == 204) and answer.status < 400:
            gone.add(what)


async def everything(api: Api, ids: dict[str, str]) -> dict[str, Any]:
    """All that its own organisation reads, by path. It can be read, and has something in it."""
    found = {}
    for endpoint, place in routes():
        if endpoint.method == "GET":
            path = named(endpoint, place, ids)
            answer = await api.get(path)
            assert answer.status == 200, (path, answer)
            if "/agent-availability" in path:
                del answer.body["checked_at"]  # which is always now
            found[path] = answer.body if answer.body is not None else answer.raw
    return found


async def test_a_key_of_all_other_scopes_opens_no_route(api: Api, theirs: Theirs, file: Path) -> None:
    scopes = {endpoint.scope for endpoint in ENDPOINTS if endpoint.scope is not None}
    keys = {scope: await api.key(*(set(Scope) - {scope})) for scope in scopes}
    for endpoint, place in routes():
        if endpoint.scope is not None:
            answer = await asked(
                api, endpoint, named(endpoint, place, theirs.ids), theirs.ids, token=keys[endpoint.scope]
            )
            assert (answer.status, theirs.known_by(answer)) == (403, []), endpoint.name


async def test_without_a_key_no_route_tells_anything(api: Api, theirs: Theirs, file: Path) -> None:
    for endpoint, place in routes():
        answer = await asked(api, endpoint, named(endpoint, place, theirs.ids), theirs.ids, token="nobody's")
        assert (answer.status, theirs.known_by(answer)) == (401, []), endpoint.name


async def test_filters_find_nothing_of_anothers(api: Api, theirs: Theirs, stranger: Stranger) -> None:
    """Every filter that may name something: it finds it for its own organisation, and nothing for another."""
    for endpoint, place in routes():
        for name, value in references(endpoint.query, theirs.ids):
            path, query = named(endpoint, place, theirs.ids), {name: value}
            own, other = await api.get(path, params=query), await stranger.api.get(path, params=query)
            assert (own.status, other.status) == (200, 200), (path, query)
            nothing = await stranger.api.get(path, params={name: "nowhere:1" if name == "tags" else "nowhere"})
            assert other.body == nothing.body != own.body, (path, query)
            assert theirs.known_by(other) == [], (path, query)


async def test_nothing_can_be_made_of_anothers(api: Api, theirs: Theirs, stranger: Stranger) -> None:
    """Every field of every body that may name something, with what is another's."""
    before = await everything(api, theirs.ids)
    for endpoint, place in routes():
        for name, value in references(endpoint.body, theirs.ids):
            if name not in WORDS and endpoint.method != "DELETE":
                body = {
                    key: good for key, good in good_body(endpoint, stranger.ids).items() if plain(key) != plain(name)
                }
                answer = await stranger.api.ask(
                    endpoint.method, named(endpoint, place, stranger.ids), {**body, name: value}
                )
                assert answer.status in (400, 404), (place, name, answer)
                named_or_gone = plain(word(endpoint, place, name)) in plain(answer.detail) or answer.status == 404
                assert named_or_gone, (place, answer)
    assert await everything(api, theirs.ids) == before
    for path, seen in (await everything(stranger.api, stranger.ids)).items():
        assert [mark for mark in (CANARY, *theirs.ids.values()) if mark in str(seen)] == [], path


def word(endpoint: Endpoint, place: str, name: str) -> str:
    """What the body's field is called there."""
    assert endpoint.body is not None
    return next(vocabulary for vocabulary, path in endpoint.places if path == place).word(endpoint.body, name)


def plain(name: str) -> str:
    """The same in every vocabulary."""
    return name.replace("_", "").lower()


def references(model: type[BaseModel] | None, ids: dict[str, str]) -> Iterator[tuple[str, Any]]:
    """Each field of a query or a body that may name something of an organisation's, with one of these ids."""
    for name in model.model_fields if model is not None else ():
        if A_REFERENCE.search(name) and name not in NO_REFERENCES:
            assert name in REFERENCES or name in WORDS, f"{model}: what does {name} name?"
            yield name, WORDS[name] if name in WORDS else filled(REFERENCES[name], ids)


async def test_a_recording_is_not_there_for_anothers_key_in_the_query(
    api: Api, theirs: Theirs, stranger: Stranger
) -> None:
    places = [(each, place) for each, place in routes() if each.query_token]
    assert places
    for endpoint, place in places:
        path = named(endpoint, place, theirs.ids)
        for token, status in ((api.token, 200), (stranger.api.token, 404)):
            answer = await api.get(path, params={"token": token}, headers={"Authorization": "", "Range": "bytes=0-"})
            assert answer.status in (status, 206 if status == 200 else status), path
            assert status == 200 or theirs.known_by(answer) == []


async def test_no_route_stands_beside_those_that_are_asked_here(api: Api, file: Path) -> None:
    app = create_app([], services=api.services, ready=lambda: None)
    found = {(route.method, route.resource.canonical) for route in app.router.routes() if route.resource is not None}
    ours = {(endpoint.method, place) for endpoint, place in routes()}
    ours |= {("HEAD", place) for method, place in ours if method == "GET"}
    signed = "/recordings/{organisation}/{call}.{format}"  # asked for in test_signed_links.py
    public = {"/", "/console/{name}", "/healthz", "/readyz", "/openapi.json", "/docs"}
    assert {path for _, path in found - ours} == public | {signed}


def test_all_vocabularies_are_asked() -> None:
    asked = {vocabulary for endpoint in ENDPOINTS for vocabulary, _ in endpoint.places}
    assert asked == set(Vocabulary)
