"""Waiting for what happens on its own: a database, a socket, another process."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable


async def until(so: Callable[[], bool | Awaitable[bool]], seconds: float = 10.0) -> None:
    """Returns as soon as it is so. Raises TimeoutError."""
    async with asyncio.timeout(seconds):
        while True:
            answer = so()
            if answer if isinstance(answer, bool) else await answer:
                return
            await asyncio.sleep(0.002)
