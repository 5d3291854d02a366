"""When so many calls fail that going on would only burn contacts."""

from __future__ import annotations

from datetime import timedelta

WINDOW = timedelta(seconds=120)
"""How far back calls of a campaign are looked at."""
LEAST = 5
"""Calls; fewer tell nothing."""


def mostly_fail(calls: int, failures: int) -> bool:
    """Whether over half of enough calls failed."""
    return calls >= LEAST and failures * 2 > calls


def tripped(calls: int, failures: int) -> str | None:
    """Why a campaign with these calls in its last WINDOW must pause, as a sentence for its owner; None: it need not."""
    if not mostly_fail(calls, failures):
        return None
    return f"{failures} of the last {calls} calls failed within {WINDOW.total_seconds():.0f} seconds"
