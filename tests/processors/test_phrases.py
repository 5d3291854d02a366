from __future__ import annotations

import pytest

from processors.phrases import (
    ACKNOWLEDGEMENTS,
    INTERRUPTIONS,
    begins_with,
    ends_in_number,
    ends_sentence,
    made_of,
    phrase_set,
    plain,
)

LANGUAGES = {"en", "hi", "ta", "te", "kn", "mr", "bn", "gu", "ml", "pa"}


def test_every_language_has_both_lists() -> None:
    assert set(ACKNOWLEDGEMENTS) == set(INTERRUPTIONS) == LANGUAGES


@pytest.mark.parametrize("language", sorted(LANGUAGES))
def test_no_phrase_is_both(language: str) -> None:
    assert not phrase_set(ACKNOWLEDGEMENTS, language) & phrase_set(INTERRUPTIONS, language)


@pytest.mark.parametrize(
    ("text", "ends"),
    [("one", True), ("the red one", False), ("nine eight one", True), ("room 12", True), ("at 10.", True),
     ("do lakh", True), ("what do", False), ("", False), ("...", False), ("5G", False)],
)  # fmt: skip
def test_a_number_at_the_end(text: str, ends: bool) -> None:
    assert ends_in_number(text) is ends


@pytest.mark.parametrize(
    ("text", "ends"),
    [("Yes.", True), ("Yes", False), ("Well...", False), ("क्या?", True), ("ठीक है।", True), (" ", False)],
)
def test_a_finished_sentence(text: str, ends: bool) -> None:
    assert ends_sentence(text) is ends


def test_plain_keeps_the_vowel_signs_of_indian_scripts() -> None:
    assert plain(" Haan, JI! ") == "haan ji"
    assert plain("ठीक है।") == "ठीक है"
    assert plain("I'm") == "im"


def test_made_of_needs_every_word() -> None:
    phrases = phrase_set(ACKNOWLEDGEMENTS, "en", ["carry on"])
    assert made_of("Okay, carry on, I see", phrases)
    assert not made_of("Okay but Tuesday", phrases)
    assert not made_of("", phrases)


def test_begins_with_takes_phrases_of_several_words() -> None:
    phrases = phrase_set(INTERRUPTIONS, "en")
    assert begins_with("Hold on, please", phrases)
    assert not begins_with("please hold", phrases)
