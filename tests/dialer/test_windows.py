"""A campaign calls nobody outside its own hours and dates and those of the law, whatever the clocks do."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dialer.law import LAW
from dialer.windows import HORIZON, Schedule, closes_at, is_open, next_opening
from dialer.zones import Place
from storage.records import FlowKind, FlowStatus
from tests.storage.samples import a_flow

INDIA = Place("IN", ("Asia/Kolkata",))
NEW_YORK = Place("US", ("America/New_York",))
COASTS = Place("US", ("America/Los_Angeles", "America/New_York"))
MINUTE = timedelta(minutes=1)
TICK = timedelta(microseconds=1)
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
ZONES = sorted(zone for zone in available_timezones() if zone != "localtime")
LEGAL: dict[str | None, Callable[[int], tuple[str, str]]] = {
    "IN": lambda weekday: ("09:00", "21:00"),
    "US": lambda weekday: ("08:00", "21:00"),
    "CA": lambda weekday: ("10:00", "18:00") if weekday >= 5 else ("09:00", "21:30"),
    "AU": lambda weekday: {5: ("09:00", "17:00"), 6: ("99:99", "00:00")}.get(weekday, ("09:00", "20:00")),
    "GB": lambda weekday: ("09:00", "21:00"),
    None: lambda weekday: ("09:00", "21:00"),
    "ZZ": lambda weekday: ("00:00", "23:00"),
}
"""Written down once more, for comparison."""


@pytest.fixture(autouse=True, scope="module")
def country_without_a_night() -> Iterator[None]:
    """ZZ, where calls are legal at the hours in which clocks are changed."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(LAW, "ZZ", (((0, 23 * 60),),) * 7)
        yield


def a_campaign(window: dict[str, Any] | None = None, **more: Any) -> Schedule:
    return Schedule.of(a_flow("org", kind=FlowKind.OUTBOUND, time_window=window, **more))


def hours(start: str, end: str, **more: Any) -> dict[str, Any]:
    return {"start": start, "end": end, "timezone": "UTC", **more}


def local(zone: str, text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)


def naive(given: dict[str, Any], place: Place, at: datetime) -> bool:
    """Whether it may call, said as plainly as can be."""
    if not (given["start_at"] or at) <= at or (given["end_at"] is not None and at >= given["end_at"]):
        return False
    for zone in place.zones:
        wall = at.astimezone(ZoneInfo(zone))
        clock, began = wall.strftime("%H:%M"), wall.date()
        opens, closes = LEGAL[place.country](wall.weekday())
        if not opens <= clock < closes:
            return False
        window = given["time_window"]
        if window is not None:
            over_midnight = window["end"] < window["start"]
            if over_midnight and clock < window["end"]:
                began -= timedelta(days=1)
            elif clock < window["start"] or (clock >= window["end"] and not over_midnight):
                return False
            if DAYS[began.weekday()] not in window["days"] or began.isoformat() in window["holidays"]:
                return False
        if given["start_date"] is not None and began < given["start_date"]:
            return False
        if given["end_date"] is not None and began > given["end_date"]:
            return False
    return True


def clock_changes(zone: str, year: int) -> list[datetime]:
    days = [datetime(year, 1, 1, tzinfo=UTC) + timedelta(days=n) for n in range(366)]
    offsets = [day.astimezone(ZoneInfo(zone)).utcoffset() for day in days]
    return [day for day, one, other in zip(days, offsets, offsets[1:], strict=False) if one != other]


