"""What has happened in each call so far: told to whoever joins late, and for a while after the end."""

from __future__ import annotations

import asyncio
import secrets
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
SILENT_SECONDS = 6 * 3600.0
"""After which a call that nothing was told of has ended elsewhere: its transfer may have brought it there."""
NUMBER, TELLER = "number", "teller"
"""Keys under which each other message says how many of the same teller there were before it, and which; not shown."""
LAST_SECONDS = 2.0
"""How long after the end of a call the last of its news may still be on the way."""
SILENCE_SECONDS = 10.0
"""After which whoever follows a call asks whether something was missed, its end maybe."""

Ask = Callable[[], Awaitable[Sequence[Message]]]


@dataclass(slots=True)
class _Story:
    events: deque[Message] = field(default_factory=lambda: deque(maxlen=EVENTS))
    forget_at: float = 0.0
    count: int = 0
    """Of all events, those that were dropped as well."""


class Stories:
    """A bus that remembers what went over `call.<id>`. Stands where the calls publish and the sockets listen."""

    def __init__(self, bus: EventBus, clock: Callable[[], float] = time.monotonic) -> None:
        self._bus, self._clock = bus, clock
        self._stories: dict[str, _Story] = {}
        self._me = secrets.token_hex(4)

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
        self,
        topic: str,
        elsewhere: Ask | None = None,
        again: Ask | None = None,
        *,
        is_over: bool = False,
    ) -> AsyncIterator[AsyncIterator[Message]]:
        """The story so far, then the rest as it happens, up to and with `end`.

        Of a call that another process tells of, or has told of since a transfer, `elsewhere` asks that one for the
        story so far, and `again` asks it later, should something have been lost on the way. Of one that `is_over`, the
        rest is not waited for long: its end may have been told elsewhere.
        """
        async with self._bus.subscribe(topic) as news:
            past = self.so_far(topic)
            if not _has_ended(past) and elsewhere is not None:
                past = [*past, *(message for message in await elsewhere() if message[TELLER] != self._me)]
            yield self._told(past, news, again, is_over=is_over)

    async def _told(
        self, past: Sequence[Message], news: AsyncIterator[Message], again: Ask | None, *, is_over: bool
    ) -> AsyncIterator[Message]:
        told = _Told()
        for message in past:
            told.is_news(message)
            yield _plain(message)
        has_ended = _has_ended(past)
        while not has_ended:
            heard: list[Message] = []
            try:
                async with asyncio.timeout(LAST_SECONDS if is_over else SILENCE_SECONDS):
                    heard.append(await anext(news))
            except TimeoutError:
                pass
            if again is not None and (not heard or told.misses(heard[0])):
                heard = [*(one for one in await again() if one.get(TELLER) != self._me), *heard]
            if not heard and is_over:
                return
            for message in heard:
                if not has_ended and told.is_news(message):
                    yield _plain(message)
                    has_ended = message.get("type") == "end"

    def _noted(self, topic: str, message: Message) -> Message:
        """With its number: who joins is told everything once, though it may be in the story and on its way as well."""
        if message["type"] == "start":
            self._forget_old()
        story = self._stories.setdefault(topic, _Story())
        story.count += 1
        message = {**message, TELLER: self._me, NUMBER: story.count}
        story.events.append(message)
        story.forget_at = self._clock() + (KEPT_SECONDS if message["type"] == "end" else SILENT_SECONDS)
        return message

    def _forget_old(self) -> None:
        now = self._clock()
        for topic, story in list(self._stories.items()):
            if story.forget_at < now:
                del self._stories[topic]


class _Told:
    """How far each teller's messages have been told: they may come twice, and some may be lost on the way."""

    def __init__(self) -> None:
        self._last: dict[str, int] = {}

    def misses(self, message: Message) -> bool:
        """Whether there was something between the last one and this."""
        return NUMBER in message and message[NUMBER] > self._last.get(message[TELLER], 0) + 1

    def is_news(self, message: Message) -> bool:
        """False for one that was told; from now on this one was."""
        if NUMBER not in message:
            return True
        is_news: bool = message[NUMBER] > self._last.get(message[TELLER], 0)
        if is_news:
            self._last[message[TELLER]] = message[NUMBER]
        return is_news


def _has_ended(past: Sequence[Message]) -> bool:
    return bool(past) and past[-1]["type"] == "end"


def _plain(message: Message) -> Message:
    return {name: value for name, value in message.items() if name not in (NUMBER, TELLER)}
