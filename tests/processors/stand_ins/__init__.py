"""Servers that speak a provider's documented wire, and fail as it may. None of them needs a key that is one."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any, Protocol

FAULTS = ("unauthorized", "rate_limited", "broken", "hang", "reset", "cut", "garbage")
"""What goes wrong: 401, 429, 500; accepts and is silent; closes the connection, at once or in mid-sentence; sends
what nobody can read."""
SECRET = "secret"
"""Part of every stand-in's key, and of what it says beside a fault's name: never to be told to anybody."""
_OURS = tuple(str(Path(__file__).parents[3] / package) for package in ("processors", "pipeline"))


class StandIn(Protocol):
    fault: str
    """One of FAULTS, or empty."""
    open: int
    """Connections and requests that are being served."""

    def params(self, **more: Any) -> dict[str, Any]:
        """The options of a provider that is to use this server."""
        ...


def tasks_of_ours() -> list[asyncio.Task[Any]]:
    """Those that run a coroutine of the code under test."""
    codes = ((task, getattr(task.get_coro(), "cr_code", None)) for task in asyncio.all_tasks())
    return [task for task, code in codes if code is not None and code.co_filename.startswith(_OURS)]
