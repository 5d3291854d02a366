"""Whom the demonstration calls: people who do not exist, on numbers that nobody can have."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime

COLOURS = (
    *("Amber", "Azure", "Coral", "Crimson", "Golden", "Indigo", "Ivory"),
    *("Jade", "Olive", "Pearl", "Ruby", "Saffron", "Silver", "Violet"),
)
PLACES = (
    *("Brook", "Field", "Forest", "Garden", "Glen", "Grove", "Harbour", "Hill"),
    *("Island", "Lake", "Meadow", "Orchard", "River", "Spring", "Valley"),
)

ANYTHING = None
"""A number of which the simulator draws what becomes of it: more than half of them answer and talk."""
FATES = (
    *(ANYTHING, "0002", ANYTHING, "0003", "0002", ANYTHING, "0002", "0004", "0006", ANYTHING),
    *("0002", "0005", ANYTHING, "0002", ANYTHING, "0003", ANYTHING, "0004", "0002", ANYTHING),
)
"""The last four digits of every twenty people, mixed so that those who fail do not come together."""
MOST = 800
"""People: as many exchanges as the area code has."""


def people(count: int, now: datetime) -> str:
    """A CSV file of up to MOST contacts, the same for the same count but for the time zone, in which it is noon now."""
    text = io.StringIO()
    file = csv.writer(text)
    file.writerow(("name", "phone", "timezone"))
    zone = where_it_is_noon(now)
    file.writerows((_name(place), _phone(place), zone) for place in range(count))
    return text.getvalue()


def where_it_is_noon(now: datetime) -> str:
    """The IANA name of a zone whose clock shows between twelve and one. Such names count west of Greenwich as plus."""
    west = now.astimezone(UTC).hour - 12
    return f"Etc/GMT{west:+d}" if west else "Etc/GMT"


def _name(place: int) -> str:
    return f"{COLOURS[place % len(COLOURS)]} {PLACES[place % len(PLACES)]}"


def _phone(place: int) -> str:
    """Area code 555 is nobody's."""
    return f"+1555{200 + place}{FATES[place % len(FATES)] or 1000 + place}"
