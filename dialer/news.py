"""What is heard of calls between their intent and their end: from the carrier, and from the call itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from dialer.conclude import Report, conclude
from dialer.enter import call_of, enter
from dialer.ledger import Ledger
from dialer.ports import CarrierState, CarrierStatus
from dialer.timing import Prices, Timing
from storage.database import UnitOfWork
from storage.dialing import Attempt, AttemptState, ContactState, ProgressKind
from storage.records import CallStatus, Outcome

OUTCOMES = {
    CarrierState.BUSY: Outcome.BUSY,
    CarrierState.NO_ANSWER: Outcome.NO_ANSWER,
    CarrierState.FAILED: Outcome.FAILED,
    CarrierState.CANCELED: Outcome.FAILED,
}
"""Of a call that nobody answered."""
UNCONNECTED = "not_connected"
"""Somebody answered, and the call's sound never came to us."""


@dataclass(frozen=True, slots=True)
class Placed:
    """The carrier has accepted a call."""

    attempt: Attempt
    carrier_call: str
    at: datetime


async def placed(work: UnitOfWork, accepted: Sequence[Placed], timing: Timing) -> None:
    """Of one organisation, at least one. One that is over, or was answered, is not taken back."""
    runs = await work.runs.all_held(one.attempt.flow_id for one in accepted)
    held = await work.attempts.held([one.attempt.id for one in accepted])
    at = max(one.at for one in accepted)
    fresh = [
        replace(
            held[one.attempt.id],
            state=AttemptState.PLACED,
            carrier_call=one.carrier_call,
            look_at=at + timing.ring + timing.quiet,
        )
        for one in accepted
        if one.attempt.id in held and held[one.attempt.id].state is AttemptState.INTENDED
    ]
    await work.attempts.save(fresh)
    await enter(work, fresh)
    for flow_id, run in runs.items():
        ledger = Ledger(run)
        for attempt in fresh:
            if attempt.flow_id == flow_id and attempt.contact is not None:
                _note(ledger, attempt, at, CallStatus.DIALING)
        await ledger.write(work)
    for attempt in fresh:
        if attempt.contact is None:
            await work.calls.placed(call_of(attempt, None))


async def answered(
    work: UnitOfWork, call_id: str, *, at: datetime, timing: Timing, carrier_call: str = "", machine: bool = False
) -> bool:
    """The call's sound has come to us.

    False if nobody is to talk: it is over, has come before, is no call of ours, or a machine has answered, unless
    there is something to be said to a `machine` too.
    """
    known = await work.attempts.get(call_id)
    if known is None:
        return False
    run = await work.runs.held(known.flow_id)
    attempt = (await work.attempts.held([call_id])).get(call_id)
    if attempt is None or attempt.state in (AttemptState.ANSWERED, AttemptState.ENDED):
        return False
    if attempt.machine and not machine:
        return False
    attempt = replace(
        attempt,
        state=AttemptState.ANSWERED,
        carrier_call=attempt.carrier_call or carrier_call,
        look_at=at + timing.talking,
    )
    await work.attempts.save([attempt])
    await enter(work, [attempt])
    if run is not None and attempt.contact is not None:
        ledger = Ledger(run)
        contact = (await work.contacts.by_numbers([attempt.contact])).get(attempt.contact)
        if contact is not None:
            ledger.moved(contact, ContactState.IN_CALL, at)
        _note(ledger, attempt, at, CallStatus.IN_PROGRESS)
        await ledger.write(work)
    return True


async def heard(
    work: UnitOfWork,
    call_id: str,
    status: CarrierStatus,
    *,
    at: datetime,
    prices: Prices,
    is_live: bool = False,
    is_lost: bool = False,
) -> Attempt | None:
    """What the carrier says of a call that it has. The attempt, if it ended by it.

    `is_live`: this process has the call on the line. A call that was answered tells of its own end, unless it is lost:
    whoever had it has not done so in time.
    """
    known = await work.attempts.get(call_id)
    if known is None:
        return None
    await work.runs.held(known.flow_id)
    attempt = (await work.attempts.held([call_id])).get(call_id)
    if status.recording:
        await work.calls.recorded_by_carrier(call_id, status.recording)
    if attempt is None or attempt.ended_at is not None:
        return None
    if status.machine and not attempt.machine:
        await work.attempts.machine(call_id)
    match status.state:
        case CarrierState.QUEUED | CarrierState.IN_PROGRESS:
            return None
        case CarrierState.RINGING:
            await _ringing(work, attempt, at)
            return None
    if is_live or (attempt.state is AttemptState.ANSWERED and not is_lost):
        return None
    ended = await conclude(work, [_report(attempt, status, at)], prices)
    return ended[0] if ended else None


def _report(attempt: Attempt, status: CarrierStatus, at: datetime) -> Report:
    seconds = status.talk_seconds or 0.0
    outcome, reason = OUTCOMES.get(status.state), status.reason or status.state.value
    if status.state is CarrierState.COMPLETED:
        if status.machine or attempt.machine:
            outcome, reason = Outcome.VOICEMAIL, "voicemail"
        elif attempt.state is AttemptState.ANSWERED:
            outcome, reason = Outcome.CONNECTED, "hangup"
        else:
            outcome, reason = Outcome.FAILED, UNCONNECTED
    return Report(attempt.id, outcome, reason, at, talk_seconds=seconds, carrier_call=status.carrier_call)


async def _ringing(work: UnitOfWork, attempt: Attempt, at: datetime) -> None:
    run = await work.runs.held(attempt.flow_id)
    if not await work.calls.moved(attempt.id, CallStatus.RINGING):
        return
    if run is not None and attempt.contact is not None:
        ledger = Ledger(run)
        _note(ledger, attempt, at, CallStatus.RINGING)
        await ledger.write(work)


def _note(ledger: Ledger, attempt: Attempt, at: datetime, status: CallStatus) -> None:
    ledger.note(
        at,
        ProgressKind.CALL,
        call_uuid=attempt.id,
        customer_uuid=attempt.customer_id,
        attempt=attempt.number,
        status=status,
    )
