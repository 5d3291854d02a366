"""What a speech engine does, and the threads it does it in."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Protocol

Take = Callable[[bytes], bool]
"""Given each piece of sound as it is made; False: enough, make no more."""

THREADS = ThreadPoolExecutor(4, thread_name_prefix="voice")
"""All synthesis of this process. A phrase takes 2 to 30 ms of one core."""


class Engine(Protocol):
    rate: int
    """Samples a second of what it makes."""
    presence: float
    """How much its consonants must be lifted to be understood over a telephone, in [0, 1)."""

    def say(self, text: str, take: Take) -> None:
        """Blocks until the phrase is made or `take` has had enough. May be called from many threads."""
        ...
