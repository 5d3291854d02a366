"""What has happened in each call so far: told to whoever joins late, and for a while after the end."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field

from storage.bus import EventBus, Message

EVENTS = 200
KEPT_SECONDS = 600.0
PASSING = frozenset({"partial", "speech", "held", "resumed"})
"""News of the moment: told to who is there, and to nobody later."""


@dataclass(slots=True)
class _Story:
    events: deque[Message] = field(default_factory=lambda: deque(maxlen=EVENTS))
    ended_at: float | None = None


class Stories:
    """A bus that remembers what went over `call.<id>`. Stands where the calls publish and the sockets listen."""

    def __init__(self, bus: EventBus, clock: Callable[[], float] = time.monotonic) -> None:
        self._bus, self._clock = bus, clock
        self._stories: dict[str, _Story] = {}

    async def publish(self, topic: str, message: Message) -> None:
        if topic.startswith("call.") and "type" in message:
            self._note(topic, message)
        await self._bus.publish(topic, message)

    def subscribe(self, topic: str) -> AbstractAsyncContextManager[AsyncIterator[Message]]:
        return self._bus.subscribe(topic)

    def knows(self, topic: str) -> bool:
        return topic in self._stories

    @asynccontextmanager
    async def follow(self, topic: str) -> AsyncIterator[AsyncIterator[Message]]:
        """The story so far, then the rest as it happens, up to and with `end`."""
        async with self._bus.subscribe(topic) as news:
            story = self._stories.get(topic)
            past = tuple(story.events) if story is not None else ()
            yield _told(past, news)

    def _note(self, topic: str, message: Message) -> None:
        if message["type"] == "start":
            self._forget_old()
        if message["type"] in PASSING:
            return
        story = self._stories.setdefault(topic, _Story())
        story.events.append(message)
        if message["type"] == "end":
            story.ended_at = self._clock()

    def _forget_old(self) -> None:
        oldest = self._clock() - KEPT_SECONDS
        for topic, story in list(self._stories.items()):
            if story.ended_at is not None and story.ended_at < oldest:
                del self._stories[topic]


async def _told(past: tuple[Message, ...], news: AsyncIterator[Message]) -> AsyncIterator[Message]:
    for message in past:
        yield message
    if past and past[-1]["type"] == "end":
        return
    async for message in news:
        yield message
        if message.get("type") == "end":
            return
