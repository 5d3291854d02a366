"""Organisations."""

from __future__ import annotations

from sqlalchemy import ColumnElement, insert, select, true, update

from storage.records import Organisation
from storage.tables import organisations
from storage.tenancy import Tenancy, WrongOrganisationError, values


class Organisations:
    def __init__(self, tenancy: Tenancy) -> None:
        self._tenancy = tenancy

    async def add(self, organisation: Organisation) -> None:
        if self._tenancy.organisation is not None:
            raise WrongOrganisationError(f"a new organisation in the name of {self._tenancy.organisation}")
        await self._tenancy.connection.execute(insert(organisations), values(organisation))

    async def first(self) -> Organisation | None:
        """The oldest. None before the first start."""
        row = await self._tenancy.row(select(organisations).where(self._mine).order_by(organisations.c.id))
        return None if row is None else Organisation(**row)

    async def none_yet(self) -> bool:
        """If so, nobody else adds one before the end of the transaction."""
        await self._tenancy.alone(organisations)
        return await self.first() is None

    async def get(self, organisation_id: str) -> Organisation | None:
        row = await self._tenancy.row(select(organisations).where(organisations.c.id == organisation_id, self._mine))
        return None if row is None else Organisation(**row)

    async def held(self, organisation_id: str) -> Organisation | None:
        """As `get`, and nobody else changes it until the end of the transaction."""
        row = await self._tenancy.held(select(organisations).where(organisations.c.id == organisation_id, self._mine))
        return None if row is None else Organisation(**row)

    async def save(self, organisation: Organisation) -> None:
        """Writes its name, its cap, how long recordings are kept, and what its calls are told to do."""
        changed = {
            "name": organisation.name,
            "assistant_overrides": organisation.assistant_overrides,
            "max_parallel_calls": organisation.max_parallel_calls,
            "recording_retention_days": organisation.recording_retention_days,
        }
        its = organisations.c.id == organisation.id, self._mine
        await self._tenancy.change(update(organisations).where(*its).values(changed))

    @property
    def _mine(self) -> ColumnElement[bool]:
        whose = self._tenancy.organisation
        return true() if whose is None else organisations.c.id == whose
