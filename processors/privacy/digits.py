"""Digits in a text: written in any script, or told one after the other."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

from processors.guardrails.number_words import NUMBERS, SCALES

_WORD = re.compile(
    r"(?P<quantity>\d{1,3}(?:,\d{2,3})*,\d{3}(?![\d,])|\d+\.\d{1,2}(?!\d|\.\d))|\d+|[^\W\d_][\w\u0900-\u0dff]*|[^\w\s]"
)
_APART = frozenset("-.,/()")
"""May stand between two digits of one number."""
_MONEY = re.compile(r"(?:[₹$€£]|\b(?:rs|inr|usd|eur|gbp|rupees|dollars)\b\.?)\s*$", re.IGNORECASE)
_UNIT = re.compile(
    r"\s*(?:/-|[₹€£%]|(?:rupees?|dollars?|euros?|pounds?|percent|rs|inr|usd|paise|cents?"
    r"|रुपये|रुपए|रुपया|टका|টাকা|ரூபாய்|రూపాయలు|ರೂಪಾಯಿ|രൂപ|રૂપિયા|ਰੁਪਏ|ଟଙ୍କା)(?!\w))",
    re.IGNORECASE,
)
_REPEATED = {"double": 2, "triple": 3, "डबल": 2, "ट्रिपल": 3}
_ALSO = {"oh": 0, "o": 0, "do": 2}
"""Other words too: nothing stands on one of them alone."""
HUNDRED = 100


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a number, as it stands in the text."""

    digits: str
    start: int
    end: int


def numbers(text: str) -> Iterator[list[Piece]]:
    """Each number, piece by piece, in its order. Money, shares and quantities are none."""
    run: list[Piece] = []
    repeated: tuple[int, int] | None = None
    for found in _WORD.finditer(text):
        word = found[0].casefold()
        told = None if found["quantity"] else _told(word)
        if told is not None:
            times, start = repeated or (1, found.start())
            run.append(Piece(told * times, start, found.end()))
        elif word not in _APART and word not in _REPEATED:
            yield from _whole(text, run, before=word)
            run = []
        repeated = (_REPEATED[word], found.start()) if word in _REPEATED else None
    yield from _whole(text, run)


def _told(word: str) -> str | None:
    if word[0].isdecimal():
        return "".join(str(unicodedata.decimal(one)) for one in word)
    value = _ALSO.get(word, NUMBERS.get(unicodedata.normalize("NFKC", word)))
    return None if value is None or value >= HUNDRED or value != int(value) else str(int(value))


def _whole(text: str, run: list[Piece], before: str = "") -> Iterator[list[Piece]]:
    """Unless it is an amount, by what stands around it."""
    is_amount = (
        not run
        or unicodedata.normalize("NFKC", before) in SCALES
        or _MONEY.search(text[max(run[0].start - 12, 0) : run[0].start])
        or _UNIT.match(text, run[-1].end)
    )
    if not is_amount:
        yield run
