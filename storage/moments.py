"""The moments that a call stumbled over."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select

from storage.moment_records import Moment
from storage.tables import call_moments
from storage.tenancy import Tenancy


class Moments:
    def __init__(self, tenancy: Tenancy) -> None:
        self._tenancy = tenancy

    async def add(self, noticed: Sequence[Moment]) -> None:
        """In one statement. Of a bound unit of work only; a moment of another organisation's call is refused."""
        await self._tenancy.adopt(call_moments, noticed)

    async def of_call(self, call_id: str) -> list[Moment]:
        """In the order in which they were noticed."""
        columns = [call_moments.c[name] for name in Moment.__slots__]
        its = call_moments.c.call_id == call_id, self._tenancy.mine(call_moments)
        rows = await self._tenancy.rows(select(*columns).where(*its).order_by(call_moments.c.at, call_moments.c.kind))
        return [Moment(**row) for row in rows]
