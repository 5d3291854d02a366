from __future__ import annotations

import pytest

from processors.dangling import CLOSED, OPEN, Endings


@pytest.mark.parametrize("text", ["On Monday,", "I would like...", "and the", "It is, um.", "my -", "Because"])
def test_half_a_sentence_goes_on(text: str) -> None:
    assert Endings("en-IN").goes_on(text)


@pytest.mark.parametrize("text", ["I need a doctor.", "the red one", "Andover", ""])
def test_what_may_be_whole_does_not(text: str) -> None:
    assert not Endings("en-IN").goes_on(text)


def test_a_language_brings_its_own_words_and_english_ones_are_mixed_into_it() -> None:
    assert Endings("hi-IN").goes_on("मुझे डॉक्टर और")
    assert Endings("hi-IN").goes_on("doctor and")
    assert not Endings("en-IN").goes_on("doctor aur")


def test_a_verb_at_the_end_ends_a_sentence_unless_a_mark_says_that_it_goes_on() -> None:
    hindi = Endings("hi")
    assert hindi.has_ended("मुझे डॉक्टर चाहिए")
    assert not hindi.has_ended("मुझे डॉक्टर चाहिए,")
    assert not hindi.has_ended("मुझे डॉक्टर")


@pytest.mark.parametrize("language", CLOSED)
def test_no_word_both_ends_a_sentence_and_leaves_it_open(language: str) -> None:
    assert not {*CLOSED[language].split()} & {*OPEN[language].split(), *OPEN["en"].split()}
