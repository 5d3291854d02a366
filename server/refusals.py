"""Who wants no recording: said so before, during the call, or under another entry of the phone."""

from __future__ import annotations

from storage.database import UnitOfWork
from storage.moment_records import MomentKind
from storage.records import Call, CallType


async def refuses_recording(work: UnitOfWork, customer_id: str | None, phone: str | None) -> bool:
    """`work` is bound to the call's organisation; the phone is E.164."""
    if customer_id is not None and await work.customers.refusing_recording([customer_id]):
        return True
    return phone is not None and await work.customers.recording_refused(phone)


async def is_refused(work: UnitOfWork, call: Call) -> bool:
    """Also by who was asked for a consent, and has not given it."""
    noticed = {moment.kind for moment in await work.moments.of_call(call.id)}
    if MomentKind.CONSENT_ASKED in noticed and MomentKind.CONSENT_GIVEN not in noticed:
        return True
    phone = call.to_number if call.call_type is CallType.OUTBOUND else call.from_number
    return await refuses_recording(work, call.customer_id, phone)
