from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from pipeline.frames import Failure, Frame, Hangup, Heard, Interrupt, Played, ReplyDone, ReplyText, Say, UserTurn
from processors.dialogue import Dialogue
from processors.lines import Lines
from processors.ports import Message, ProviderError, ToolCall
from tests.fakes import Clock, FakeModel, of, settle, started

GOODBYE = ToolCall("1", "end_call", {"reason": "goodbye"})


STOCK = Lines()


@asynccontextmanager
async def dialogue(
    model: FakeModel, lines: Lines = STOCK, greeting: str = "", max_seconds: float = 3600.0
) -> AsyncIterator[tuple[Dialogue, list[Frame], Clock]]:
    stage = Dialogue(model, prompt="Be brief.", greeting=greeting, lines=lines, max_seconds=max_seconds)
    async with started(stage) as heard:
        yield stage, heard, Clock(stage)


def texts(heard: list[Frame]) -> list[str]:
    return [frame.text for frame in heard if isinstance(frame, ReplyText)]


async def test_the_greeting_comes_with_the_first_sound_and_once() -> None:
    async with dialogue(FakeModel(), greeting="Hello!") as (_, heard, clock):
        assert texts(heard) == []
        clock.run(0.1)
        assert texts(heard) == ["Hello!"]


async def test_the_bot_waits_when_it_has_no_greeting() -> None:
    async with dialogue(FakeModel()) as (_, heard, clock):
        clock.run(1)
        assert texts(heard) == []


async def test_pieces_go_out_as_they_come_under_one_number() -> None:
    async with dialogue(FakeModel("We are ", "open.")) as (stage, heard, _):
        stage.process(UserTurn("When?", 1.0, 2.0))
        await settle()
        assert heard[1:] == [ReplyText("We are ", 1), ReplyText("open.", 1), ReplyDone(1)]


async def test_the_model_sees_the_prompt_and_what_was_heard_of_its_words() -> None:
    model = FakeModel("We are open from nine to five.")
    async with dialogue(model) as (stage, _, _):
        stage.process(UserTurn("When?", 1.0, 2.0))
        await settle()
        stage.process(Interrupt(3.0))
        stage.process(Played(1, 2.5, 0.5, "We are open", complete=False))
        stage.process(UserTurn("And Sunday?", 3.0, 4.0))
        await settle()
    assert list(model.chats[1]) == [
        Message("system", "Be brief."),
        Message("user", "When?"),
        Message("assistant", "We are open"),
        Message("user", "And Sunday?"),
    ]


async def test_a_turn_whose_answer_nobody_heard_is_joined_with_the_next() -> None:
    model = FakeModel("Yes.")
    async with dialogue(model) as (stage, _, _):
        stage.process(UserTurn("I need a doctor", 1.0, 2.0))
        stage.process(Interrupt(2.1))
        stage.process(UserTurn("on Tuesday.", 2.2, 3.0))
        await settle()
    assert model.chats[-1][-1] == Message("user", "I need a doctor on Tuesday.")


async def test_later_news_of_a_reply_replaces_the_earlier() -> None:
    async with dialogue(FakeModel()) as (stage, _, _):
        stage.process(Played(1, 0.0, 1.0, "Hello!", complete=False))
        stage.process(Played(-1, 0.0, 1.0, "One moment.", complete=True))
        stage.process(Played(1, 0.0, 2.0, "Hello! Welcome.", complete=True))
        assert stage.chat[1:] == [Message("assistant", "Hello! Welcome.")]


async def test_an_interruption_stops_the_model_and_nothing_more_comes_of_it() -> None:
    model = FakeModel("One ", asyncio.Event(), "two")
    async with dialogue(model) as (stage, heard, _):
        stage.process(UserTurn("Count.", 1.0, 2.0))
        await settle()
        stage.process(Interrupt(2.5))
        for piece in model.pieces:
            if isinstance(piece, asyncio.Event):
                piece.set()
        await settle()
        assert texts(heard) == ["One "]
        assert model.closed == 1


async def test_the_bot_hangs_up_when_its_goodbye_was_heard_and_not_before() -> None:
    async with dialogue(FakeModel("Goodbye.", GOODBYE)) as (stage, heard, clock):
        clock.run(1)
        stage.process(UserTurn("Bye.", 1.0, 2.0))
        await settle()
        clock.run(1)
        assert of(Hangup, heard) == []
        stage.process(Played(1, 2.0, 1.0, "Goodbye.", complete=True))
        assert of(Hangup, heard) == [Hangup("goodbye")]


