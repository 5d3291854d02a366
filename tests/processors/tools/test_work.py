from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

from pipeline.frames import Frame, Hangup, Interrupt, Played, ReplyText, ToolUsed, UserTurn
from processors.dialogue import Dialogue
from processors.lines import Lines
from processors.ports import Message, Tool, ToolCall
from processors.tools.toolbox import Done, Speak, Toolbox
from tests.fakes import of, settle, started

BOOK = ToolCall("1", "book", {"day": "Friday"})


class Model:
    """The n-th answer to the n-th question."""

    def __init__(self, *answers: Sequence[str | ToolCall]) -> None:
        self._answers = answers
        self.asked: list[Sequence[Message]] = []

    async def reply(self, chat: Sequence[Message], tools: Sequence[Tool]) -> AsyncGenerator[str | ToolCall, None]:
        self.asked.append(chat)
        for piece in self._answers[len(self.asked) - 1]:
            yield piece


class Booking:
    tool = Tool("book", "Books a visit.")

    def __init__(self, done: Done = Done("booked as 17"), filler: str = "") -> None:  # noqa: B008
        self._done, self._filler = done, filler
        self.go_on = asyncio.Event()
        self.booked: list[Mapping[str, Any]] = []

    async def do(self, arguments: Mapping[str, Any], speak: Speak) -> Done:
        speak(self._filler)
        await self.go_on.wait()
        speak(self._filler)
        self.booked.append(arguments)
        return self._done


@asynccontextmanager
async def dialogue(model: Model, *deeds: Booking) -> AsyncIterator[tuple[Dialogue, list[Frame]]]:
    stage = Dialogue(model, lines=Lines(), toolbox=Toolbox(deeds))
    async with started(stage) as heard:
        yield stage, heard


def said(heard: list[Frame]) -> list[str]:
    return [frame.text for frame in heard if isinstance(frame, ReplyText)]


async def test_the_model_is_asked_again_with_what_came_of_it() -> None:
    model, booking = Model(["I will book it. ", BOOK], ["It is number 17."]), Booking()
    booking.go_on.set()
    async with dialogue(model, booking) as (stage, heard):
        stage.process(UserTurn("Friday, please.", 0.0))
        await settle()
    assert said(heard) == ["I will book it. ", "It is number 17."]
    assert model.asked[1] == (
        Message("user", "Friday, please."),
        Message("assistant", "I will book it. ", (BOOK,)),
        Message("tool", "booked as 17", answers="1"),
    )
    assert [(used.name, used.ok) for used in of(ToolUsed, heard)] == [("book", True)]  # type: ignore[attr-defined]


async def test_what_was_heard_of_the_reply_stands_behind_what_was_done_for_it() -> None:
    model, booking = Model(["I will book it. ", BOOK], ["It is number 17."]), Booking()
    booking.go_on.set()
    async with dialogue(model, booking) as (stage, _):
        stage.process(UserTurn("Friday, please.", 0.0))
        await settle()
        stage.process(Played(1, 0.0, 2.0, "I will book it. It is number 17.", complete=True, over=True))
        assert [message.role for message in stage.chat] == ["user", "assistant", "tool", "assistant"]


async def test_an_interruption_silences_the_tool_and_does_not_undo_it() -> None:
    model, booking = Model(["One moment. ", BOOK], ["It is booked."]), Booking(filler="Still at it. ")
    async with dialogue(model, booking) as (stage, heard):
        stage.process(UserTurn("Friday, please.", 0.0))
        await settle()
        stage.process(Interrupt(1.0))
        stage.process(UserTurn("Hello?", 1.0))
        await settle()
        assert len(model.asked) == 1, "asked before it could know what has become of the booking"
        booking.go_on.set()
        await settle()
    assert said(heard) == ["One moment. ", "Still at it. ", "It is booked."]
    assert model.asked[1][-1] == Message("tool", "booked as 17", answers="1")
    assert booking.booked == [{"day": "Friday"}]


async def test_what_a_tool_has_to_say_is_said_in_place_of_the_model() -> None:
    model, booking = Model([BOOK]), Booking(Done("17", say="Your number is 17.", hangup="goodbye"))
    booking.go_on.set()
    async with dialogue(model, booking) as (stage, heard):
        stage.process(UserTurn("Friday, please.", 0.0))
        await settle()
        stage.process(Played(1, 0.0, 2.0, "Your number is 17.", complete=True, over=True))
    assert said(heard) == ["Your number is 17."]
    assert of(Hangup, heard) == [Hangup("goodbye")]


async def test_a_tool_that_there_is_not_is_told_to_the_model() -> None:
    model = Model([ToolCall("9", "fly", {})], ["I cannot fly."])
    async with dialogue(model) as (stage, heard):
        stage.process(UserTurn("Fly!", 0.0))
        await settle()
    assert said(heard) == ["I cannot fly."]
    assert [used.ok for used in of(ToolUsed, heard)] == [False]  # type: ignore[attr-defined]


async def test_a_model_that_never_stops_asking_is_stopped() -> None:
    model, booking = Model(*[[BOOK]] * 6, ["Enough.", BOOK]), Booking()
    booking.go_on.set()
    async with dialogue(model, booking) as (stage, heard):
        stage.process(UserTurn("Friday, please.", 0.0))
        for _ in range(10):
            await settle()
    assert said(heard) == ["Enough."]
    assert len(booking.booked) == 6