@st.composite
def scenes(draw: st.DrawFn) -> tuple[dict[str, Any], Place, datetime]:
    """What a flow says, a place, and a moment: more often than not near a change of the clocks there."""
    zones = draw(st.lists(st.sampled_from(ZONES), min_size=1, max_size=2, unique=True))
    changes = clock_changes(zones[0], draw(st.integers(2024, 2030))) or [datetime(2027, 5, 1, tzinfo=UTC)]
    at = draw(st.sampled_from(changes)) + timedelta(seconds=draw(st.integers(-86_400, 2 * 86_400)))
    clock = st.builds("{:02}:{:02}".format, st.integers(0, 23), st.sampled_from((0, 1, 30, 59)))
    nearby = st.integers(-3, 5).map(lambda shift: at.date() + timedelta(days=shift))
    window = st.fixed_dictionaries(
        {
            "start": clock,
            "end": clock,
            "timezone": st.just("UTC"),
            "days": st.lists(st.sampled_from(DAYS), min_size=1, unique=True) | st.just(list(DAYS)),
            "holidays": st.lists(nearby.map(date.isoformat), max_size=2),
        }
    ).filter(lambda window: window["start"] != window["end"])
    moment = st.integers(-3000, 9000).map(lambda minutes: at + minutes * MINUTE)
    said = {
        "time_window": draw(st.none() | window | window),
        "start_date": draw(st.none() | nearby),
        "end_date": draw(st.none() | nearby),
        "start_at": draw(st.none() | st.none() | moment),
        "end_at": draw(st.none() | st.none() | moment),
    }
    return said, Place(draw(st.sampled_from(list(LEGAL)) | st.just("ZZ")), tuple(sorted(zones))), at


def planned(said: dict[str, Any]) -> Schedule:
    return a_campaign(
        said["time_window"], status=FlowStatus.SCHEDULED, **{k: said[k] for k in said if k != "time_window"}
    )


@settings(max_examples=100, deadline=None)
@given(scenes(), st.integers(1, 37))
def test_it_is_open_exactly_when_every_clock_on_the_wall_allows_it(
    scene: tuple[dict[str, Any], Place, datetime], step: int
) -> None:
    said, place, at = scene
    schedule = planned(said)
    for minutes in range(0, 2 * 1440, step):
        moment = at + minutes * MINUTE
        assert is_open(schedule, place, moment) == naive(said, place, moment), moment


@settings(max_examples=100, deadline=None)
@given(scenes(), st.lists(st.integers(-200_000, 200_000), max_size=20))
def test_a_clock_that_steps_back_and_forth_opens_nothing(
    scene: tuple[dict[str, Any], Place, datetime], steps: list[int]
) -> None:
    said, place, at = scene
    schedule = planned(said)
    for step in steps:
        at += timedelta(seconds=step)
        opens = next_opening(schedule, place, at)
        assert is_open(schedule, place, at) == naive(said, place, at) == (opens == at)


@settings(max_examples=100, deadline=None)
@given(scenes())
def test_the_next_opening_is_open_and_nothing_before_it(scene: tuple[dict[str, Any], Place, datetime]) -> None:
    said, place, at = scene
    opens = next_opening(planned(said), place, at)
    if opens is not None:
        assert opens >= at
        assert naive(said, place, opens)
        assert opens == at or not naive(said, place, opens - TICK)
    shut_until = at + timedelta(days=2) if opens is None else min(opens, at + timedelta(days=2))
    while at < shut_until:
        assert not naive(said, place, at), at
        at += MINUTE


@settings(max_examples=100, deadline=None)
@given(scenes())
def test_it_stays_open_until_it_closes(scene: tuple[dict[str, Any], Place, datetime]) -> None:
    said, place, at = scene
    schedule = planned(said)
    at = next_opening(schedule, place, at) or at
    closes = closes_at(schedule, place, at)
    assert not naive(said, place, closes)
    assert closes == at or naive(said, place, closes - TICK)
    while at < closes:
        assert naive(said, place, at), at
        at += MINUTE


@pytest.mark.parametrize(
    ("clock", "allowed"), [("08:59:59", False), ("09:00:00", True), ("20:59:59", True), ("21:00:00", False)]
)
def test_india_is_called_from_nine_to_nine(clock: str, allowed: bool) -> None:
    at = local("Asia/Kolkata", f"2026-03-02T{clock}")
    assert is_open(a_campaign(), INDIA, at) is allowed
    assert is_open(a_campaign(hours("00:00", "23:59")), INDIA, at) is allowed


