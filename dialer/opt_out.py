"""Somebody on the phone wants no more calls: of nobody in the organisation, whoever's record the phone stands in."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from storage.database import UnitOfWork
from storage.records import Call, CallType

REASON = "do_not_call"
"""Of calls that ended for it: nobody is tried again after one."""


async def opt_out(work: UnitOfWork, call: Call, *, now: datetime) -> bool:
    """False if neither a phone nor a customer of the call is known. May be asked again.

    `work` is bound to the call's organisation. Once it is committed the dialer places nothing to that phone any more.
    """
    phone = call.from_number if call.call_type is CallType.INBOUND else call.to_number
    customer = await work.customers.held(call.customer_id) if call.customer_id is not None else None
    if customer is not None and not customer.opted_out:
        await work.customers.save(replace(customer, opted_out=True), now=now)
    if phone and (customer is None or customer.phone != phone):
        await work.phones.opt_out([phone], at=now)
    return bool(phone) or customer is not None
