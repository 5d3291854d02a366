"""Bad input never breaks the API, and means the same on both databases: Schemathesis over the whole document."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import schemathesis
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

from control_api.app import ENDPOINTS, VERSION
from control_api.document.openapi import document
from storage.database import Database
from tests.control_api.api import serving_api
from tests.storage.databases import Cluster
from tests.storage.samples import TOKEN, url

CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
SCHEMA = schemathesis.openapi.from_dict(document(ENDPOINTS, url="https://voice.example.com", version=VERSION))
OPERATIONS = {found.ok().label: found.ok() for found in SCHEMA.get_all_operations() if isinstance(found, Ok)}
FEW, MANY = 4, 100
"""Examples of each operation: in every run, and in the long one."""


@dataclass
class Served:
    """The API in a thread and a loop of its own, as the requests block."""

    url: str = ""

    async def _serve(self, database_url: str, data: Path, up: threading.Event, stop: asyncio.Event) -> None:
        async with Database(database_url) as database, serving_api(database, data) as api:
            self.url = api.url
            up.set()
            await stop.wait()


@contextmanager
def served(database_url: str, data: Path) -> Iterator[Served]:
    house, up, stop, loop = Served(), threading.Event(), asyncio.Event(), asyncio.new_event_loop()
    work = house._serve(database_url, data, up, stop)
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
    template: tuple[Path, Any], cluster: Cluster, tmp_path_factory: pytest.TempPathFactory
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
                with served(place.url, folder / "postgresql") as house:
                    yield house
            finally:
                runner.run(copied.__aexit__(None, None, None))

    with served(url(file), folder / "sqlite") as sqlite, on_postgresql() as postgresql:
        yield sqlite, postgresql


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
    @given(case=inputs)
    def check(case: Case[Any]) -> None:
        headers = {"Authorization": f"Bearer {TOKEN}"}
        statuses = []
        for house in both:
            answer = case.call(base_url=house.url, headers=headers)
            case.validate_response(answer, checks=CHECKS)
            statuses.append(answer.status_code)
        assert statuses[0] == statuses[1]

    check()


@pytest.mark.parametrize("label", OPERATIONS)
def test_no_input_breaks_it(label: str, both: tuple[Served, Served]) -> None:
    holds(label, both, FEW)


@pytest.mark.soak
@pytest.mark.timeout(600)
@pytest.mark.parametrize("label", OPERATIONS)
def test_much_input_breaks_it_neither(label: str, both: tuple[Served, Served]) -> None:
    holds(label, both, int(os.environ.get("EXAMPLES", MANY)))
