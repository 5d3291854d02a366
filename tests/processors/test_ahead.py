from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

from pipeline.frames import Failure, Frame, MaybeTurn, ReplyDone, ReplyText, SpeechStarted, UserTurn
from pipeline.news import AskedAhead
from processors.dialogue import Dialogue
from processors.lines import Lines
from processors.ports import Message, ProviderError, Tool, ToolCall
from processors.tools.toolbox import Done, Speak, Toolbox
from tests.fakes import FakeModel, of, settle, started


@asynccontextmanager
async def call(model: FakeModel, *deeds: Count) -> AsyncIterator[tuple[Dialogue, list[Frame]]]:
    stage = Dialogue(model, prompt="Be brief.", lines=Lines(), toolbox=Toolbox(deeds), speculate=True)
    async with started(stage) as heard:
        yield stage, heard


class Count:
    tool = Tool("count", "Counts.")

    def __init__(self) -> None:
        self.times = 0

    async def do(self, arguments: Mapping[str, Any], speak: Speak) -> Done:
        self.times += 1
        return Done("counted", say="Done.")


class FailsFirst(FakeModel):
    async def reply(self, chat: Sequence[Message], tools: Sequence[Tool]) -> AsyncGenerator[str | ToolCall, None]:
        self.chats.append(chat)
        if len(self.chats) == 1:
            raise ProviderError("model", "answered 500", status=500)
        yield "Yes."


def texts(heard: list[Frame]) -> str:
    return "".join(frame.text for frame in heard if isinstance(frame, ReplyText))


async def test_an_answer_made_ahead_is_said_when_the_turn_is_certain_and_not_before() -> None:
    model = FakeModel("At ", "nine.")
    async with call(model) as (stage, heard):
        stage.process(MaybeTurn("When do you open?"))
        await settle()
        assert (len(model.chats), texts(heard)) == (1, "")
        stage.process(UserTurn("When do you open?", 0.0))
        await settle()
        assert (len(model.chats), texts(heard)) == (1, "At nine.")
        assert of(AskedAhead, heard) == [AskedAhead(adopted=True)]


async def test_what_is_still_coming_is_said_as_it_comes() -> None:
    more = asyncio.Event()
    async with call(FakeModel("At ", more, "nine.")) as (stage, heard):
        stage.process(MaybeTurn("When?"))
        await settle()
        stage.process(UserTurn("When?", 0.0))
        await settle()
        assert texts(heard) == "At "
        more.set()
        await settle()
        assert texts(heard) == "At nine."


async def test_a_caller_who_goes_on_ends_the_request() -> None:
    model = FakeModel(asyncio.Event())
    async with call(model) as (stage, heard):
        stage.process(MaybeTurn("I would like"))
        await settle()
        stage.process(SpeechStarted(1.0))
        await settle()
        assert model.closed == 1
        assert of(AskedAhead, heard) == [AskedAhead(adopted=False)]


async def test_other_words_are_asked_anew() -> None:
    model = FakeModel("Yes.")
    async with call(model) as (stage, heard):
        stage.process(MaybeTurn("A table for two"))
        await settle()
        stage.process(UserTurn("A table for ten", 0.0))
        await settle()
        assert [chat[-1].text for chat in model.chats] == ["A table for two", "A table for ten"]
        assert texts(heard) == "Yes."
        assert of(AskedAhead, heard) == [AskedAhead(adopted=False)]


async def test_nothing_is_done_before_the_turn_is_certain() -> None:
    count = Count()
    async with call(FakeModel(ToolCall("1", "count", {})), count) as (stage, heard):
        stage.process(MaybeTurn("Count."))
        await settle()
        assert count.times == 0
        stage.process(UserTurn("Count.", 0.0))
        await settle()
        assert count.times == 1
        assert of(ReplyDone, heard)


async def test_what_failed_before_it_was_wanted_is_no_failure_of_the_call() -> None:
    model = FailsFirst()
    async with call(model) as (stage, heard):
        stage.process(MaybeTurn("Hello?"))
        await settle()
        stage.process(UserTurn("Hello?", 0.0))
        await settle()
        assert (len(model.chats), texts(heard), of(Failure, heard)) == (2, "Yes.", [])


async def test_a_failure_that_asking_anew_cannot_mend_is_one_of_the_call_and_is_not_asked_twice() -> None:
    model = FakeModel(ProviderError("model", "answered 401", status=401, retriable=False))
    async with call(model) as (stage, heard):
        stage.process(MaybeTurn("Hello?"))
        await settle()
        assert of(Failure, heard) == []
        stage.process(UserTurn("Hello?", 0.0))
        await settle()
        assert len(model.chats) == 1
        assert of(Failure, heard)


async def test_what_fails_once_it_is_wanted_is() -> None:
    broken = asyncio.Event()
    async with call(FakeModel("At ", broken, ProviderError("model", "broke off"))) as (stage, heard):
        stage.process(MaybeTurn("When?"))
        await settle()
        stage.process(UserTurn("When?", 0.0))
        await settle()
        broken.set()
        await settle()
        assert of(Failure, heard)
