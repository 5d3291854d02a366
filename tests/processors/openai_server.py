"""A local server that speaks OpenAI's chat completions over real HTTP, and fails in every way that real ones do."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web
from aiohttp.test_utils import TestServer


def text(content: str | None, **more: Any) -> dict[str, Any]:
    return chunk({"content": content, **more})


def chunk(delta: dict[str, Any] | None, finish: str | None = None) -> dict[str, Any]:
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion.chunk",
        "created": 1,
        "model": "local",
        "choices": [{"index": 0, "delta": delta, "finish_reason": finish}],
    }


def call(index: int | None, arguments: str, **first: str) -> dict[str, Any]:
    fragment: dict[str, Any] = {"function": {"arguments": arguments}}
    if index is not None:
        fragment["index"] = index
    if first:
        fragment |= {"id": first["id"], "type": "function"}
        fragment["function"]["name"] = first["name"]
    return chunk({"tool_calls": [fragment]})


def whole(content: Any, **more: Any) -> dict[str, Any]:
    """A message of JSON, or of text as it is."""
    return {"content": content if isinstance(content, str | None) else json.dumps(content), **more}


STOP = chunk({}, "stop")
USAGE = {**chunk({}), "choices": [], "usage": {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}}
HANG, RESET, BROKEN, ERROR = "hang", "reset", "data: {broken\n\n", "error"


class OpenAiServer:
    """`script` is what the next answer is made of; a number instead is an HTTP status."""

    def __init__(self) -> None:
        self.script: list[dict[str, Any] | str] | int = []
        self.answers: list[dict[str, Any] | str | int] = []
        """To requests that want no stream, one each, the last one again and again: a message, what is wrong in place
        of one, or a status."""
        self.asked: list[dict[str, Any]] = []
        self.keys: list[str] = []
        self.hung = asyncio.Event()
        self.left = asyncio.Event()
        """Set once a client has gone away from a request that hung."""
        self.base_url = ""

    async def answer(self, request: web.Request) -> web.StreamResponse:
        self.asked.append(await request.json())
        self.keys.append(request.headers["Authorization"])
        if not self.asked[-1].get("stream"):
            return await self._answer_whole(self.answers.pop(0) if len(self.answers) > 1 else self.answers[0])
        if isinstance(self.script, int):
            return web.json_response({"error": {"message": "secret detail", "type": "x"}}, status=self.script)
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        if self.script[:1] == [HANG]:
            await self._hang()
        if self.script[:1] != [RESET]:
            await response.prepare(request)
        for part in self.script:
            if part == HANG:
                await self._hang()
            elif part == RESET:
                assert request.transport is not None
                request.transport.abort()
                return response
            elif part == ERROR:
                await response.write(b'data: {"error": {"message": "secret detail", "code": 500}}\n\n')
            elif isinstance(part, str):
                await response.write(part.encode())
            else:
                await response.write(f"data: {json.dumps(part)}\n\n".encode())
        await response.write_eof()
        return response

    async def _answer_whole(self, answer: dict[str, Any] | str | int) -> web.StreamResponse:
        if isinstance(answer, int):
            return web.json_response({"error": {"message": "secret detail", "type": "x"}}, status=answer)
        if answer == HANG:
            await self._hang()
        if isinstance(answer, str):
            return web.Response(text=answer, content_type="application/json")
        message = {"role": "assistant", **answer}
        choice = {"index": 0, "finish_reason": message.pop("finish", "stop"), "message": message}
        about = {"id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": "local"}
        return web.json_response({**about, "choices": [choice]})

    async def _hang(self) -> None:
        self.hung.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            self.left.set()
            raise


@asynccontextmanager
async def running() -> AsyncIterator[OpenAiServer]:
    stand_in = OpenAiServer()
    app = web.Application()
    app.router.add_post("/v1/chat/completions", stand_in.answer)
    server = TestServer(app, host="127.0.0.1")
    await server.start_server()
    stand_in.base_url = str(server.make_url("/v1"))
    try:
        yield stand_in
    finally:
        await server.close()
