"""Queues of human agents, and who answers in them."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import delete, select, update

from storage.kept import Kept
from storage.queue_tables import members, queues
from storage.tenancy import Tenancy
from storage.transfer_records import Member, Queue


class Queues(Kept[Queue]):
    """Deleting one deletes its members. Hold it before a member is added."""

    def __init__(self, tenancy: Tenancy) -> None:
        super().__init__(tenancy, queues, Queue)

    async def by_name(self, name: str) -> Queue | None:
        row = await self._tenancy.row(select(queues).where(queues.c.name == name, self._mine))
        return None if row is None else Queue(**row)

    async def names(self) -> list[str]:
        """In their alphabetical order."""
        rows = await self._tenancy.rows(select(queues.c.name).where(self._mine).order_by(queues.c.name))
        return [row["name"] for row in rows]

    async def is_free(self, name: str, *, but: str = "") -> bool:
        """Whether no queue but that one has the name. Nobody else can take it until the end of the transaction."""
        await self._tenancy.alone(queues)
        found = await self.by_name(name)
        return found is None or found.id == but

    async def delete(self, record_id: str) -> bool:
        if await self.held(record_id) is None:
            return False
        its = members.c.queue_id == record_id, self._tenancy.mine(members)
        await self._tenancy.change(delete(members).where(*its))
        return await super().delete(record_id)


class Members(Kept[Member]):
    def __init__(self, tenancy: Tenancy) -> None:
        super().__init__(tenancy, members, Member)

    async def of(self, queue_ids: Collection[str]) -> list[Member]:
        """Of all of these queues, oldest first."""
        return await self.every(self._tenancy.among(members.c.queue_id, queue_ids))

    async def is_free(self, queue_id: str, phone: str, *, but: str = "") -> bool:
        """Whether nobody but that one answers there under this phone. Nobody else can until the transaction ends."""
        await self._tenancy.alone(members)
        found = await self.every(members.c.queue_id == queue_id, members.c.phone == phone)
        return all(member.id == but for member in found)

    async def chosen(self, member_id: str, at: datetime) -> None:
        """A call is meant for them."""
        its = members.c.id == member_id, self._mine
        await self._tenancy.change(update(members).where(*its).values(offered_at=at))
