"""`/openapi.json` and `/docs`: what the API says of itself."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

import orjson
from aiohttp import web

from control_api.document.docs_page import POLICY, page
from control_api.document.openapi import document
from control_api.web.contract import Endpoint


@dataclass(frozen=True, slots=True)
class _Made:
    document: bytes
    page: str


class Description:
    """Made when it is first asked for, in a thread: a start costs nothing of it, and nobody else waits for it."""

    def __init__(self, endpoints: Sequence[Endpoint], *, url: str, version: str) -> None:
        self._endpoints, self._url, self._version = endpoints, url, version
        self._making: asyncio.Future[_Made] | None = None

    def routes(self) -> list[web.RouteDef]:
        return [web.get("/openapi.json", self._openapi), web.get("/docs", self._docs)]

    async def _made(self) -> _Made:
        if self._making is None:
            self._making = asyncio.get_running_loop().run_in_executor(None, self._make)
        return await asyncio.shield(self._making)

    def _make(self) -> _Made:
        described = orjson.dumps(document(self._endpoints, url=self._url, version=self._version))
        return _Made(described, page(orjson.loads(described)))

    async def _openapi(self, request: web.Request) -> web.Response:
        return web.Response(body=(await self._made()).document, content_type="application/json")

    async def _docs(self, request: web.Request) -> web.Response:
        headers = {
            "Content-Security-Policy": POLICY,
            "Referrer-Policy": "no-referrer",
            "X-Content-Type-Options": "nosniff",
        }
        return web.Response(text=(await self._made()).page, content_type="text/html", headers=headers)
