"""What has happened in each call so far: told to whoever joins late, and for a while after the end."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field

from storage.bus import EventBus, Message

EVENTS = 200
KEPT_SECONDS = 600.0
PASSING = frozenset({"partial", "speech", "held", "resumed"})
"""News of the moment: told to who is there, and to nobody later."""
NUMBER = "number"
"""Key under which each other message says how many there were before it; not shown."""


@dataclass(slots=True)
class _Story:
    events: deque[Message] = field(default_factory=lambda: deque(maxlen=EVENTS))
    ended_at: float | None = None
    count: int = 0
    """Of all events, those that were dropped as well."""


class Stories:
    """A bus that remembers what went over `call.<id>`. Stands where the calls publish and the sockets listen."""

    def __init__(self, bus: EventBus, clock: Callable[[], float] = time.monotonic) -> None:
        self._bus, self._clock = bus, clock
        self._stories: dict[str, _Story] = {}

    async def publish(self, topic: str, message: Message) -> None:
        if topic.startswith("call.") and "type" in message and message["type"] not in PASSING:
            message = self._noted(topic, message)
        await self._bus.publish(topic, message)

    def subscribe(self, topic: str) -> AbstractAsyncContextManager[AsyncIterator[Message]]:
        return self._bus.subscribe(topic)

    def so_far(self, topic: str) -> Sequence[Message]:
        """Each with its number; empty for a call that nothing was told of here."""
        story = self._stories.get(topic)
        return () if story is None else tuple(story.events)

    @asynccontextmanager
    async def follow(
        self, topic: str, elsewhere: Callable[[], Awaitable[Sequence[Message]]] | None = None
    ) -> AsyncIterator[AsyncIterator[Message]]:
        """The story so far, then the rest as it happens, up to and with `end`.

        Of a call that another process tells of, `elsewhere` asks that one for the story so far.
        """
        async with self._bus.subscribe(topic) as news:
            past = self.so_far(topic)
            if not past and elsewhere is not None:
                past = await elsewhere()
            yield _told(past, news)

    def _noted(self, topic: str, message: Message) -> Message:
        """With its number: who joins is told everything once, though it may be in the story and on its way as well."""
        if message["type"] == "start":
            self._forget_old()
        story = self._stories.setdefault(topic, _Story())
        story.count += 1
        message = {**message, NUMBER: story.count}
        story.events.append(message)
        if message["type"] == "end":
            story.ended_at = self._clock()
        return message

    def _forget_old(self) -> None:
        oldest = self._clock() - KEPT_SECONDS
        for topic, story in list(self._stories.items()):
            if story.ended_at is not None and story.ended_at < oldest:
                del self._stories[topic]


async def _told(past: Sequence[Message], news: AsyncIterator[Message]) -> AsyncIterator[Message]:
    told = 0
    for message in past:
        told = message[NUMBER]
        yield _plain(message)
    if past and past[-1]["type"] == "end":
        return
    async for message in news:
        if message.get(NUMBER, told + 1) > told:
            yield _plain(message)
        if message.get("type") == "end":
            return


def _plain(message: Message) -> Message:
    return {name: value for name, value in message.items() if name != NUMBER}
