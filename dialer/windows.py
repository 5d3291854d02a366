"""When a campaign may call a place: inside its own dates and hours and those of the law, in every zone of the place.

Hours are what a clock on the wall there shows, so that an hour that daylight saving repeats is open twice, and one that
it skips never. All moments are aware.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cache, lru_cache
from typing import Any, NamedTuple, TypeVar
from zoneinfo import ZoneInfo

from dialer.law import Hours, legal_hours, minute_of_day
from dialer.zones import Place
from storage.records import Flow, FlowStatus

HORIZON = 400
"""Days that are searched for an opening: a year and its holidays."""
DAY = 24 * 60
"""Minutes."""
WEEK = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
EVERY_DAY = frozenset(range(7))
_T = TypeVar("_T", int, datetime)
Span = tuple[datetime, datetime]
"""From a moment, in UTC, to another that is no more part of it."""


class Steady(NamedTuple):
    """A stretch of time in which the clocks of a zone are not changed."""

    begin: datetime
    end: datetime
    offset: timedelta


Clock = tuple[Steady, ...]
"""What a zone's clocks do in a day of UTC."""


@dataclass(frozen=True, slots=True)
class Window:
    """The hours of a day. One that ends before it starts goes on over midnight, and is of the day on which it began."""

    start: int
    """Minute of the day, as `end`, which is no more part of it."""
    end: int
    timezone: str
    """Of those who may be anywhere."""
    days: frozenset[int] = EVERY_DAY
    """Monday is 0."""
    holidays: frozenset[date] = frozenset()
    """On which nobody is called."""

    @classmethod
    def of(cls, given: Mapping[str, Any]) -> Window:
        """From a flow's `time_window`. Raises ValueError or KeyError on what the API would have refused."""
        return cls(
            minute_of_day(given["start"]),
            minute_of_day(given["end"]),
            given["timezone"],
            frozenset(WEEK.index(day) for day in given.get("days") or WEEK),
            frozenset(date.fromisoformat(day) for day in given.get("holidays") or ()),
        )


@dataclass(frozen=True, slots=True)
class Schedule:
    """When a campaign calls, as far as it says so."""

    start_date: date | None = None
    end_date: date | None = None
    """The last day."""
    start_at: datetime | None = None
    end_at: datetime | None = None
    window: Window | None = None

    @classmethod
    def of(cls, flow: Flow) -> Schedule:
        """A campaign that people launched themselves does not wait for its `start_at`."""
        return cls(
            flow.start_date,
            flow.end_date,
            flow.start_at if flow.status is FlowStatus.SCHEDULED else None,
            flow.end_at,
            Window.of(flow.time_window) if flow.time_window is not None else None,
        )

    @property
    def fallback(self) -> str | None:
        """The zone of those who may be anywhere."""
        return self.window.timezone if self.window is not None else None

    def calls_on(self, day: date) -> bool:
        """Whether its hours may begin then."""
        return (
            (self.start_date is None or day >= self.start_date)
            and (self.end_date is None or day <= self.end_date)
            and (self.window is None or (day.weekday() in self.window.days and day not in self.window.holidays))
        )

    def hours(self, day: date) -> Hours:
        """Its own, without the law's."""
        window = self.window
        if window is None:
            return ((0, DAY),) if self.calls_on(day) else ()
        if window.start <= window.end:
            return ((window.start, window.end),) if self.calls_on(day) else ()
        night: Hours = ((0, window.end),) if self.calls_on(day - timedelta(days=1)) else ()
        evening: Hours = ((window.start, DAY),) if self.calls_on(day) else ()
        return night + evening


def is_open(schedule: Schedule, place: Place, at: datetime) -> bool:
    """Whether a call may start at this moment."""
    if schedule.start_at is not None and at < schedule.start_at:
        return False
    if schedule.end_at is not None and at >= schedule.end_at:
        return False
    return all(_is_open_on_wall(schedule, place.country, at.astimezone(_zone(zone))) for zone in place.zones)


def next_opening(schedule: Schedule, place: Place, after: datetime) -> datetime | None:
    """The first moment at or after `after` when it is open, in UTC.

    None: never again, or not within HORIZON from then, or from its start if that is later. Takes microseconds if that
    is soon, but tens of milliseconds to learn that there is none.
    """
    after = after.astimezone(UTC)
    for day in _days(schedule, after):
        for start, end in _spans(schedule, place, day):
            if end > after:
                return max(start, after)
    return None


