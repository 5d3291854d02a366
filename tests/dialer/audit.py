"""Whether a campaign's books add up: against each other, and against the carrier's own list of calls."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from dialer.retry import FINAL
from dialer.timing import Prices
from storage.assets import Customer
from storage.database import Database
from storage.dialing import (
    COUNTED,
    Attempt,
    AttemptState,
    AttemptTally,
    Contact,
    ContactState,
    CreditAccount,
    CreditEntry,
    ProgressEvent,
    Run,
)
from storage.records import Call, CallStatus, Flow, FlowStatus, Outcome
from storage.statistics import Tally

ALL = 1_000_000
PART = 500


@dataclass(frozen=True, slots=True)
class Accepted:
    """A call in the carrier's list."""

    sid: str
    call: str
    """Our own id."""
    phone: str
    caller_id: str
    at: datetime


def accepted(log: Path) -> list[Accepted]:
    told = [json.loads(line) for line in log.read_text().splitlines()]
    return [
        Accepted(one["sid"], one["custom"], one["from"], one["caller_id"], datetime.fromisoformat(one["at"]))
        for one in told
    ]


@dataclass(frozen=True, slots=True)
class Books:
    """All that is kept of a campaign that is alone in its organisation."""

    flow: Flow
    run: Run
    contacts: Sequence[Contact]
    attempts: Mapping[int, Sequence[Attempt]]
    """By contact, oldest first."""
    tallies: Sequence[AttemptTally]
    account: CreditAccount | None
    entries: Sequence[CreditEntry]
    calls: Sequence[Call]
    statistics: Tally
    customers: Mapping[str, Customer]
    events: Sequence[ProgressEvent]
    topics: Counter[str]
    """Of what is told to others."""

    @property
    def tried(self) -> list[Attempt]:
        """Attempts that left the house, or may have."""
        return [one for attempts in self.attempts.values() for one in attempts if one.outcome is not None]


async def books(database: Database, flow: Flow) -> Books:
    async with database.read(flow.organisation_id) as work:
        present, run = await work.flows.get(flow.id), await work.runs.get(flow.id)
        assert present is not None
        assert run is not None
        contacts = await work.contacts.page(flow.id, ALL)
        attempts: dict[int, list[Attempt]] = {}
        customers: dict[str, Customer] = {}
        for start in range(0, len(contacts), PART):
            part = contacts[start : start + PART]
            attempts |= await work.attempts.of_contacts([one.number for one in part])
            customers |= {one.id: one for one in await work.customers.by_ids([one.customer_id for one in part])}
        return Books(
            present,
            run,
            contacts,
            attempts,
            await work.attempt_tallies.of(flow.id),
            await work.credits.account(),
            (await work.credits.page(ALL))[0],
            (await work.calls.newest(ALL))[0],
            await work.statistics.tally(flow_id=flow.id),
            customers,
            await work.runs.told(flow.id, 0, ALL),
            Counter(event.topic for event in await work.outbox.waiting(ALL)),
        )


def everybody_was_dealt_with(books: Books) -> None:
    """Nothing is open, nothing unknown, and every attempt is where it belongs."""
    assert books.flow.status is FlowStatus.COMPLETED, books.flow.pause_reason
    assert books.run.is_over
    assert {one.state for one in books.contacts} == {ContactState.DONE}
    assert {name: getattr(books.run, name) for name in COUNTED} == {
        **dict.fromkeys(COUNTED, 0),
        "done": len(books.contacts),
    }
    assert books.run.attempted == len(books.contacts)
    for attempts in books.attempts.values():
        assert {one.state for one in attempts} == {AttemptState.ENDED}
        assert all(one.look_at is None and one.ended_at is not None for one in attempts)
    assert "lost" not in {one.reason for one in books.tried}
    for contact in books.contacts:
        tried = [one for one in books.attempts[contact.number] if one.outcome is not None]
        assert [one.number for one in tried] == list(range(1, contact.attempts + 1))
        assert (contact.outcome, contact.reason) == (tried[-1].outcome, tried[-1].reason)
        assert contact.attempts <= 1 + books.flow.retry_attempts
        assert all(_is_tried_again(books.flow, one) for one in tried[:-1])
        assert contact.attempts == 1 + books.flow.retry_attempts or not _is_tried_again(books.flow, tried[-1])


def the_carrier_agrees(books: Books, log: Path) -> None:
    """Each attempt is one call of the carrier's, and it has no others."""
    theirs = accepted(log)
    assert Counter((one.call, one.phone) for one in theirs) == Counter((one.id, one.phone) for one in books.tried)
    assert {one.call: one.sid for one in theirs} == {one.id: one.carrier_call for one in books.tried}


def all_sums_agree(books: Books, prices: Prices) -> None:
    """Attempts, counters, costs, credits, calls, statistics, customers and events tell the same."""
    tried = books.tried
    outcomes = Counter(one.outcome for one in tried)
    assert all(one.cost == prices.cost(one.talk_seconds) for one in tried)
    assert not any(one.cost for attempts in books.attempts.values() for one in attempts if one.outcome is None)
    _tallies_agree(books, tried)
    _credits_agree(books, {one.id: one.cost for one in tried if one.cost})
    assert {(one.id, one.outcome, one.duration) for one in books.calls} == {
        (one.id, one.outcome, one.talk_seconds) for one in tried
    }
    assert {one.status for one in books.calls} == {CallStatus.ENDED}
    assert dict(books.statistics.outcomes) == outcomes
    connected = sum(one.talk_seconds for one in tried if one.outcome is Outcome.CONNECTED)
    assert books.statistics.seconds == pytest.approx(connected)
    assert {one.customer_id: books.customers[one.customer_id].outbound_calls for one in books.contacts} == Counter(
        one.customer_id for one in tried
    )
    assert [event.number for event in books.events] == list(range(1, books.run.sequence + 1))
    ends: list[Mapping[str, Any]] = [event.body for event in books.events if event.body.get("status") == "ended"]
    assert Counter(end["call_uuid"] for end in ends) == Counter(one.id for one in tried)
    assert books.topics["call.ended"] == len(tried)
    assert books.topics["call.no_answer"] == outcomes[Outcome.NO_ANSWER]
    assert books.topics["call.voicemail"] == outcomes[Outcome.VOICEMAIL]
    assert books.topics["campaign.completed"] == 1


def _tallies_agree(books: Books, tried: Sequence[Attempt]) -> None:
    counted: Counter[tuple[int, Outcome]] = Counter()
    cost: Counter[tuple[int, Outcome]] = Counter()
    for tally in books.tallies:
        counted[tally.number, tally.outcome] += tally.attempts
        cost[tally.number, tally.outcome] += tally.cost
    assert counted == Counter((one.number, one.outcome) for one in tried)
    assert cost.total() == sum(one.cost for one in tried)
    assert sum(one.talk_seconds for one in books.tallies) == pytest.approx(sum(one.talk_seconds for one in tried))


def _credits_agree(books: Books, costs: Mapping[str, int]) -> None:
    assert Counter({entry.call_id: -entry.amount for entry in books.entries}) == Counter(costs)
    assert len(books.entries) == len(costs)
    if not costs:
        return
    assert books.account is not None
    assert books.account.balance == -sum(costs.values())
    # Each entry begins where another has ended.
    ends = Counter(entry.balance for entry in books.entries) + Counter([0])
    begins = Counter(entry.balance - entry.amount for entry in books.entries) + Counter([books.account.balance])
    assert ends == begins


def _is_tried_again(flow: Flow, attempt: Attempt) -> bool:
    return attempt.outcome in flow.retry_on and attempt.reason not in FINAL
