"""Where a number may be: as its owner's record says, else as the number itself does."""

from __future__ import annotations

from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialer.zones import Place, zones_of


@pytest.mark.parametrize(
    ("phone", "timezone", "fallback", "key"),
    [
        ("+919876543210", None, "America/New_York", "IN|Asia/Kolkata"),
        ("+12125550100", None, "Asia/Kolkata", "US|America/New_York"),
        ("+16135550100", None, None, "CA|America/Toronto"),
        ("+12125550100", "America/Los_Angeles", None, "US|America/Los_Angeles"),
        ("+12125550100", "US/Pacific", None, "US|America/Los_Angeles"),
        ("+12125550100", " america/los_angeles\n", None, "US|America/Los_Angeles"),
        ("+919876543210", "", None, "IN|Asia/Kolkata"),
        ("+919876543210", "UTC", None, "IN|UTC"),
        ("+15550010000", None, "America/Chicago", "US|America/Chicago"),
        ("+15550010000", None, "Asia/Calcutta", "US|Asia/Kolkata"),
        ("+80012345678", None, "Asia/Kolkata", "|Asia/Kolkata"),
        ("+80012345678", None, None, "|UTC"),
        ("+999123", None, None, "|UTC"),
        ("no number", "Asia/Kolkata", None, "|Asia/Kolkata"),
        ("", "nowhere", "nowhere", "|UTC"),
    ],
)
def test_a_number_and_its_owners_record_tell_the_place(
    phone: str, timezone: str | None, fallback: str | None, key: str
) -> None:
    assert zones_of(phone, timezone, fallback).key == key


def test_a_number_may_lie_in_several_zones() -> None:
    freephone = zones_of("+18005551234", None, "America/New_York")
    assert {"America/New_York", "America/Los_Angeles", "Pacific/Honolulu"} < set(freephone.zones)
    assert zones_of("+61412345678", None, None).country == "AU"
    assert {"Australia/Perth", "Australia/Sydney"} < set(zones_of("+61412345678", None, None).zones)


def test_whom_no_zone_is_known_of_may_be_anywhere_in_the_country() -> None:
    unknown = zones_of("+15550010000", None, None)
    assert unknown.country == "US"
    assert {"America/New_York", "America/Chicago", "Pacific/Honolulu"} < set(unknown.zones)


@pytest.mark.parametrize("timezone", ["PST", "../../etc/passwd", "America", "localtime", "\x00", "Mars/Olympus"])
def test_a_zone_that_does_not_exist_may_be_any_of_the_country(timezone: str) -> None:
    place = zones_of("+12125550100", timezone, "Asia/Kolkata")
    assert {"America/New_York", "America/Los_Angeles", "Pacific/Honolulu"} < set(place.zones)
    assert "Asia/Kolkata" not in place.zones


def test_every_zone_there_is_can_be_used() -> None:
    for name in available_timezones() - {"localtime"}:
        (zone,) = zones_of("+919876543210", name, None).zones
        assert ZoneInfo(zone).key == zone


@given(st.text() | st.from_regex(r"\+[0-9]{1,15}", fullmatch=True), st.none() | st.text(), st.none() | st.text())
def test_whatever_is_written_there_is_a_place(phone: str, timezone: str | None, fallback: str | None) -> None:
    place = zones_of(phone, timezone, fallback)
    assert place.zones
    assert list(place.zones) == sorted(set(place.zones))
    assert [ZoneInfo(zone).key for zone in place.zones] == list(place.zones)
    assert Place.parse(place.key) == place
    assert hash(Place.parse(place.key)) == hash(place)


def test_numbers_of_one_place_share_it() -> None:
    assert zones_of("+919876543210", None, None) is zones_of("+918765432109", None, "UTC")
