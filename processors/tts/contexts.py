"""ElevenLabs' multi-context socket: one connection, and a context for each reply, which can be closed by itself."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from itertools import count
from typing import Any, Final

from pipeline.mailbox import Mailbox
from pipeline.tasks import alongside
from processors.deadline import Deadline
from processors.elevenlabs_account import trouble
from processors.json_socket import JsonSocket
from processors.ports import ProviderError

MOST: Final = 5
"""Contexts that a connection may have at once."""
KEEP_ALIVE = 10.0
"""Seconds; the service gives up a context of which it has heard nothing for 20."""
_FAREWELL = 0.2
"""Seconds that the closing of a context may take on a line that takes nothing more."""
_WAITING = 10_000
"""Messages of a reply that may wait for its reader; a long one has some hundreds."""


class Contexts:
    def __init__(self, socket: JsonSocket) -> None:
        self._socket = socket
        self._open: dict[str, Context] = {}
        self._names = (f"reply-{number}" for number in count(1))
        self._broken: ProviderError | None = None

    @property
    def takes_more(self) -> bool:
        return self._broken is None and self._socket.open and len(self._open) < MOST

    @asynccontextmanager
    async def context(self) -> AsyncIterator[Context]:
        """One of its own, closed at the block's end; what still comes for it is dropped."""
        context = Context(next(self._names), self._socket)
        self._open[context.name] = context
        if self._broken is not None:
            context.stop(self._broken)
        try:
            yield context
        finally:
            del self._open[context.name]
            await context.close()

    async def run(self) -> None:
        """Brings each message to its context, for as long as the connection lasts. Raises ProviderError at its end."""
        async with alongside(self._keep_alive()):
            try:
                while True:
                    self._hand_out(await self._socket.receive())
            except ProviderError as error:
                self._broken = error
                raise
            finally:
                for context in self._open.values():
                    context.stop(self._broken)

    def _hand_out(self, message: Mapping[str, Any]) -> None:
        context = self._open.get(str(message.get("contextId")))
        if error := message.get("error"):
            if message.get("contextId") is None:
                raise trouble(error)
            if context is not None:
                context.stop(trouble(error))
        elif context is not None:
            context.came(message)

    async def _keep_alive(self) -> None:
        while True:
            await asyncio.sleep(KEEP_ALIVE)
            names = [context.name for context in self._open.values() if context.begun]
            for message in [{"text": "", "context_id": name} for name in names] or [{"text": ""}]:
                await self._socket.send(message)


class Context:
    """One reply's part of the connection. Nothing goes over it before its first text."""

    def __init__(self, name: str, socket: JsonSocket) -> None:
        self.name = name
        self.begun = False
        self.deadline = Deadline()
        self._socket = socket
        self._came: Mailbox[Mapping[str, Any]] = Mailbox(_WAITING)
        self._error: ProviderError | None = None
        self._closed = False

    async def begin(self, voice: Mapping[str, Any]) -> None:
        """`voice`: its settings, where it has any. They may be told only once. Raises ProviderError."""
        self.begun = True
        settings = {"voice_settings": dict(voice)} if voice else {}
        await self._socket.send({"text": " ", "context_id": self.name, **settings})

    async def say(self, text: str) -> None:
        """Raises ProviderError."""
        await self._socket.send({"text": f"{text.strip()} ", "context_id": self.name})

    async def finish(self) -> None:
        """Nothing more is to be said: the rest is made, and then its end is told. Raises ProviderError."""
        self._closed = True
        await self._socket.send({"context_id": self.name, "flush": True})
        await self._socket.send({"context_id": self.name, "close_context": True})

    async def close(self) -> None:
        """What was not made yet never is. The connection goes on."""
        if self._closed or not self.begun or not self._socket.open:
            return
        self._closed = True
        try:
            async with asyncio.timeout(_FAREWELL):
                await self._socket.send({"context_id": self.name, "close_context": True})
        except (ProviderError, TimeoutError):
            await self._socket.close()  # the line is broken: who reads it says so

    async def next(self) -> Mapping[str, Any] | None:
        """The next message; None: that was all. Raises ProviderError, also when nothing came within the deadline."""
        try:
            message = await self.deadline.wait(anext(self._came, None))
        except TimeoutError as error:
            raise ProviderError.of(self._socket.provider, error) from None
        if message is None and self._error is not None:
            raise self._error
        return message

    def came(self, message: Mapping[str, Any]) -> None:
        if message.get("audio"):
            self._came.put(message)
        if message.get("isFinal"):
            self._came.close()

    def stop(self, error: ProviderError | None = None) -> None:
        """Whoever waits for a message gets none any more."""
        self._error = error
        self._came.close()
