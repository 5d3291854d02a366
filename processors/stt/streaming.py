"""A recogniser on the other end of a websocket: the caller's speech goes out as it comes, the texts come back."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterable, Iterable, Mapping
from typing import Any, Protocol

from pipeline.frames import Transcript
from pipeline.tasks import alongside
from processors.deadline import Deadline
from processors.json_socket import JsonSocket
from processors.ports import ListenFrame, ProviderError
from processors.stt.stretches import Stretches


class Dialect(Protocol):
    """How one provider's messages are written and read; made anew for each connection."""

    def sound(self, pcm: bytes) -> Mapping[str, Any]:
        """The message that carries a second of sound or less."""
        ...

    def end(self) -> Mapping[str, Any]:
        """The message that asks for the final text of all that was sent since the last one."""
        ...

    def read(self, message: Mapping[str, Any]) -> Iterable[Transcript]:
        """What a message tells: one final text for each `end`, in their order. Raises ProviderError if it is one."""
        ...


async def streaming(
    socket: JsonSocket,
    dialect: Dialect,
    heard: AsyncIterable[ListenFrame],
    stretches: Stretches,
    *,
    begin_seconds: float,
    final_seconds: float,
) -> AsyncGenerator[Transcript, None]:
    """Texts until `heard` is at its end and the last final one has come.

    Raises ProviderError: among others, if the service says nothing at all within `begin_seconds`, or has no final text
    `final_seconds` after the speech.
    """
    session = _Session(socket, dialect, begin_seconds, final_seconds)
    async with alongside(session.send(heard, stretches)):
        while (message := await session.receive()) is not None:
            for transcript in dialect.read(message):
                if transcript.final:
                    session.answered()
                yield transcript


class _Session:
    def __init__(self, socket: JsonSocket, dialect: Dialect, begin_seconds: float, final_seconds: float) -> None:
        self._socket = socket
        self._dialect = dialect
        self._final_seconds = final_seconds
        self._due: deque[float] = deque()
        """By when each final text that was asked for has to be there."""
        self._deadline = Deadline()
        self._deadline.within(begin_seconds)
        self._ended = False

    async def send(self, heard: AsyncIterable[ListenFrame], stretches: Stretches) -> None:
        async for frame in heard:
            hearing = stretches.hear(frame)
            for pcm in hearing.pieces:
                await self._socket.send(self._dialect.sound(pcm))
            if hearing.ended:
                self._due.append(asyncio.get_running_loop().time() + self._final_seconds)
                self._deadline.at(self._due[0])
                await self._socket.send(self._dialect.end())
        self._ended = True
        if not self._due:
            await self._socket.close()

    async def receive(self) -> dict[str, Any] | None:
        """None: there is nothing more to come."""
        if self._over:
            return None
        try:
            message = await self._deadline.wait(self._socket.receive())
        except TimeoutError as error:
            raise ProviderError.of(self._socket.provider, error) from None
        except ProviderError:
            if self._over:
                return None
            raise
        self._deadline.at(self._due[0] if self._due else None)
        return message

    def answered(self) -> None:
        if self._due:
            self._due.popleft()
        self._deadline.at(self._due[0] if self._due else None)

    @property
    def _over(self) -> bool:
        return self._ended and not self._due
