"""The HTTP application: whoever has routes hands them in."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from aiohttp import web

BODY_BYTES = 1 << 20


def create_app(routes: Iterable[web.AbstractRouteDef], *, ready: Callable[[], str | None]) -> web.Application:
    """`ready` says why no call can be taken now, or None."""

    async def healthz(request: web.Request) -> web.Response:
        return web.json_response({"status": "ok"})

    async def readyz(request: web.Request) -> web.Response:
        reason = ready()
        if reason is None:
            return web.json_response({"status": "ready"})
        return web.json_response({"detail": reason}, status=503)

    app = web.Application(client_max_size=BODY_BYTES)
    app.add_routes([web.get("/healthz", healthz), web.get("/readyz", readyz), *routes])
    return app
