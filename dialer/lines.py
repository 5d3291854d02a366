"""The numbers that a campaign calls from, with what they did lately, and how many calls may start on them now."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from dialer.accounts import NoLineError, caller_ids
from dialer.caller_ids import COOL_WINDOW, Line
from dialer.pacing import Load, room
from dialer.ports import Accounts
from storage.attempts import LineLoad
from storage.database import UnitOfWork
from storage.records import Flow

SAMPLE = 50
"""Calls of a number that tell whether it mostly fails."""


async def lines_of(
    work: UnitOfWork, flow: Flow, connected: Accounts, now: datetime, used: Mapping[str, int]
) -> list[Line]:
    """`used` are the campaign's own calls by line. Raises NoLineError."""
    callers = {caller.line: caller for caller in await caller_ids(work, flow, connected)}
    loads = await lately(work, callers, now)
    return [
        Line(line, caller.number, caller.provider, load.recent, used.get(line, 0), load.ended, load.failed)
        for line, caller in callers.items()
        for load in (loads[line],)
    ]


async def lately(work: UnitOfWork, lines: Collection[str], now: datetime) -> dict[str, LineLoad]:
    """What was done on each of them."""
    return await work.attempts.loads(list(lines), now=now, since=now - COOL_WINDOW, sample=SAMPLE)


def of_one_provider(lines: Sequence[Line], provider: str = "") -> list[Line]:
    """A campaign that began by one stays with it: who was to be called for real is not pretended to, nor the reverse.

    `provider` is the one that it has called by. Raises NoLineError.
    """
    own = [line for line in lines if provider in ("", line.provider)]
    if lines and not own:
        raise NoLineError(f"it has called by {provider}, which it cannot any more: duplicate it to call by another")
    return [line for line in own if line.provider == own[0].provider]


async def room_for(
    work: UnitOfWork,
    organisation_id: str,
    lines: Sequence[Line],
    connected: Accounts,
    now: datetime,
    *,
    limit: int,
    calls: int,
    process_room: int,
) -> int:
    """`lines` are of one provider. `calls` of the campaign are in flight, of its `limit`. Ask it `alone`."""
    if not lines:
        return 0
    provider = lines[0].provider
    per_minute = connected[provider].per_minute
    organisation = await work.organisations.get(organisation_id)
    assert organisation is not None
    return room(
        Load(
            campaign_limit=limit,
            campaign_calls=calls,
            organisation_limit=organisation.max_parallel_calls,
            organisation_calls=await work.attempts.in_flight(),
            process_room=process_room,
            account_per_minute=per_minute,
            account_recent=0 if per_minute is None else await work.attempts.recent(provider, now=now),
        )
    )
