"""Accounts with providers, one of each for an organisation. Their secrets come sealed and stay so."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from sqlalchemy import ColumnElement, delete, select, update

from storage.asset_tables import integrations
from storage.assets import Integration
from storage.tenancy import Tenancy, values


class Integrations:
    def __init__(self, tenancy: Tenancy) -> None:
        self._tenancy = tenancy

    async def put(self, integration: Integration) -> None:
        """In the place of the one that was there."""
        await self._tenancy.alone(integrations)
        await self.delete(integration.provider)
        await self._tenancy.add(integrations, integration)

    async def get(self, provider: str) -> Integration | None:
        row = await self._tenancy.row(
            select(integrations).where(integrations.c.provider == provider, self._tenancy.mine(integrations))
        )
        return None if row is None else Integration(**row)

    async def every(self) -> list[Integration]:
        """In alphabetical order of the providers."""
        rows = await self._tenancy.rows(
            select(integrations)
            .where(self._tenancy.mine(integrations))
            .order_by(integrations.c.organisation_id, integrations.c.provider)
        )
        return [Integration(**row) for row in rows]

    async def checked(self, integration: Integration, *, at: datetime, trouble: str | None) -> bool:
        """Notes what the provider said to its credentials. False if it is gone, or was changed meanwhile."""
        noted = update(integrations).where(*self._unchanged(integration)).values(checked_at=at, trouble=trouble)
        return await self._tenancy.change(noted) == 1

    async def reseal(self, integration: Integration) -> bool:
        """Writes its secrets alone. False if it is gone, or was changed meanwhile."""
        secrets = values(integration)["secrets"]
        resealed = update(integrations).where(*self._unchanged(integration)).values(secrets=secrets)
        return await self._tenancy.change(resealed) == 1

    async def delete(self, provider: str) -> bool:
        """False if there was none."""
        mine = integrations.c.provider == provider, self._tenancy.mine(integrations)
        return await self._tenancy.change(delete(integrations).where(*mine)) == 1

    def _unchanged(self, integration: Integration) -> Iterator[ColumnElement[bool]]:
        yield integrations.c.provider == integration.provider
        yield integrations.c.organisation_id == integration.organisation_id
        yield integrations.c.updated_at == integration.updated_at
        yield self._tenancy.mine(integrations)
