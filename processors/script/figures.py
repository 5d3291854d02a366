"""Number words as figures: "half past ten, the twenty first" → "half past 10, the 21st". English."""

from __future__ import annotations

import re

from processors.numbers import ordinal, words

_ONES = {words(number): number for number in range(20)}
_TENS = {words(number): number for number in range(20, 100, 10)}
_ORDINALS = {ordinal(number): number for number in range(1, 32)}
_TWO_WORDS = re.compile(rf"\b({'|'.join(_TENS)})[\s-]({'|'.join(list(_ONES)[1:10])})\b")
_ONE_WORD = re.compile(rf"\b({'|'.join([*_TENS, *_ONES])})\b")
_ORDINAL = re.compile(rf"\b({'|'.join(sorted(_ORDINALS, key=len, reverse=True))})\b".replace(" ", r"[\s-]"))
_MERIDIEM = re.compile(r"\b([ap])\.?\s?m\b\.?")
_REPEATED = re.compile(r"\b(double|triple)\s(\d)\b")
_OH = re.compile(r"\bo+h?\b")


def figures(text: str, *, digits: bool = False) -> str:
    """In lower case. `digits`: it is a telephone number or the like, so "oh" is 0 and "double five" is 55."""
    said = " ".join(text.lower().replace("’", "'").split())
    said = _ORDINAL.sub(lambda found: f"{_ORDINALS[found[1].replace('-', ' ')]}th", said)
    said = _TWO_WORDS.sub(lambda found: str(_TENS[found[1]] + _ONES[found[2]]), said)
    said = _ONE_WORD.sub(lambda found: str(_TENS.get(found[1], _ONES.get(found[1]))), said)
    said = re.sub(r"\b(\d{1,2}) oh (\d)\b", r"\1:0\2", said) if not digits else _OH.sub("0", said)
    if digits:
        said = _REPEATED.sub(lambda found: found[2] * (2 if found[1] == "double" else 3), said)
    return _MERIDIEM.sub(r"\1m", said)
