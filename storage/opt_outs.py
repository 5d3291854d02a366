"""What customers' records say about being called, and what is kept of it by phone: the two never disagree."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import select

from storage.asset_tables import customers
from storage.assets import Customer
from storage.phones import Phones
from storage.tenancy import Tenancy


class OptOuts:
    def __init__(self, tenancy: Tenancy) -> None:
        self._tenancy = tenancy

    async def known(self, fresh: Sequence[Customer]) -> list[Customer]:
        """Who opted out once, and was deleted since, does not come back as somebody who may be called."""
        refusing = await self._phones(fresh[0]).opted_out({customer.phone for customer in fresh})
        return [replace(one, opted_out=one.opted_out or one.phone in refusing) for one in fresh]

    async def refuse(self, written: Sequence[Customer]) -> None:
        """Whoever has opted out is not called any more, whatever becomes of the customer."""
        refusing = sorted({customer.phone for customer in written if customer.opted_out})
        if refusing:
            await self._phones(written[0]).opt_out(refusing, at=written[0].updated_at)

    async def heeded(self, before: Customer, customer: Customer, now: datetime) -> Customer:
        """One whose record is changed by hand, as it is written. Who takes over a phone takes over its owner's no."""
        phones = self._phones(customer)
        await phones.alone()
        if not customer.opted_out and not (before.opted_out and before.phone == customer.phone):
            customer = replace(customer, opted_out=customer.phone in await phones.opted_out({customer.phone}))
        if customer.opted_out:
            await self.refuse([replace(customer, updated_at=now)])
        elif before.opted_out:
            its = customers.c.phone == customer.phone, customers.c.opted_out, self._tenancy.mine(customers)
            refusing = {row["id"] for row in await self._tenancy.rows(select(customers.c.id).where(*its))}
            if refusing <= {customer.id}:
                await phones.opt_in(customer.phone)
        return customer

    def _phones(self, customer: Customer) -> Phones:
        return Phones(replace(self._tenancy, organisation=customer.organisation_id))
