"""Why nobody is called at the moment is told, and until when."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from dialer.waiting import Wait, WaitsFor, wait_of
from dialer.windows import Schedule, Window
from dialer.zones import Place

INDIA = Place("IN", ("Asia/Kolkata",))
LONDON = Place("GB", ("Europe/London",))
AMERICA = Place("US", ("America/Los_Angeles", "America/New_York"))
NIGHT = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
"""Half past six in the morning in India."""
OPENS = datetime(2026, 3, 2, 3, 30, tzinfo=UTC)
NOON = datetime(2026, 3, 2, 6, 30, tzinfo=UTC)
ALWAYS = Schedule()


def test_calls_that_can_be_placed_now_wait_for_nothing() -> None:
    assert wait_of(ALWAYS, {}, NIGHT) is None
    assert wait_of(ALWAYS, {INDIA: NIGHT}, NOON) is None
    assert wait_of(ALWAYS, {LONDON: NIGHT, INDIA: NIGHT}, NOON) is None  # it is night in London alone


def test_outside_hours_the_first_opening_is_told() -> None:
    assert wait_of(ALWAYS, {INDIA: NIGHT}, NIGHT) == Wait(OPENS, WaitsFor.CALLING_HOURS, "Asia/Kolkata")
    assert wait_of(ALWAYS, {LONDON: NIGHT, INDIA: NIGHT}, NIGHT) == Wait(OPENS, WaitsFor.CALLING_HOURS, "Asia/Kolkata")
    own = Schedule(window=Window(13 * 60, 14 * 60, "Asia/Kolkata"))
    assert wait_of(own, {INDIA: NIGHT}, NOON) == Wait(NOON + timedelta(hours=1), WaitsFor.CALLING_HOURS, "Asia/Kolkata")


def test_of_several_zones_the_one_that_opens_last_is_told() -> None:
    assert wait_of(ALWAYS, {AMERICA: NIGHT}, NOON) == Wait(
        datetime(2026, 3, 2, 16, 0, tzinfo=UTC), WaitsFor.CALLING_HOURS, "America/Los_Angeles"
    )


def test_a_next_try_is_waited_for_and_the_hours_after_it() -> None:
    later = NOON + timedelta(minutes=30)
    assert wait_of(ALWAYS, {INDIA: later}, NOON) == Wait(later, WaitsFor.RETRY, "Asia/Kolkata")
    at_night = NOON + timedelta(hours=12)
    tomorrow = OPENS + timedelta(days=1)
    assert wait_of(ALWAYS, {INDIA: at_night}, NOON) == Wait(tomorrow, WaitsFor.CALLING_HOURS, "Asia/Kolkata")


def test_a_campaign_that_has_not_begun_waits_for_its_start() -> None:
    tomorrow = OPENS + timedelta(days=1)
    by_day = Schedule(start_date=date(2026, 3, 3))
    assert wait_of(by_day, {INDIA: NIGHT}, NOON) == Wait(tomorrow, WaitsFor.START, "Asia/Kolkata")
    by_time = Schedule(start_at=NOON + timedelta(hours=1))
    assert wait_of(by_time, {INDIA: NIGHT}, NOON) == Wait(NOON + timedelta(hours=1), WaitsFor.START, "Asia/Kolkata")


def test_where_no_hour_is_left_nothing_is_waited_for() -> None:
    over = Schedule(end_date=date(2026, 3, 1))
    assert wait_of(over, {INDIA: NIGHT}, NOON) is None
