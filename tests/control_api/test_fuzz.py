"""Bad input never breaks the API, and means the same on both databases: Schemathesis over the whole document."""

from __future__ import annotations

import asyncio
import os
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from aiohttp import ClientSession
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from yarl import URL

from control_api.app import ENDPOINTS, VERSION
from control_api.document.openapi import document
from control_api.links.integrations import VOICE
from control_api.web.vocabulary import PATH_WORDS
from storage.database import Database
from storage.seed import Seeded
from tests.control_api.api import serving_api
from tests.control_api.everything import PROVIDER, one_of_everything
from tests.storage.databases import Cluster, Place
from tests.storage.samples import TOKEN, url

CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
SCHEMA = schemathesis.openapi.from_dict(document(ENDPOINTS, url="https://voice.example.com", version=VERSION))
OPERATIONS = {
    operation.label: operation
    for operation in sorted(
        (found.ok() for found in SCHEMA.get_all_operations() if isinstance(found, Ok)),
        key=lambda operation: operation.method == "delete",  # last, as the others ask for what is there
    )
}
FEW, MANY = 4, 100
"""Examples of each operation: in every run, and in the long one."""
ONCE = [label for label in OPERATIONS if " /v1/" not in label]
"""In every run each handler is asked by one of its names."""


@dataclass
class Served:
    """The API in a thread and a loop of its own, as the requests block. There is one of everything."""

    url: str = ""
    ids: dict[str, str] = field(default_factory=dict)
    """By how paths name them, in every vocabulary."""

    async def serve(self, place: Place, data: Path, up: threading.Event, stop: asyncio.Event) -> None:
        places: dict[str, str] = {}
        async with Database(place.url) as database, serving_api(database, data, places=places) as api:
            places |= dict.fromkeys(("exotel", *VOICE), api.url)  # no provider is asked, but this server
            ids = await one_of_everything(api, place.seeded.organisation)
            self.ids = ids | {theirs: ids[ours] for ours, theirs in PATH_WORDS.items()} | {"provider": PROVIDER}
            self.url = api.url
            up.set()
            await stop.wait()


@contextmanager
def served(place: Place, data: Path) -> Iterator[Served]:
    house, up, stop, loop = Served(), threading.Event(), asyncio.Event(), asyncio.new_event_loop()
    work = house.serve(place, data, up, stop)
    thread = threading.Thread(target=loop.run_until_complete, args=(work,))
    thread.start()
    try:
        assert up.wait(30)
        yield house
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join()
        loop.close()


@pytest.fixture(scope="module")
def both(
    template: tuple[Path, Seeded], cluster: Cluster, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Served, Served]]:
    """SQLite and PostgreSQL, with the same rows in them."""
    folder = tmp_path_factory.mktemp("fuzz")
    file = folder / "vaani.db"
    file.write_bytes(template[0].read_bytes())

    @contextmanager
    def on_postgresql() -> Iterator[Served]:
        with asyncio.Runner() as runner:
            copied = cluster.copied()
            place = runner.run(copied.__aenter__())
            try:
                with served(place, folder / "postgresql") as house:
                    yield house
            finally:
                runner.run(copied.__aexit__(None, None, None))

    with served(Place(url(file), template[1]), folder / "sqlite") as sqlite, on_postgresql() as postgresql:
        yield sqlite, postgresql


HOSTILE = [
    b'{"name": NaN}',
    b'{"name": 1e999}',
    b'{"name": "\\u0000"}',
    b'{"\\u0000": 1}',
    b'{"name": "\\ud800"}',
    b'{"name": "\xed\xa0\x80"}',
    b"[" * 100_000 + b"]" * 100_000,
    b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
]
"""Bodies that no JSON value of ours may have come from."""
STRANGE = ["%00", "%ED%A0%80", "NaN", "1e999", "9" * 400, "x" * 3000]
"""Values of queries, and parts of paths."""


async def statuses_of(
    both: tuple[Served, Served], method: str, path: str, http: ClientSession, **more: Any
) -> set[int]:
    """What the two databases' servers answer; `path` may name records by the words of its operation."""
    headers = {"Authorization": f"Bearer {TOKEN}", **more.pop("headers", {})}
    found = set()
    for house in both:
        url = URL(house.url + path.format_map(house.ids), encoded=True)
        async with http.request(method, url, headers=headers, **more) as answer:
            assert answer.status < 500, (method, path, await answer.text())
            found.add(answer.status)
    return found


async def test_what_no_json_may_hold_is_refused_by_every_operation(both: tuple[Served, Served]) -> None:
    asyncio.get_running_loop().set_debug(False)
    headers = {"Content-Type": "application/json"}
    async with ClientSession() as http:
        for operation in OPERATIONS.values():
            if any(body.media_type == "application/json" for body in operation.body):
                for body in HOSTILE:
                    found = await statuses_of(both, operation.method, operation.path, http, data=body, headers=headers)
                    assert found == {400}, (operation.label, body[:30])


async def test_strange_queries_and_paths_are_the_same_to_both(both: tuple[Served, Served]) -> None:
    asyncio.get_running_loop().set_debug(False)
    async with ClientSession() as http:
        for operation in OPERATIONS.values():
            if operation.method != "delete":
                asked = [f"{operation.path}?{each.name}={value}" for each in operation.query for value in STRANGE]
                asked += [re.sub(r"{\w+}", value, operation.path) for value in STRANGE if "{" in operation.path]
                for path in asked:
                    assert len(await statuses_of(both, operation.method, path, http)) == 1, path


def holds(label: str, both: tuple[Served, Served], examples: int) -> None:
    """Good and bad input alike is answered as the document says, with the same status by both."""
    operation = OPERATIONS[label]
    inputs = st.one_of(
        operation.as_strategy(generation_mode=GenerationMode.POSITIVE),
        operation.as_strategy(generation_mode=GenerationMode.NEGATIVE),
    )

    @settings(
        max_examples=examples,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=inputs, known=st.booleans())
    def check(case: Case[Any], known: bool) -> None:
        headers = {"Authorization": f"Bearer {TOKEN}"}
        statuses = []
        for house in both:
            if known:
                case.path_parameters = {name: house.ids[name] for name in case.path_parameters}
            answer = case.call(base_url=house.url, headers=headers)
            case.validate_response(answer, checks=CHECKS)
            statuses.append(answer.status_code)
        assert statuses[0] == statuses[1]

    check()


@pytest.mark.parametrize("label", ONCE)
def test_no_input_breaks_it(label: str, both: tuple[Served, Served]) -> None:
    holds(label, both, FEW)


@pytest.mark.soak
@pytest.mark.timeout(600)
@pytest.mark.parametrize("label", OPERATIONS)
def test_much_input_breaks_it_neither(label: str, both: tuple[Served, Served]) -> None:
    holds(label, both, int(os.environ.get("EXAMPLES", MANY)))
