"""JSON columns in which texts stand sealed, read and written in batches: for a change of keys."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from sqlalchemy import Text, bindparam, cast, select, update

from storage.asset_tables import customers
from storage.tables import agents, flows, organisations
from storage.tenancy import Tenancy

MARK = '{"$sealed":'
"""What a JSON text with something sealed in it contains, as it is written here."""


class Place(Enum):
    """A column, and the one beside it that says whose the row is."""

    ORGANISATION_OVERRIDES = organisations.c.assistant_overrides, organisations.c.id
    AGENT_OVERRIDES = agents.c.assistant_overrides, agents.c.organisation_id
    AGENT_PLAN = agents.c.config, agents.c.organisation_id
    FLOW_OVERRIDES = flows.c.assistant_overrides, flows.c.organisation_id
    CUSTOMER_OVERRIDES = customers.c.assistant_overrides, customers.c.organisation_id


@dataclass(frozen=True, slots=True)
class SealedValue:
    """One row's."""

    id: str
    organisation_id: str
    value: Mapping[str, Any] = field(repr=False)


class SealedJson:
    """Of every organisation: for an unbound unit of work."""

    def __init__(self, tenancy: Tenancy) -> None:
        self._tenancy = tenancy

    async def batch(self, place: Place, after: str, limit: int) -> list[SealedValue]:
        """Those with something sealed in them, by id. Nobody else changes them until the end of the transaction."""
        column, owner = place.value
        key = column.table.c.id
        found = (
            select(key.label("id"), owner.label("organisation_id"), column.label("value"))
            .where(key > after, cast(column, Text).contains(MARK, autoescape=True))
            .order_by(key)
            .limit(limit)
        )
        return [SealedValue(**row) for row in await self._tenancy.rows(found.with_for_update())]

    async def put(self, place: Place, values: Mapping[str, Mapping[str, Any]]) -> None:
        """Id → what stands there now. Nothing else of the rows changes."""
        if not values:
            return
        column, _ = place.value
        changed = (
            update(column.table).where(column.table.c.id == bindparam("row")).values({column.name: bindparam("new")})
        )
        rows = [{"row": row_id, "new": value} for row_id, value in values.items()]
        await self._tenancy.connection.execute(changed, rows)
