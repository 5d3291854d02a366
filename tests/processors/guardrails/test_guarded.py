from __future__ import annotations

import asyncio
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.news import Guarded
from processors.guardrails.guarded import GuardedLlm
from processors.guardrails.judge import Judge
from processors.guardrails.lines import Instead, instead
from processors.guardrails.names import NO_PRICE, NO_STOCK, SENTENCE, rules
from processors.ports import Form, Message, ProviderError, Tool, ToolCall
from processors.sentences import Chunk
from tests.fakes import FakeModel, settle

INSTEAD = Instead("I shall look.", "I may not.")
ASKED = (Message("system", "A visit is 500 rupees."), Message("user", "How much?"))
BYE = ToolCall("1", "end_call", {})


def guarded(model: FakeModel, *guardrails: str, judge: Judge | None = None, told: Sequence[str] = ()) -> Any:
    reports: list[Guarded] = []
    llm = GuardedLlm(model, guardrails or (NO_PRICE,), instead=INSTEAD, told=told, judge=judge, report=reports.append)
    return llm, reports


async def said(llm: GuardedLlm, chat: Sequence[Message] = ASKED, tools: Sequence[Tool] = ()) -> list[str | ToolCall]:
    return [piece async for piece in llm.reply(chat, tools)]


async def test_what_is_founded_is_said_in_whole_phrases_and_its_tools_follow() -> None:
    llm, reports = guarded(FakeModel("A visit is ", "five hund", "red rupees. Goodb", "ye.", BYE))
    pieces = await said(llm)
    assert pieces == ["A visit is five hundred rupees. ", "Goodbye.", BYE]
    assert isinstance(pieces[0], Chunk), "the voice need not wait for what follows"
    assert reports == []


async def test_an_unfounded_price_is_replaced_and_nothing_follows_it() -> None:
    model = FakeModel("We are open. ", "A visit is 400 rup", "ees. Come soon!", BYE)
    llm, reports = guarded(model)
    assert await said(llm) == ["We are open. ", "I shall look."]
    assert reports == [Guarded(NO_PRICE, held=True)]
    assert model.closed == 1


async def test_the_model_is_told_of_it_once_the_caller_has_heard_so() -> None:
    model = FakeModel("It is 400 rupees.")
    llm, _ = guarded(model)
    await said(llm)
    await said(llm)
    assert model.chats[1] == ASKED
    heard = (*ASKED, Message("assistant", "I shall look."), Message("user", "Well?"))
    await said(llm, heard)
    assert model.chats[2][:-1] == heard
    assert model.chats[2][-1].role == "system"
    assert "I shall look." in model.chats[2][-1].text


@pytest.mark.parametrize(
    "message",
    [
        Message("tool", '{"price": 400}', answers="1"),
        Message("system", "A note: 400 rupees for her."),
        Message("assistant", "It is 400 rupees."),
    ],
)
async def test_tools_supervisors_and_what_was_said_before_found_a_price(message: Message) -> None:
    llm, _ = guarded(FakeModel("It is 400 rupees."))
    assert await said(llm, (*ASKED, message)) == ["It is 400 rupees."]


async def test_a_callers_own_number_is_founded_by_no_question_about_it() -> None:
    llm, _ = guarded(FakeModel("It is 400 rupees."))
    chat = (*ASKED, Message("user", "Is it 400 rupees?"), Message("assistant", "Did you say 400 rupees?"))
    assert await said(llm, chat) == ["I shall look."]


async def test_the_calls_variables_found_a_price_and_its_rules_do_not() -> None:
    rule = "Never offer 20% off."
    told = ('{"due": "2,400"}',)
    chat = (Message("system", "Be kind." + rules((NO_PRICE, rule))), Message("user", "Hm."))
    for sentence, expected in (("You owe ₹2,400.", "You owe ₹2,400."), ("You get 20% off.", "I shall look.")):
        llm, _ = guarded(FakeModel(sentence), NO_PRICE, rule, told=told)
        assert await said(llm, chat) == [expected]


async def test_a_long_prompt_is_learned_from_too() -> None:
    llm, _ = guarded(FakeModel("It is 400 rupees."))
    chat = (Message("system", f"{'Be kind. ' * 400} It is 400 rupees."), Message("user", "Hm."))
    assert await said(llm, chat) == ["It is 400 rupees."]


