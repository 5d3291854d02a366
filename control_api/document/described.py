"""`/openapi.json` and `/docs`: what the API says of itself."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

import orjson
from aiohttp import web

from control_api.document.docs_page import POLICY, page
from control_api.document.openapi import document
from control_api.web.contract import Endpoint


class Description:
    """Made when it is first asked for: a start costs nothing of it."""

    def __init__(self, endpoints: Sequence[Endpoint], *, url: str, version: str) -> None:
        self._endpoints, self._url, self._version = endpoints, url, version

    def routes(self) -> list[web.RouteDef]:
        return [web.get("/openapi.json", self._openapi), web.get("/docs", self._docs)]

    @cached_property
    def _document(self) -> bytes:
        return orjson.dumps(document(self._endpoints, url=self._url, version=self._version))

    @cached_property
    def _page(self) -> str:
        return page(orjson.loads(self._document))

    async def _openapi(self, request: web.Request) -> web.Response:
        return web.Response(body=self._document, content_type="application/json")

    async def _docs(self, request: web.Request) -> web.Response:
        headers = {
            "Content-Security-Policy": POLICY,
            "Referrer-Policy": "no-referrer",
            "X-Content-Type-Options": "nosniff",
        }
        return web.Response(text=self._page, content_type="text/html", headers=headers)
