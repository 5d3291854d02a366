"""Which of a campaign's numbers the next calls are made from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from heapq import heapify, heappop, heapreplace

from dialer.breaker import mostly_fail
from storage.records import Distribution

COOL_WINDOW = timedelta(minutes=10)
"""How long a failed call counts against the number that it was made from."""


@dataclass(frozen=True, slots=True)
class Line:
    """A number to call from, and what it did lately."""

    id: str
    number: str
    provider: str
    recent: int
    """Calls placed from it in the last 60 s, by any campaign."""
    used: int
    """Calls of this campaign from it."""
    tries: int
    """Calls from it in the last COOL_WINDOW."""
    failures: int
    """Those of them that failed."""

    @property
    def cools_down(self) -> bool:
        """It is left alone until its failures are forgotten."""
        return mostly_fail(self.tries, self.failures)


def choose(
    lines: Sequence[Line], count: int, *, per_minute: int, distribution: Distribution, last: str | None
) -> list[Line]:
    """A line for each of the next `count` calls, in order; fewer where the numbers' rates allow no more.

    `last` is the id of the line that the latest call was made from: turns go on after it.
    """
    ids = [line.id for line in lines]
    after = ids.index(last) + 1 if last in ids else 0
    turns = [*lines[after:], *lines[:after]]
    fit = [line for line in turns if not line.cools_down and line.recent < per_minute]
    by_turns = distribution is Distribution.ROUND_ROBIN
    # Of each line: how often it was taken, its turn, and how often it may still be.
    waiting = [(0 if by_turns else line.used, turn, per_minute - line.recent) for turn, line in enumerate(fit)]
    heapify(waiting)
    chosen: list[Line] = []
    while waiting and len(chosen) < count:
        taken, turn, left = waiting[0]
        chosen.append(fit[turn])
        if left > 1:
            heapreplace(waiting, (taken + 1, turn, left - 1))
        else:
            heappop(waiting)
    return chosen
