"""By which carriers an organisation can call, and from which numbers a campaign does."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from dialer.ports import Account, Accounts
from storage.assets import PhoneNumber
from storage.database import UnitOfWork
from storage.records import Flow

EXOTEL, SIMULATOR = CARRIERS = "exotel", "simulator"
EXOTEL_PER_MINUTE = 160
"""Of the 200 requests a minute that Exotel takes; the rest is for asking what became of calls."""
SIMULATOR_NUMBER = "+15550010000"


class NoLineError(Exception):
    """There is nothing to call by. Its text is a sentence that says what is missing."""


@dataclass(frozen=True, slots=True)
class CallerId:
    """A number to call from."""

    line: str
    """Its id; empty for an account's own number."""
    number: str = field(repr=False)
    provider: str


async def accounts(work: UnitOfWork, *, simulator: bool | None) -> Accounts:
    """`simulator`: whether there is one; None: while no real carrier is connected."""
    found = {}
    exotel = await work.integrations.get(EXOTEL)
    if exotel is not None:
        found[EXOTEL] = Account(EXOTEL, exotel.settings.get("phone_number"), EXOTEL_PER_MINUTE)
    if simulator or (simulator is None and not found):
        found[SIMULATOR] = Account(SIMULATOR, SIMULATOR_NUMBER, None)
    return found


async def caller_ids(work: UnitOfWork, flow: Flow, connected: Accounts) -> list[CallerId]:
    """Those that the campaign names; else the organisation's; else an account's own. Raises NoLineError."""
    if not connected:
        raise NoLineError("no telephony provider is connected: connect one, or switch the simulator on")
    numbers = await work.numbers.every()
    named = [number for number in numbers if number.id in flow.phone_numbers]
    if flow.phone_numbers:
        usable = _usable(named, connected)
        if not usable:
            raise NoLineError("phone_numbers holds no active number of a provider that is connected")
        return usable
    usable = _usable(numbers, connected)
    if usable:
        return usable
    own = [CallerId("", account.number, account.provider) for account in connected.values() if account.number]
    if not own:
        raise NoLineError("phone_numbers is required: there is no number to call from")
    return own[:1]


def _usable(numbers: Sequence[PhoneNumber], connected: Accounts) -> list[CallerId]:
    """Where there is nothing but the simulator, every number is one of its."""
    pretended = SIMULATOR if set(connected) == {SIMULATOR} else None
    return [
        CallerId(number.id, number.number, pretended or number.provider)
        for number in numbers
        if number.is_active and (pretended or number.provider in connected)
    ]
