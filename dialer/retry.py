"""Whether and when somebody is tried again who was not reached."""

from __future__ import annotations

from datetime import datetime, timedelta

from dialer.ports import Trouble
from storage.dialing import LOST, NODE_LOST
from storage.records import Flow, Outcome

FINAL = frozenset({Trouble.INVALID_NUMBER.value, Trouble.REFUSED.value, "do_not_call", LOST, NODE_LOST})
"""Reasons after which nobody is tried again, whatever the outcome was."""


def next_try(flow: Flow, outcome: Outcome, reason: str, attempts: int, at: datetime) -> datetime | None:
    """When the next attempt is due, hours left aside; None: no more.

    `attempts` counts those made so far, the one that ended `at` with `outcome` among them. A contact has one budget,
    whatever the outcomes: `retry_attempts` after the first attempt.
    """
    if reason in FINAL or outcome not in flow.retry_on or attempts > flow.retry_attempts:
        return None
    delays = flow.retry_delay_minutes
    return at + timedelta(minutes=delays[min(attempts, len(delays)) - 1])
