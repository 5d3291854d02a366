"""In which time zones whoever answers a number may be."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files

from phonenumbers import (
    NumberParseException,
    PhoneNumber,
    parse,
    region_code_for_country_code,
    region_code_for_number,
)
from phonenumbers.timezone import time_zones_for_number

UTC = "UTC"
NO_COUNTRY = frozenset({"001", "ZZ"})
"""Regions of satellite telephones and international freephones, and of what nobody has."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a number may be reached: people with equal ones are called at the same hours."""

    country: str | None
    """ISO 3166 code; None: not known, or of no country."""
    zones: tuple[str, ...]
    """Canonical names of the IANA database, sorted: it may be any of them. Never empty."""

    @property
    def key(self) -> str:
        """A text that `parse` reads."""
        return f"{self.country or ''}|{','.join(self.zones)}"

    @classmethod
    def parse(cls, key: str) -> Place:
        country, _, zones = key.partition("|")
        return cls(country or None, tuple(zones.split(",")))


def zones_of(phone: str, timezone: str | None, fallback: str | None) -> Place:
    """Of a number in E.164 and the time zone in its owner's record, which counts most.

    `fallback` is a zone for a number that tells nothing. A record whose zone has no such name is owned by somebody who
    is anywhere in the number's country. Never raises. Takes some 50 µs: thousands belong in a thread.
    """
    number = _parsed(phone)
    country = _country(number) if number is not None else None
    named = _canonical(timezone or "")
    if named is not None:
        return _place(country, (named,))
    by_number = _by_number(number) if number is not None else frozenset()
    countrywide = _countrywide().get(country or "", frozenset())
    if (timezone or "").strip():
        by_number |= countrywide
    last_resort = _canonical(fallback or "")
    zones = by_number or ({last_resort} if last_resort is not None else countrywide or {UTC})
    return _place(country, tuple(sorted(zones)))


@lru_cache(maxsize=1024)
def _place(country: str | None, zones: tuple[str, ...]) -> Place:
    """One object for all customers of a place."""
    return Place(country, zones)


def _parsed(phone: str) -> PhoneNumber | None:
    try:
        return parse(phone)
    except NumberParseException:
        return None


def _country(number: PhoneNumber) -> str | None:
    country = region_code_for_number(number) or region_code_for_country_code(number.country_code or 0)
    return None if country in NO_COUNTRY else country


def _by_number(number: PhoneNumber) -> frozenset[str]:
    found = (_canonical(zone) for zone in time_zones_for_number(number))
    return frozenset(zone for zone in found if zone is not None)


def _canonical(name: str) -> str | None:
    """None if there is no such zone. The library of numbers has names that have been replaced since."""
    return _names().get(name.strip().lower())


@cache
def _names() -> Mapping[str, str]:
    """The canonical name for each name in lower case."""
    names: dict[str, str] = {}
    for line in _table("tzdata.zi"):
        match line.split():
            case ["Z", zone, *_]:
                names[zone.lower()] = zone
            case ["L", zone, alias]:
                names[alias.lower()] = zone
    return {alias: UTC if zone == "Etc/UTC" else zone for alias, zone in names.items()}


@cache
def _countrywide() -> Mapping[str, frozenset[str]]:
    zones: defaultdict[str, set[str]] = defaultdict(set)
    for line in _table("zone.tab"):
        if not line.startswith("#"):
            country, _, zone, *_ = line.split("\t")
            zones[country].add(_names()[zone.lower()])
    return {country: frozenset(names) for country, names in zones.items()}


def _table(name: str) -> list[str]:
    return (files("tzdata") / "zoneinfo" / name).read_text("utf-8").splitlines()
