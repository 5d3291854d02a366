from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from control_api.web.errors import RefusedError
from server.cluster import commands
from server.cluster.commands import Commands
from storage.bus import MemoryBus
from storage.records import Call, CallStatus
from tests.storage.samples import NOW, a_call

END = {"do": "end", "reason": "done"}


@dataclass
class Node:
    """One process: the calls that it has, and what they were told."""

    name: str
    bus: MemoryBus
    live: set[str] = field(default_factory=set)
    told: list[tuple[str, Mapping[str, Any]]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.commands = Commands(self.bus, self.name, self.perform, is_here=self.live.__contains__)

    async def perform(self, call: str, command: Mapping[str, Any]) -> Mapping[str, Any]:
        if command["do"] == "crash":
            raise RuntimeError("a bug")
        if call not in self.live and command["do"] != "story":
            return {"error": 409, "detail": "Call is not currently active"}
        self.told.append((call, command))
        return {"ok": True, "by": self.name}


@dataclass
class Two:
    one: Node
    other: Node


@pytest.fixture
async def two() -> AsyncIterator[Two]:
    bus = MemoryBus()
    nodes = Two(Node("one", bus), Node("other", bus))
    keeping = [asyncio.create_task(node.commands.keep()) for node in (nodes.one, nodes.other)]
    await asyncio.sleep(0)
    yield nodes
    for task in keeping:
        task.cancel()
    await asyncio.gather(*keeping, return_exceptions=True)


def on_the_line(node: Node) -> Call:
    call = a_call("org_1", node=node.name, status=CallStatus.IN_PROGRESS, answered_at=NOW)
    node.live.add(call.id)
    return call


async def refused(node: Node, call: Call, command: Mapping[str, Any]) -> tuple[int, str]:
    with pytest.raises(RefusedError) as raised:
        await node.commands.ask(call, command)
    return raised.value.status, raised.value.detail


async def test_a_command_is_obeyed_by_the_process_that_has_the_call(two: Two) -> None:
    here, there = on_the_line(two.one), on_the_line(two.other)
    assert await two.one.commands.ask(here, END) == {"ok": True, "by": "one"}
    assert await two.one.commands.ask(there, END) == {"ok": True, "by": "other"}
    assert (two.one.told, two.other.told) == ([(here.id, END)], [(there.id, END)])


async def test_many_commands_at_once_get_each_its_own_answer(two: Two) -> None:
    calls = [on_the_line(two.other) for _ in range(100)]
    answers = await asyncio.gather(*(two.one.commands.ask(call, END) for call in calls))
    assert answers == [{"ok": True, "by": "other"}] * 100
    assert two.one.commands._awaited == {}


async def test_a_call_that_has_come_to_this_process_meanwhile_is_told_here(two: Two) -> None:
    call = on_the_line(two.one)
    assert await two.one.commands.ask(replace(call, node="other"), END) == {"ok": True, "by": "one"}


async def test_a_call_that_is_not_on_the_line_any_more_is_a_conflict(two: Two) -> None:
    call = on_the_line(two.other)
    two.other.live.clear()
    not_live = (409, "Call is not currently active")
    assert await refused(two.one, call, END) == not_live
    assert await refused(two.one, replace(call, node=""), END) == not_live
    over = replace(call, status=CallStatus.ENDED, ended_at=datetime.now(UTC))
    assert await refused(two.one, over, END) == not_live
    assert two.other.told == []


async def test_the_story_of_a_call_is_told_for_ten_minutes_after_its_end(two: Two) -> None:
    over = replace(on_the_line(two.other), status=CallStatus.ENDED, ended_at=datetime.now(UTC))
    assert await two.one.commands.ask(over, {"do": "story"}) == {"ok": True, "by": "other"}
    long_over = replace(over, ended_at=datetime.now(UTC) - timedelta(minutes=11))
    assert (await refused(two.one, long_over, {"do": "story"}))[0] == 409


async def test_a_process_that_is_gone_is_not_waited_for(two: Two, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(commands, "ANSWER_SECONDS", 0.01)
    call = replace(on_the_line(two.other), node="gone")
    assert await refused(two.one, call, END) == (503, "The server that has this call does not answer")
    assert two.one.commands._awaited == {}


async def test_a_command_that_fails_ends_no_other(two: Two, caplog: pytest.LogCaptureFixture) -> None:
    call = on_the_line(two.other)
    assert (await refused(two.one, call, {"do": "crash"}))[0] == 500
    assert "a command of another node failed" in caplog.text
    assert await two.one.commands.ask(call, END) == {"ok": True, "by": "other"}


async def test_a_message_that_is_not_understood_ends_nothing(two: Two) -> None:
    call = on_the_line(two.other)
    for topic in ("node.other", "reply.other", "reply.one"):
        await two.one.bus.publish(topic, {"of": "another version"})
    assert (await two.one.commands.ask(call, END))["by"] == "other"
