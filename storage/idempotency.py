"""Requests that may come twice, by the key that their sender gave them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, select

from storage.dialing_tables import idempotency_keys
from storage.tenancy import Tenancy


@dataclass(frozen=True, slots=True)
class Earlier:
    fingerprint: str
    """Of what was asked then."""
    call_id: str


class IdempotencyKeys:
    def __init__(self, tenancy: Tenancy) -> None:
        self._tenancy = tenancy

    async def earlier(self, key: str) -> Earlier | None:
        """What came of the key before. Ask within the transaction that would `keep` it."""
        its = idempotency_keys.c.key == key, self._tenancy.mine(idempotency_keys)
        row = await self._tenancy.row(select(idempotency_keys.c.fingerprint, idempotency_keys.c.call_id).where(*its))
        return None if row is None else Earlier(**row)

    async def alone(self) -> None:
        """No other request of this organisation looks its key up until the end of the transaction."""
        await self._tenancy.alone(idempotency_keys)

    async def keep(self, key: str, fingerprint: str, call_id: str, *, at: datetime) -> None:
        row = {"organisation_id": self._tenancy.organisation, "key": key, "fingerprint": fingerprint}
        added = self._tenancy.tolerant_insert(idempotency_keys).values({**row, "call_id": call_id, "created_at": at})
        await self._tenancy.connection.execute(added)

    async def forget(self, before: datetime) -> int:
        """How many were older."""
        old = idempotency_keys.c.created_at < before, self._tenancy.mine(idempotency_keys)
        return await self._tenancy.change(delete(idempotency_keys).where(*old))
