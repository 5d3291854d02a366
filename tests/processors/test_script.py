"""The front desk holds a conversation; the chat is all that it remembers."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence

import pytest
from pydantic import ValidationError

from processors.llm import embedded
from processors.llm.embedded import Options, ScriptEngine
from processors.ports import Message, Tool, ToolCall
from processors.script.script import shipped

END_CALL = Tool("end_call", "Hangs up.")
TRANSFER = Tool("transfer_call", "Puts through.")
BOOK = Tool("book_appointment", "Books.")
FRONT_DESK = Options(script="front_desk")


async def answered(chat: Sequence[Message], *tools: Tool, options: Options | None = None) -> tuple[str, list[ToolCall]]:
    pieces = [piece async for piece in ScriptEngine(options or FRONT_DESK).reply(chat, tools)]
    calls = [piece for piece in pieces if isinstance(piece, ToolCall)]
    assert pieces[len(pieces) - len(calls) :] == calls, "what is to be done comes after what is said"
    return "".join(piece for piece in pieces if isinstance(piece, str)), calls


@pytest.mark.parametrize(
    ("heard", "part"),
    [
        ("What are your opening hours?", "Monday to Friday"),
        ("um, when do you, uh, open", "Monday to Friday"),
        ("until when are you open today", "Monday to Friday"),
        ("Hello, what time do you close?", "Monday to Friday"),
        ("are you open on sunday", "On Sunday we are closed"),
        ("is the clinic open on weekends", "On Saturday"),
        ("are you closed on public holidays", "public holidays"),
        ("Where is the clinic?", "12 Garden Road"),
        ("Wherein the clinic,", "12 Garden Road"),
        ("what's your address", "12 Garden Road"),
        ("how do i get to you", "12 Garden Road"),
        ("is there somewhere to park my car", "parking"),
        ("Do you have parking?", "parking"),
        ("can i come in with my wheelchair", "ramp"),
        ("How much does a check up cost?", "500 rupees"),
        ("what's the consultation fee", "500 rupees"),
        ("Wait, just tell me the price.", "500 rupees"),
        ("Thanks. And how much is it?", "500 rupees"),
        ("can i pay with a card", "by card"),
        ("do you take insurance", "health insurance"),
        ("which doctors do you have", "Doctor Rao"),
        ("have you got a dentist", "dentist"),
        ("what do i have to bring", "identity card"),
        ("do i need an appointment or can i just come", "without an appointment"),
        ("are my blood test results in", "two days"),
        ("i have chest pain please send an ambulance", "emergency number"),
        ("i have got a fever and a headache", "medical advice"),
        ("I would like to book an appointment.", "your name"),
        ("can i see a doctor tomorrow", "your name"),
        ("I want to see a doctor.", "your name"),
        ("i need to reschedule my appointment", "colleague"),
        ("can i talk to a real person", "call you back"),
        ("speak to a human", "call you back"),
        ("am i talking to a robot", "automated line"),
        ("who am i speaking to", "Lakeside Clinic"),
        ("what can you help me with", "book an appointment"),
        ("how are you today", "Very well"),
        ("hello?", "Hello"),
        ("thank you so much", "welcome"),
        ("please do not call me again", "not call you again"),
        ("sorry i have dialled the wrong number", "Goodbye"),
        ("No, that is all, thank you.", "Goodbye"),
        ("okay bye bye", "Goodbye"),
        ("Good-bye.", "Goodbye"),
        ("do you sell pizza", "did not get that"),
        ("the quick brown fox jumps", "did not get that"),
        ("", "did not get that"),
    ],
)
async def test_one_utterance(heard: str, part: str) -> None:
    said, _ = await answered((Message("user", heard),), END_CALL)
    assert part in said


BOOKING = [
    ("Hello. What are your opening hours?", "Would you like to book an appointment?"),
    ("Yes, please.", "What is your name"),
    ("My name is John Smith.", "Which day"),
    ("On Tuesday morning.", "what time"),
    ("Um, at ten thirty.", "Tuesday at 10:30 am, for John Smith. Is that right?"),
    ("No, make it Wednesday.", "Wednesday at 10:30 am, for John Smith. Is that right?"),
    ("Yes, that is correct.", "booked, Wednesday at 10:30 am"),
    ("No, thank you. That is all.", "Goodbye"),
]
ALL_AT_ONCE = [
    ("I'd like to book an appointment for next Friday at half past four", "What is your name"),
    ("How much does it cost?", "500 rupees, and a follow-up visit within two weeks is free. Blood tests start at 300"),
    ("Anna Brown", "next Friday at 4:30 pm, for Anna Brown"),
    ("no", "What should I change?"),
    ("the time", "what time"),
    ("eleven o'clock", "next Friday at 11:00 am, for Anna Brown"),
    ("yeah that's fine", "booked, next Friday at 11:00 am"),
    ("thanks", "welcome"),
    ("goodbye", "Goodbye"),
]
TROUBLE = [
    ("i want to see a doctor", "What is your name"),
    ("what?", "What is your name"),
    ("what did you say", "What is your name"),
    ("and my name i guess is hard to say for you", "just your name"),
    ("its Maria", "Which day"),
    ("on Sunday", "On Sunday we are closed"),
    ("the twenty first of march", "what time"),
    ("hmm where are you again", "12 Garden Road"),
    ("quarter to nine", "21 March at 8:45 am, for Maria"),
    ("no my name is Mary", "21 March at 8:45 am, for Mary"),
    ("correct", "booked"),
    ("bye", "Goodbye"),
]
GIVEN_UP = [
    ("book an appointment", "What is your name"),
    ("yes", "just your name"),
    ("why do you want to know that of all things", "just your name"),
    ("no no no no no no", "A colleague at the desk can help you"),
    ("how much is a check up", "500 rupees"),
    ("yes", "What is your name"),
    ("actually never mind", "not booked anything"),
    ("nothing else", "Goodbye"),
]


@pytest.mark.parametrize("dialogue", [BOOKING, ALL_AT_ONCE, TROUBLE, GIVEN_UP])
async def test_whole_conversations(dialogue: list[tuple[str, str]]) -> None:
    chat = [Message("system", "ignored"), Message("assistant", "Hello, and thank you for calling.")]
    calls: list[ToolCall] = []
    for heard, part in dialogue:
        assert not calls, "nothing ends the call before its end"
        chat.append(Message("user", heard))
        said, calls = await answered(chat, END_CALL)
        assert part in said
        chat.append(Message("assistant", said[: len(said) // 2]))  # cut short: what was heard does not matter
    assert [call.name for call in calls] == ["end_call"]


def users(*heard: str) -> list[Message]:
    return [message for text in heard for message in (Message("user", text), Message("assistant", "…"))][:-1]


async def test_the_greeting_tells_that_the_line_is_automated() -> None:
    said, _ = await answered((Message("system", "x"),), END_CALL)
    assert "automated line" in said


async def test_a_silent_caller_is_asked_for() -> None:
    said, _ = await answered((Message("assistant", "Hello."),))
    assert "still" in said


async def test_after_a_tool_there_is_nothing_to_add() -> None:
    call = ToolCall("1", "end_call", {})
    chat = (Message("user", "bye"), Message("assistant", "Goodbye.", (call,)), Message("tool", "ok", answers="1"))
    assert await answered(chat, END_CALL) == ("", [])


async def test_tools_are_asked_for_only_where_they_are_offered() -> None:
    said, calls = await answered(users("can I speak to a human"), TRANSFER)
    assert "putting you through" in said
    assert [(call.name, call.arguments) for call in calls] == [("transfer_call", {"to": "desk"})]
    said, calls = await answered(users("goodbye"))
    assert "Goodbye" in said
    assert calls == []


async def test_a_booking_is_handed_to_a_tool() -> None:
    turns = ("book an appointment", "my name is Anna Brown", "tomorrow", "noon", "yes")
    _, (call,) = await answered(users(*turns), BOOK)
    assert call.arguments == {"name": "Anna Brown", "day": "tomorrow", "time": "12:00 pm"}


async def test_a_turn_that_was_not_answered_is_joined_with_the_next() -> None:
    chat = [
        *users("book an appointment", "Anna Brown"),
        Message("assistant", "Which day?"),
        Message("user", "on Monday"),
    ]
    said, _ = await answered([*chat, Message("user", "no Tuesday at ten")])
    assert "Tuesday at 10:00 am" in said


async def test_answers_take_turns() -> None:
    first, _ = await answered(users("blue bananas"))
    second, _ = await answered(users("blue bananas", "green bananas"))
    assert first != second


async def test_a_script_of_ones_own() -> None:
    options = Options.model_validate(
        {
            "script": {
                "greeting": "Hello from {{shop}}.",
                "facts": {"shop": "Corner Books"},
                "intents": [{"name": "open", "examples": ["are you open"], "say": "{{shop}} is open."}],
                "unknown": "Pardon?",
                "still_there": "Hello?",
            }
        }
    )
    assert await answered((), options=options) == ("Hello from Corner Books.", [])
    assert await answered(users("are you open"), options=options) == ("Corner Books is open.", [])


@pytest.mark.parametrize(
    "script",
    [
        "no_such_script",
        {"greeting": "x"},
        {
            "greeting": "x",
            "intents": [{"name": "a", "examples": ["b"], "form": "missing"}],
            "unknown": "x",
            "still_there": "x",
        },
    ],
)
def test_a_script_that_cannot_work_is_refused(script: object) -> None:
    with pytest.raises(ValidationError):
        Options.model_validate({"script": script})


async def test_an_answer_takes_less_than_five_milliseconds() -> None:
    await asyncio.to_thread(embedded.warm)
    engine = ScriptEngine(FRONT_DESK)
    chat = users(*(heard for heard, _ in BOOKING * 4))
    await answered(chat, END_CALL)
    took = []
    for _ in range(5):
        started = time.perf_counter()
        async for _piece in engine.reply(chat, (END_CALL,)):
            pass
        took.append(time.perf_counter() - started)
    assert min(took) < 0.005


TAKEN = [
    ("what are your opening hours", "no language model yet"),
    ("who are you", "automated line"),
    ("yes", "What shall I pass on?"),
    ("please call me back on Monday", "your name"),
    ("Asha Rao", "from Asha Rao: please call me back on Monday"),
    ("no", "the name or the message"),
    ("the name", "your name"),
    ("Asha Iyer", "from Asha Iyer: please call me back on Monday"),
    ("yes", "pass it on as you said it"),
    ("no thank you", "Goodbye"),
]


async def test_an_agent_without_a_script_takes_a_message_and_states_nothing_else() -> None:
    chat = [Message("assistant", "Hello, this is Ravi's Bakery.")]
    for heard, part in TAKEN:
        chat.append(Message("user", heard))
        said, calls = await answered(chat, END_CALL, options=Options())
        assert part in said
        chat.append(Message("assistant", said))
    assert [call.arguments for call in calls] == [{"reason": "goodbye"}]
    assert shipped("take_a_message").facts == {}


@pytest.mark.parametrize("heard", ["call me at five", "please call me later", "can you ring me tomorrow"])
async def test_who_asks_to_be_called_is_not_taken_off_the_list(heard: str) -> None:
    said, calls = await answered(users(heard), END_CALL, options=Options())
    assert ("What shall I pass on?" in said, calls) == (True, [])
