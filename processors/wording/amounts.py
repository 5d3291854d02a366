"""Numbers, and what they count."""

from __future__ import annotations

import re
from collections.abc import Mapping

from processors.numbers import digits, words, year
from processors.speakable import RUPEES
from processors.wording.tongue import Tongue

_COIN = re.compile(
    r"(₹|\bRs\.?|\bINR|[$£€])\s?(\d+(?:,\d+)*)(?:\.(\d{1,2}))?(?!\d)(?:/-)?(\s(?:thousand|lakhs?|crores?|million|billion)\b)?",
    re.I,
)
_COINS = {"$": ("dollar", "cent", "cents"), "£": ("pound", "penny", "pence"), "€": ("euro", "cent", "cents")}
_RUPEE = ("rupee", "paisa", "paise")
_FIGURE = r"(?<![\w.,])(-?\d+(?:,\d+)*(?:\.\d+)?)"
_DISTANCES = {
    "km": ("kilometre", "kilometres"),
    "m": ("metre", "metres"),
    "cm": ("centimetre", "centimetres"),
    "mm": ("millimetre", "millimetres"),
    "mi": ("mile", "miles"),
    "yd": ("yard", "yards"),
    "ft": ("foot", "feet"),
}
_UNITS = {
    "kg": ("kilogram", "kilograms"),
    "g": ("gram", "grams"),
    "mg": ("milligram", "milligrams"),
    "lbs": ("pound", "pounds"),
    "lb": ("pound", "pounds"),
    "oz": ("ounce", "ounces"),
    "l": ("litre", "litres"),
    "ml": ("millilitre", "millilitres"),
    "kmph": ("kilometre per hour", "kilometres per hour"),
    "km/h": ("kilometre per hour", "kilometres per hour"),
    "mph": ("mile per hour", "miles per hour"),
    "hrs": ("hour", "hours"),
    "hr": ("hour", "hours"),
    "mins": ("minute", "minutes"),
    "min": ("minute", "minutes"),
    "secs": ("second", "seconds"),
    "sec": ("second", "seconds"),
    "kWh": ("kilowatt hour", "kilowatt hours"),
    "kW": ("kilowatt", "kilowatts"),
    "W": ("watt", "watts"),
    "GB": ("gigabyte", "gigabytes"),
    "MB": ("megabyte", "megabytes"),
    "sqft": ("square foot", "square feet"),
    "sq ft": ("square foot", "square feet"),
    "°C": ("degree Celsius", "degrees Celsius"),
    "°F": ("degree Fahrenheit", "degrees Fahrenheit"),
}
_PERCENT = re.compile(r"(?<=\d)\s?%")
_NUMBER = re.compile(r"(?<![\w.,])(-?)(\d+(?:,\d+)*)(\.\d{1,9})?(?!\w|,\d)")
_BARE_YEARS = (range(1100, 2000), range(2010, 2100))
"""Said in pairs: twelve hundred, twenty twenty four."""
_LONGEST = 15
"""Digits of a number that has a name."""


def _pattern(units: Mapping[str, tuple[str, str]]) -> re.Pattern[str]:
    names = "|".join(re.escape(unit) for unit in sorted(units, key=len, reverse=True))
    return re.compile(rf"{_FIGURE}\s?({names})(?![\w/])")


_DISTANCE, _UNIT = _pattern(_DISTANCES), _pattern(_UNITS)


def money(text: str, tongue: Tongue) -> str:
    """In words; of other languages than English only rupees, of which the name is put behind the figure."""

    def said(found: re.Match[str]) -> str:
        sign, amount, part, scale = found[1], found[2].replace(",", ""), found[3], found[4] or ""
        coin = _COINS.get(sign, _RUPEE)
        if not tongue.is_english:
            is_known = coin is _RUPEE and tongue.language in RUPEES
            figure = f"{amount}.{part}" if part else amount
            return f"{figure}{scale} {RUPEES[tongue.language]}" if is_known else found[0]
        if len(amount) > _LONGEST:
            return found[0]
        one, small, smalls = coin
        name = one if amount == "1" and not scale else f"{one}s"
        whole = words(int(amount), indian=tongue.is_indian)
        if scale and part:
            return f"{whole} point {digits(part)}{scale} {name}"
        cents = int(f"{part or 0:0<2}")
        rest = f" and {words(cents)} {small if cents == 1 else smalls}" if cents else ""
        return f"{whole}{scale} {name}{rest}"

    return _COIN.sub(said, text)


def distances(text: str, tongue: Tongue) -> str:
    return _counted(_DISTANCE, _DISTANCES, text, tongue)


def units(text: str, tongue: Tongue) -> str:
    return _counted(_UNIT, _UNITS, text, tongue)


def percentages(text: str, tongue: Tongue) -> str:
    return _PERCENT.sub(" percent", text) if tongue.is_english else text


def numbers(text: str, tongue: Tongue) -> str:
    """A whole number above the limit digit by digit, unless commas show that it is a quantity; others in words.

    Other languages' voices have words of their own: there only the digits are set apart.
    """

    def said(found: re.Match[str]) -> str:
        minus, written, decimals = found[1], found[2], found[3]
        plain = written.replace(",", "")
        is_code = len(plain) > _LONGEST or (len(plain) > 1 and plain[0] == "0")
        if is_code or (not decimals and "," not in written and int(plain) > tongue.digits_above):
            apart = digits(plain) if tongue.is_english else " ".join(plain)
            return minus + apart + (decimals or "") if not tongue.is_english else _signed(minus, apart, decimals)
        if not tongue.is_english:
            return found[0]
        value = int(plain)
        in_pairs = not decimals and "," not in written and any(value in years for years in _BARE_YEARS)
        return _signed(minus, year(value) if in_pairs else words(value, indian=tongue.is_indian), decimals)

    return _NUMBER.sub(said, text)


def _signed(minus: str, said: str, decimals: str | None) -> str:
    return ("minus " if minus else "") + said + (f" point {digits(decimals)}" if decimals else "")


def _counted(pattern: re.Pattern[str], names: Mapping[str, tuple[str, str]], text: str, tongue: Tongue) -> str:
    if not tongue.is_english:
        return text
    return pattern.sub(lambda found: f"{found[1]} {names[found[2]][found[1] != '1']}", text)
