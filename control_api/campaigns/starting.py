"""What a campaign needs to call anybody, beside an agent: a number to call from, and days that are still to come."""

from __future__ import annotations

from datetime import datetime, timedelta

from control_api.web.asked import Asked
from control_api.web.errors import bad
from dialer.accounts import CallerId, accounts, caller_ids
from dialer.ports import Accounts
from storage.database import UnitOfWork
from storage.records import Flow, FlowKind

LAST_ON_EARTH = timedelta(hours=-12)
"""Where a day ends last."""


async def must_be_able_to_call(asked: Asked, work: UnitOfWork, flow: Flow) -> None:
    """Raises NoLineError, or RefusedError if its time is over. An inbound flow calls nobody."""
    if flow.kind is FlowKind.OUTBOUND:
        must_have_time_left(flow, asked.now)
        await lines(asked, work, flow)


async def lines(asked: Asked, work: UnitOfWork, flow: Flow) -> tuple[list[CallerId], Accounts]:
    """What it calls from, and by which accounts. Raises NoLineError."""
    connected = await accounts(work, simulator=asked.services.simulator)
    return await caller_ids(work, flow, connected), connected


def must_have_time_left(flow: Flow, now: datetime) -> None:
    """Raises RefusedError if there is no place in which it could still call."""
    if flow.end_at is not None and flow.end_at <= now:
        raise bad("end_at is in the past")
    if flow.end_date is not None and flow.end_date < (now + LAST_ON_EARTH).date():
        raise bad("end_date is in the past")
