"""Who may come in, and how often: before anything is read of what they ask for."""

from __future__ import annotations

from aiohttp import web

from control_api.access.addresses import client_address
from control_api.access.auth import Caller
from control_api.access.limits import Verdict
from control_api.web.asked import Services
from control_api.web.errors import RefusedError

VERDICT: web.RequestKey[Verdict] = web.RequestKey("verdict", Verdict)


async def admitted(
    request: web.Request, services: Services, name: str, limit: str | None = None, *, query_token: bool
) -> Caller:
    """Counted by their key where they have one; strangers by their address, before they learn anything.

    `name` is that of the endpoint, and `limit` its own. Raises RefusedError (401, 429).
    """
    try:
        caller = await services.sign_in.identify(request, query_token=query_token)
    except RefusedError:
        await counted(request, services, name, limit, key=None)
        raise
    await counted(request, services, name, limit, key=caller.key_id or caller.subject)
    return caller


async def counted(request: web.Request, services: Services, name: str, limit: str | None, *, key: str | None) -> None:
    """Raises RefusedError (429)."""
    address = client_address(request.remote, request.headers.getall("X-Forwarded-For", ()), services.trusted)
    verdict = await services.limits.hit(name, limit, key=key, address=address)
    if verdict is None:
        return
    request[VERDICT] = verdict
    if not verdict.allowed:
        raise RefusedError(429, f"Rate limit exceeded: {verdict.text}", retry_after=verdict.retry_after)
