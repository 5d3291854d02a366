from __future__ import annotations

import pytest

from processors.dictation import dictated, is_phone_number


@pytest.mark.parametrize(
    ("text", "digits"),
    [
        ("My number is nine eight, four.", "984"),
        ("98450 12345", "9845012345"),
        ("nine double five triple zero", "955000"),
        ("nau aath char paanch", "9845"),
        ("९८४५०", "९८४५०"),
        ("call me at five please", ""),
        ("nine to eight", "8"),
        ("double", ""),
        ("", ""),
    ],
)
def test_the_digits_that_a_text_ends_with(text: str, digits: str) -> None:
    assert dictated(text) == digits


@pytest.mark.parametrize(
    ("digits", "whole"),
    [
        ("9845012345", True),
        ("09845012345", True),
        ("919845012345", True),
        ("984501234", False),
        ("98450123456", False),
        ("9198450123", True),
        ("4111111111111111", False),
        ("", False),
    ],
)
def test_ten_digits_are_a_phone_number_with_or_without_what_stands_before_them(digits: str, whole: bool) -> None:
    assert is_phone_number(digits) is whole
