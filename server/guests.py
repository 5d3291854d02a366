"""One connection as the door sees it: what it is at, and whether it has outstayed."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from enum import StrEnum

from aiohttp import StreamReader
from aiohttp.abc import AbstractStreamWriter


@dataclass(frozen=True, slots=True)
class Patience:
    """How long is waited, and for how many. Times are in seconds."""

    head: float = 10.0
    """For the whole head of a connection's first request."""
    idle: float = 14.0
    """Between two requests, until the head of the second is whole."""
    body: float = 11.0
    """How far a body may fall behind `rate`. A reader's own limit of 10 s comes first, and can still be told."""
    rate: float = 10_000
    """Bytes a second that a body has to bring."""
    unsent: float = 60.0
    """For a client to take any of its answer. A browser that plays a recording takes its time."""
    connections: int = 10_000
    """At once, in this process."""
    strangers: int = 200
    """At once, of one address: connections that have been there for two sweeps without a whole request."""
    sweep: float = 1.0
    """Between two looks at every connection."""


class Reason(StrEnum):
    """Why a connection was closed."""

    SILENT = "silent"
    SLOW = "slow"
    UNREAD = "unread"
    TOO_MANY = "too_many"


@dataclass(slots=True, eq=False)
class Guest:
    transport: asyncio.Transport
    address: str | None
    """None: a trusted proxy, for which no number is too many."""
    came: float
    seen: bool = False
    """A sweep has found it."""
    asked: bool = False
    """The head of a request has come."""
    whole: bool = False
    """A request has come, with its body."""
    stranger: bool = False
    """It counts among those of its address that have not had a whole request."""
    socket: bool = False
    """It is a websocket now, which has rules of its own."""
    writer: AbstractStreamWriter | None = None
    """Of its latest answer."""
    _body: StreamReader | None = None
    _came: int = 0
    """Bytes of the body."""
    _looked: float = 0.0
    """When they were counted."""
    _margin: float = 0.0
    """Seconds that the body may still fall behind."""
    _taken: int = 0
    """Bytes of the answer that the client's side has taken."""
    _took: float = 0.0
    """When it last took some."""

    def asks(self, body: StreamReader, now: float, patience: Patience) -> None:
        """The head of a request has come, and more or less of its body."""
        self.asked = True
        if body.is_eof():
            self.whole = True
        else:
            self._body, self._came, self._looked, self._margin = body, 0, now, patience.body

    def outstayed(self, now: float, patience: Patience) -> Reason | None:
        if not self.asked and now - self.came > patience.head:
            return Reason.SILENT
        if self._body is not None and self._drips(self._body, now, patience):
            return Reason.SLOW
        if self._unread(now, patience):
            return Reason.UNREAD
        return None

    def _drips(self, body: StreamReader, now: float, patience: Patience) -> bool:
        if body.is_eof():
            self._body, self.whole = None, True
            return False
        came = body.total_raw_bytes
        self._margin += (came - self._came) / patience.rate
        if self.transport.is_reading():  # else it is we who do not take it
            self._margin -= now - self._looked
        self._margin = min(self._margin, patience.body)
        self._came, self._looked = came, now
        return self._margin < 0

    def _unread(self, now: float, patience: Patience) -> bool:
        unsent = self.transport.get_write_buffer_size()
        taken = (self.writer.output_size if self.writer is not None else 0) - unsent
        if self.socket or not unsent or taken != self._taken:
            self._taken, self._took = taken, now
        return now - self._took > patience.unsent
