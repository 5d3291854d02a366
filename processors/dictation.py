"""Is somebody dictating a number, and is it whole? "nine eight four double five" → "98455"."""

from __future__ import annotations

from itertools import takewhile

from processors.phrases import plain

_SPOKEN = {
    word: str(digit)
    for digits in (
        "zero one two three four five six seven eight nine",
        "shunya ek do teen chaar paanch chhe saat aath nau",
    )
    for digit, word in enumerate(digits.split())
} | {"oh": "0", "char": "4", "panch": "5"}
_TIMES = {"double": 2, "triple": 3}


def dictated(text: str) -> str:
    """The digits that `text` ends with, as they were said one by one; empty if its last word is none."""
    words = plain(text).split()
    said = list(takewhile(lambda word: word in _SPOKEN or word in _TIMES or word.isdecimal(), reversed(words)))[::-1]
    digits, times = "", 1
    for word in said:
        digits += (_SPOKEN.get(word) or word if word not in _TIMES else "") * times
        times = _TIMES.get(word, 1)
    return digits


def is_phone_number(digits: str) -> bool:
    """Whether nothing is missing of an Indian one: ten digits, after 0 or 91 or nothing."""
    return len(digits) - len(_prefix(digits)) == 10


def _prefix(digits: str) -> str:
    return next((prefix for prefix in ("0", "91") if len(digits) > 10 and digits.startswith(prefix)), "")
