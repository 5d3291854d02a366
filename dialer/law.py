"""The hours in which a country's law lets businesses call people, on the wall clock where the called person is.

India: TRAI, Telecom Commercial Communications Customer Preference Regulations, 2018.
United States: 16 CFR 310.4(c) and 47 CFR 64.1200(c)(1).
Canada: CRTC Unsolicited Telecommunications Rules, part III.
Australia: Telecommunications (Telemarketing and Research Calls) Industry Standard 2017.
France: Code de la consommation, article D. 223-9 (décret 2022-1313).
Spain: Ley General para la Defensa de los Consumidores y Usuarios, article 96.
South Africa: Consumer Protection Act Regulations, 2011, regulation 4.

Some of them also name public holidays; those are for the campaign's own list of holidays.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import time

Hours = tuple[tuple[int, int], ...]
"""Spans of one day in their order, each from a minute of the day to another that is no more part of it."""
Week = tuple[Hours, Hours, Hours, Hours, Hours, Hours, Hours]
"""Monday first."""


def minute_of_day(clock: str) -> int:
    """Of a text such as 09:30. Raises ValueError."""
    moment = time.fromisoformat(clock)
    return moment.hour * 60 + moment.minute


def _hours(text: str) -> Hours:
    spans = (span.split("-") for span in text.split())
    return tuple((minute_of_day(start), minute_of_day(end)) for start, end in spans)


def _week(weekdays: str, saturday: str, sunday: str) -> Week:
    day = _hours(weekdays)
    return (day, day, day, day, day, _hours(saturday), _hours(sunday))


CAUTIOUS = _week("09:00-21:00", "09:00-21:00", "09:00-21:00")
"""Where we know of no law, or not where the number belongs."""

_AUSTRALIA = _week("09:00-20:00", "09:00-17:00", "")
_FRANCE = _week("10:00-13:00 14:00-20:00", "", "")

LAW: Mapping[str, Week] = {
    "AU": _AUSTRALIA,
    "CA": _week("09:00-21:30", "10:00-18:00", "10:00-18:00"),
    "CC": _AUSTRALIA,
    "CX": _AUSTRALIA,
    "ES": _week("09:00-21:00", "", ""),
    "FR": _FRANCE,
    "GF": _FRANCE,
    "GP": _FRANCE,
    "IN": _week("09:00-21:00", "09:00-21:00", "09:00-21:00"),
    "MQ": _FRANCE,
    "RE": _FRANCE,
    "US": _week("08:00-21:00", "08:00-21:00", "08:00-21:00"),
    "YT": _FRANCE,
    "ZA": _week("08:00-20:00", "09:00-13:00", ""),
}
"""By ISO 3166 code."""


def legal_hours(country: str | None, weekday: int) -> Hours:
    """`weekday` counts from Monday, 0."""
    return LAW.get(country or "", CAUTIOUS)[weekday]
