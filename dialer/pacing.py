"""How many calls of a campaign may start now."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Load:
    """What is going on, and how much of it may. None: as much as there is."""

    campaign_limit: int
    campaign_calls: int
    """In flight: from the intent to the end, as the next one."""
    organisation_limit: int | None
    organisation_calls: int
    process_room: int
    """Calls that this process can still carry."""
    account_per_minute: int | None
    """Calls that the carrier takes from one account."""
    account_recent: int
    """Calls placed through it in the last minute."""


def room(load: Load) -> int:
    """How many more fit under every limit; a limit that was lowered meanwhile ends no call."""
    rooms = [load.process_room, load.campaign_limit - load.campaign_calls]
    if load.organisation_limit is not None:
        rooms.append(load.organisation_limit - load.organisation_calls)
    if load.account_per_minute is not None:
        rooms.append(load.account_per_minute - load.account_recent)
    return max(0, min(rooms))
