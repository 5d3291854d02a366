"""What a parent hands to one of its processes, and how the two speak: over a socket that ends with either of them."""

from __future__ import annotations

import asyncio
import socket
from dataclasses import dataclass, field

READY = b"ready\n"


@dataclass(slots=True)
class Seat:
    """A process's place among others that answer on the same port."""

    node: str
    slot: int
    """From 0; it may be taken by two for a while, when one replaces the other."""
    door: socket.socket
    """Bound, and shared with who held the place before: no connection that waits in it is lost."""
    retired: asyncio.Event = field(default_factory=asyncio.Event)
    """Another one has the place now: no connection is accepted any more."""


class Parent:
    """The other end, in the child."""

    def __init__(self, line: socket.socket) -> None:
        self._line = line

    def ready(self) -> None:
        self._line.sendall(READY)

    async def gone(self) -> None:
        """Returns once the parent has died."""
        self._line.setblocking(False)
        while await asyncio.get_running_loop().sock_recv(self._line, 64):
            pass
