"""One call that somebody asked for now, beside its campaign's own: everything is written but the line it goes by.

It is queued for the dialer. The campaign lends its agent and its numbers; its state, window, list and `dedupe_hours` do
not stand against it, as a person wants this very call. The law's hours, an opt-out, and credits do.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from dialer.accounts import accounts, caller_ids
from dialer.enter import call_of
from dialer.low_credits import is_low
from dialer.moves import LOW
from dialer.windows import Schedule, is_open, next_opening
from dialer.zones import zones_of
from storage.assets import Customer
from storage.database import UnitOfWork
from storage.dialing import Attempt, AttemptState
from storage.ids import CALL, CUSTOMER, new_id
from storage.records import CallStatus, Flow, FlowKind

PATIENCE = timedelta(minutes=2)
"""What no dialer has taken by then is over: nobody wants to be called long after it was asked for."""

FLOW = "flow_uuid"


class UnfitError(Exception):
    """The call could never be placed as it was asked for. Its text is a sentence without the field that begins it."""

    def __init__(self, about: str, what: str) -> None:
        """`about` is the field that is wrong: `flow_uuid` or `metadata`."""
        super().__init__(what)
        self.about = about


class NotNowError(Exception):
    """It must not be placed at this moment. Its text is a sentence that says why."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Whom to call, and what is known of them."""

    phone: str = field(repr=False)
    """E.164."""
    name: str | None = field(default=None, repr=False)
    """None: a new customer is named by the number, another keeps its name."""
    metadata: Mapping[str, Any] = field(default_factory=dict, repr=False)
    """Merged into the customer's."""


async def begin_single(
    work: UnitOfWork,
    flow: Flow,
    wanted: Wanted,
    now: datetime,
    *,
    simulator: bool | None,
    fits: Callable[[Mapping[str, Any]], bool],
) -> Attempt:
    """Upserts the customer and queues the call.

    In the caller's unit of work, bound to the flow's organisation, that is to be rolled back if this raises UnfitError,
    NoLineError or NotNowError. `simulator` as in `accounts`; `fits` says whether metadata may be kept.
    """
    agent = await _agent(work, flow)
    caller = (await caller_ids(work, flow, await accounts(work, simulator=simulator)))[0]
    if await is_low(work):
        raise NotNowError(LOW)
    await work.attempts.alone()
    if await work.phones.opted_out([wanted.phone]):
        raise NotNowError("to is the number of somebody who does not want to be called")
    if await work.attempts.open_phones([wanted.phone]):
        raise NotNowError("to is being called at this moment")
    customer = await _customer(work, flow.organisation_id, wanted, now, fits)
    await _must_be_open(customer, now)
    attempt = Attempt(
        new_id(CALL),
        flow.organisation_id,
        flow.id,
        customer.id,
        wanted.phone,
        # Whoever dials chooses among the numbers anew.
        caller.number,
        caller.line,
        caller.provider,
        AttemptState.QUEUED,
        node="",
        decided_at=now,
        deadline=now + PATIENCE,
        look_at=now + PATIENCE,
    )
    await work.attempts.add([attempt])
    await work.calls.open(call_of(attempt, agent, CallStatus.QUEUED))
    return attempt


async def _agent(work: UnitOfWork, flow: Flow) -> str:
    """Its id."""
    if flow.kind is FlowKind.INBOUND:
        raise UnfitError(FLOW, "is of an inbound flow, which calls nobody")
    if flow.agent_id is None:
        raise UnfitError(FLOW, "is of a campaign without a voice agent")
    agent = await work.agents.get(flow.agent_id)
    if agent is None or not agent.is_active:
        raise UnfitError(FLOW, "is of a campaign whose voice agent was deleted")
    return agent.id


async def _customer(
    work: UnitOfWork, organisation: str, wanted: Wanted, now: datetime, fits: Callable[[Mapping[str, Any]], bool]
) -> Customer:
    fresh = Customer(
        new_id(CUSTOMER),
        organisation,
        name=wanted.name or wanted.phone,
        phone=wanted.phone,
        metadata=wanted.metadata,
        created_at=now,
        updated_at=now,
    )
    given = frozenset({"metadata"} | ({"name"} if wanted.name is not None else set()))
    done = await work.customers.upsert([fresh], [given], now=now, fits=fits)
    if done.refused:
        raise UnfitError("metadata", "is too large together with what is known of the customer")
    customer = await work.customers.get(done.ids[0])
    assert customer is not None
    return customer


async def _must_be_open(customer: Customer, now: datetime) -> None:
    """In a thread: the first number of a country makes the library read its tables."""
    opens = await asyncio.to_thread(_opens, customer, now)
    if opens != now:
        from_when = f" before {_iso(opens)}" if opens is not None else ""
        raise NotNowError(f"to may not be called{from_when}: it is outside the legal hours of the number's country")


def _opens(customer: Customer, now: datetime) -> datetime | None:
    schedule, place = Schedule(), zones_of(customer.phone, customer.timezone, None)
    return now if is_open(schedule, place, now) else next_opening(schedule, place, now)


def _iso(moment: datetime) -> str:
    return moment.isoformat(timespec="seconds").replace("+00:00", "Z")
