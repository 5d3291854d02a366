"""What came of attempts: the outcome, the next try, the cost, the counters and the events, in one transaction.

A report of an attempt that is over already changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from zoneinfo import ZoneInfo

from dialer import breaker, moves
from dialer.enter import enter
from dialer.ledger import Ledger
from dialer.low_credits import judged
from dialer.retry import next_try
from dialer.timing import Prices
from storage.calls import CallEnd
from storage.database import UnitOfWork
from storage.dialing import (
    Attempt,
    AttemptState,
    AttemptTally,
    Contact,
    ContactState,
    EntryKind,
    ProgressKind,
)
from storage.records import Flow, FlowStatus, Outcome

LATEST = 500
"""Calls that the breaker looks at, at most."""
EVENTS = {Outcome.NO_ANSWER: "call.no_answer", Outcome.VOICEMAIL: "call.voicemail"}
"""Told beside `call.ended`."""
NOT_ENTERED = frozenset({AttemptState.QUEUED, AttemptState.INTENDED})
"""Nothing was heard of it since it was decided upon."""
OVER = frozenset({FlowStatus.CANCELLED, FlowStatus.COMPLETED})


@dataclass(frozen=True, slots=True)
class Report:
    """The end of an attempt."""

    call: str
    outcome: Outcome | None
    """None: it never left the house, and counts for nothing."""
    reason: str
    at: datetime
    talk_seconds: float = 0.0
    language: str | None = None
    recording: str | None = None
    """Path of what was recorded in fact."""
    is_recorder: bool = False
    """Whoever reports had the call on the line, and knows what was recorded."""
    carrier_call: str = ""
    """The carrier's id of it, if it has accepted it."""
    again_at: datetime | None = None
    """When it may leave the house, if it has not."""
    pause: str | None = None
    """Why the whole campaign cannot go on, as a sentence."""
    if_still: AttemptState | None = None
    """It holds only of an attempt that nobody has moved on since."""


async def conclude(work: UnitOfWork, reports: Iterable[Report], prices: Prices) -> list[Attempt]:
    """Of a unit of work bound to the attempts' organisation. Those that ended by it, as they are now."""
    told: dict[str, list[Report]] = {}
    for report in reports:
        told.setdefault(report.call, []).append(report)
    runs = await work.runs.all_held(await work.attempts.flows_of(told))
    held = await work.attempts.held(told)
    fresh = [
        (attempt, report)
        for call, attempt in held.items()
        for report in [one for one in told[call] if _holds(one, attempt)][:1]
    ]
    if not fresh:
        return []
    news = {report.call: report for _, report in fresh}
    flows = {flow_id: await work.flows.get(flow_id) for flow_id in {attempt.flow_id for attempt, _ in fresh}}
    contacts = await work.contacts.by_numbers([attempt.contact for attempt, _ in fresh if attempt.contact is not None])
    ledgers = {flow_id: Ledger(run) for flow_id, run in runs.items()}
    ended = [_ended(attempt, report, prices) for attempt, report in fresh]
    for attempt, (_, report) in zip(ended, fresh, strict=True):
        ledger = ledgers.get(attempt.flow_id)
        contact = contacts.get(attempt.contact or 0)
        if ledger is not None and contact is not None:
            _settle(ledger, contact, attempt, report, flows[attempt.flow_id])
    await work.attempts.save(ended)
    strangers = {old.id for old, _ in fresh if old.state in NOT_ENTERED}
    await enter(work, [attempt for attempt in ended if attempt.outcome is not None and attempt.id in strangers])
    await _close_calls(work, ended, news)
    await work.attempt_tallies.add(_tallies(ended, flows))
    await _charge(work, [attempt for attempt in ended if attempt.cost])
    for flow_id, ledger in ledgers.items():
        await ledger.write(work)
        flow = flows.get(flow_id)
        if flow is not None and flow.status is FlowStatus.ACTIVE:
            mine = [news[attempt.id] for attempt in ended if attempt.flow_id == flow_id]
            await _stop_if_it_must(work, flow, ledger, mine)
    return ended


def _holds(report: Report, attempt: Attempt) -> bool:
    return attempt.ended_at is None and report.if_still in (None, attempt.state)


