"""Dates and times of the day, in English. Other languages' voices read them themselves."""

from __future__ import annotations

import calendar
import re

from processors.numbers import ordinal, words, year
from processors.wording.tongue import Tongue

_MONTHS = tuple(calendar.month_name)
_NAME = "|".join(f"{name[:3]}(?:{name[3:]})?" if len(name) > 3 else name for name in _MONTHS[1:])
_ISO = re.compile(r"\b([12]\d{3})-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])\b")
_SLASHED = re.compile(r"\b(0?[1-9]|[12]\d|3[01])[/](0?[1-9]|[12]\d|3[01])/([12]\d{3}|\d{2})\b")
_DAY_MONTH = re.compile(rf"\b([12]\d|3[01]|0?[1-9])(?:st|nd|rd|th)?\s({_NAME})\b\.?(?:,?\s([12]\d{{3}})\b)?")
_MONTH_DAY = re.compile(rf"\b({_NAME})\b\.?\s([12]\d|3[01]|0?[1-9])(?:st|nd|rd|th)?(?![\d:])(?:,?\s([12]\d{{3}})\b)?")
_CLOCK = re.compile(r"\b([01]?\d|2[0-3]):([0-5]\d)(?::[0-5]\d)?(?:\s?([ap])\.?\s?m\b\.?)?", re.I)
_HOUR = re.compile(r"\b(1[0-2]|[1-9])\s?([ap])\.?\s?m\b\.?", re.I)


def dates(text: str, tongue: Tongue) -> str:
    """3/4/2026 is the third of April, and of March where people write the month first: in American English."""
    if not tongue.is_english:
        return text

    def slashed(found: re.Match[str]) -> str:
        first, second = int(found[1]), int(found[2])
        day, month = (first, second) if (tongue.is_indian and second <= 12) or first > 12 else (second, first)
        written = found[3] if len(found[3]) == 4 else f"20{found[3]}"
        return _date(day, month, written) if month <= 12 else found[0]

    text = _ISO.sub(lambda found: _date(int(found[3]), int(found[2]), found[1]), text)
    text = _SLASHED.sub(slashed, text)
    text = _DAY_MONTH.sub(lambda found: _date(int(found[1]), _month(found[2]), found[3]), text)
    return _MONTH_DAY.sub(lambda found: _date(int(found[2]), _month(found[1]), found[3]), text)


def times(text: str, tongue: Tongue) -> str:
    if not tongue.is_english:
        return text

    def clock(found: re.Match[str]) -> str:
        hour, minute, half = int(found[1]), int(found[2]), found[3]
        end = f" {half.upper()} M" if half else ""
        if minute:
            return f"{words(hour)} {'oh ' if minute < 10 else ''}{words(minute)}{end}"
        return words(hour) + (end or " o'clock" if 0 < hour < 13 else " hundred hours")

    return _HOUR.sub(lambda found: f"{words(int(found[1]))} {found[2].upper()} M", _CLOCK.sub(clock, text))


def _month(name: str) -> int:
    return next(month for month in range(1, 13) if _MONTHS[month].startswith(name[:3]))


def _date(day: int, month: int, in_year: str | None) -> str:
    return f"{ordinal(day)} of {_MONTHS[month]}" + (f" {year(int(in_year))}" if in_year else "")
