"""When a campaign's last call is expected to end."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from dialer.windows import Schedule, closes_at, next_opening
from dialer.zones import Place

STEPS = 5000
"""Openings and closings that are looked at before it is given up."""
ROUNDING = 1e-6
"""Calls: what sums may be off by, for which nobody waits a day."""
HALF_A_CONTACT = 0.5
NOWHERE: Mapping[Place, datetime] = {}
NO_WAIT: Mapping[Place, timedelta] = {}


@dataclass(frozen=True, slots=True)
class Retries:
    """How a campaign tries again those whom it has not reached."""

    delays: Sequence[float]
    """Minutes before the first retry, the second and so on; the last one holds for the rest."""
    most: int
    """Of one contact."""
    share: float
    """Of the attempts, that ask for another one."""

    def wait(self, people: int, attempts: int = 0) -> timedelta:
        """What the last of `people` waits between attempts after their next one, if each has made `attempts`.

        A further retry is counted as long as more than half a contact is expected to need it.
        """
        waited, needing = 0.0, people * self.share
        for number in range(attempts + 1, self.most + 1):
            if needing <= HALF_A_CONTACT:
                break
            waited += self.delays[min(number, len(self.delays)) - 1]
            needing *= self.share
        return timedelta(minutes=waited)


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
    waits: Mapping[Place, timedelta] = NO_WAIT,
    not_before: Mapping[Place, datetime] = NOWHERE,
) -> datetime | None:
    """When the last call ends, in UTC, if `groups` tells how many people there are to call in each place.

    Calls start at a steady rate, that of `parallel` lines and at most `per_minute`, shared by the places that are open
    as their queues are long. In each place the last call starts no earlier than `not_before`, and than `waits` after
    all there could have been called once: in hours, if that is one. Nobody to call: `start`. None: some would never be
    called. May take seconds with many places and months: work for a thread.
    """
    rate = min(parallel / seconds_a_call, per_minute / 60)
    through = _through(groups, schedule, start, rate, tries_a_contact)
    once = _through(groups, schedule, start, rate, 1.0) if tries_a_contact > 1 and any(waits.values()) else through
    if through is None or once is None:
        return None
    last = [start - timedelta(seconds=seconds_a_call), *through.values()]
    call = timedelta(seconds=seconds_a_call)
    for place, called_once in once.items():
        wait = waits.get(place)
        moments = [called_once + call + wait] if wait else []
        moments += [not_before[place]] if place in not_before else []
        for moment in moments:
            if moment > through[place]:
                opens = next_opening(schedule, place, moment)
                if opens is None:
                    return None
                last.append(opens)
    return max(last) + call


def _through(
    groups: Mapping[Place, int], schedule: Schedule, start: datetime, rate: float, tries: float
) -> dict[Place, datetime] | None:
    """When the last call in each place starts. None: some would never be called."""
    queues = [_Queue(place, people * tries, open=False, until=start) for place, people in groups.items() if people]
    if queues and rate <= 0:
        return None
    ends: dict[Place, datetime] = {}
    now = start
    for _ in range(STEPS):
        if not queues:
            return ends
        for queue in queues:
            if queue.until <= now and not _turn(queue, schedule, now):
                return None
        until = min(queue.until for queue in queues)
        served = [queue for queue in queues if queue.open]
        waiting = sum(queue.calls for queue in served)
        possible = (until - now).total_seconds() * rate
        if waiting <= possible + ROUNDING:
            end = now + timedelta(seconds=waiting / rate)
            ends.update({queue.place: end for queue in served})
            queues = [queue for queue in queues if not queue.open]
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
