"""Who is asking: an API key, in the header or, where a browser cannot set one, in `?token=`."""

from __future__ import annotations

from datetime import UTC, datetime

from aiohttp import web

from storage.database import Database
from storage.records import ApiKey, Scope


class RefusedError(Exception):
    """The request may not be served: 401 for no good key, 403 for one that may not do this."""

    def __init__(self, status: int, detail: str) -> None:
        super().__init__(detail)
        self.status, self.detail = status, detail


async def signed_in(request: web.Request, database: Database, scope: Scope) -> ApiKey:
    """The key, bound to its organisation. Raises RefusedError."""
    kind, _, token = request.headers.get("Authorization", "").partition(" ")
    if kind.lower() != "bearer":
        token = request.query.get("token", "")
    now = datetime.now(UTC)
    key = None
    if token:
        async with database.read() as work:
            key = await work.keys.find(token, now=now)
    if key is None:
        raise RefusedError(401, "Invalid or expired token")
    if scope not in key.scopes:
        raise RefusedError(403, f"Insufficient permissions. Required scopes: {scope}")
    async with database.begin(key.organisation_id) as work:
        await work.keys.used(key.id, now=now)
    return key
