from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from aiohttp.test_utils import make_mocked_request

from control_api.auth import RefusedError, signed_in
from storage.database import Database
from storage.keys import key_for, new_token
from storage.records import Scope
from storage.seed import Seeded
from tests.storage.samples import TOKEN

NOW = datetime.now(UTC)


def asked(token: str = "", *, query: str = "", kind: str = "Bearer") -> Any:
    headers = {"Authorization": f"{kind} {token}"} if token else {}
    return make_mocked_request("GET", f"/x?token={query}" if query else "/x", headers=headers)


async def refused(database: Database, request: Any, scope: Scope = Scope.CALLS_READ) -> int:
    with pytest.raises(RefusedError) as error:
        await signed_in(request, database, scope)
    return error.value.status


@pytest.mark.parametrize(
    "request_",
    [
        asked(TOKEN),
        asked(TOKEN, kind="bearer"),
        asked(query=TOKEN),
        asked("user:password", kind="Basic", query=TOKEN),
        asked(TOKEN, query="nn_k_wrong"),
    ],
)
async def test_a_key_opens_in_the_header_or_in_the_query(database: Database, seeded: Seeded, request_: Any) -> None:
    key = await signed_in(request_, database, Scope.CALLS_READ)
    assert key.organisation_id == seeded.organisation


@pytest.mark.parametrize(
    "request_",
    [
        asked(),
        asked("nn_k_" + "b" * 40),
        asked(query="nn_k_" + "b" * 40),
        asked(TOKEN[:-1]),
        asked(TOKEN + "a"),
        asked(TOKEN, kind="Basic"),
        asked("nn_k_wrong", query=TOKEN),
        asked(query="%00%ff%ed%a0%80"),
    ],
)
async def test_no_good_key_opens_nothing(database: Database, request_: Any) -> None:
    assert await refused(database, request_) == 401


async def test_a_key_that_was_revoked_or_has_expired_opens_nothing(database: Database, seeded: Seeded) -> None:
    for ending in ("revoked", "expired"):
        token = new_token()
        expiry = NOW - timedelta(seconds=1) if ending == "expired" else None
        key = key_for(token, seeded.organisation, ending, Scope, NOW, expiry)
        async with database.begin() as work:
            await work.keys.add(key)
        if ending == "revoked":
            await signed_in(asked(token), database, Scope.CALLS_READ)
            async with database.begin() as work:
                await work.keys.revoke(key.id, now=NOW)
        assert await refused(database, asked(token)) == 401


async def test_a_key_opens_only_what_it_is_for(database: Database, seeded: Seeded) -> None:
    token = new_token()
    async with database.begin() as work:
        await work.keys.add(key_for(token, seeded.organisation, "calls", {Scope.CALLS_READ}, NOW))
    await signed_in(asked(token), database, Scope.CALLS_READ)
    for scope in set(Scope) - {Scope.CALLS_READ}:
        assert await refused(database, asked(token), scope) == 403


async def test_a_keys_last_use_is_noted(database: Database) -> None:
    await signed_in(asked(TOKEN), database, Scope.CALLS_READ)
    async with database.read() as work:
        (key,) = await work.keys.every()
    assert key.last_used_at is not None
    assert abs(key.last_used_at - datetime.now(UTC)) < timedelta(minutes=1)
