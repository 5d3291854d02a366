"""How requests go, by their route as it is declared: no id, no query, and no path that a stranger made up."""

from __future__ import annotations

import time
from http import HTTPStatus

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware
from prometheus_client import CollectorRegistry, Counter, Histogram

STEPS = (0.005, 0.01, 0.02, 0.03, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)
UNKNOWN = "unknown"
"""The route of what leads to nothing."""


class HttpMetrics:
    def __init__(self, registry: CollectorRegistry) -> None:
        self._requests = Counter(
            "vaani_http_requests",
            "Requests that are over, by the class of their status: 2xx; 1xx is a socket. 503 stands by itself: not now",
            ["method", "route", "status"],
            registry=registry,
        )
        self._seconds = Histogram(
            "vaani_http_seconds",
            "How long a request took that was answered as a whole, and not bit by bit",
            ["method"],
            buckets=STEPS,
            registry=registry,
        )

    def middleware(self) -> Middleware:
        """The outermost one: it sees what the others make of an error. Who has gone away is counted by nobody."""

        @web.middleware
        async def counted(request: web.Request, handler: Handler) -> web.StreamResponse:
            began = time.perf_counter()
            try:
                response = await handler(request)
            except web.HTTPException as answer:
                self._over(request, answer.status)
                raise
            except Exception:
                self._over(request, 500)
                raise
            self._over(request, response.status)
            if isinstance(response, web.Response):
                self._seconds.labels(_route(request)[0]).observe(time.perf_counter() - began)
            return response

        return counted

    def _over(self, request: web.Request, status: int) -> None:
        shown = "503" if status == HTTPStatus.SERVICE_UNAVAILABLE else f"{status // 100}xx"
        self._requests.labels(*_route(request), shown).inc()


def _route(request: web.Request) -> tuple[str, str]:
    """Method and path as they were declared: those of the request itself may be anything."""
    route = request.match_info.route
    return route.method, UNKNOWN if route.resource is None else route.resource.canonical
