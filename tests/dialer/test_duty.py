from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from dialer.duty import free, is_on_duty, is_open
from storage.transfer_records import Member, Queue
from tests.storage.samples import LATER, NOW

OFFICE = {"start": "09:00", "end": "18:00", "days": ["mon", "tue", "wed", "thu", "fri"]}
NIGHT = {"start": "22:00", "end": "06:00", "days": ["fri"]}
MONDAY = datetime(2026, 3, 2, tzinfo=UTC)


def a_queue(**more: Any) -> Queue:
    return Queue("que_1", "org_1", "sales", NOW, NOW, **more)


def a_member(name: str = "a", **more: Any) -> Member:
    return Member(f"mbr_{name}", "org_1", "que_1", name, f"+9198000000{ord(name):02}", NOW, NOW, **more)


def at(hour: int, minute: int = 0, day: int = 2) -> datetime:
    return MONDAY.replace(day=day, hour=hour, minute=minute)


@pytest.mark.parametrize(
    ("timezone", "moment", "opens"),
    [
        ("Asia/Kolkata", at(3, 29), False),
        ("Asia/Kolkata", at(3, 30), True),
        ("Asia/Kolkata", at(12, 29), True),
        ("Asia/Kolkata", at(12, 30), False),
        ("America/New_York", at(3, 30), False),
        ("America/New_York", at(14, 0), True),
        ("Asia/Kolkata", at(5, 0, day=8), False),
        ("Pacific/Auckland", at(21, 0, day=8), True),
    ],
)
def test_hours_are_what_a_clock_there_shows(timezone: str, moment: datetime, opens: bool) -> None:
    assert is_open(OFFICE, timezone, moment) is opens


def test_without_hours_it_is_always_open() -> None:
    assert is_open(None, "Asia/Kolkata", at(1))


@pytest.mark.parametrize(
    ("moment", "opens"),
    [
        (at(23, day=6), True),
        (at(5, 59, day=7), True),
        (at(6, day=7), False),
        (at(23, day=7), False),
        (at(3, day=6), False),
    ],
)
def test_a_night_belongs_to_the_day_on_which_it_began(moment: datetime, opens: bool) -> None:
    assert is_open(NIGHT, "UTC", moment) is opens


def test_daylight_saving_moves_the_hours_with_the_clock_on_the_wall() -> None:
    winter, summer = datetime(2026, 3, 6, 14, 30, tzinfo=UTC), datetime(2026, 3, 9, 13, 30, tzinfo=UTC)
    assert is_open(OFFICE, "America/New_York", winter)
    assert is_open(OFFICE, "America/New_York", summer)
    assert not is_open(OFFICE, "America/New_York", summer.replace(day=6))


def test_a_member_is_on_duty_within_its_own_hours_and_the_queues() -> None:
    queue = a_queue(hours=OFFICE, timezone="UTC")
    late = a_member(hours={"start": "16:00", "end": "23:00"})
    assert [is_on_duty(late, queue, at(hour)) for hour in (10, 17, 20)] == [False, True, False]


def test_a_members_hours_may_be_of_another_time_zone() -> None:
    abroad = a_member(hours={"start": "09:00", "end": "17:00", "timezone": "America/New_York"})
    queue = a_queue(timezone="Asia/Kolkata")
    assert [is_on_duty(abroad, queue, at(hour)) for hour in (10, 15)] == [False, True]


def test_who_is_switched_off_is_not_there() -> None:
    assert not is_on_duty(a_member(is_on=False), a_queue(), NOW)


def test_a_place_must_be_left_and_each_phone_is_counted_once() -> None:
    one, two = a_member("a"), a_member("b", capacity=2)
    taken = {one.phone: 1, two.phone: 1}
    assert free(a_queue(), [one, two], taken, NOW) == [two]
    assert free(a_queue(), [one, two], {two.phone: 2}, NOW) == [one]


def test_who_has_waited_longest_comes_first_and_those_left_out_do_not_come() -> None:
    fresh, early, late = a_member("a"), a_member("b", offered_at=NOW), a_member("c", offered_at=LATER)
    assert free(a_queue(), [late, early, fresh], {}, NOW) == [fresh, early, late]
    assert free(a_queue(), [late, early, fresh], {}, NOW, but={fresh.id, late.id}) == [early]
