from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest
from aiohttp.test_utils import make_mocked_request

from control_api.access import auth
from control_api.access.auth import Caller, SignIn, require
from control_api.access.firebase import FirebaseUser, FirebaseVerifier, NotVerifiedError
from control_api.web.errors import RefusedError
from storage.database import Database
from storage.keys import GRAIN, Keys, key_for, new_token
from storage.records import ApiKey, Scope
from storage.seed import Seeded
from tests.logged import logged
from tests.storage.samples import TOKEN

NOW = datetime.now(UTC)
ID_TOKEN = "eyJ.good.one"


def asked(token: str = "", *, query: str = "", kind: str = "Bearer") -> Any:
    headers = {"Authorization": f"{kind} {token}"} if token else {}
    return make_mocked_request("GET", f"/x?token={query}" if query else "/x", headers=headers)


class Firebase:
    """Knows one token."""

    def __init__(self, organisation: str) -> None:
        self.user = FirebaseUser("uid-1", organisation, frozenset({Scope.CALLS_READ}))
        self.asked: list[str] = []

    async def verify(self, token: str) -> FirebaseUser:
        self.asked.append(token)
        if token != ID_TOKEN:
            raise NotVerifiedError("bad signature")
        return self.user


@pytest.fixture
async def sign_in(database: Database) -> AsyncIterator[SignIn]:
    async with SignIn(database) as sign_in:
        yield sign_in


async def refused(sign_in: SignIn, request: Any, *, query_token: bool = True) -> None:
    with pytest.raises(RefusedError) as error:
        await sign_in.identify(request, query_token=query_token)
    assert (error.value.status, error.value.detail) == (401, "Invalid or expired token")


async def first_key(database: Database) -> ApiKey:
    async with database.read() as work:
        return (await work.keys.every())[0]


@pytest.mark.parametrize(
    "request_",
    [
        asked(TOKEN),
        asked(TOKEN, kind="bearer"),
        asked(TOKEN, kind="Bearer "),
        asked(query=TOKEN),
        asked("user:password", kind="Basic", query=TOKEN),
        asked(TOKEN, query="nn_k_wrong"),
    ],
)
async def test_a_key_opens_in_the_header_or_in_the_query(
    sign_in: SignIn, database: Database, seeded: Seeded, request_: Any
) -> None:
    key = await first_key(database)
    caller = await sign_in.identify(request_, query_token=True)
    assert caller == Caller(seeded.organisation, frozenset(Scope), key.id, key.id)


@pytest.mark.either
@pytest.mark.parametrize(
    "request_",
    [
        asked(),
        asked("nn_k_" + "b" * 40),
        asked(query="nn_k_" + "b" * 40),
        asked(TOKEN[:-1]),
        asked(TOKEN + "a"),
        asked(TOKEN, kind="Basic"),
        asked(TOKEN.upper()),
        asked("nn_k_wrong", query=TOKEN),
        asked(query="%00%ff%ed%a0%80"),
        asked(query="nn_k_%00%ff%ed%a0%80"),
        asked(ID_TOKEN),
    ],
)
async def test_no_good_key_opens_nothing(sign_in: SignIn, request_: Any) -> None:
    await refused(sign_in, request_)


async def test_the_query_counts_only_where_it_may(sign_in: SignIn) -> None:
    await refused(sign_in, asked(query=TOKEN), query_token=False)
    await refused(sign_in, asked("nn_k_wrong", query=TOKEN), query_token=False)
    assert await sign_in.identify(asked(TOKEN), query_token=False)


async def test_a_key_that_was_revoked_or_has_expired_opens_nothing(
    sign_in: SignIn, database: Database, seeded: Seeded
) -> None:
    for ending in ("revoked", "expired"):
        token = new_token()
        expiry = NOW - timedelta(seconds=1) if ending == "expired" else None
        key = key_for(token, seeded.organisation, ending, Scope, NOW, expiry)
        async with database.begin() as work:
            await work.keys.add(key)
        if ending == "revoked":
            await sign_in.identify(asked(token), query_token=False)
            async with database.begin() as work:
                await work.keys.revoke(key.id, now=NOW)
        await refused(sign_in, asked(token))


