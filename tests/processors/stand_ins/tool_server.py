"""A server behind tools: answers what it is told to, and remembers what it was asked. One of its kind speaks MCP."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import ClientSession, web
from aiohttp.test_utils import TestServer

from processors.tools.requests import Outside

SESSION, VERSION = "Mcp-Session-Id", "MCP-Protocol-Version"


@dataclass(slots=True)
class Asked:
    method: str
    path: str
    headers: dict[str, str]
    body: Any


@dataclass(slots=True)
class ToolServer:
    url: str = ""
    asked: list[Asked] = field(default_factory=list)
    answers: list[web.Response | None] = field(default_factory=list)
    """In turn, and the last one for good. None: none comes."""
    go_on: asyncio.Event = field(default_factory=asyncio.Event)

    async def answer(self, request: web.Request) -> web.Response:
        text = await request.text()
        headers = dict(request.headers)
        self.asked.append(Asked(request.method, request.raw_path, headers, json.loads(text) if text else None))
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if answer is None:
            await self.go_on.wait()
            return web.Response()
        return web.Response(status=answer.status, body=answer.body, headers=answer.headers)


@dataclass(slots=True)
class McpStandIn:
    """A server of tools. What of the protocol it insists on it refuses with 400."""

    stream: bool = False
    """Answers as a stream of events, with news before the answer; else as one JSON object."""
    tools: list[dict[str, Any]] = field(default_factory=list)
    url: str = ""
    session: str = "s-1"
    methods: list[str] = field(default_factory=list)
    used: list[dict[str, Any]] = field(default_factory=list)
    closed: asyncio.Event = field(default_factory=asyncio.Event)

    async def answer(self, request: web.Request) -> web.StreamResponse:
        if request.method == "DELETE":
            self.closed.set()
            return web.Response(status=204)
        message = await request.json()
        method = message["method"]
        self.methods.append(method)
        accepted = request.headers["Accept"]
        if "application/json" not in accepted or "text/event-stream" not in accepted:
            return web.Response(status=400)
        if method == "initialize":
            about = {"protocolVersion": "2025-06-18", "capabilities": {"tools": {}}, "serverInfo": {"name": "x"}}
            return await self._told(request, message, about, {SESSION: self.session})
        if request.headers.get(SESSION) != self.session:
            return web.Response(status=404)
        if request.headers.get(VERSION) != "2025-06-18":
            return web.Response(status=400)
        if method == "notifications/initialized":
            return web.Response(status=202)
        if method == "tools/list":
            first = "cursor" not in message["params"]
            page = {"tools": self.tools[:1] if first else self.tools[1:]}
            if first and len(self.tools) > 1:
                page["nextCursor"] = "2"  # type: ignore[assignment]
            return await self._told(request, message, page)
        self.used.append(message["params"])
        if message["params"]["name"] == "broken":
            return await self._told(request, message, {"content": [{"type": "text", "text": "no"}], "isError": True})
        text = f"done {message['params']['arguments']}"
        return await self._told(request, message, {"content": [{"type": "text", "text": text}]})

    async def _told(
        self, request: web.Request, message: Any, result: Any, headers: dict[str, str] | None = None
    ) -> web.StreamResponse:
        answer = {"jsonrpc": "2.0", "id": message["id"], "result": result}
        if not self.stream:
            return web.json_response(answer, headers=headers)
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream", **(headers or {})})
        await response.prepare(request)
        news = {"jsonrpc": "2.0", "method": "notifications/progress", "params": {}}
        for event in (news, answer):
            await response.write(f"event: message\r\ndata: {json.dumps(event)}\r\n\r\n".encode())
        return response


@asynccontextmanager
async def serving(stand_in: ToolServer | McpStandIn) -> AsyncIterator[Outside]:
    """The way to it; `url` is where it is, without a slash at the end."""
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", stand_in.answer)
    async with TestServer(app) as server, ClientSession(auto_decompress=False) as http:
        stand_in.url = str(server.make_url("")).rstrip("/")
        yield Outside(http, plain=True)
        if isinstance(stand_in, ToolServer):
            stand_in.go_on.set()
