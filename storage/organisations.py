"""Organisations."""

from __future__ import annotations

from sqlalchemy import insert, select, update

from storage.records import Organisation
from storage.tables import organisations
from storage.tenancy import Tenancy, values


class Organisations:
    def __init__(self, tenancy: Tenancy) -> None:
        self._tenancy = tenancy

    async def add(self, organisation: Organisation) -> None:
        await self._tenancy.connection.execute(insert(organisations), values(organisation))

    async def first(self) -> Organisation | None:
        """The oldest. None before the first start."""
        row = await self._tenancy.row(select(organisations).order_by(organisations.c.id))
        return None if row is None else Organisation(**row)

    async def none_yet(self) -> bool:
        """If so, nobody else adds one before the end of the transaction."""
        await self._tenancy.alone(organisations)
        return await self.first() is None

    async def get(self, organisation_id: str) -> Organisation | None:
        row = await self._tenancy.row(select(organisations).where(organisations.c.id == organisation_id))
        return None if row is None else Organisation(**row)

    async def save(self, organisation: Organisation) -> None:
        """Writes its name and what its calls are told to do."""
        changed = {"name": organisation.name, "assistant_overrides": organisation.assistant_overrides}
        await self._tenancy.change(update(organisations).where(organisations.c.id == organisation.id).values(changed))
