"""Which human agent a call may be handed to: on duty, by their own hours and their queue's, with a place left."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from dialer.windows import Schedule, Window
from storage.transfer_records import Member, Queue

NEVER = datetime.min.replace(tzinfo=UTC)


def is_open(hours: Mapping[str, Any] | None, timezone: str, at: datetime) -> bool:
    """Whether a clock on the wall there shows a time within the hours. None: always.

    Hours that end before they start go on over midnight, and are of the day on which they began.
    """
    if hours is None:
        return True
    wall = at.astimezone(ZoneInfo(timezone))
    minute = wall.hour * 60 + wall.minute
    window = Window.of({**hours, "timezone": timezone})
    return any(start <= minute < end for start, end in Schedule(window=window).hours(wall.date()))


def is_on_duty(member: Member, queue: Queue, at: datetime) -> bool:
    if not member.is_on or not is_open(queue.hours, queue.timezone, at):
        return False
    own = member.hours or {}
    return is_open(member.hours, own.get("timezone", queue.timezone), at)


def free(
    queue: Queue, members: Sequence[Member], taken: Mapping[str, int], at: datetime, *, but: Collection[str] = ()
) -> list[Member]:
    """Who can be given a call, the one who has waited longest for one first.

    `taken` are the calls of each phone at this moment, `but` the ids of those who are left out.
    """
    there = [
        member
        for member in members
        if member.id not in but and is_on_duty(member, queue, at) and taken.get(member.phone, 0) < member.capacity
    ]
    return sorted(there, key=lambda member: (member.offered_at or NEVER, member.id))
