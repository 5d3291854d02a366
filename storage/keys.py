"""API keys: shown once, kept as a hash, found by it."""

from __future__ import annotations

import hashlib
import secrets
import string
from collections.abc import Iterable
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, or_, select, update

from storage.ids import KEY, new_id
from storage.records import ApiKey, Scope
from storage.tables import api_keys
from storage.tenancy import Tenancy

PREFIX = "nn_k_"
CHANCE = 40
"""Random letters and digits after the prefix: 238 bits, so a plain SHA-256 cannot be searched."""
SHOWN = 10
"""Characters of a key that are kept readable."""
GRAIN = timedelta(minutes=1)
"""`last_used_at` is written no more often than this, so that a busy key costs no write a request."""


def new_token() -> str:
    return PREFIX + "".join(secrets.choice(string.ascii_letters + string.digits) for _ in range(CHANCE))


def fingerprint(token: str) -> str:
    """What is kept of a key, and what it is found by: a lookup by hash tells a guesser nothing by its time."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def key_for(
    token: str,
    organisation: str,
    name: str,
    scopes: Iterable[Scope],
    now: datetime,
    expires_at: datetime | None = None,
) -> ApiKey:
    return ApiKey(
        new_id(KEY),
        organisation,
        name,
        token[:SHOWN],
        fingerprint(token),
        frozenset(scopes),
        created_at=now,
        expires_at=expires_at,
    )


class Keys:
    def __init__(self, tenancy: Tenancy) -> None:
        self._tenancy = tenancy

    async def add(self, key: ApiKey) -> None:
        await self._tenancy.add(api_keys, key)

    async def find(self, token: str, *, now: datetime) -> ApiKey | None:
        """None for a key that never was, was revoked, or has expired."""
        row = await self._tenancy.row(
            select(api_keys).where(
                api_keys.c.fingerprint == fingerprint(token),
                api_keys.c.revoked_at.is_(None),
                or_(api_keys.c.expires_at.is_(None), api_keys.c.expires_at > now),
            )
        )
        return None if row is None else ApiKey(**row)

    async def every(self) -> list[ApiKey]:
        """Oldest first, revoked ones too."""
        rows = await self._tenancy.rows(select(api_keys).where(self._tenancy.mine(api_keys)).order_by(api_keys.c.id))
        return [ApiKey(**row) for row in rows]

    async def used(self, key_id: str, *, now: datetime) -> bool:
        """False if its last use was noted a moment ago."""
        stale = or_(api_keys.c.last_used_at.is_(None), api_keys.c.last_used_at <= now - GRAIN)
        return await self._change(key_id, stale, last_used_at=now)

    async def revoke(self, key_id: str, *, now: datetime) -> bool:
        """False if there is no such key, or it was revoked before."""
        return await self._change(key_id, api_keys.c.revoked_at.is_(None), revoked_at=now)

    async def _change(self, key_id: str, still: ColumnElement[bool], **to: datetime) -> bool:
        mine = self._tenancy.mine(api_keys)
        return await self._tenancy.change(update(api_keys).where(api_keys.c.id == key_id, mine, still).values(to)) == 1
