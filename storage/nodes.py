"""The processes at work on this database: who is there, and who was given up."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, delete, insert, select, update

from storage.node_tables import nodes
from storage.tenancy import Tenancy, values


@dataclass(frozen=True, slots=True)
class Node:
    """A process, as it told of itself last."""

    name: str
    generation: str
    """Another one after each start, and after it was given up."""
    started_at: datetime
    seen_at: datetime
    """By its own clock: it is compared with what was read before, not with another's time."""
    calls: int
    """On the line there."""
    capacity: int
    """Calls that it carries at most."""
    draining: bool
    version: str


class Nodes:
    """Of a unit of work that is bound to no organisation."""

    def __init__(self, tenancy: Tenancy) -> None:
        self._tenancy = tenancy

    async def join(self, node: Node) -> None:
        """In the place of an earlier process of its name."""
        await self._tenancy.change(delete(nodes).where(nodes.c.name == node.name))
        await self._tenancy.connection.execute(insert(nodes), values(node))

    async def beat(self, node: Node) -> bool:
        """False if it was given up, or another process has its name."""
        told = {"seen_at": node.seen_at, "calls": node.calls, "capacity": node.capacity, "draining": node.draining}
        return await self._tenancy.change(update(nodes).where(_is(node)).values(told)) == 1

    async def every(self) -> list[Node]:
        """By name."""
        return [Node(**row) for row in await self._tenancy.rows(select(nodes).order_by(nodes.c.name))]

    async def given_up(self, node: Node) -> bool:
        """Takes it away. False if it has been seen since, or another was quicker."""
        return await self._tenancy.change(delete(nodes).where(_is(node), nodes.c.seen_at == node.seen_at)) == 1

    async def leave(self, node: Node) -> None:
        await self._tenancy.change(delete(nodes).where(_is(node)))


def _is(node: Node) -> ColumnElement[bool]:
    return and_(nodes.c.name == node.name, nodes.c.generation == node.generation)
