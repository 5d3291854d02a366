from __future__ import annotations

from contextlib import aclosing

import pytest

from processors import fallback
from processors.breaker import Breakers
from processors.fallback import AllFailedError
from processors.fallback_llm import GO_ON, FallbackLlm, Rest
from processors.ports import Message, ToolCall
from tests.processors.faulty import FAULTS, HANG, Model, Told, chain

CHAT = (Message("system", "Be kind."), Message("user", "Hello?"))


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fallback, "FIRST", 0.02)
    monkeypatch.setattr(fallback, "BETWEEN", 0.02)


async def said(model: FallbackLlm) -> str:
    return "".join([piece async for piece in model.reply(CHAT, ()) if isinstance(piece, str)])


@pytest.mark.parametrize("fault", FAULTS)
async def test_the_next_model_answers_in_place_of_one_that_fails(fault: str) -> None:
    told, first, second = Told(), Model(fault=FAULTS[fault]), Model("I am ", "the second.")
    assert await said(FallbackLlm(chain(first, second, told=told.moves.append))) == "I am the second."
    assert told.names == [("first", "second")]
    assert second.chats == [CHAT]
    assert (first.open, second.open) == (0, 0)


@pytest.mark.parametrize("fault", FAULTS)
async def test_an_answer_that_breaks_off_is_gone_on_with(fault: str) -> None:
    first = Model("Your table is book", "ed for sev", fault=FAULTS[fault])
    second = Model("seven ", "on Friday.")
    assert await said(FallbackLlm(chain(first, second))) == "Your table is booked for seven on Friday."
    assert second.chats == [(*CHAT, Message("assistant", "Your table is booked for"), Message("system", GO_ON))]


async def test_a_model_that_says_it_all_again_is_heard_from_where_it_is_new() -> None:
    first = Model("We open at nine. ", "On Sundays ", fault=HANG)
    second = Model("We open", " at nine. On Sun", "days we are closed.")
    assert await said(FallbackLlm(chain(first, second))) == "We open at nine. On Sundays we are closed."


@pytest.mark.parametrize(
    ("before", "after", "whole"),
    [
        ("I can help ", "help you with that.", "I can help you with that."),
        ("I can help ", "You with that.", "I can help You with that."),
        ("One, two. ", "two. Three.", "One, two. Three."),
        ("Fine.", "Anything else?", "Fine. Anything else?"),
        ("Let me see ", "Let me see", "Let me see "),
        ("हाँ जी, मैं ", "मैं देखती हूँ।", "हाँ जी, मैं देखती हूँ।"),
        ("", "Let me see", "Let me see"),
    ],
)
def test_what_is_repeated_is_left_out_however_it_comes_in_pieces(before: str, after: str, whole: str) -> None:
    for size in (1, 3, 100):
        rest = Rest(before)
        pieces = [rest.push(after[at : at + size]) for at in range(0, len(after), size)]
        assert before + "".join(pieces) + rest.flush() == whole


async def test_when_all_fail_the_last_trouble_is_told_and_none_is_asked_twice() -> None:
    models = [Model(fault=FAULTS[fault]) for fault in ("401", "hang", "500")]
    with pytest.raises(AllFailedError, match="answered 500"):
        await said(FallbackLlm(chain(*models)))
    assert [len(model.chats) for model in models] == [1, 1, 1]
    assert [model.open for model in models] == [0, 0, 0]


async def test_nobody_else_is_asked_once_it_took_too_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fallback, "WHOLE", 0.03)
    models = [Model(fault=HANG), Model(fault=HANG), Model("Too late.")]
    with pytest.raises(AllFailedError):
        await said(FallbackLlm(chain(*models)))
    assert models[2].chats == []


async def test_a_call_stays_with_the_model_it_moved_to() -> None:
    first, second = Model(fault=FAULTS["500"]), Model("Second.")
    model = FallbackLlm(chain(first, second))
    assert [await said(model) for _ in range(3)] == ["Second."] * 3
    assert len(first.chats) == 1


async def test_a_model_that_rests_is_not_asked_by_the_next_call() -> None:
    told, breakers = Told(), Breakers()
    first = Model(fault=FAULTS["401"])
    for _ in range(2):
        await said(FallbackLlm(chain(first, Model("Second."), told=told.moves.append, breakers=breakers)))
    assert len(first.chats) == 1
    assert [move.error is None for move in told.moves] == [False, True]


async def test_all_that_rest_are_better_than_none() -> None:
    breakers = Breakers()
    for _ in range(2):
        with pytest.raises(AllFailedError):
            await said(FallbackLlm(chain(Model(fault=FAULTS["401"]), Model(fault=FAULTS["403"]), breakers=breakers)))
    assert await said(FallbackLlm(chain(Model("I am back."), Model(), breakers=breakers))) == "I am back."
    assert not breakers.of(next(iter(breakers._breakers))).resting


async def test_what_was_asked_to_be_done_is_not_asked_of_another() -> None:
    call = ToolCall("1", "end_call", {})
    second = Model("Twice.")
    model = FallbackLlm(chain(Model("Bye. ", call, fault=FAULTS["reset"]), second))
    assert [piece async for piece in model.reply(CHAT, ())] == ["Bye. ", call]
    assert second.chats == []


async def test_a_refusal_is_an_answer() -> None:
    second = Model("Yes, of course.")
    assert await said(FallbackLlm(chain(Model("I cannot ", "help with that."), second))) == "I cannot help with that."
    assert second.chats == []


async def test_a_reader_that_stops_early_leaves_nobody_at_work() -> None:
    first, second = Model("Half ", fault=HANG), Model("the rest ", "of it ", fault=HANG)
    async with aclosing(FallbackLlm(chain(first, second)).reply(CHAT, ())) as pieces:
        assert [await anext(pieces), await anext(pieces)] == ["Half ", "the rest "]
        assert second.open == 1
    assert (first.open, second.open) == (0, 0)


async def test_a_bug_in_a_provider_is_no_trouble_of_its_service() -> None:
    class Broken(Model):
        async def reply(self, chat: object, tools: object):  # type: ignore[no-untyped-def]
            raise ZeroDivisionError
            yield ""

    with pytest.raises(ZeroDivisionError):
        await said(FallbackLlm(chain(Broken(), Model("Never."))))
