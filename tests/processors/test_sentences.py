"""Phrases: early, whole, and nothing lost."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from processors import sentences
from processors.sentences import LONGEST, Splitter, phrases


def split(*pieces: str, first_clause: bool = False) -> list[str]:
    splitter = Splitter(first_clause)
    found = [phrase for piece in pieces for phrase in splitter.push(piece)]
    rest = splitter.flush()
    return [*found, rest] if rest.strip() else found


async def given_as(pieces: Sequence[str]) -> AsyncIterator[str]:
    for piece in pieces:
        yield piece


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Hello there. How are you?", ["Hello there.", "How are you?"]),
        ("Please ask Dr. Rao or Mrs. Iyer. They know.", ["Please ask Dr. Rao or Mrs. Iyer.", "They know."]),
        ("It costs Rs. 500 or 3.5 percent. Fine?", ["It costs Rs. 500 or 3.5 percent.", "Fine?"]),
        ("We open at 9 a.m. on weekdays. Come in.", ["We open at 9 a.m. on weekdays.", "Come in."]),
        ("We open at 9 a.m. Come in.", ["We open at 9 a.m.", "Come in."]),
        ("Room no. 5 is free. No. It is not.", ["Room no. 5 is free.", "No.", "It is not."]),
        ("Bring fruit, e.g. apples. Thanks!", ["Bring fruit, e.g. apples.", "Thanks!"]),
        ("Well... let me see. Yes!", ["Well...", "let me see.", "Yes!"]),
        ("Write to a.b@example.com or www.example.com/x.html now. Bye.", None),
        ("J. K. Rao called. Ring back.", ["J. K. Rao called.", "Ring back."]),
        ("1. First\n2. Second", ["1. First", "2. Second"]),
        ("नमस्ते। आप कैसे हैं? ठीक॥अच्छा", ["नमस्ते।", "आप कैसे हैं?", "ठीक॥", "अच्छा"]),
        ("کیا حال ہے۔ ٹھیک", ["کیا حال ہے۔", "ٹھیک"]),
        ('He said "Stop!" Then he left.', ['He said "Stop!"', "Then he left."]),
        ("It is 10:30 now.", ["It is 10:30 now."]),
    ],
)
def test_whole_sentences(text: str, expected: list[str] | None) -> None:
    if expected is None:
        expected = ["Write to a.b@example.com or www.example.com/x.html now.", "Bye."]
    assert [phrase.strip() for phrase in split(text)] == expected


def test_the_first_clause_comes_early_and_only_the_first() -> None:
    text = "Thank you for calling, this is the clinic. Well, of course, we are open."
    assert split(text, first_clause=True) == [
        "Thank you for calling, ",
        "this is the clinic. ",
        "Well, of course, we are open.",
    ]
    assert split("So, I think 1,200 will do.", first_clause=True) == ["So, I think 1,200 will do."]


def test_a_sentence_is_given_as_soon_as_the_next_begins() -> None:
    splitter = Splitter()
    assert list(splitter.push("Hello there. ")) == []
    assert list(splitter.push("H")) == ["Hello there. "]


def test_text_without_a_full_stop_is_cut_at_a_clause_or_a_space() -> None:
    endless = "one two three, " * 40
    assert all(len(phrase) <= LONGEST and phrase.endswith(", ") for phrase in split(endless)[:-1])
    assert all(len(phrase) <= LONGEST for phrase in split("x" * 1000))


TEXT = st.text(alphabet=st.sampled_from(list("abD.no1,;:!?…।-—\n \"'é नM")), max_size=400)


@given(TEXT, st.lists(st.integers(1, 30), max_size=40), st.booleans())
def test_nothing_is_lost_and_where_it_came_in_pieces_does_not_matter(text: str, sizes: list[int], first: bool) -> None:
    pieces, at = [], 0
    for size in sizes:
        pieces.append(text[at : at + size])
        at += size
    pieces.append(text[at:])
    found = split(*pieces, first_clause=first)
    assert "".join(found).rstrip() == text.rstrip()
    assert all(phrase.strip() and len(phrase) <= LONGEST for phrase in found[:-1])
    assert found == split(text, first_clause=first)


@given(st.text(max_size=300))
async def test_the_generator_loses_nothing(text: str) -> None:
    found = [phrase async for phrase in phrases(given_as([text[:7], text[7:90], text[90:]]))]
    assert "".join(found).rstrip() == text.rstrip()


async def test_a_whole_sentence_is_not_held_back_by_a_silent_model(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sentences, "PATIENCE", 0.001)
    forever = asyncio.Event()

    async def stuck() -> AsyncIterator[str]:
        yield "One moment."
        await forever.wait()
        yield " Thanks"

    found = phrases(stuck())
    assert await anext(found) == "One moment."
    forever.set()
    assert await anext(found) == " Thanks"


async def test_closing_the_generator_leaves_no_task() -> None:
    async def stuck() -> AsyncIterator[str]:
        yield "One"
        await asyncio.Event().wait()

    reading = asyncio.ensure_future(anext(phrases(stuck())))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    reading.cancel()
    await asyncio.gather(reading, return_exceptions=True)
    assert asyncio.all_tasks() == {asyncio.current_task()}
