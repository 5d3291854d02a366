"""A websocket to a provider on which both sides speak JSON. All its troubles are `ProviderError`s."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Container, Mapping
from contextlib import asynccontextmanager
from typing import Any

import orjson
from aiohttp import ClientError, ClientSession, ClientWebSocketResponse, ClientWSTimeout, WSMsgType

from processors.ports import ProviderError

_HEARTBEAT = 10.0
"""Seconds between pings: a connection of which only our half is left is noticed, though nobody waits for an answer."""
_FAREWELL = 0.3
"""Seconds that the other side has to close too."""


class JsonSocket:
    def __init__(self, provider: str, socket: ClientWebSocketResponse, refusals: Container[int]) -> None:
        self.provider = provider
        self._socket = socket
        self._refusals = refusals

    async def close(self) -> None:
        """Whoever waits for a message is told."""
        await self._socket.close()

    @property
    def open(self) -> bool:
        return not self._socket.closed

    async def send(self, message: Mapping[str, Any]) -> None:
        """Raises ProviderError."""
        try:
            await self._socket.send_str(orjson.dumps(message).decode())
        except (ClientError, OSError) as error:
            raise ProviderError.of(self.provider, error) from None

    async def receive(self) -> dict[str, Any]:
        """The next message. Raises ProviderError, also when the other side has closed: its code is told."""
        try:
            message = await self._socket.receive()
        except (ClientError, OSError) as error:
            raise ProviderError.of(self.provider, error) from None
        if message.type is not WSMsgType.TEXT:
            code = self._socket.close_code
            what = f"closed the connection with {code}" if code else "closed the connection"
            raise ProviderError(self.provider, what, retriable=code not in self._refusals)
        try:
            content = orjson.loads(message.data)
        except ValueError:
            content = None
        if not isinstance(content, dict):
            raise ProviderError(self.provider, "sent what is no JSON object")
        return content


@asynccontextmanager
async def json_socket(
    provider: str,
    http: ClientSession,
    url: str,
    *,
    headers: Mapping[str, str],
    seconds: float,
    refusals: Container[int] = (),
) -> AsyncIterator[JsonSocket]:
    """An open one, closed at the block's end. Raises ProviderError if it is not open within `seconds`.

    `url` may begin with `http` as well. `refusals` are the close codes after which another try would end the same way.
    """
    try:
        async with asyncio.timeout(seconds):
            socket = await http.ws_connect(
                url, headers=headers, heartbeat=_HEARTBEAT, timeout=ClientWSTimeout(ws_close=_FAREWELL)
            )
    except (ClientError, OSError, TimeoutError, ValueError) as error:
        raise ProviderError.of(provider, error) from None  # the cause holds our headers
    try:
        yield JsonSocket(provider, socket, refusals)
    finally:
        await socket.close()
