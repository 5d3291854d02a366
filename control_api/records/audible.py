"""Whose recordings may be heard: not of a customer who wants none, also of calls that were before they said so."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from storage.database import UnitOfWork
from storage.keeping import GONE
from storage.records import Call, CallStatus


async def audible(work: UnitOfWork, calls: Sequence[Call]) -> frozenset[str]:
    """Ids of those that have a recording to be heard: they are over, and the customer has nothing against it."""
    recorded = [call for call in calls if call.recording is not None or call.carrier_recording]
    return await _unrefused(work, recorded)


async def may_be_heard(work: UnitOfWork, call: Call, now: datetime) -> bool:
    """As `audible`, of a call that the carrier may have recorded without a word to us; and not when it is too old."""
    if call.recording is None and call.carrier_recording == GONE:
        return False
    organisation = await work.organisations.get(call.organisation_id)
    days = None if organisation is None else organisation.recording_retention_days
    if days is not None and call.started_at < now - timedelta(days=days):
        return False
    return bool(await _unrefused(work, [call]))


async def _unrefused(work: UnitOfWork, calls: Sequence[Call]) -> frozenset[str]:
    over = [call for call in calls if call.status is CallStatus.ENDED]
    customers = {call.customer_id for call in over if call.customer_id is not None}
    refusing = await work.customers.refusing_recording(customers) if customers else frozenset()
    return frozenset(call.id for call in over if call.customer_id not in refusing)
