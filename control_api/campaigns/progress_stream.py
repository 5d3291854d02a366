"""Numbered Server-Sent Events, with a pulse: who does not read is dropped, and holds up nobody."""

from __future__ import annotations

import asyncio
from time import monotonic

from aiohttp import web
from pydantic import BaseModel

from control_api.people.event_stream import HEADERS
from control_api.web.serving import tell_limits

SEND_SECONDS = 5.0
"""A reader that takes nothing for this long is dropped."""
PING_SECONDS = 15.0
"""Between two signs of life: proxies close what is silent."""
RETRY_MS = 2000
"""Before a reader whose connection broke comes again."""


class ReaderGoneError(Exception):
    """It has left, or was dropped."""


class ProgressStream:
    def __init__(self, request: web.Request, *, by_alias: bool) -> None:
        """`by_alias`: the words of the data are the developers'."""
        self.answer = web.StreamResponse(headers=HEADERS)
        self._request, self._by_alias = request, by_alias
        self._wrote = 0.0

    async def begin(self) -> None:
        tell_limits(self._request, self.answer)
        await self.answer.prepare(self._request)
        await self._write(f"retry: {RETRY_MS}\n\n")

    async def send(self, number: int, event: str, data: BaseModel) -> None:
        """`number` is what a reader names who comes again. Raises ReaderGoneError."""
        text = data.model_dump_json(by_alias=self._by_alias)  # of one line
        await self._write(f"id: {number}\nevent: {event}\ndata: {text}\n\n")

    async def live(self) -> None:
        """To be called now and then. Raises ReaderGoneError."""
        if monotonic() - self._wrote >= PING_SECONDS:
            await self._write(": ping\n\n")
        transport = self._request.transport
        if transport is None or transport.is_closing():
            raise ReaderGoneError

    async def _write(self, text: str) -> None:
        try:
            async with asyncio.timeout(SEND_SECONDS):
                await self.answer.write(text.encode())
        except TimeoutError:
            if self._request.transport is not None:
                self._request.transport.abort()
            raise ReaderGoneError from None
        except ConnectionError:
            raise ReaderGoneError from None
        self._wrote = monotonic()
