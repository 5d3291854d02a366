"""How fast a campaign can call, by its settings and by what calls came to so far."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from dialer.forecast import Retries
from dialer.ports import Account
from storage.database import UnitOfWork
from storage.records import Flow, Organisation, Outcome
from storage.statistics import Tally

USUAL_SECONDS = 60.0
"""Of a call, where none was connected yet."""
USUAL_FAILURES = 0.5
"""Share of attempts after which a contact is tried again, where none has been made."""


@dataclass(frozen=True, slots=True)
class Pace:
    parallel: int
    per_minute: int
    seconds_a_call: float
    tries_a_contact: float
    retries: Retries


async def pace_of(work: UnitOfWork, flow: Flow, organisation: Organisation | None, lines: Sequence[Account]) -> Pace:
    """`lines`: the account of each number that it calls from. At least one."""
    own = await work.statistics.tally(flow_id=flow.id)
    tally = own if own.calls else await work.statistics.tally()
    rates = [account.per_minute for account in lines if account.per_minute is not None]
    most = organisation.max_parallel_calls if organisation is not None else None
    return Pace(
        parallel=flow.max_parallel_calls if most is None else min(flow.max_parallel_calls, most),
        per_minute=min([flow.rate_limit_per_number * len(lines), *rates]),
        seconds_a_call=seconds(tally),
        tries_a_contact=tries(flow, tally),
        retries=Retries(flow.retry_delay_minutes, flow.retry_attempts, again(flow, tally)),
    )


def seconds(tally: Tally) -> float:
    """From the answer to the end, of a call that was connected."""
    connected = tally.outcomes.get(Outcome.CONNECTED, 0)
    return max(1.0, tally.seconds / connected) if connected else USUAL_SECONDS


def tries(flow: Flow, tally: Tally) -> float:
    """Attempts that a contact takes, on the average: until one asks for no other, or its retries are used up."""
    share = again(flow, tally)
    return float(sum(share**retry for retry in range(flow.retry_attempts + 1)))


def again(flow: Flow, tally: Tally) -> float:
    """Share of the attempts that end in one of the outcomes of `retry_on`: of the calls of `tally`, or a usual one."""
    if not flow.retry_on:
        return 0.0
    failed = sum(tally.outcomes.get(Outcome(outcome), 0) for outcome in flow.retry_on)
    return failed / tally.calls if tally.calls else USUAL_FAILURES
