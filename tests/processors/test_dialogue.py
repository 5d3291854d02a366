from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from pipeline.frames import (
    Failure,
    Frame,
    Hangup,
    Heard,
    Interrupt,
    Mute,
    Note,
    Pause,
    Played,
    ReplyDone,
    ReplyText,
    Resume,
    Say,
    Transfer,
    UserTurn,
)
from processors.dialogue import Dialogue
from processors.farewell import FAREWELL_SECONDS
from processors.lines import Lines
from processors.opening import BEGIN
from processors.ports import Message, ProviderError, ToolCall
from tests.fakes import Clock, FakeModel, of, settle, started

GOODBYE = ToolCall("1", "end_call", {"reason": "goodbye"})


STOCK = Lines()


@asynccontextmanager
async def dialogue(
    model: FakeModel, lines: Lines = STOCK, greeting: str = "", max_seconds: float = 3600.0
) -> AsyncIterator[tuple[Dialogue, list[Frame], Clock]]:
    stage = Dialogue(
        model,
        prompt="Be brief.",
        opening=Say(greeting) if greeting else None,
        lines=lines,
        max_seconds=max_seconds,
    )
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
        assert stage.chat[1:] == (Message("assistant", "Hello! Welcome."),)


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
    model = FakeModel("The price", ProviderError("acme", "answered 500", status=500))
    async with dialogue(model, Lines(apology="Sorry.")) as (stage, heard, _):
        stage.process(UserTurn("Price?", 1.0, 2.0))
        await settle()
        assert heard[1:] == [
            ReplyText("The price", 1),
            Failure("llm", "acme: answered 500"),
            ReplyText(" Sorry.", 1),
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


async def test_the_last_words_from_outside_are_said_whole_whoever_talks_over_them() -> None:
    async with dialogue(FakeModel("Yes?")) as (stage, heard, clock):
        clock.run(1)
        stage.process(Say("We do not call again.", hangup="dnc_request"))
        heard.clear()
        for cut in (Pause(1.1), Resume(1.2), Interrupt(1.3)):
            stage.process(cut)
        stage.process(UserTurn("Wait!", 1.1, 1.3))
        stage.process(Say("Something else."))
        await settle()
        assert of(Interrupt, heard) + of(Pause, heard) + of(Resume, heard) == []
        assert texts(heard) == []
        stage.process(Played(1, 1.0, 1.0, "We do not call again.", complete=True, over=True))
        assert of(Hangup, heard) == [Hangup("dnc_request")]


async def test_what_is_dictated_waits_for_the_sentence_that_is_being_said() -> None:
    async with dialogue(FakeModel(), greeting="Hello. How are you?") as (stage, heard, clock):
        clock.run(0.5)
        stage.process(Heard(b"", clock.now, 1))
        stage.process(Say("The office is shut.", after_sentence=True))
        stage.process(Played(1, 0.0, 0.2, "Hel", complete=False))
        assert texts(heard) == ["Hello. How are you?"]
        stage.process(Played(1, 0.0, 0.5, "Hello.", complete=False))
        assert texts(heard) == ["Hello. How are you?", "The office is shut."]
        assert of(Interrupt, heard) != [], "the rest of what was being said is dropped"
        stage.process(Played(2, 0.6, 1.0, "The office is shut.", complete=True, over=True))
    assert stage.chat[-1] == Message("assistant", "The office is shut.")


async def test_what_is_dictated_to_a_bot_that_is_silent_is_said_at_once() -> None:
    async with dialogue(FakeModel()) as (stage, heard, clock):
        for ticks in (0, 50):
            clock.run(ticks * 0.02)
            stage.process(Say(f"After {ticks}.", after_sentence=True))
            stage.process(Played(stage._replies, 0.0, 1.0, f"After {ticks}.", complete=True, over=True))
        assert texts(heard) == ["After 0.", "After 50."]


async def test_what_is_dictated_is_said_to_its_end_before_the_next() -> None:
    async with dialogue(FakeModel()) as (stage, heard, clock):
        clock.run(1)
        for text in ("One. And more of one.", "Two.", "Three."):
            stage.process(Say(text, after_sentence=True))
        stage.process(Played(1, 1.0, 0.5, "One.", complete=False))
        assert texts(heard) == ["One. And more of one."]
        stage.process(Played(1, 1.0, 1.5, "One. And more of one.", complete=True, over=True))
        assert texts(heard)[1:] == ["Two."]
        stage.process(Say("At once.", after_sentence=False))
        assert texts(heard)[2:] == ["At once."], "and what waited is dropped"


async def test_what_is_dictated_answers_a_caller_who_was_faster() -> None:
    model = FakeModel("Mine.")
    async with dialogue(model) as (stage, heard, clock):
        clock.run(1)
        stage.process(Say("One.", after_sentence=True))
        stage.process(Say("Two.", after_sentence=True))
        stage.process(Interrupt(1.0))
        stage.process(UserTurn("Hello?", 1.0, 1.2))
        await settle()
        assert texts(heard) == ["One.", "Two."]
        assert model.chats == []


async def test_a_note_stands_in_the_chat_and_is_not_said() -> None:
    model = FakeModel("Fine.")
    async with dialogue(model) as (stage, heard, _):
        stage.process(Note("They are a good customer."))
        await settle()
        assert texts(heard) == []
        stage.process(UserTurn("Hello?", 1.0, 2.0))
        await settle()
    _, note, turn = model.chats[0]
    assert (note.role, turn) == ("system", Message("user", "Hello?"))
    assert note.text.endswith("They are a good customer.")


async def test_a_note_that_asks_for_an_answer_is_answered_at_once() -> None:
    model = FakeModel("By the way, it is free.")
    async with dialogue(model) as (stage, heard, _):
        stage.process(Note("Tell them that it is free.", answer=True))
        await settle()
        assert of(Interrupt, heard) != []
        assert texts(heard) == ["By the way, it is free."]
    assert model.chats[0][-1].role == "system"


async def test_who_is_muted_keeps_the_chat_and_says_nothing_but_what_is_dictated() -> None:
    model = FakeModel("Mine.")
    async with dialogue(model, greeting="Hello!") as (stage, heard, clock):
        clock.run(0.1)
        stage.process(Mute(True))
        assert of(Interrupt, heard) != []
        heard.clear()
        stage.process(UserTurn("Who is there?", 1.0, 2.0))
        stage.process(Note("Be quick.", answer=True))
        await settle()
        assert texts(heard) == []
        stage.process(Say("This is Asha."))
        stage.process(Played(2, 2.0, 1.0, "This is Asha.", complete=True, over=True))
        stage.process(UserTurn("And the price?", 3.0, 4.0))
        await settle()
        assert texts(heard) == ["This is Asha."]
        stage.process(Mute(False))
        await settle()
        assert texts(heard) == ["This is Asha.", "Mine."]
    (chat,) = model.chats
    assert [(message.role, message.text) for message in chat if message.role != "system"] == [
        ("user", "Who is there?"),
        ("assistant", "This is Asha."),
        ("user", "And the price?"),
    ]


async def test_who_is_muted_before_the_first_sound_does_not_greet() -> None:
    async with dialogue(FakeModel(), greeting="Hello!") as (stage, heard, clock):
        stage.process(Mute(True))
        clock.run(1)
        stage.process(Mute(False))
        await settle()
        assert texts(heard) == []


async def test_an_answer_that_is_being_made_ends_when_the_bot_is_muted() -> None:
    going_on = asyncio.Event()
    async with dialogue(FakeModel("One ", going_on, "two")) as (stage, heard, _):
        stage.process(UserTurn("Count.", 1.0, 2.0))
        await settle()
        stage.process(Mute(True))
        going_on.set()
        await settle()
        assert texts(heard) == ["One "]


async def test_what_is_dictated_after_a_note_cut_the_last_dictation_is_said() -> None:
    async with dialogue(FakeModel("It is free.")) as (stage, heard, clock):
        clock.run(1)
        stage.process(Say("One.", after_sentence=True))
        stage.process(Note("Mention the price.", answer=True))
        await settle()
        stage.process(Say("Two.", after_sentence=True))
        assert texts(heard) == ["One.", "It is free.", "Two."]


async def test_what_is_dictated_just_after_the_last_sound_is_said_at_once() -> None:
    async with dialogue(FakeModel(), greeting="Hello.") as (stage, heard, clock):
        clock.run(0.5)
        stage.process(Heard(b"", clock.now, 1))
        stage.process(Played(1, 0.0, 0.5, "Hello.", complete=True, over=True))
        stage.process(Say("One moment.", hangup="transferred", after_sentence=True, transfer_to="sales"))
        assert texts(heard) == ["Hello.", "One moment."]


async def test_a_sentence_that_is_said_at_once_does_not_keep_the_call_from_being_handed_over() -> None:
    async with dialogue(FakeModel(), greeting="Hello. How are you?") as (stage, heard, clock):
        clock.run(0.5)
        stage.process(Heard(b"", clock.now, 1))
        stage.process(Say("Dropped.", after_sentence=True))
        stage.process(Say("One moment.", hangup="transferred", after_sentence=True, transfer_to="sales"))
        stage.process(Say("A word of mine."))
        stage.process(Played(2, 0.5, 1.0, "A word of mine.", complete=True, over=True))
        assert texts(heard)[1:] == ["A word of mine.", "One moment."]
        stage.process(Played(3, 1.5, 1.0, "One moment.", complete=True, over=True))
        assert of(Transfer, heard) == [Transfer("sales")]


async def test_the_last_words_for_a_call_that_was_to_be_handed_over_end_it() -> None:
    async with dialogue(FakeModel(), greeting="Hello. How are you?") as (stage, heard, clock):
        clock.run(0.5)
        stage.process(Heard(b"", clock.now, 1))
        stage.process(Say("One moment.", hangup="transferred", after_sentence=True, transfer_to="sales"))
        stage.process(Say("Goodbye.", hangup="workflow_close"))
        stage.process(Played(2, 0.5, 1.0, "Goodbye.", complete=True, over=True))
        assert of(Hangup, heard) == [Hangup("workflow_close")]
        assert of(Transfer, heard) == []


async def test_a_note_that_asks_for_an_answer_takes_a_goodbye_back() -> None:
    model = FakeModel("Goodbye.", GOODBYE)
    async with dialogue(model) as (stage, heard, clock):
        clock.run(1)
        stage.process(UserTurn("Bye.", 1.0, 2.0))
        await settle()
        model.pieces = ("Wait, it is free!",)
        stage.process(Note("Tell them that it is free.", answer=True))
        await settle()
        clock.run(20)
        assert texts(heard) == ["Goodbye.", "Wait, it is free!"]
        assert of(Hangup, heard) == []


@pytest.mark.parametrize("goodbye", [("Goodbye.", GOODBYE), (GOODBYE,)], ids=["spoken", "silent"])
async def test_a_goodbye_of_the_model_does_not_keep_the_call_from_being_handed_over(
    goodbye: tuple[str | ToolCall, ...],
) -> None:
    async with dialogue(FakeModel(*goodbye), greeting="Hello. How are you?") as (stage, heard, clock):
        clock.run(0.5)
        stage.process(UserTurn("Bye.", 0.1, 0.4))
        if len(goodbye) == 2:
            await settle()
        stage.process(Heard(b"", clock.now, stage._replies))
        stage.process(Say("One moment.", hangup="transferred", after_sentence=True, transfer_to="sales"))
        await settle()
        stage.process(Played(2, 0.5, 1.0, "Goodbye.", complete=True, over=True))
        assert texts(heard)[-1] == "One moment."
        assert of(Hangup, heard) == []


async def test_what_is_dictated_while_the_last_sound_of_a_cut_sentence_goes_by_is_said_at_once() -> None:
    async with dialogue(FakeModel(), greeting="Hello. How are you?") as (stage, heard, clock):
        clock.run(0.5)
        stage.process(Heard(b"", clock.now, 1))
        stage.process(Mute(True))
        stage.process(Played(1, 0.0, 0.5, "Hello.", complete=False, over=True))
        clock.run(0.02)
        stage.process(Heard(b"", clock.now, 1))
        stage.process(Say("This is Asha.", after_sentence=True))
        assert texts(heard)[1:] == ["This is Asha."]


async def test_what_is_dictated_is_still_said_to_its_end_when_the_bot_may_speak_again() -> None:
    async with dialogue(FakeModel()) as (stage, heard, clock):
        clock.run(1)
        stage.process(Mute(True))
        stage.process(Say("One. And more of one.", after_sentence=True))
        stage.process(Mute(False))
        stage.process(Say("Two.", after_sentence=True))
        assert texts(heard) == ["One. And more of one."]
        stage.process(Played(1, 1.0, 1.5, "One. And more of one.", complete=True, over=True))
        assert texts(heard)[1:] == ["Two."]


async def test_a_protected_opening_is_heard_to_its_end_and_what_was_said_meanwhile_is_answered_then() -> None:
    model = FakeModel("At nine.")
    stage = Dialogue(model, opening=Say("This call is recorded.", protected=True), lines=STOCK)
    async with started(stage) as heard:
        clock = Clock(stage)
        clock.run(0.1)
        stage.process(Pause(0.2))
        stage.process(Interrupt(0.3))
        stage.process(UserTurn("When do", 0.2, 0.4))
        stage.process(Say("Hold on.", after_sentence=False))
        stage.process(UserTurn("you open?", 0.5, 0.9))
        stage.process(Played(1, 0.0, 0.5, "This call", complete=False))
        clock.run(1)
        await settle()
        assert of(Pause, heard) == of(Interrupt, heard) == of(UserTurn, heard) == []
        assert texts(heard) == ["This call is recorded."]
        stage.process(Played(1, 0.0, 1.0, "This call is recorded.", complete=True, over=True))
        assert texts(heard)[1:] == ["Hold on."]
        stage.process(Played(2, 1.0, 0.5, "Hold on.", complete=True, over=True))
        clock.run(0.04)
        await settle()
        assert of(UserTurn, heard) == [UserTurn("When do you open?", 0.2, 0.9)]
        assert texts(heard)[2:] == ["At nine."]
        stage.process(Interrupt(9.0))
        assert len(of(Interrupt, heard)) > 0


async def test_a_protected_reply_of_which_no_sound_comes_keeps_nobody_waiting() -> None:
    model = FakeModel("At nine.")
    stage = Dialogue(model, opening=Say("Hello.", protected=True), lines=STOCK)
    async with started(stage) as heard:
        clock = Clock(stage)
        clock.run(0.1)
        stage.process(UserTurn("When?", 0.2, 0.4))
        clock.run(FAREWELL_SECONDS)
        await settle()
        assert texts(heard)[1:] == ["At nine."]


async def test_the_model_finds_the_first_words_and_they_may_be_protected() -> None:
    model = FakeModel("Good ", "day.")
    stage = Dialogue(model, opening=Note(BEGIN, answer=True, protected=True), lines=STOCK)
    async with started(stage) as heard:
        clock = Clock(stage)
        clock.run(0.1)
        await settle()
        assert texts(heard) == ["Good ", "day."]
        cuts = len(of(Interrupt, heard))
        stage.process(Interrupt(0.5))
        assert len(of(Interrupt, heard)) == cuts
        stage.process(Played(1, 0.0, 1.0, "Good day.", complete=True, over=True))
        stage.process(Interrupt(2.0))
        assert len(of(Interrupt, heard)) == cuts + 1