@pytest.mark.parametrize(
    ("day", "opens"),
    [
        ("2026-03-07", "2026-03-07T15:00:00+00:00"),
        ("2026-03-08", "2026-03-08T14:00:00+00:00"),
        ("2026-10-31", "2026-10-31T14:00:00+00:00"),
        ("2026-11-01", "2026-11-01T15:00:00+00:00"),
    ],
)
def test_ten_in_the_morning_moves_with_daylight_saving(day: str, opens: str) -> None:
    schedule = a_campaign(hours("10:00", "18:00"))
    midnight = local("America/New_York", f"{day}T00:00")
    assert next_opening(schedule, NEW_YORK, midnight) == datetime.fromisoformat(opens)
    assert closes_at(schedule, NEW_YORK, datetime.fromisoformat(opens)) - datetime.fromisoformat(opens) == timedelta(
        hours=8
    )


def test_a_window_over_midnight_is_of_the_evening_on_which_it_began() -> None:
    friday = a_campaign(hours("20:00", "10:00", days=["fri"]), end_date=date(2026, 3, 6))
    for text, allowed in [
        ("2026-03-06T09:30", False),
        ("2026-03-06T20:30", True),
        ("2026-03-06T21:00", False),
        ("2026-03-07T09:30", True),
        ("2026-03-07T10:00", False),
        ("2026-03-07T20:30", False),
    ]:
        assert is_open(friday, INDIA, local("Asia/Kolkata", text)) is allowed, text


def test_nobody_is_called_at_night_even_if_the_window_asks_for_it() -> None:
    night = a_campaign(hours("22:00", "02:00"))
    assert next_opening(night, INDIA, local("Asia/Kolkata", "2026-03-02T22:00")) is None
    assert not is_open(night, INDIA, local("Asia/Kolkata", "2026-03-02T23:00"))


def test_the_night_that_began_on_a_holiday_belongs_to_it() -> None:
    schedule = a_campaign(hours("20:00", "10:00", holidays=["2026-03-06"]))
    assert is_open(schedule, INDIA, local("Asia/Kolkata", "2026-03-06T09:30"))
    assert not is_open(schedule, INDIA, local("Asia/Kolkata", "2026-03-06T20:30"))
    assert not is_open(schedule, INDIA, local("Asia/Kolkata", "2026-03-07T09:30"))
    assert is_open(schedule, INDIA, local("Asia/Kolkata", "2026-03-07T20:30"))


def test_a_number_that_may_be_on_either_coast_is_called_when_both_allow_it() -> None:
    at = local("America/New_York", "2026-03-02T00:00")
    opens = next_opening(a_campaign(hours("10:00", "18:00")), COASTS, at)
    assert opens == local("America/Los_Angeles", "2026-03-02T10:00")
    assert closes_at(a_campaign(hours("10:00", "18:00")), COASTS, opens) == local(
        "America/New_York", "2026-03-02T18:00"
    )


def test_a_time_that_the_clocks_repeat_is_open_twice() -> None:
    troll = Place("ZZ", ("Antarctica/Troll",))  # two hours back at three o'clock
    schedule = a_campaign(hours("01:30", "02:30"))
    opens = local("Antarctica/Troll", "2026-10-25T01:30")
    assert next_opening(schedule, troll, opens - MINUTE) == opens
    assert closes_at(schedule, troll, opens) == opens + timedelta(hours=1)
    assert next_opening(schedule, troll, opens + timedelta(hours=1)) == opens + timedelta(hours=2)


def test_a_time_that_the_clocks_skip_is_not_open() -> None:
    new_york = Place("ZZ", ("America/New_York",))
    schedule = a_campaign(hours("02:15", "02:45"))
    opens = next_opening(schedule, new_york, local("America/New_York", "2026-03-08T00:00"))
    assert opens == local("America/New_York", "2026-03-09T02:15")


