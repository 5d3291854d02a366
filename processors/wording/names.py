"""Acronyms, addresses and telephone numbers."""

from __future__ import annotations

import re

from processors.wording.tongue import Tongue

_ACRONYM = re.compile(r"(?<![\w.])[A-Z]{2,6}(?=s?(?!\w))")
_WORDS = frozenset(
    ("NASA", "NATO", "AIDS", "PIN", "SIM", "GIF", "LASER", "RADAR", "ASAP", "COVID", "FIFA", "OPEC", "PAN", "UNICEF")
)
"""Said as words."""
_LETTERS = frozenset(
    [
        *("OTP", "EMI", "UPI", "API", "USA", "UK", "EU", "UN", "UAE", "US", "ATM", "AC", "ID", "AI", "IT", "IVR"),
        *("URL", "IFSC", "IPO", "IST", "AM", "PM", "ISO", "IP", "IIT", "IIM", "OK", "FAQ", "CEO", "CFO", "HR", "EV"),
        *("SUV", "BHK", "ETA", "RTO", "LIC", "ITR"),
    ]
)
"""Said letter by letter although there is a vowel in them, or may be."""
_VOWELS = frozenset("AEIOU")
_EMAIL = re.compile(r"\b([\w.+-]{1,64})@([\w-]{1,63}(?:\.[\w-]{1,63}){1,4})\b")
_SIGNS = {".": " dot ", "-": " dash ", "_": " underscore ", "+": " plus "}
_PHONE = re.compile(r"(?<![\w.,])\+?\(?\d{1,5}\)?(?:[ -]?\(?\d{2,5}\)?){1,5}(?!\w|[.,]\d)")


def acronyms(text: str, _tongue: Tongue) -> str:
    """Those that are words in lower case, and others by their letters. One with a vowel that nobody knows stays."""

    def said(found: re.Match[str]) -> str:
        letters = found[0]
        if letters in _WORDS:
            return letters.lower()
        return " ".join(letters) if letters in _LETTERS or _VOWELS.isdisjoint(letters) else letters

    return _ACRONYM.sub(said, text)


def emails(text: str, tongue: Tongue) -> str:
    if not tongue.is_english:
        return text
    return _EMAIL.sub(lambda found: f"{_spelled(found[1])} at {_spelled(found[2])}", text)


def phone_numbers(text: str, _tongue: Tongue) -> str:
    """Digit by digit, in whatever language."""

    def said(found: re.Match[str]) -> str:
        written = found[0]
        digits = [sign for sign in written if sign.isdecimal()]
        is_phone = len(digits) >= 10 or (len(digits) >= 7 and written[0] in "+0(") or written[3:4] == "-"
        if not is_phone or not 7 <= len(digits) <= 15:
            return written
        return ("plus " if written[0] == "+" else "") + " ".join(digits)

    return _PHONE.sub(said, text)


def _spelled(part: str) -> str:
    return re.sub(r"[._+-]", lambda sign: _SIGNS[sign[0]], part)
