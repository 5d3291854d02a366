"""How people write phone numbers in their files → E.164."""

from __future__ import annotations

import re

import phonenumbers

HOW = "Write a phone as +919876543210; without a country code it is read as a number of {country}"
"""A hint for whoever has rows refused, once the country is filled in."""

_FULL = re.compile(r"\+[1-9][0-9]{6,14}")
_ORDINARY = re.compile(r"\(?\+?[\d\s().\-/\u2010-\u2015\u2212]+")
_SEPARATORS = re.compile(r"[^\d+]")


def spelt_out(text: str, country: str) -> str:
    """With spaces, dashes, dots and brackets taken out, `00` as `+`, and without a country code one of `country`.

    What cannot be a number stays as it was given.
    """
    if _FULL.fullmatch(text) or not _ORDINARY.fullmatch(text.strip()):
        return text
    digits = _SEPARATORS.sub("", text)
    digits = f"+{digits[2:]}" if digits.startswith("00") else digits
    try:
        number = phonenumbers.parse(digits, country)
    except phonenumbers.NumberParseException:
        return text
    is_one = phonenumbers.is_possible_number if digits.startswith("+") else phonenumbers.is_valid_number
    if not is_one(number):  # without an area code it would become somebody else's
        return text
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