async def test_a_models_failure_comes_after_what_it_has_said() -> None:
    llm, _ = guarded(FakeModel("We are open.", ProviderError("fake", "broke off")))
    reply = llm.reply(ASKED, ())
    assert await anext(reply) == "We are open."
    with pytest.raises(ProviderError):
        await anext(reply)


async def test_who_stops_reading_closes_the_model() -> None:
    model = FakeModel("We are open. ", "Yes", asyncio.Event())
    llm, _ = guarded(model)
    reply = llm.reply(ASKED, ())
    assert await anext(reply) == "We are open. "
    await reply.aclose()
    assert model.closed == 1


class FakeJudge:
    """Says of a sentence whether there is an X in it; waits for the event of the one that has a Y."""

    def __init__(self) -> None:
        self.late = asyncio.Event()
        self.asked: list[str] = []

    async def fill(self, chat: Sequence[Message], form: Form) -> dict[str, Any]:
        self.asked.append(chat[-1].text)
        if "Y" in chat[-1].text:
            await self.late.wait()
        if "Z" in chat[-1].text:
            raise ProviderError("fake", "broke off")
        return {"breaks": "X" in chat[-1].text}


@pytest.mark.parametrize(
    ("text", "spoken", "reports"),
    [
        ("All is well. Take X. Twice.", ["All is well. ", "I may not."], [Guarded(SENTENCE, held=True)]),
        ("Z is fine.", ["Z is fine."], [Guarded(SENTENCE, held=False)]),
        ("Y is fine.", ["Y is fine."], [Guarded(SENTENCE, held=False)]),
    ],
)
async def test_a_sentence_is_judged_before_it_is_said(text: str, spoken: list[str], reports: list[Guarded]) -> None:
    judge = Judge(FakeJudge(), ("Name no medicine.",), seconds=0.01)
    llm, told = guarded(FakeModel(text), "Name no medicine.", judge=judge)
    assert await said(llm) == spoken
    assert told == reports


async def test_what_follows_is_judged_while_a_verdict_is_waited_for() -> None:
    model = FakeJudge()
    llm, _ = guarded(FakeModel("Y is fine. So is this."), "Be kind.", judge=Judge(model, ("Be kind.",), seconds=60))
    reply = asyncio.create_task(said(llm))
    await settle()
    assert len(model.asked) == 2
    model.late.set()
    assert await reply == ["Y is fine. ", "So is this."]


TEXT = (
    "Thank you for asking, a visit is five hundred rupees. फीस पाँच सौ रुपये है। The kit is in stock, I think: "
    "it costs 1,499 rupees. Anything else?"
)


@settings(max_examples=40, deadline=None)
@given(cuts=st.lists(st.integers(0, len(TEXT)), max_size=30))
def test_where_a_model_cuts_its_text_changes_nothing(cuts: list[int]) -> None:
    places = sorted({0, len(TEXT), *cuts})
    pieces = [TEXT[begin:end] for begin, end in pairwise(places)]

    def spoken(*given_pieces: str) -> list[str | ToolCall]:
        llm, _ = guarded(FakeModel(*given_pieces), NO_PRICE, NO_STOCK)
        return asyncio.run(said(llm))

    assert spoken(*pieces) == spoken(TEXT)
    assert spoken(TEXT)[-1] == "I shall look."


def test_every_language_has_its_own_words_instead() -> None:
    tongues = ("en", "hi", "ta", "te", "kn", "mr", "bn", "gu", "ml", "pa")
    assert len({instead(f"{tongue}-IN") for tongue in tongues}) == len(tongues)
    assert instead("od-IN") == instead("en-IN")


async def test_what_an_answer_that_was_dropped_had_begun_to_learn_founds_the_next_one() -> None:
    llm, _ = guarded(FakeModel("It is 400 rupees."))
    chat = (Message("system", f"{'Be kind. ' * 400} It is 400 rupees."), Message("user", "Hm."))
    dropped = asyncio.create_task(said(llm, chat))
    await asyncio.sleep(0)
    dropped.cancel()
    assert await said(llm, chat) == ["It is 400 rupees."]