def test_it_closes_at_the_moment_in_which_the_clocks_skip_its_end() -> None:
    new_york = Place("ZZ", ("America/New_York",))
    opens = local("America/New_York", "2026-03-08T01:30")
    assert closes_at(a_campaign(hours("01:30", "02:30")), new_york, opens) == opens + timedelta(minutes=30)


def test_the_last_evening_and_its_night_belong_to_the_campaign_wherever_it_is() -> None:
    honolulu = Place("US", ("Pacific/Honolulu",))
    schedule = a_campaign(hours("20:00", "19:00"), end_date=date(2026, 3, 6))
    evening, morning, late = (
        local("Pacific/Honolulu", f"2026-03-{text}") for text in ("06T20:00", "07T08:00", "07T18:00")
    )
    assert next_opening(schedule, honolulu, evening - timedelta(minutes=30)) == evening
    assert next_opening(schedule, honolulu, evening + timedelta(hours=2)) == morning
    assert next_opening(schedule, honolulu, late) == late
    assert next_opening(schedule, honolulu, late + timedelta(hours=1)) is None


def test_a_day_that_the_calendar_skips_is_not_open() -> None:
    samoa = Place("WS", ("Pacific/Apia",))  # went over the date line
    schedule = a_campaign(start_date=date(2011, 12, 30), end_date=date(2011, 12, 30))
    assert next_opening(schedule, samoa, datetime(2011, 12, 1, tzinfo=UTC)) is None


def test_hours_of_a_window_are_the_customers_not_those_of_its_zone() -> None:
    schedule = a_campaign({"start": "10:00", "end": "11:00", "timezone": "Asia/Kolkata"})
    assert is_open(schedule, NEW_YORK, local("America/New_York", "2026-03-02T10:30"))
    assert not is_open(schedule, NEW_YORK, local("Asia/Kolkata", "2026-03-02T10:30"))
    assert schedule.fallback == "Asia/Kolkata"


def test_a_campaign_in_the_far_future_is_found_and_one_in_the_past_is_not() -> None:
    now = local("Asia/Kolkata", "2026-03-02T12:00")
    later = a_campaign(start_date=date(2199, 12, 31))
    assert next_opening(later, INDIA, now) == local("Asia/Kolkata", "2199-12-31T09:00")
    assert next_opening(a_campaign(end_date=date(2026, 3, 1)), INDIA, now) is None
    assert next_opening(a_campaign(start_date=date.max), INDIA, now) is None
    assert closes_at(later, INDIA, now) == now


def test_the_search_for_an_opening_ends() -> None:
    now = local("Asia/Kolkata", "2026-03-02T12:00")
    holidays = [(now.date() + timedelta(days=n)).isoformat() for n in range(HORIZON + 5)]
    assert next_opening(a_campaign(hours("09:00", "18:00", holidays=holidays)), INDIA, now) is None


def test_only_a_scheduled_campaign_waits_for_its_start() -> None:
    start = local("Asia/Kolkata", "2026-03-02T12:00")
    flow = a_flow("org", kind=FlowKind.OUTBOUND, status=FlowStatus.SCHEDULED, start_at=start)
    assert next_opening(Schedule.of(flow), INDIA, start - timedelta(hours=2)) == start
    launched = Schedule.of(replace(flow, status=FlowStatus.ACTIVE))
    assert is_open(launched, INDIA, start - timedelta(hours=2))


def test_it_is_over_at_its_end() -> None:
    end = local("Asia/Kolkata", "2026-03-02T12:00")
    schedule = a_campaign(end_at=end)
    assert is_open(schedule, INDIA, end - TICK)
    assert not is_open(schedule, INDIA, end)
    assert closes_at(schedule, INDIA, end - timedelta(hours=1)) == end
    assert next_opening(schedule, INDIA, end) is None