async def test_a_goodbye_that_is_interrupted_does_not_hang_up() -> None:
    async with dialogue(FakeModel("Goodbye.", GOODBYE)) as (stage, heard, clock):
        stage.process(UserTurn("Bye.", 1.0, 2.0))
        await settle()
        stage.process(Interrupt(2.5))
        stage.process(Played(1, 2.0, 0.2, "", complete=False))
        clock.run(20)
        assert of(Hangup, heard) == []


async def test_a_lost_mark_does_not_keep_the_line_open() -> None:
    async with dialogue(FakeModel("Goodbye.", GOODBYE)) as (stage, heard, clock):
        stage.process(UserTurn("Bye.", 1.0, 2.0))
        await settle()
        clock.run(15.1)
        assert Hangup("goodbye") in heard


async def test_hanging_up_without_a_word_is_done_at_once() -> None:
    async with dialogue(FakeModel(GOODBYE)) as (stage, heard, _):
        stage.process(UserTurn("Bye.", 1.0, 2.0))
        await settle()
        assert of(Hangup, heard) == [Hangup("goodbye")]


async def test_a_model_that_fails_is_reported_and_apologised_for() -> None:
    model = FakeModel("The price ", ProviderError("acme", "answered 500", status=500))
    async with dialogue(model, Lines(apology="Sorry.")) as (stage, heard, _):
        stage.process(UserTurn("Price?", 1.0, 2.0))
        await settle()
        assert heard[1:] == [
            ReplyText("The price ", 1),
            Failure("llm", "acme: answered 500"),
            ReplyText("Sorry.", 1),
            ReplyDone(1),
        ]


async def test_a_sentence_from_outside_replaces_what_was_going_on_and_hangs_up() -> None:
    async with dialogue(FakeModel(asyncio.Event())) as (stage, heard, _):
        stage.process(UserTurn("Hello?", 1.0, 2.0))
        await settle()
        stage.process(Say("We are closing.", hangup="shutdown"))
        assert of(Interrupt, heard) != []
        assert texts(heard) == ["We are closing."]
        stage.process(Played(2, 3.0, 1.0, "We are closing.", complete=True))
        assert of(Hangup, heard) == [Hangup("shutdown")]


async def test_a_call_ends_at_its_longest_even_if_the_caller_talks_over_the_goodbye() -> None:
    async with dialogue(FakeModel(), max_seconds=10) as (stage, heard, clock):
        clock.run(10.1)
        assert texts(heard) == [Lines().ending]
        stage.process(Interrupt(10.2))
        clock.run(10)
        assert texts(heard) == [Lines().ending]
        clock.run(5.1)
        assert Hangup("max_duration") in heard


async def test_a_deaf_call_says_so_and_ends() -> None:
    async with dialogue(FakeModel()) as (stage, heard, _):
        stage.process(Failure("stt", "acme: answered 401", fatal=True))
        assert texts(heard) == [Lines().deaf]
        stage.process(Played(1, 3.0, 1.0, Lines().deaf, complete=True))
        assert of(Hangup, heard) == [Hangup("stt_failed")]


async def test_a_model_s_own_words_are_no_reason() -> None:
    model = FakeModel("Bye.", ToolCall("1", "end_call", {"reason": "Mary will call back"}))
    async with dialogue(model) as (stage, heard, _):
        stage.process(UserTurn("Bye.", 1.0, 2.0))
        await settle()
        stage.process(Played(1, 2.0, 1.0, "Bye.", complete=True))
        assert of(Hangup, heard) == [Hangup("assistant_ended_call")]


async def test_a_turn_that_nobody_announced_drops_the_answer_that_was_being_made() -> None:
    async with dialogue(FakeModel("One ", asyncio.Event())) as (stage, heard, _):
        stage.process(UserTurn("Hello?", 1.0, 2.0))
        await settle()
        heard.clear()
        stage.process(UserTurn("4 2", 3.0, 4.0))
        assert of(Interrupt, heard) != []


async def test_a_goodbye_from_outside_ends_the_call_whatever_the_caller_says() -> None:
    async with dialogue(FakeModel()) as (stage, heard, clock):
        clock.run(1)
        stage.process(Say("We are closing.", hangup="server_stopping"))
        stage.process(Interrupt(1.2))
        clock.run(15.1)
        assert Hangup("server_stopping") in heard


async def test_a_long_farewell_is_not_cut_while_it_is_heard() -> None:
    async with dialogue(FakeModel("Goodbye.", GOODBYE)) as (stage, heard, clock):
        stage.process(UserTurn("Bye.", 1.0, 2.0))
        await settle()
        for _ in range(20):
            clock.run(1)
            stage.process(Heard(b"", clock.now, 1))
        assert of(Hangup, heard) == []
