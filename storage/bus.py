"""News between the parts of the server: a wake-up call, never the record of what happened."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any, Protocol

Message = Mapping[str, Any]

BACKLOG = 256
"""Messages that may wait for one subscriber. More than this behind, it will not catch up."""


class SlowSubscriberError(Exception):
    """The subscriber fell too far behind and was dropped. What it missed is in the database."""


class EventBus(Protocol):
    async def publish(self, topic: str, message: Message) -> None:
        """Never waits for a subscriber."""
        ...

    def subscribe(self, topic: str) -> AbstractAsyncContextManager[AsyncIterator[Message]]:
        """Every message published from the moment the block is entered, in order.

        The iterator raises SlowSubscriberError, after what was still waiting, once the reader is too far behind.
        """
        ...


class MemoryBus:
    """The bus of a single process."""

    def __init__(self, backlog: int = BACKLOG) -> None:
        self._backlog = backlog
        self._subscribers: dict[str, set[_Subscriber]] = {}

    async def publish(self, topic: str, message: Message) -> None:
        for subscriber in tuple(self._subscribers.get(topic, ())):
            if not subscriber.put(message):
                self._leave(topic, subscriber)

    @asynccontextmanager
    async def subscribe(self, topic: str) -> AsyncIterator[AsyncIterator[Message]]:
        subscriber = _Subscriber(self._backlog)
        self._subscribers.setdefault(topic, set()).add(subscriber)
        try:
            yield subscriber
        finally:
            self._leave(topic, subscriber)

    def _leave(self, topic: str, subscriber: _Subscriber) -> None:
        there = self._subscribers.get(topic, set())
        there.discard(subscriber)
        if not there:
            self._subscribers.pop(topic, None)


class _Subscriber:
    def __init__(self, backlog: int) -> None:
        self._backlog = backlog
        self._waiting: deque[Message] = deque()
        self._news = asyncio.Event()
        self._dropped = False

    def put(self, message: Message) -> bool:
        """False once it is too far behind."""
        self._dropped = self._dropped or len(self._waiting) >= self._backlog
        if not self._dropped:
            self._waiting.append(message)
        self._news.set()
        return not self._dropped

    def __aiter__(self) -> AsyncIterator[Message]:
        return self

    async def __anext__(self) -> Message:
        while not self._waiting:
            if self._dropped:
                raise SlowSubscriberError
            self._news.clear()
            await self._news.wait()
        return self._waiting.popleft()
