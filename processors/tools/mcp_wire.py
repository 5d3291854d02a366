"""JSON-RPC with a server of tools, by the Model Context Protocol's streamable HTTP: one POST for each message.

https://modelcontextprotocol.io/specification/2025-06-18/basic/transports
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from functools import partial
from typing import Any

import orjson
from aiohttp import ClientResponse
from pydantic import SecretStr

from processors.tools.requests import LARGEST_ANSWER, Outside, Read, Reply, Request, RequestError, checked, whole

VERSION = "2025-06-18"
SPOKEN = frozenset({"2025-03-26", VERSION, "2025-11-25"})
"""Versions of the protocol that say the same of what is used here."""
SESSION, SPOKEN_VERSION = "Mcp-Session-Id", "MCP-Protocol-Version"
STREAM = "text/event-stream"
GONE = 404
"""The status with which a server forgets a session."""


class McpSession:
    def __init__(self, outside: Outside, url: str, headers: Mapping[str, SecretStr], seconds: float) -> None:
        """`seconds` are for one answer."""
        self._outside, self._url, self._seconds = outside, url, seconds
        self._own = {"Accept": SecretStr(f"application/json, {STREAM}"), **headers}
        self._of_session: dict[str, SecretStr] = {}
        self._asked = 0
        self._opening = asyncio.Lock()

    async def open(self) -> None:
        """Anew, if it was open before. Raises RequestError."""
        self._of_session = {}
        about = {"protocolVersion": VERSION, "capabilities": {}, "clientInfo": {"name": "vaani", "version": "1"}}
        asked, reply = await self._exchange("initialize", about)
        version = _result(reply, asked).get("protocolVersion")
        if version not in SPOKEN:
            raise RequestError("it speaks a version of the protocol that is not known here")
        session = reply.headers.get(SESSION)
        self._of_session = {SPOKEN_VERSION: SecretStr(version)} | ({SESSION: SecretStr(session)} if session else {})
        await self._send({"jsonrpc": "2.0", "method": "notifications/initialized"}, whole)

    async def ask(self, method: str, params: Mapping[str, Any]) -> Mapping[str, Any]:
        """Its result. A session that the server has forgotten is opened once more. Raises RequestError."""
        session = self._of_session
        try:
            return await self._answer(method, params)
        except RequestError as error:
            if error.status != GONE:
                raise
        async with self._opening:
            if self._of_session is session:
                await self.open()
        return await self._answer(method, params)

    async def close(self) -> None:
        """Tells the server that nobody will come back. Some do not want to know."""
        if SESSION in self._of_session:
            request = Request("DELETE", self._url, {**self._own, **self._of_session}, self._seconds)
            try:
                await self._outside.asked(request)
            except RequestError:
                return

    async def _answer(self, method: str, params: Mapping[str, Any]) -> Mapping[str, Any]:
        asked, reply = await self._exchange(method, params)
        return _result(reply, asked)

    async def _exchange(self, method: str, params: Mapping[str, Any]) -> tuple[int, Reply]:
        self._asked += 1
        asked = self._asked
        message = {"jsonrpc": "2.0", "id": asked, "method": method, "params": params}
        return asked, await self._send(message, partial(_one_answer, asked=asked))

    async def _send(self, message: Mapping[str, Any], read: Read) -> Reply:
        headers = {**self._own, **self._of_session}
        return await self._outside.asked(Request("POST", self._url, headers, self._seconds, message), read=read)


async def _one_answer(response: ClientResponse, asked: int) -> Reply:
    """Of a stream only the event that answers; what comes before it (news, progress) is passed over."""
    if checked(response) != STREAM:
        return await whole(response)
    async for event in _events(response):
        message = _parsed(event)
        if isinstance(message, Mapping) and message.get("id") == asked and "method" not in message:
            return Reply(response.status, "application/json", event, response.headers)
    raise RequestError("its stream ended without an answer", status=response.status)


async def _events(response: ClientResponse) -> AsyncIterator[str]:
    """The data of each. Raises RequestError if there is too much of it."""
    data: list[str] = []
    rest, read = bytearray(), 0
    async for part in response.content.iter_any():
        read += len(part)
        if read > LARGEST_ANSWER:
            raise RequestError(f"its answer is longer than {LARGEST_ANSWER >> 10} KiB", status=response.status)
        rest += part
        if b"\n" not in part:  # one that comes byte by byte is not looked through for each
            continue
        *lines, rest = rest.replace(b"\r\n", b"\n").split(b"\n")
        for line in lines:
            text = line.decode("utf-8", "replace")
            if text.startswith("data:"):
                data.append(text.removeprefix("data:").removeprefix(" "))
            elif not text and data:
                yield "\n".join(data)
                data = []


def _parsed(text: str) -> Any:
    try:
        return orjson.loads(text)
    except ValueError:
        return None


def _result(reply: Reply, asked: int) -> Mapping[str, Any]:
    """Raises RequestError."""
    message = reply.json()
    if not isinstance(message, Mapping) or message.get("id") != asked:
        raise RequestError("it answered something else than it was asked")
    if isinstance(error := message.get("error"), Mapping):
        raise RequestError("it answered with an error", says=str(error.get("message") or ""))
    result = message.get("result")
    if not isinstance(result, Mapping):
        raise RequestError("it answered neither a result nor an error")
    return result
