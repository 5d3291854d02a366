"""How many requests a carrier may be sent in a minute."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable

WINDOW = 60.0
"""Seconds: carriers count by the minute, and do not say when one begins, so that any minute has to do."""
MARGIN = 1.0
"""Seconds by which requests may bunch up on the way."""


class TooMany(Exception):  # noqa: N818 - the trouble's own name
    """The next request would come too late."""

    def __init__(self, wait: float) -> None:
        """`wait` is in seconds."""
        super().__init__("too many requests to the carrier")
        self.wait = wait


class RequestPace:
    """Lets requests through as long as no minute holds more of them than `a_minute`.

    Reads get at most half of it: a campaign none of whose status reports arrives needs one read for each dial. More
    would keep dials waiting, and with fewer the calls that nobody told the end of would pile up.
    """

    def __init__(
        self,
        a_minute: int = 200,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        if a_minute < 2:
            raise ValueError("a_minute must be at least 2")
        self._clock, self._sleep = clock, sleep
        self._sent: deque[float] = deque(maxlen=a_minute)
        self._reads: deque[float] = deque(maxlen=a_minute // 2)
        self._held_until = 0.0

    def take(self, *, read: bool = False) -> float:
        """0: the request may be sent now, and counts. Else seconds after which it is worth asking again."""
        now = self._clock()
        free = max(self._held_until, _room(self._sent), _room(self._reads) if read else 0.0)
        if free > now:
            return free - now
        self._sent.append(now)
        if read:
            self._reads.append(now)
        return 0.0

    async def turn(self, patience: float, *, read: bool = False) -> None:
        """Returns when the request may be sent. Raises TooMany, at once, if that is `patience` seconds from now."""
        give_up = self._clock() + patience
        while wait := self.take(read=read):
            if self._clock() + wait >= give_up:
                raise TooMany(wait)
            await self._sleep(wait)

    def hold(self, seconds: float) -> None:
        """The carrier wants none for so long."""
        self._held_until = max(self._held_until, self._clock() + seconds)


def _room(sent: deque[float]) -> float:
    """When the oldest of a full count is forgotten."""
    return sent[0] + WINDOW + MARGIN if len(sent) == sent.maxlen else 0.0
