"""A whole number in words, in lakhs and crores."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from processors.numerals.southern import UNDER_THOUSAND, kannada, malayalam, tamil, telugu
from processors.numerals.tables import HUNDREDS, NAMES, SCALES

LANGUAGES = (*NAMES, *UNDER_THOUSAND)
"""By the first part of their BCP 47 tags."""
LONGEST = 12
"""Digits of a number that has a name."""
ONE = {"ta": "ஒரு", "te": "ఒక", "ml": "ഒരു"}
"""Before what is counted, where that is another word."""
_PLURALS = ("వందలు", "వేలు", "లక్షలు", "కోట్లు")
"""Telugu's, which lose their end before what is counted."""
_JOINED: Mapping[str, Callable[[int, int, str, int], str]] = {
    "ta": tamil,
    "te": telugu,
    "kn": kannada,
    "ml": malayalam,
}


def cardinal(number: int, language: str) -> str:
    """`number` in [0, 10**12), `language` one of `LANGUAGES`: 250000 is "दो लाख पचास हज़ार"."""
    small = UNDER_THOUSAND.get(language)
    if small is not None:
        if number < 1000:
            return small(number)
        crores, below = divmod(number, 10**7)
        lakhs, below = divmod(below, 10**5)
        thousands, rest = divmod(below, 1000)
        return _JOINED[language](thousands, lakhs, counting(crores, language) if crores else "", rest)
    if number < 100:
        return NAMES[language][number]
    if number < 1000:
        hundreds, rest = divmod(number, 100)
        if language == "mr" and hundreds == 1:
            return f"एकशे {NAMES[language][rest]}" if rest else "शंभर"
        return _with(f"{NAMES[language][hundreds]}{HUNDREDS[language]}", rest, language)
    thousand, lakh, crore = SCALES[language]
    for size, name in ((10**7, crore), (10**5, lakh), (1000, thousand)):
        if number >= size:
            count, rest = divmod(number, size)
            return _with(f"{cardinal(count, language)} {name}", rest, language)
    raise AssertionError("every number has a size")


def counting(number: int, language: str) -> str:
    """The number before what it counts."""
    said = ONE.get(language, cardinal(1, language)) if number == 1 else cardinal(number, language)
    return said.removesuffix("ు") if said.endswith(_PLURALS) else said


def digits(text: str, language: str) -> str:
    """Every digit of `text`, in whatever script, by name."""
    return " ".join(cardinal(int(sign), language) for sign in text if sign.isdecimal())


def year(number: int, language: str) -> str:
    """1100 to 1999 are said in hundreds in the north: nineteen hundred eighty-four."""
    if language in HUNDREDS and 1100 <= number < 2000:
        century, rest = divmod(number, 100)
        return _with(f"{NAMES[language][century]}{HUNDREDS[language]}", rest, language)
    return cardinal(number, language)


def _with(said: str, rest: int, language: str) -> str:
    return f"{said} {cardinal(rest, language)}" if rest else said
