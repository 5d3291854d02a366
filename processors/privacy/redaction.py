"""What is personal in a text → what kind of thing stood there: `[card]`, `[phone]` and the like."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Sequence
from typing import Any, Literal

from processors.privacy.digits import Piece, numbers
from processors.wording.patterns import compiled

Personal = Literal["cards", "phones", "emails", "otp", "aadhaar", "pan"]

_PHONE = re.compile(r"(?:0|91|0091)?[6-9]\d{9}|1?[2-9]\d{2}[2-9]\d{6}")
_ABROAD = re.compile(r"\d{8,15}")
_CODES = re.compile(
    r"\b(?:otp|o t p|one[- ]time|passcode|password|pin|m?pin|cvv|cvc|code|verification)\b"
    r"|ओटीपी|कोड|पिन|ஓடிபி|ఓటీపీ|ಒಟಿಪಿ|ഒടിപി|ওটিপি|ઓટીપી|ਓਟੀਪੀ",
    re.IGNORECASE,
)
_DIGIT = r"(?:\d|zero|oh|one|two|three|four|five|six|seven|eight|nine)"
_PATTERNS: dict[Personal, tuple[str, Any]] = {
    "emails": (
        "[email]",
        compiled(
            r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+"
            r"|(?:[\w.+-]+ (?:dot|underscore|dash|hyphen) )*[\w.+-]+ at (?:the rate )?(?:of )?"
            r"[\w-]+(?:(?: dot |\.)[\w-]+)+",
            ignore_case=True,
        ),
    ),
    "pan": (
        "[pan]",
        compiled(rf"\b(?:[a-z][ .,-]{{0,2}}){{5}}(?:{_DIGIT}[ .,-]{{0,2}}){{4}}[a-z]\b", ignore_case=True),
    ),
}
LONGEST = 19
"""Digits of the longest number that is looked for."""
_DIHEDRAL = tuple(
    tuple((a + b) % 5 if a < 5 and b < 5 else (a + b) % 5 + 5 if a < 5 else (a - b) % 5 + 5 if b < 5 else (a - b) % 5
          for b in range(10))
    for a in range(10)
)  # fmt: skip
"""Multiplication in the group of the pentagon's symmetries, as Verhoeff's check uses it."""
_SHUFFLE = (1, 5, 7, 6, 2, 8, 3, 0, 9, 4)


def redacted(text: str, kinds: Collection[Personal], before: str = "") -> str:
    """The text without what is personal. `before` is what the other side has said: it may have asked for a code."""
    for kind, (name, pattern) in _PATTERNS.items():
        if kind in kinds:
            text = pattern.sub(name, text)
    asked = _CODES.search(f"{before} {text}") is not None
    marks = [mark for run in numbers(text) for mark in _found(run, text, kinds, asked=asked)]
    for start, end, name in reversed(marks):
        text = f"{text[:start]}{name}{text[end:]}"
    return text


def _found(
    run: Sequence[Piece], text: str, kinds: Collection[Personal], *, asked: bool
) -> Iterator[tuple[int, int, str]]:
    """Start, end and name of each, in order: of those that begin at one piece the longest."""
    begin = 0
    while begin < len(run):
        start = run[begin].start
        abroad = text[:start].endswith("+")
        match = _longest(run[begin:], kinds, abroad=abroad)
        if match is None and begin == 0 and asked and "otp" in kinds and 4 <= sum(len(p.digits) for p in run) <= 8:
            match = len(run), "[otp]"
        if match is None:
            begin += 1
            continue
        length, name = match
        yield start - abroad, run[begin + length - 1].end, name
        begin += length


def _longest(run: Sequence[Piece], kinds: Collection[Personal], *, abroad: bool) -> tuple[int, str] | None:
    """How many pieces of it, from the first on, are what."""
    digits, best = "", None
    for length, piece in enumerate(run, 1):
        digits += piece.digits
        if len(digits) > LONGEST:
            break
        best = next(
            ((length, name) for kind, name, is_one in _KINDS if kind in kinds and is_one(digits)),
            (length, "[phone]") if abroad and "phones" in kinds and _ABROAD.fullmatch(digits) else best,
        )
    return best


def is_card(digits: str) -> bool:
    """By its length and Luhn's check."""
    doubled = (int(one) * (1 + place % 2) for place, one in enumerate(reversed(digits)))
    return 13 <= len(digits) <= LONGEST and sum(one // 10 + one % 10 for one in doubled) % 10 == 0


def is_aadhaar(digits: str) -> bool:
    """By its length, first digit and Verhoeff's check."""
    if len(digits) != 12 or digits[0] in "01":
        return False
    check = 0
    for place, one in enumerate(reversed(digits)):
        shuffled = int(one)
        for _ in range(place % 8):
            shuffled = _SHUFFLE[shuffled]
        check = _DIHEDRAL[check][shuffled]
    return check == 0


_KINDS: tuple[tuple[Personal, str, Callable[[str], bool]], ...] = (
    ("cards", "[card]", is_card),
    ("aadhaar", "[aadhaar]", is_aadhaar),
    ("phones", "[phone]", lambda digits: _PHONE.fullmatch(digits) is not None),
)
