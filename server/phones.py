"""Phone numbers as carriers write them → as the records have them."""

from __future__ import annotations

import phonenumbers


def e164(number: str, country: str) -> str:
    """A number without a country code is one of `country`, as `IN`. What cannot be a number stays as it was given."""
    try:
        parsed = phonenumbers.parse(number, country)
    except phonenumbers.NumberParseException:
        return number
    if not phonenumbers.is_possible_number(parsed):
        return number
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)
