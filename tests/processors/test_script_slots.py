"""What is found in speech that went through a recogniser."""

from __future__ import annotations

import pytest

from processors.script.figures import figures
from processors.script.script import Kind, Slot
from processors.script.slots import find, yes_or_no


def slot(kind: Kind, **choices: list[str]) -> Slot:
    return Slot(name="it", kind=kind, ask="?", retry="?", choices=choices)


@pytest.mark.parametrize(
    ("heard", "time"),
    [
        ("at ten thirty", "10:30 am"),
        ("10:30 a.m.", "10:30 am"),
        ("ten thirty pm please", "10:30 pm"),
        ("half past ten", "10:30 am"),
        ("quarter to one", "12:45 pm"),
        ("quarter past nine in the morning", "9:15 am"),
        ("ten past five", "5:10 pm"),
        ("at three in the afternoon", "3:00 pm"),
        ("in the evening at seven", "7:00 pm"),
        ("around 4", "4:00 pm"),
        ("fifteen thirty", "3:30 pm"),
        ("noon would be good", "12:00 pm"),
        ("eleven o'clock", "11:00 am"),
        ("at eleven, no, at twelve", "12:00 pm"),
        ("not at nine, at ten", "10:00 am"),
        ("nine oh five", "9:05 am"),
        ("ten", "10:00 am"),
        ("the fourteenth of march at two", "2:00 pm"),
        ("in the morning", None),
        ("at forty five", None),
    ],
)
def test_times(heard: str, time: str | None) -> None:
    assert find(slot("time"), heard, asked=True) == time


def test_a_bare_figure_is_a_time_only_when_asked_for() -> None:
    assert find(slot("time"), "ten people", asked=False) is None
    assert find(slot("time"), "at ten", asked=False) == "10:00 am"


@pytest.mark.parametrize(
    ("heard", "date"),
    [
        ("On Tuesday, please", "Tuesday"),
        ("choose day morning", "Tuesday"),
        ("wensday", "Wednesday"),
        ("next friday", "next Friday"),
        ("this saturday", "Saturday"),
        ("tomorrow", "tomorrow"),
        ("the day after tomorrow", "the day after tomorrow"),
        ("the twenty first", "the 21st"),
        ("march the third", "3 March"),
        ("the twenty second of june", "22 June"),
        ("4 July", "4 July"),
        ("Monday, no, Thursday", "Thursday"),
        ("Thursday, not Monday", "Thursday"),
        ("not on Monday", None),
        ("some day", None),
        ("forty march", None),
    ],
)
def test_dates(heard: str, date: str | None) -> None:
    assert find(slot("date"), heard, asked=True) == date


@pytest.mark.parametrize(
    ("heard", "name"),
    [
        ("My name is John Smith.", "John Smith"),
        ("um yes it's anna brown", "Anna Brown"),
        ("this is Maria from Pune", "Maria"),
        ("Maria-José", "Maria-José"),
        ("Yes.", None),
        ("what do you mean", None),
        ("I want an appointment", None),
        ("12", None),
    ],
)
def test_names(heard: str, name: str | None) -> None:
    assert find(slot("name"), heard, asked=True) == name


def test_a_name_that_was_not_asked_for_must_be_introduced() -> None:
    assert find(slot("name"), "Anna Brown", asked=False) is None
    assert find(slot("name"), "hi, my name is Anna and I need help", asked=False) == "Anna"


@pytest.mark.parametrize(
    ("heard", "number"),
    [
        ("nine eight seven six five four three two one oh", "9876543210"),
        ("double nine eight seven, triple five, one two three", "9987555123"),
        ("+91 98765-43210", "+919876543210"),
        ("nine eight", None),
    ],
)
def test_phone_numbers(heard: str, number: str | None) -> None:
    assert find(slot("phone"), heard, asked=True) == number


def test_the_other_kinds() -> None:
    assert find(slot("number"), "twenty five, please", asked=True) == "25"
    assert find(slot("number"), "twenty five", asked=False) is None
    assert find(slot("text"), " anything at all ", asked=True) == "anything at all"
    assert find(slot("yes_no"), "yeah", asked=True) == "yes"
    rooms = slot("choice", single=["one bed", "small"], double=["two beds", "large"])
    assert find(rooms, "The large one, please.", asked=False) == "double"
    assert find(rooms, "whatever", asked=True) is None


@pytest.mark.parametrize(
    ("heard", "agreed"),
    [
        ("yes", True),
        ("Yeah, that's right", True),
        ("that is correct", True),
        ("no", False),
        ("that's not right", False),
        ("no, that's wrong", False),
        ("maybe", None),
    ],
)
def test_yes_and_no(heard: str, *, agreed: bool | None) -> None:
    assert yes_or_no(heard) is agreed


def test_figures() -> None:
    assert figures("Half past ten, the twenty first, A.M.") == "half past 10, the 21th, am"
