"""Whether an organisation's credits are low, after a change of what it has or of its threshold."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from storage.database import UnitOfWork
from storage.dialing import CreditAccount


def judged(account: CreditAccount, now: datetime) -> CreditAccount:
    """Low from now on, low as before, or not any more."""
    if account.threshold is None or account.balance >= account.threshold:
        return replace(account, low_since=None, letter_due=None, letters_failed=0)
    if account.low_since is None:
        return to_be_told(replace(account, low_since=now), now)
    return account


def to_be_told(account: CreditAccount, now: datetime) -> CreditAccount:
    """The owner, at the address that there is now."""
    return replace(account, letter_due=now if account.email is not None else None, letters_failed=0)


async def is_low(work: UnitOfWork) -> bool:
    """Whether the organisation's credits are below its threshold."""
    account = await work.credits.account()
    return account is not None and account.low_since is not None
