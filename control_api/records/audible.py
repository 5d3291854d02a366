"""Whose recordings may be heard: not of a customer who wants none, also of calls that were before they said so."""

from __future__ import annotations

from collections.abc import Sequence

from storage.database import UnitOfWork
from storage.records import Call, CallStatus


async def audible(work: UnitOfWork, calls: Sequence[Call]) -> frozenset[str]:
    """Ids of those that have a recording to be heard: they are over, and the customer has nothing against it."""
    recorded = [call for call in calls if call.recording is not None and call.status is CallStatus.ENDED]
    customers = {call.customer_id for call in recorded if call.customer_id is not None}
    refusing = await work.customers.refusing_recording(customers) if customers else frozenset()
    return frozenset(call.id for call in recorded if call.customer_id not in refusing)
