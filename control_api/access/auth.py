"""Who is asking, and what for: an API key or a Firebase user, by the header or, where that is allowed, by `?token=`."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Self

from aiohttp import web

from control_api.access.firebase import FirebaseVerifier, NotVerifiedError
from control_api.web.errors import RefusedError
from storage.database import Database, DatabaseUnavailableError
from storage.keys import GRAIN, PREFIX, fingerprint
from storage.records import ApiKey, Scope

_log = logging.getLogger(__name__)

IN_VAIN = timedelta(seconds=10)
"""A key that was not found is not looked for again for so long: to be refused costs no database."""
UNKNOWN = 10_000
"""Such keys that are remembered, at about 200 bytes each."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Somebody who may ask."""

    organisation_id: str
    scopes: frozenset[Scope]
    key_id: str | None
    """None: not by an API key."""
    subject: str
    """Who it is within the organisation: the key's id, or Firebase's id of the user."""


def require(caller: Caller, *scopes: Scope) -> None:
    """Raises RefusedError unless the caller has all of them."""
    if not caller.scopes.issuperset(scopes):
        raise RefusedError(403, f"Insufficient permissions. Required scopes: {', '.join(scopes)}")


class SignIn:
    """Within its block. On the way out it waits until the last uses of keys are noted."""

    def __init__(self, database: Database, firebase: FirebaseVerifier | None = None) -> None:
        """Without `firebase`, API keys only."""
        self._database, self._firebase = database, firebase
        self._noted: dict[str, datetime] = {}
        """Key id → when its use was last noted from here, or was tried to be."""
        self._noting: set[asyncio.Task[None]] = set()
        self._unknown: dict[str, datetime] = {}
        """Fingerprint of a key that is none → when it was looked for in vain, the oldest first."""

    async def identify(self, request: web.Request, *, query_token: bool) -> Caller:
        """`query_token`: `?token=` counts too, where there is no bearer in the header. Raises RefusedError (401)."""
        token = _token(request, query_token=query_token)
        if token.startswith(PREFIX):
            caller = await self._by_key(token)
        elif token and self._firebase is not None:
            caller = await self._by_firebase(token, self._firebase)
        else:
            caller = None
        if caller is None:
            raise RefusedError(401, "Invalid or expired token")
        return caller

    async def close(self) -> None:
        while self._noting:
            await asyncio.wait(self._noting)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *failure: object) -> None:
        await self.close()

    async def _by_key(self, token: str) -> Caller | None:
        now, looked_for = datetime.now(UTC), fingerprint(token)
        in_vain = self._unknown.get(looked_for)
        if in_vain is not None and now < in_vain + IN_VAIN:
            return None
        async with self._database.read() as work:
            key = await work.keys.find(token, now=now)
        if key is None:
            self._note_unknown(looked_for, now)
            return None
        self._note(key, now)
        return Caller(key.organisation_id, key.scopes, key.id, key.id)

    async def _by_firebase(self, token: str, firebase: FirebaseVerifier) -> Caller | None:
        try:
            user = await firebase.verify(token)
        except NotVerifiedError:
            return None
        async with self._database.read() as work:
            organisation = await work.organisations.get(user.organisation)
        return None if organisation is None else Caller(organisation.id, user.scopes, None, user.subject)

    def _note(self, key: ApiKey, now: datetime) -> None:
        """Off the request's way, and once in a while: a request that only reads waits for no writer."""
        last = max((at for at in (key.last_used_at, self._noted.get(key.id)) if at is not None), default=None)
        if last is None or last <= now - GRAIN:
            self._noted[key.id] = now
            task = asyncio.create_task(self._used(key, now))
            self._noting.add(task)
            task.add_done_callback(self._noting.discard)

    def _note_unknown(self, looked_for: str, now: datetime) -> None:
        self._unknown.pop(looked_for, None)
        if len(self._unknown) >= UNKNOWN:
            del self._unknown[next(iter(self._unknown))]
        self._unknown[looked_for] = now

    async def _used(self, key: ApiKey, now: datetime) -> None:
        try:
            async with self._database.begin(key.organisation_id) as work:
                await work.keys.used(key.id, now=now)
        except DatabaseUnavailableError as away:
            _log.warning("the use of a key could not be noted", extra={"key": key.id, "error": str(away)})
        except Exception:  # noqa: BLE001 - nobody waits for this: the request has been answered
            _log.exception("the use of a key could not be noted", extra={"key": key.id})


def _token(request: web.Request, *, query_token: bool) -> str:
    kind, _, token = request.headers.get("Authorization", "").partition(" ")
    if kind.lower() == "bearer":
        return token.strip()
    return request.query.get("token", "") if query_token else ""