async def test_a_key_that_is_none_is_looked_for_once_in_a_while(
    sign_in: SignIn, database: Database, seeded: Seeded, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def find(keys: Keys, token: str, *, now: datetime) -> ApiKey | None:
        looked_for.append(token)
        return await found(keys, token, now=now)

    looked_for: list[str] = []
    found = Keys.find
    monkeypatch.setattr(Keys, "find", find)
    monkeypatch.setattr(auth, "UNKNOWN", 2)
    first, second, third = (new_token() for _ in range(3))
    for token in (first, first, second, first, third, second, first):
        await refused(sign_in, asked(token))
    assert looked_for == [first, second, third, first]  # the third took the place of the first, which was oldest
    async with database.begin() as work:
        await work.keys.add(key_for(first, seeded.organisation, "Late", Scope, NOW))
    monkeypatch.setattr(auth, "IN_VAIN", timedelta(0))
    assert await sign_in.identify(asked(first), query_token=False)


async def test_a_caller_has_the_scopes_of_the_key(sign_in: SignIn, database: Database, seeded: Seeded) -> None:
    token = new_token()
    async with database.begin() as work:
        await work.keys.add(key_for(token, seeded.organisation, "calls", {Scope.CALLS_READ}, NOW))
    caller = await sign_in.identify(asked(token), query_token=False)
    assert caller.scopes == {Scope.CALLS_READ}


def test_a_missing_scope_is_told() -> None:
    caller = Caller("org_1", frozenset({Scope.CALLS_READ, Scope.AGENTS_READ}), None, "uid-1")
    require(caller)
    require(caller, Scope.CALLS_READ)
    require(caller, Scope.AGENTS_READ, Scope.CALLS_READ)
    for scopes, told in (
        ([Scope.CALLS_WRITE], "voice:calls:write"),
        ([Scope.CALLS_READ, Scope.CALLS_WRITE], "voice:calls:read, voice:calls:write"),
    ):
        with pytest.raises(RefusedError) as error:
            require(caller, *scopes)
        assert error.value.status == 403
        assert error.value.detail == f"Insufficient permissions. Required scopes: {told}"


async def test_a_firebase_user_is_whom_the_token_names(database: Database, seeded: Seeded) -> None:
    firebase = Firebase(seeded.organisation)
    async with SignIn(database, cast(FirebaseVerifier, firebase)) as sign_in:
        for request in (asked(ID_TOKEN), asked(query=ID_TOKEN)):
            caller = await sign_in.identify(request, query_token=True)
            assert caller == Caller(seeded.organisation, frozenset({Scope.CALLS_READ}), None, "uid-1")
        await refused(sign_in, asked("eyJ.bad.one"))
        await refused(sign_in, asked(query=ID_TOKEN), query_token=False)
    assert firebase.asked == [ID_TOKEN, ID_TOKEN, "eyJ.bad.one"]


async def test_what_looks_like_a_key_is_never_shown_to_firebase(database: Database, seeded: Seeded) -> None:
    firebase = Firebase(seeded.organisation)
    async with SignIn(database, cast(FirebaseVerifier, firebase)) as sign_in:
        await sign_in.identify(asked(TOKEN), query_token=False)
        await refused(sign_in, asked(TOKEN + "a"))
        await refused(sign_in, asked())
    assert firebase.asked == []


async def test_a_firebase_user_of_no_organisation_here_is_refused(database: Database) -> None:
    async with SignIn(database, cast(FirebaseVerifier, Firebase("org_nobodys"))) as sign_in:
        await refused(sign_in, asked(ID_TOKEN))


async def test_a_keys_last_use_is_noted_by_the_time_sign_in_is_closed(database: Database) -> None:
    async with SignIn(database) as sign_in:
        await sign_in.identify(asked(TOKEN), query_token=False)
    used = (await first_key(database)).last_used_at
    assert used is not None
    assert abs(used - datetime.now(UTC)) < timedelta(minutes=1)


async def test_a_request_does_not_wait_for_the_one_who_writes(database: Database) -> None:
    async with SignIn(database) as sign_in, asyncio.timeout(5), database.begin():
        await sign_in.identify(asked(TOKEN), query_token=False)
    assert (await first_key(database)).last_used_at is not None


async def uses(database: Database, monkeypatch: pytest.MonkeyPatch, *, before: datetime, requests: int) -> int:
    """How many write transactions some requests at once cause, by a key that was used before."""
    key = await first_key(database)
    async with database.begin() as work:
        assert await work.keys.used(key.id, now=before)
    begun = 0
    begin = database.begin

    def counted(organisation: str | None = None) -> Any:
        nonlocal begun
        begun += 1
        return begin(organisation)

    monkeypatch.setattr(database, "begin", counted)
    async with SignIn(database) as sign_in:
        await asyncio.gather(*(sign_in.identify(asked(TOKEN), query_token=False) for _ in range(requests)))
    return begun


async def test_a_busy_key_costs_no_write_a_request(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    assert await uses(database, monkeypatch, before=datetime.now(UTC) - GRAIN / 2, requests=20) == 0


async def test_requests_at_once_cause_one_write(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    assert await uses(database, monkeypatch, before=datetime.now(UTC) - 2 * GRAIN, requests=20) == 1


async def test_a_use_that_cannot_be_noted_is_logged_and_refuses_nobody(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(organisation: str | None = None) -> Any:
        raise OSError("no space")

    key = await first_key(database)
    monkeypatch.setattr(database, "begin", full)
    with logged() as log:
        async with SignIn(database) as sign_in:
            for _ in range(3):
                assert await sign_in.identify(asked(TOKEN), query_token=False)
                await asyncio.sleep(0)
    (told,) = [line for line in map(json.loads, log.getvalue().splitlines()) if line["level"] != "debug"]
    assert told["message"] == "the use of a key could not be noted"
    assert told["key"] == key.id
    assert TOKEN not in log.getvalue()
