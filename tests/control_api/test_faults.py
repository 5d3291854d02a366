"""A database that fails under any route: the log tells where, and nothing of what was asked or kept."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.columns import metadata
from storage.database import Database
from storage.seed import Seeded
from tests.control_api.api import Api, serving_api
from tests.control_api.canaries import WORD, found_in
from tests.control_api.everything import NEAR, asked, named, one_of_everything, routes
from tests.logged import logged

ASKS = {"api_keys", "organisations"}
"""Tables by which is found who asks."""


@pytest.fixture
async def api(database: Database, tmp_path: Path) -> AsyncIterator[Api]:
    asyncio.get_running_loop().set_debug(False)  # thousands of requests
    async with serving_api(database, tmp_path, places=NEAR) as api:
        yield api


async def refusing(connection: AsyncConnection, table: str) -> None:
    """Nothing can be written to it. PostgreSQL adds the whole row to such an error."""
    if connection.dialect.name == "postgresql":
        await connection.execute(text(f'ALTER TABLE "{table}" ADD CHECK (false) NOT VALID'))
    else:
        for what in ("INSERT", "UPDATE", "DELETE"):
            make = f'CREATE TRIGGER "{table}_{what}" BEFORE {what} ON "{table}"'
            await connection.execute(text(f"{make} BEGIN SELECT RAISE(ABORT, 'refused'); END"))


async def gone(connection: AsyncConnection, table: str) -> None:
    await connection.execute(text(f'ALTER TABLE "{table}" RENAME TO "no_{table}"'))


@pytest.mark.parametrize("broken", [refusing, gone])
async def test_no_fault_tells_what_was_asked_or_kept(
    api: Api, seeded: Seeded, broken: Callable[[AsyncConnection, str], Awaitable[None]]
) -> None:
    ids = await one_of_everything(api, seeded.organisation, WORD)
    async with api.database.connect() as connection:
        for table in metadata.tables.keys() - ASKS:
            await broken(connection, table)
    with logged() as written:
        answers = [
            await asked(api, endpoint, named(endpoint, place, ids), ids)
            for endpoint, place in routes()
            if place == endpoint.places[0][1]
        ]
    faults = [answer for answer in answers if answer.status == 500]
    assert len(faults) > 30
    assert 503 not in {answer.status for answer in answers}
    assert written.getvalue().count('"exception": "Traceback') >= len(faults)
    assert found_in(written.getvalue()) == []
    assert found_in("\n".join(str(answer.body) for answer in faults)) == []
