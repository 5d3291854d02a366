"""When a campaign's last call is expected to end."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from dialer.windows import Schedule, closes_at, next_opening
from dialer.zones import Place

STEPS = 5000
"""Openings and closings that are looked at before it is given up."""
ROUNDING = 1e-6
"""Calls: what sums may be off by, for which nobody waits a day."""


@dataclass(slots=True)
class _Queue:
    """Calls to make to a place."""

    place: Place
    calls: float
    open: bool
    until: datetime
    """When it closes; of a closed one, when it opens."""


def expected_end(
    groups: Mapping[Place, int],
    schedule: Schedule,
    *,
    start: datetime,
    parallel: int,
    per_minute: int,
    seconds_a_call: float,
    tries_a_contact: float,
) -> datetime | None:
    """When the last call ends, in UTC, if `groups` tells how many people there are to call in each place.

    Calls start at a steady rate, that of `parallel` lines and at most `per_minute`, shared by the places that are open
    as their queues are long. Waiting between two attempts is not counted. Nobody to call: `start`. None: some would
    never be called. May take a second with many places and months: work for a thread.
    """
    rate = min(parallel / seconds_a_call, per_minute / 60)
    queues = [
        _Queue(place, people * tries_a_contact, open=False, until=start) for place, people in groups.items() if people
    ]
    if not queues:
        return start
    if rate <= 0:
        return None
    now = start
    for _ in range(STEPS):
        for queue in queues:
            if queue.until <= now and not _turn(queue, schedule, now):
                return None
        until = min(queue.until for queue in queues)
        served = [queue for queue in queues if queue.open]
        waiting = sum(queue.calls for queue in served)
        possible = (until - now).total_seconds() * rate
        if waiting <= possible + ROUNDING:
            queues = [queue for queue in queues if not queue.open]
            if not queues:
                return now + timedelta(seconds=waiting / rate + seconds_a_call)
        else:
            for queue in served:
                queue.calls *= 1 - possible / waiting
        now = until
    return None


def _turn(queue: _Queue, schedule: Schedule, now: datetime) -> bool:
    """Says until when it stays as it is now. False: it never opens again."""
    opens = next_opening(schedule, queue.place, now)
    if opens is None:
        return False
    queue.open = opens == now
    queue.until = closes_at(schedule, queue.place, now) if queue.open else opens
    return True