def _ended(attempt: Attempt, report: Report, prices: Prices) -> Attempt:
    outcome, carrier_call = report.outcome, attempt.carrier_call or report.carrier_call
    if outcome is Outcome.CONNECTED and attempt.machine:
        outcome = Outcome.VOICEMAIL
    return replace(
        attempt,
        state=AttemptState.ENDED,
        look_at=None,
        ended_at=report.at,
        outcome=outcome,
        reason=report.reason,
        talk_seconds=report.talk_seconds,
        carrier_call=carrier_call,
        cost=prices.cost(report.talk_seconds) if outcome is not None and carrier_call else 0,
    )


def _settle(ledger: Ledger, contact: Contact, attempt: Attempt, report: Report, flow: Flow | None) -> None:
    at = report.at
    if attempt.outcome is None:
        tried = contact.attempts - 1
        ledger.moved(contact, _waits(tried), at, due_at=report.again_at or at, attempts=tried)
        if not tried:
            ledger.run = replace(ledger.run, attempted=ledger.run.attempted - 1)
        return
    due = None
    if flow is not None and flow.status not in OVER:
        due = next_try(flow, attempt.outcome, attempt.reason, contact.attempts, at)
    state = ContactState.DONE if due is None else ContactState.RETRY
    ledger.moved(contact, state, at, due_at=due, outcome=attempt.outcome, reason=attempt.reason)
    ledger.note(
        at,
        ProgressKind.CALL,
        call_uuid=attempt.id,
        customer_uuid=attempt.customer_id,
        attempt=attempt.number,
        status="ended",
        outcome=attempt.outcome,
        reason=attempt.reason,
        talk_seconds=round(attempt.talk_seconds, 1),
        next_attempt_at=due.isoformat(timespec="seconds").replace("+00:00", "Z") if due is not None else None,
    )


def _waits(tried: int) -> ContactState:
    return ContactState.RETRY if tried else ContactState.PENDING


async def _close_calls(work: UnitOfWork, ended: Sequence[Attempt], news: Mapping[str, Report]) -> None:
    """Their rows, and the events that tell of them. A campaign's call that never left the house has none."""
    ends = [
        CallEnd(
            attempt.id,
            attempt.ended_at or news[attempt.id].at,
            attempt.outcome or Outcome.FAILED,
            attempt.reason,
            attempt.talk_seconds,
            news[attempt.id].language,
            news[attempt.id].recording,
            news[attempt.id].is_recorder,
        )
        for attempt in ended
        if attempt.outcome is not None or attempt.contact is None
    ]
    told = []
    for call in await work.calls.ended_many(ends):
        body = {"call": call.id, "outcome": call.outcome, "duration_seconds": round(call.duration or 0.0, 2)}
        told.append(("call.ended", body))
        also = EVENTS.get(call.outcome or Outcome.FAILED)
        if also is not None:
            told.append((also, body))
    await work.announce_all(told)


def _tallies(ended: Iterable[Attempt], flows: Mapping[str, Flow | None]) -> Iterable[AttemptTally]:
    for attempt in ended:
        if attempt.outcome is None or attempt.contact is None:
            continue
        flow = flows[attempt.flow_id]
        window = flow.time_window if flow is not None else None
        local = attempt.decided_at.astimezone(ZoneInfo(window["timezone"] if window else "UTC"))
        yield AttemptTally(
            attempt.flow_id,
            local.date(),
            local.hour,
            attempt.number,
            attempt.outcome,
            1,
            attempt.talk_seconds,
            attempt.cost,
        )


async def _charge(work: UnitOfWork, charged: Sequence[Attempt]) -> None:
    """When it gets low, the dialer pauses what there is: here others' runs are not held."""
    if not charged:
        return
    now = max(attempt.ended_at for attempt in charged if attempt.ended_at is not None)
    account = await work.credits.held(now=now)
    entries = [(EntryKind.CALL, -attempt.cost, attempt.id, attempt.flow_id, "") for attempt in charged]
    account = await work.credits.enter(account, entries, at=now)
    await work.credits.save(judged(account, now), now=now)


async def _stop_if_it_must(work: UnitOfWork, flow: Flow, ledger: Ledger, reports: Sequence[Report]) -> None:
    at = max((report.at for report in reports), default=None)
    if at is None:
        return
    why = next((report.pause for report in reports if report.pause), None)
    if why is None and any(report.outcome is Outcome.FAILED for report in reports):
        since = max(at - breaker.WINDOW, ledger.run.activated_at)
        outcomes = await work.attempts.outcomes(flow.id, since=since, most=LATEST)
        why = breaker.tripped(len(outcomes), outcomes.count(Outcome.FAILED))
    if why is not None:
        await moves.pause(work, flow, at, because=why)
    elif ledger.run.is_over:
        await moves.complete(work, flow, at)
