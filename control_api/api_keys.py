"""API keys: shown once when they are made, recognised by a hash ever after."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Annotated

from pydantic import Field

from control_api.web.asked import Asked
from control_api.web.contract import Contract
from control_api.web.errors import RefusedError, not_found
from control_api.web.shapes import Body, Name, Shown, Time
from storage.keys import key_for, new_token
from storage.records import ApiKey, Scope

contract = Contract("API keys", "/api-keys", v1=None, read=Scope.KEYS_WRITE, write=Scope.KEYS_WRITE)


class KeyBody(Body):
    name: Name
    scopes: Annotated[list[Scope], Field(min_length=1, max_length=len(Scope))]
    expires_in_days: int | None = Field(None, ge=1, le=3650, description="null: never")


class KeyShown(Shown):
    uuid: str
    name: str
    start: str = Field(description="its first characters, to tell keys apart")
    scopes: Sequence[Scope]
    created_at: Time
    expires_at: Time | None
    revoked_at: Time | None
    last_used_at: Time | None = Field(description="to the minute")


class KeyMade(KeyShown):
    key: str = Field(description="the key itself, shown only now")


class KeysPage(Shown):
    api_keys: list[KeyShown]
    total: int


@contract.get("")
async def every(asked: Asked) -> KeysPage:
    """List API keys, revoked ones too."""
    async with asked.read() as work:
        keys = await work.keys.every()
    return KeysPage(api_keys=[KeyShown(**_fields(key)) for key in keys], total=len(keys))


@contract.post("")
async def create(asked: Asked, body: KeyBody) -> KeyMade:
    """Create an API key. Nobody gives away what they may not do themselves."""
    beyond = [scope for scope in body.scopes if scope not in asked.caller.scopes]
    if beyond:
        raise RefusedError(403, f"Insufficient permissions. Required scopes: {', '.join(beyond)}")
    expires_at = None if body.expires_in_days is None else asked.now + timedelta(days=body.expires_in_days)
    token = new_token()
    key = key_for(token, asked.organisation, body.name, body.scopes, asked.now, expires_at)
    async with asked.begin() as work:
        await work.keys.add(key)
    return KeyMade(key=token, **_fields(key))


@contract.delete("/{key_uuid}")
async def revoke(asked: Asked, key_uuid: str) -> None:
    """Revoke an API key, at once and for good."""
    async with asked.begin() as work:
        revoked = await work.keys.revoke(key_uuid, now=asked.now)
        if not revoked and all(key.id != key_uuid for key in await work.keys.every()):
            raise not_found("API key")


def _fields(key: ApiKey) -> dict[str, object]:
    return {
        "uuid": key.id,
        "name": key.name,
        "start": key.start,
        "scopes": sorted(key.scopes),
        "created_at": key.created_at,
        "expires_at": key.expires_at,
        "revoked_at": key.revoked_at,
        "last_used_at": key.last_used_at,
    }
