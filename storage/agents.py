"""Agents: who speaks."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime

from sqlalchemy import select, update

from storage.records import Agent
from storage.tables import agents
from storage.tenancy import Tenancy, values


class Agents:
    def __init__(self, tenancy: Tenancy) -> None:
        self._tenancy = tenancy

    async def add(self, agent: Agent) -> None:
        await self._tenancy.add(agents, agent)

    async def get(self, agent_id: str) -> Agent | None:
        """A deleted one too, since old flows and calls name it."""
        row = await self._tenancy.row(select(agents).where(agents.c.id == agent_id, self._tenancy.mine(agents)))
        return None if row is None else Agent(**row)

    async def held(self, agent_id: str) -> Agent | None:
        """As `get`, and nobody else changes it until the end of the transaction."""
        row = await self._tenancy.held(select(agents).where(agents.c.id == agent_id, self._tenancy.mine(agents)))
        return None if row is None else Agent(**row)

    async def by_ids(self, ids: Collection[str]) -> list[Agent]:
        """Deleted ones too."""
        rows = await self._tenancy.rows(select(agents).where(agents.c.id.in_(ids), self._tenancy.mine(agents)))
        return [Agent(**row) for row in rows]

    async def active(self) -> list[Agent]:
        """Oldest first."""
        mine = self._tenancy.mine(agents)
        rows = await self._tenancy.rows(select(agents).where(agents.c.is_active, mine).order_by(agents.c.id))
        return [Agent(**row) for row in rows]

    async def save(self, agent: Agent, *, now: datetime) -> bool:
        """Writes every field of it. False if it is gone or deleted."""
        changed = values(replace(agent, updated_at=now))
        for fixed in ("id", "organisation_id", "created_at"):
            del changed[fixed]
        return await self._change(agent.id, changed)

    async def delete(self, agent_id: str, *, now: datetime) -> bool:
        """Keeps the row, so that running and old calls still know who spoke. False if it was deleted before."""
        return await self._change(agent_id, {"is_active": False, "updated_at": now})

    async def _change(self, agent_id: str, to: dict[str, object]) -> bool:
        mine = self._tenancy.mine(agents)
        return (
            await self._tenancy.change(
                update(agents).where(agents.c.id == agent_id, agents.c.is_active, mine).values(to)
            )
            == 1
        )
