"""Long work in a thread that lets the event loop have its turn."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from typing import TypeVar

AT_ONCE = 16
"""Numbers looked into between two turns of the event loop: half a millisecond."""
_T = TypeVar("_T")


def gently(items: Iterable[_T]) -> Iterator[_T]:
    """The items. It gives way after a few, where the event loop would wait for Python's 5 ms to be over.

    After each would be too often: to give way costs more than to look into a number.
    """
    for place, item in enumerate(items):
        if place % AT_ONCE == 0:
            time.sleep(0)
        yield item
