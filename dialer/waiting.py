"""Why a campaign that is on its way calls nobody at the moment, and until when."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from zoneinfo import ZoneInfo

from dialer.gently import gently
from dialer.windows import Schedule, next_opening
from dialer.zones import Place


class WaitsFor(StrEnum):
    CALLING_HOURS = "calling_hours"
    RETRY = "retry"
    START = "start"


@dataclass(frozen=True, slots=True)
class Wait:
    until: datetime
    """The first moment at which a call may be placed, in UTC."""
    reason: WaitsFor
    timezone: str
    """Of whoever is called then; of several where they may be, the westernmost, for which the others wait."""


def wait_of(schedule: Schedule, first_due: Mapping[Place, datetime], now: datetime) -> Wait | None:
    """What the next call waits for. `first_due` tells of each place when the first is due of those who wait there.

    None: someone may be called now, or nobody waits who ever may be. May take tens of milliseconds for a place that
    never opens: work for a thread.
    """
    first: tuple[datetime, Place] | None = None
    for place, due in gently(first_due.items()):
        opens = next_opening(schedule, place, max(due, now))
        if opens is not None and (first is None or opens < first[0]):
            first = opens, place
    if first is None or first[0] <= now:
        return None
    until, place = first
    zone = min(place.zones, key=lambda name: until.astimezone(ZoneInfo(name)).replace(tzinfo=None))
    return Wait(until, _reason(schedule, max(first_due[place], now), until, ZoneInfo(zone)), zone)


def _reason(schedule: Schedule, due: datetime, until: datetime, zone: ZoneInfo) -> WaitsFor:
    if until == due:
        return WaitsFor.RETRY
    is_before = schedule.start_at is not None and due < schedule.start_at
    first_day = schedule.start_date
    if is_before or (first_day is not None and due.astimezone(zone).date() < first_day):
        return WaitsFor.START
    return WaitsFor.CALLING_HOURS