def closes_at(schedule: Schedule, place: Place, at: datetime) -> datetime:
    """The first moment at or after `at` when it is not open, in UTC."""
    end = at.astimezone(UTC)
    for day in _days(schedule, end):
        for start, later in _spans(schedule, place, day):
            if start <= end < later:
                end = later
        if end < _midnight(date.fromordinal(day + 1)):
            break
    return end


def _is_open_on_wall(schedule: Schedule, country: str | None, wall: datetime) -> bool:
    minute = wall.hour * 60 + wall.minute
    return any(start <= minute < end for start, end in _hours(schedule, country, wall.date()))


def _hours(schedule: Schedule, country: str | None, day: date) -> Sequence[tuple[int, int]]:
    return _both(schedule.hours(day), legal_hours(country, day.weekday()))


def _days(schedule: Schedule, since: datetime) -> range:
    """Days of UTC, as ordinals, in which it may be open: local dates are up to a day off, and nights one more."""
    first, last = since.toordinal(), date.max.toordinal() - 2
    if schedule.start_date is not None:
        first = max(first, schedule.start_date.toordinal() - 1)
    if schedule.start_at is not None:
        first = max(first, schedule.start_at.astimezone(UTC).toordinal())
    if schedule.end_date is not None:
        last = min(last, schedule.end_date.toordinal() + 2)
    if schedule.end_at is not None:
        last = min(last, schedule.end_at.astimezone(UTC).toordinal())
    return range(first, min(last, first + HORIZON) + 1)


@lru_cache(maxsize=4096)
def _spans(schedule: Schedule, place: Place, day: int) -> tuple[Span, ...]:
    """When it is open on a day of UTC, in order. Two spans may touch."""
    whole = (_midnight(date.fromordinal(day)), _midnight(date.fromordinal(day + 1)))
    start = max(whole[0], schedule.start_at or whole[0])
    end = min(whole[1], schedule.end_at or whole[1])
    spans: Sequence[Span] = [(start, end)] if start < end else []
    clocks = sorted({_clock(_zone(zone), *whole) for zone in place.zones}, key=lambda clock: clock[0].offset)
    for clock in (*clocks[:1], *reversed(clocks[1:])):  # the two that are furthest apart first: they may share nothing
        if not spans:
            break
        spans = _both(spans, list(_spans_by(clock, schedule, place.country, day)))
    return tuple(spans)


def _spans_by(clock: Clock, schedule: Schedule, country: str | None, day: int) -> Iterator[Span]:
    nearby = [date.fromordinal(day + shift) for shift in (-1, 0, 1)]
    hours = [(_midnight(local), *span) for local in nearby for span in _hours(schedule, country, local)]
    for part in clock:
        for midnight, opens, closes in hours:
            start = max(part.begin, midnight + timedelta(minutes=opens) - part.offset)
            end = min(part.end, midnight + timedelta(minutes=closes) - part.offset)
            if start < end:
                yield start, end


def _clock(zone: ZoneInfo, begin: datetime, end: datetime) -> Clock:
    """Of a day: no zone changes its offset twice in one."""
    before, after = _offset(zone, begin), _offset(zone, end)
    if before == after:
        return (Steady(begin, end, before),)
    low, high = 0, int((end - begin).total_seconds())
    while high - low > 1:
        middle = (low + high) // 2
        if _offset(zone, begin + timedelta(seconds=middle)) == before:
            low = middle
        else:
            high = middle
    change = begin + timedelta(seconds=high)
    return (Steady(begin, change, before), Steady(change, end, after))


@cache
def _zone(name: str) -> ZoneInfo:
    """The library itself keeps only eight of them from being read anew."""
    return ZoneInfo(name)


def _offset(zone: ZoneInfo, moment: datetime) -> timedelta:
    offset = moment.astimezone(zone).utcoffset()
    assert offset is not None
    return offset


def _both(some: Sequence[tuple[_T, _T]], others: Sequence[tuple[_T, _T]]) -> list[tuple[_T, _T]]:
    """What two ordered rows of spans share."""
    shared = []
    for start, end in some:
        for begin, until in others:
            if max(start, begin) < min(end, until):
                shared.append((max(start, begin), min(end, until)))
    return shared


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)
