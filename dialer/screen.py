"""Who of those that a campaign names is not called, and why."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import phonenumbers

from dialer.windows import Schedule, next_opening
from dialer.zones import Place
from storage.dialing import Skip
from storage.phones import LastDial

NORTH_AMERICA = 1
NO_COUNTRY = "001"


@dataclass(frozen=True, slots=True)
class Person:
    """What decides."""

    phone: str
    place: Place
    opted_out: bool
    last_dial: LastDial | None


class Screen:
    """Of one campaign at one moment. Whether a place ever opens is worked out once for all who are there."""

    def __init__(self, schedule: Schedule, dedupe_hours: int, now: datetime) -> None:
        self._schedule, self._now = schedule, now
        self._lately = now - timedelta(hours=dedupe_hours)
        self._never: dict[Place, bool] = {}

    def verdict(self, person: Person, *, own: str = "") -> Skip | None:
        """None: they are called. `own` is a campaign whose calls do not count, as it tries somebody again."""
        return self.still(person, own=own) if can_be_dialled(person.phone) else Skip.INVALID_NUMBER

    def still(self, person: Person, *, own: str = "") -> Skip | None:
        """As `verdict`, of one whose number was found to be right before."""
        if person.opted_out:
            return Skip.OPTED_OUT
        last = person.last_dial
        if last is not None and last.at > self._lately and last.flow_id != own:
            return Skip.RECENTLY_DIALLED
        return Skip.OUTSIDE_WINDOW if self.never_opens(person.place) else None

    def never_opens(self, place: Place) -> bool:
        if place not in self._never:
            self._never[place] = next_opening(self._schedule, place, self._now) is None
        return self._never[place]


def can_be_dialled(phone: str) -> bool:
    """Whether a number in E.164 can exist at all. Numbers kept free for documentation may."""
    try:
        number = phonenumbers.parse(phone)
    except phonenumbers.NumberParseException:
        return False
    if phonenumbers.region_code_for_country_code(number.country_code or 0) == NO_COUNTRY:
        return False  # satellites, and services that are dear to call
    if phonenumbers.number_type(number) == phonenumbers.PhoneNumberType.PREMIUM_RATE:
        return False
    if number.country_code == NORTH_AMERICA and str(number.national_number)[0] in "01":
        return False
    return phonenumbers.is_possible_number(number)
