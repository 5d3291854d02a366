"""What customers, flows and agents are called now, for a page of records that name them by their ids."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import select, union_all

from storage.asset_tables import customers
from storage.tables import agents, flows
from storage.tenancy import Tenancy


class Names:
    def __init__(self, tenancy: Tenancy) -> None:
        self._tenancy = tenancy

    async def of(
        self,
        *,
        customer_ids: Collection[str | None] = (),
        flow_ids: Collection[str | None] = (),
        agent_ids: Collection[str | None] = (),
    ) -> dict[str, str]:
        """Id → name, in one statement. Who was deleted is left out, but for an agent: old calls know who spoke."""
        wanted = ((customers, customer_ids), (flows, flow_ids), (agents, agent_ids))
        found = [
            select(table.c.id, table.c.name).where(self._tenancy.named(table.c.id, sorted(named)))
            for table, ids in wanted
            if (named := {one for one in ids if one is not None})
        ]
        if not found:
            return {}
        rows = await self._tenancy.rows(select(union_all(*found).subquery("names")))
        return {row["id"]: row["name"] for row in rows}
