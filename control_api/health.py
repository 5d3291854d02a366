"""`/healthz`: alive. `/readyz`: can take calls. For whoever starts and watches servers: no key, no limit."""

from __future__ import annotations

from collections.abc import Callable

from aiohttp import web


def health_routes(ready: Callable[[], str | None]) -> list[web.RouteDef]:
    """`ready` says why no call can be taken now, or None."""

    async def healthz(request: web.Request) -> web.Response:
        return web.json_response({"status": "ok"})

    async def readyz(request: web.Request) -> web.Response:
        reason = ready()
        if reason is None:
            return web.json_response({"status": "ready"})
        return web.json_response({"detail": reason}, status=503)

    return [web.get("/healthz", healthz), web.get("/readyz", readyz)]
