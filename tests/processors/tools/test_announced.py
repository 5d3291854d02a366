from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import pytest

from processors.ports import Message as Line
from processors.ports import Tool, ToolCall
from processors.tools.announced import Announced
from processors.tools.options import Message, Rejection
from processors.tools.toolbox import Done, Speak, Toolbox
from tests.fakes import settle


class Deed:
    tool = Tool("book", "Books.", {"type": "object"})

    def __init__(self, done: Done) -> None:
        self.done, self.go_on, self.begun = done, asyncio.Event(), 0

    async def do(self, arguments: Mapping[str, Any], speak: Speak) -> Done:
        self.begun += 1
        await self.go_on.wait()
        return self.done


class Clock:
    """Waits for whoever moves it."""

    def __init__(self) -> None:
        self.now, self._waiting = 0.0, list[tuple[float, asyncio.Event]]()

    async def wait(self, seconds: float) -> None:
        turn = asyncio.Event()
        self._waiting.append((self.now + seconds, turn))
        await turn.wait()

    async def to(self, now: float) -> None:
        self.now = now
        for due, turn in self._waiting:
            if due <= now:
                turn.set()
        await settle()


def messages(*given: dict[str, Any]) -> tuple[Message, ...]:
    return tuple(Message.model_validate(one) for one in given)


async def told(
    *given: dict[str, Any], ok: bool = True, language: str = "en-IN", **arguments: Any
) -> tuple[list[str], Done]:
    deed, heard = Deed(Done("17", ok=ok)), list[str]()
    deed.go_on.set()
    announced = Announced(deed, messages(*given), {"name": "Asha"}, language)
    return heard, await announced.do(arguments, heard.append)


async def test_it_is_said_that_it_begins_and_what_came_of_it() -> None:
    begun = {"when": "start", "text": "One moment, {{name}}."}
    heard, done = await told(begun, {"when": "complete", "text": "Booked for {{day}}."}, day="Friday")
    assert heard == ["One moment, Asha. "]
    assert done == Done("17", say="Booked for Friday.")


async def test_a_failure_is_told_and_may_end_the_call() -> None:
    failed = {"when": "failed", "text": "It did not work. Goodbye.", "ends_call": True}
    _, done = await told({"when": "complete", "text": "Fine."}, failed, ok=False)
    assert (done.say, done.hangup) == ("It did not work. Goodbye.", "goodbye")


async def test_an_instruction_to_the_model_is_not_said() -> None:
    _, done = await told({"when": "complete", "text": "Read the number aloud.", "for_model": True})
    assert (done.say, done.answer) == ("", "17\n\nRead the number aloud.")


@pytest.mark.parametrize(("language", "heard"), [("hi-IN", "एक क्षण। "), ("en-GB", "A moment. "), ("ta-IN", "Wait. ")])
async def test_each_language_has_its_own_words(language: str, heard: str) -> None:
    said, _ = await told(
        {"when": "start", "text": "Wait.", "texts": {"hi": "एक क्षण।", "en-US": "A moment."}}, language=language
    )
    assert said == [heard]


@pytest.mark.parametrize(
    ("operator", "value", "holds"),
    [
        ("eq", 5, True),
        ("eq", 6, False),
        ("neq", 6, True),
        ("gt", 4, True),
        ("gt", 5, False),
        ("gte", 5, True),
        ("lt", 5, False),
        ("lte", 5, True),
        ("gt", "four", False),
    ],
)
async def test_the_first_is_said_whose_conditions_hold(operator: str, value: Any, holds: bool) -> None:
    condition = {"argument": "count", "operator": operator, "value": value}
    said, _ = await told(
        {"when": "start", "text": "One.", "conditions": [condition]}, {"when": "start", "text": "Two."}, count=5
    )
    assert said == ["One. " if holds else "Two. "]


async def test_delayed_ones_are_said_at_their_time_and_not_once_it_is_done() -> None:
    deed, heard, clock = Deed(Done("17")), list[str](), Clock()
    given = messages(
        {"when": "delayed", "text": "Nearly.", "after_ms": 5000},
        {"when": "delayed", "text": "Still at it.", "after_ms": 2000},
        {"when": "delayed", "text": "Never.", "after_ms": 9000},
    )
    task = asyncio.create_task(Announced(deed, given, {}, "en", clock.wait).do({}, heard.append))
    await settle()
    await clock.to(1.9)
    assert heard == []
    await clock.to(2.0)
    assert heard == ["Still at it. "]
    await clock.to(5.0)
    deed.go_on.set()
    assert await task == Done("17")
    await clock.to(9.0)
    assert heard == ["Still at it. ", "Nearly. "]


async def test_a_tool_that_waits_begins_once_its_first_message_was_said() -> None:
    deed, clock = Deed(Done("17")), Clock()
    deed.go_on.set()
    given = messages({"when": "start", "text": "This call may cost you money. Listen.", "waits": True})
    task = asyncio.create_task(Announced(deed, given, {}, "en", clock.wait).do({}, lambda text: None))
    await settle()
    assert deed.begun == 0
    await clock.to(5.0)
    assert (await task, deed.begun) == (Done("17"), 1)


CHAT = [
    Line("system", "You are kind. Never cancel."),
    Line("user", "Please book it."),
    Line("assistant", "Shall I CANCEL it?"),
    Line("user", "Yes, do that"),
]


@pytest.mark.parametrize(
    ("conditions", "refused"),
    [
        ([], False),
        ([{"pattern": "do that"}], True),
        ([{"pattern": "cancel"}], False),
        ([{"pattern": "cancel", "role": "assistant", "ignore_case": True}], True),
        ([{"pattern": "book", "position": 0}], True),
        ([{"pattern": "book", "position": -2}], True),
        ([{"pattern": "book", "position": 9}], False),
        ([{"pattern": "book", "negate": True}], True),
        ([{"pattern": "es", "whole_word": True}], False),
        ([{"pattern": "yes"}, {"pattern": "that"}], False),
        ([{"any_of": [{"pattern": "yes"}, {"pattern": "that"}]}], True),
        ([{"all_of": [{"pattern": "Yes"}, {"any_of": [{"pattern": "no"}, {"pattern": "that"}]}]}], True),
    ],
)
async def test_the_conversation_may_stand_against_a_tool(conditions: list[dict[str, Any]], refused: bool) -> None:
    deed = Deed(Done("17"))
    deed.go_on.set()
    toolbox = Toolbox([deed], rejections={"book": [Rejection.model_validate(one) for one in conditions]})
    done = await toolbox.use(ToolCall("1", "book", {}), lambda text: None, CHAT)
    assert (done.ok, deed.begun) == (not refused, int(not refused))
