from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

from storage.database import Database
from storage.keys import key_for, new_token
from storage.records import Scope
from storage.seed import Seeded, seed
from tests.storage.samples import LATER, NOW, TOKEN, an_organisation


def test_a_key_is_its_prefix_and_at_least_32_random_characters() -> None:
    tokens = {new_token() for _ in range(1000)}
    assert len(tokens) == 1000
    assert all(re.fullmatch(r"nn_k_[0-9A-Za-z]{32,}", token) for token in tokens)


async def test_a_key_is_found_by_itself_alone_and_by_nobody_once_revoked(database: Database, seeded: Seeded) -> None:
    async with database.begin() as work:
        key = await work.keys.find(TOKEN, now=NOW)
        assert key is not None
        assert (key.organisation_id, key.scopes) == (seeded.organisation, frozenset(Scope))
        assert await work.keys.find(TOKEN + "a", now=NOW) is None
        assert await work.keys.find("\ud800", now=NOW) is None
        assert await work.keys.revoke(key.id, now=NOW)
        assert not await work.keys.revoke(key.id, now=NOW)
        assert await work.keys.find(TOKEN, now=NOW) is None


async def test_a_key_expires(database: Database, seeded: Seeded) -> None:
    token = new_token()
    key = key_for(token, seeded.organisation, "short", {Scope.CALLS_READ}, NOW, expires_at=LATER)
    async with database.begin(seeded.organisation) as work:
        await work.keys.add(key)
        assert await work.keys.find(token, now=LATER - timedelta(seconds=1)) == key
        assert await work.keys.find(token, now=LATER) is None


async def test_the_use_of_a_key_is_noted_once_a_minute(database: Database, seeded: Seeded) -> None:
    async with database.begin(seeded.organisation) as work:
        (key,) = await work.keys.every()
        assert await work.keys.used(key.id, now=NOW)
        assert not await work.keys.used(key.id, now=NOW + timedelta(seconds=59))
        assert await work.keys.used(key.id, now=NOW + timedelta(seconds=60))
        (key,) = await work.keys.every()
    assert key.last_used_at == NOW + timedelta(seconds=60)


async def test_a_key_of_another_organisation_cannot_be_revoked_or_listed(database: Database, seeded: Seeded) -> None:
    other = an_organisation()
    async with database.begin() as work:
        await work.organisations.add(other)
        (key,) = await work.keys.every()
    async with database.begin(other.id) as work:
        assert await work.keys.every() == []
        assert not await work.keys.revoke(key.id, now=NOW)


async def test_no_file_holds_a_key(database: Database, file: Path) -> None:
    async with database.begin() as work:
        key = await work.keys.find(TOKEN, now=NOW)
    for written in file.parent.iterdir():
        assert TOKEN.encode() not in written.read_bytes()
    assert TOKEN not in repr(key)
    assert key is not None
    assert key.fingerprint not in repr(key)


async def test_seeding_happens_once(database: Database, seeded: Seeded) -> None:
    async with database.begin() as work:
        assert await seed(work, now=LATER, config={}, voice_config={}, language="en-IN") is None
        assert len(await work.keys.every()) == 1
        agent = await work.agents.get(seeded.agent)
        flow = await work.flows.for_line(None, None)
    assert agent is not None
    assert (agent.name, agent.config) == ("Front desk", {"greeting": "Hello."})
    assert flow is not None
    assert (flow.id, flow.agent_id, flow.is_demo) == (seeded.flow, seeded.agent, True)
    assert seeded.token == TOKEN
    assert TOKEN not in repr(seeded)
