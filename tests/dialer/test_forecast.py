"""When the last call ends, against sums done by hand."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from dialer.forecast import Retries, expected_end
from dialer.windows import Schedule, Window, is_open
from dialer.zones import Place

INDIA = Place("IN", ("Asia/Kolkata",))
LONDON = Place("GB", ("Europe/London",))
NOBODY_SLEEPS = Schedule()
TEN_TO_TWELVE = Schedule(window=Window(600, 720, "Asia/Kolkata"))
NINE = datetime(2026, 3, 2, 3, 30, tzinfo=UTC)
"""In India, a Monday."""


def end(groups: dict[Place, int], schedule: Schedule = NOBODY_SLEEPS, **more: Any) -> datetime | None:
    pace: dict[str, Any] = {
        "start": NINE,
        "parallel": 10,
        "per_minute": 1000,
        "seconds_a_call": 60,
        "tries_a_contact": 1,
    }
    return expected_end(groups, schedule, **pace | more)


def test_ten_lines_make_ten_calls_a_minute() -> None:
    assert end({INDIA: 100}) == NINE + timedelta(minutes=11)
    assert end({INDIA: 100}, tries_a_contact=1.5) == NINE + timedelta(minutes=16)


def test_the_numbers_rate_holds_it_back() -> None:
    assert end({INDIA: 100}, per_minute=5) == NINE + timedelta(minutes=21)


def test_it_waits_for_the_opening() -> None:
    assert end({INDIA: 100}, TEN_TO_TWELVE) == NINE + timedelta(hours=1, minutes=11)


def test_what_is_left_goes_on_the_next_day() -> None:
    # 1200 a day between ten and twelve: 600 of 3000 are left on the third, done at eleven.
    assert end({INDIA: 3000}, TEN_TO_TWELVE) == NINE + timedelta(days=2, hours=2, minutes=1)


def test_a_call_that_only_rounding_left_over_waits_for_no_day() -> None:
    # 120 a day: the 480th starts as the fourth day closes.
    assert end({INDIA: 480}, TEN_TO_TWELVE, per_minute=1) == NINE + timedelta(days=3, hours=3, minutes=1)


def test_two_places_share_the_lines_and_each_waits_for_its_hours() -> None:
    # Indian hours are over when those of London begin, at 09:00 UTC: 90 there take nine minutes.
    schedule = Schedule(window=Window(540, 660, "UTC"))
    assert end({INDIA: 100, LONDON: 90}, schedule) == datetime(2026, 3, 2, 9, 10, tzinfo=UTC)


def test_places_that_are_open_together_take_no_more_lines() -> None:
    colombo = Place("LK", ("Asia/Colombo",))
    assert end({INDIA: 60, colombo: 40}) == NINE + timedelta(minutes=11)


def test_some_can_never_be_called() -> None:
    assert end({INDIA: 1}, Schedule(window=Window(22 * 60, 120, "UTC"))) is None
    assert end({INDIA: 1201}, Schedule(end_date=date(2026, 3, 2), window=TEN_TO_TWELVE.window)) is None
    assert end({INDIA: 1200}, Schedule(end_date=date(2026, 3, 2), window=TEN_TO_TWELVE.window)) is not None
    assert end({INDIA: 1}, parallel=0) is None


def test_it_does_not_end_before_the_last_next_try() -> None:
    in_an_hour = NINE + timedelta(hours=1)
    assert end({INDIA: 39}, not_before={INDIA: in_an_hour}) == in_an_hour + timedelta(minutes=1)
    assert end({INDIA: 1000}, not_before={INDIA: in_an_hour}) == end({INDIA: 1000})
    at_night = NINE + timedelta(hours=12)
    opens = NINE + timedelta(days=1, hours=1)
    assert end({INDIA: 39}, TEN_TO_TWELVE, not_before={INDIA: at_night}) == opens + timedelta(minutes=1)
    over = Schedule(end_date=date(2026, 3, 2), window=TEN_TO_TWELVE.window)
    assert end({INDIA: 39}, over, not_before={INDIA: at_night}) is None


def test_the_wait_for_a_retry_begins_when_everybody_was_called_once() -> None:
    # All are called in ten minutes, the last of them for one; half an hour later they are called again for one.
    again: dict[str, Any] = {"tries_a_contact": 1.5, "waits": {INDIA: timedelta(minutes=30)}}
    assert end({INDIA: 100}, **again) == NINE + timedelta(minutes=10 + 1 + 30 + 1)
    assert end({INDIA: 1000}, **again) == NINE + timedelta(minutes=151)  # lines are busy longer than anybody waits


def test_retries_are_waited_for_as_far_as_somebody_needs_them() -> None:
    retries = Retries([30, 60], most=3, share=0.5)
    waits = [retries.wait(people) / timedelta(minutes=1) for people in (0, 1, 2, 4, 5, 1000)]
    assert waits == [0, 0, 30, 30 + 60, 30 + 60 + 60, 150]  # the fifth contact makes it more than half a third retry
    assert retries.wait(1000, attempts=2) == timedelta(minutes=60)
    assert retries.wait(1000, attempts=3) == timedelta()
    assert Retries([30], most=2, share=0.0).wait(1000) == timedelta()


def test_it_gives_up_on_what_takes_years() -> None:
    assert end({INDIA: 10_000_000}, TEN_TO_TWELVE, parallel=1, seconds_a_call=600) is None


def test_nobody_to_call_is_done_at_once() -> None:
    assert end({}) == NINE
    assert end({INDIA: 0}) == NINE


@settings(max_examples=60, deadline=None)
@given(
    st.dictionaries(st.sampled_from([INDIA, LONDON]), st.integers(1, 2000), min_size=1),
    st.integers(1, 50),
    st.integers(1, 100),
    st.floats(1, 600),
    st.integers(0, 100_000),
)
def test_the_last_call_starts_in_open_hours_and_not_before_the_lines_can_be_done(
    groups: dict[Place, int], parallel: int, per_minute: int, seconds: float, later: int
) -> None:
    start = NINE + timedelta(seconds=later)
    done = end(groups, TEN_TO_TWELVE, start=start, parallel=parallel, per_minute=per_minute, seconds_a_call=seconds)
    assert done is not None
    last = done - timedelta(seconds=seconds + 0.001)
    assert any(is_open(TEN_TO_TWELVE, place, last) for place in groups)
    rate = min(parallel / seconds, per_minute / 60)
    assert last >= start + timedelta(seconds=sum(groups.values()) / rate - 1)
