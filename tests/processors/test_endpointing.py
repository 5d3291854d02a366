from __future__ import annotations

import asyncio

import pytest
from pydantic import ValidationError

from processors.endpointing import Endpointing
from processors.turn_options import TurnOptions
from processors.turns import TurnTaker
from processors.wait_function import DEFAULT, FormulaError, wait_function
from tests.fakes import RATE, settle, started
from tests.processors.test_turns import Scene

RULES = [
    {"asked": {"pattern": "phone number"}, "said": {"pattern": r"\d$"}, "seconds": 3.0},
    {"asked": {"pattern": "PHONE number", "ignore_case": True}, "seconds": 2.0},
    {"said": {"pattern": "well", "whole_word": True}, "seconds": 5.0},
]


def endpointing(judged: bool = False, **options: object) -> Endpointing:
    return Endpointing(TurnOptions.model_validate(options), judged=judged)


@pytest.mark.parametrize(
    ("asked", "said", "seconds"),
    [
        ("What is your phone number?", "It is 98450 1", 3.0),
        ("What is your Phone number?", "One moment.", 2.0),
        ("And your name?", "Well", 0.8),
        ("And your name?", "so well", 5.0),
        ("And your name?", "I am dwelling.", 0.45),
        ("", "98450", 1.1),
    ],
)
def test_the_first_rule_that_matches_counts_and_without_one_the_text(asked: str, said: str, seconds: float) -> None:
    assert endpointing(rules=RULES).wait(said, asked) == seconds


def test_a_rule_stands_above_the_reader_who_stands_above_the_judge() -> None:
    waits = endpointing(judged=True, rules=RULES)
    assert waits.wait("well", finished=0.9, told=0.7) == 5.0
    assert waits.wait("fine.", finished=0.9, told=0.7) == 0.7
    assert waits.wait("fine.", finished=0.9) == 0.45


def test_no_wait_is_shorter_than_the_floor() -> None:
    waits = endpointing(at_least=0.5, rules=[{"said": {"pattern": "bye"}, "seconds": 0.0}])
    assert [waits.wait("bye"), waits.wait("Thanks."), waits.wait("and then")] == [0.5, 0.5, 0.8]


@pytest.mark.parametrize(
    ("said", "heard", "read"),
    [
        ("My number is nine eight four,", 1.1, 1.1),
        ("It is nine eight four five oh, one two three double four.", 0.45, 1.1),
        ("See you at five.", 0.8, 1.1),
        ("Five.", 1.1, 1.1),
        ("One lakh.", 1.1, 1.1),
    ],
)
def test_who_dictates_is_waited_for_until_the_number_is_whole(said: str, heard: float, read: float) -> None:
    """By text alone every number waits, as Vapi's `onNumberSeconds` says."""
    assert endpointing(judged=True).wait(said, finished=0.9) == heard
    assert endpointing().wait(said) == read


def test_a_wait_function_takes_the_place_of_the_steps_between_finished_and_not() -> None:
    waits = endpointing(judged=True, wait_function=DEFAULT)
    assert waits.wait("call 450", finished=1.0) == pytest.approx(0.02)
    assert waits.wait("call 450", finished=0.0) == pytest.approx(3.02)
    assert waits.wait("call 450") == 0.8


@pytest.mark.parametrize(
    ("formula", "x", "seconds"),
    [
        ("20 + 500 * sqrt(x) + 2500 * x^3", 0.25, 0.309),
        ("max(200, 1000*x) ** 1 / 2", 0.1, 0.1),
        ("-5", 0.5, 0.0),
        ("1e9", 0.5, 15.0),
        ("100*exp(log(x+1))", 1.0, 0.2),
    ],
)
def test_a_formula_is_reckoned(formula: str, x: float, seconds: float) -> None:
    assert wait_function(formula)(x) == pytest.approx(seconds, abs=0.001)


@pytest.mark.parametrize(
    "formula",
    [
        *("", "y", "x.real", "__import__('os')", "1/x", "log(x)", "sqrt(x-1)", "9**9**9**9", "sqrt(x, 2)", "max(x)"),
        *("x if x else 1", "True", "min(*x)", "'a'", "x" * 301, "-" * 299 + "x", "(" * 200 + "x" + ")" * 90),
        "exp(exp(9*x)*99)",
    ],
)
def test_what_is_no_formula_or_has_no_value_is_refused_at_once(formula: str) -> None:
    with pytest.raises(FormulaError):
        wait_function(formula)


@pytest.mark.parametrize(
    "wrong", [{"wait_function": "import os"}, {"rules": [{"said": {"pattern": "(?=a)"}, "seconds": 1}]}]
)
def test_a_plan_with_a_rule_that_cannot_be_kept_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        TurnOptions.model_validate(wrong)


async def test_a_reader_of_the_words_is_asked_once_for_each_text_and_obeyed() -> None:
    read: list[tuple[str, str]] = []
    answer: asyncio.Future[float | None] = asyncio.get_running_loop().create_future()

    async def reader(asked: str, said: str) -> float | None:
        read.append((asked, said))
        return await answer

    taker = TurnTaker(TurnOptions(), RATE, "en-IN", reader=reader)
    async with started(taker) as heard:
        scene = Scene(taker, heard)
        scene.says("I would like to")
        await settle()
        scene.clock.run(0.4)
        assert (read, scene.turns) == ([("", "I would like to")], [])
        answer.set_result(0.5)
        await settle()
        assert scene.turns == ["I would like to"]


async def test_the_words_are_judged_by_themselves_while_the_reader_says_nothing() -> None:
    async def reader(asked: str, said: str) -> float | None:
        return None

    taker = TurnTaker(TurnOptions(), RATE, "en-IN", reader=reader)
    async with started(taker) as heard:
        scene = Scene(taker, heard)
        scene.says("I need a doctor.")
        await settle()
        scene.clock.run(0.28)
        assert scene.turns == ["I need a doctor."]
