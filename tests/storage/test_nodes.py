from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from storage.database import Database
from storage.nodes import Node
from tests.storage.samples import NOW

ONE = Node("one", "gen_1", NOW, NOW, 0, 200, False, "1")
LATER = replace(ONE, seen_at=NOW + timedelta(seconds=2), calls=3, draining=True)


async def test_a_node_is_known_by_what_it_told_last(database: Database) -> None:
    async with database.begin() as work:
        await work.nodes.join(ONE)
        await work.nodes.join(replace(ONE, name="two", generation="gen_2"))
        assert await work.nodes.beat(LATER)
    async with database.read() as work:
        assert await work.nodes.every() == [LATER, replace(ONE, name="two", generation="gen_2")]
    async with database.begin() as work:
        await work.nodes.leave(LATER)
        assert [node.name for node in await work.nodes.every()] == ["two"]


async def test_who_takes_a_name_over_is_not_moved_by_who_had_it(database: Database) -> None:
    fresh = replace(ONE, generation="gen_2")
    async with database.begin() as work:
        await work.nodes.join(ONE)
        await work.nodes.join(fresh)
        assert not await work.nodes.beat(LATER)
        assert not await work.nodes.given_up(ONE)
        await work.nodes.leave(ONE)
        assert await work.nodes.every() == [fresh]


async def test_only_a_node_that_has_told_nothing_since_is_given_up_and_once(database: Database) -> None:
    async with database.begin() as work:
        await work.nodes.join(ONE)
        await work.nodes.beat(LATER)
        assert not await work.nodes.given_up(ONE)
        assert await work.nodes.given_up(LATER)
        assert not await work.nodes.given_up(LATER)
        assert not await work.nodes.beat(LATER)
