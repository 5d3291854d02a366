"""The server that a scenario's tools talk to: it answers what the scenario says, or fails as it says."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web

HANGS, OK = 0, 200


class ToolServer:
    def __init__(self, answers: Mapping[str, Any]) -> None:
        self._answers = answers
        self.url = ""
        self.statuses: dict[str, int] = {}
        """Of paths that fail by now; 0 (`HANGS`): no answer comes."""
        self._over = asyncio.Event()

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[None]:
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self._answer)
        runner = web.AppRunner(app, handle_signals=False, shutdown_timeout=0.1)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        self.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        try:
            yield
        finally:
            self._over.set()
            await runner.cleanup()

    async def _answer(self, request: web.Request) -> web.Response:
        status = self.statuses.get(request.path, OK)
        if status == HANGS:
            await self._over.wait()
        if request.path not in self._answers:
            return web.json_response({"error": "not found"}, status=404)
        if status != OK:
            return web.json_response({"error": "rehearsed"}, status=status)
        return web.json_response(self._answers[request.path])
