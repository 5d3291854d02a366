"""What a launch would do, before it is done."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from pydantic import Field, ValidationError

from control_api.assistant.field import readable
from control_api.campaigns import flow_moves
from control_api.campaigns.counting import Count, count
from control_api.campaigns.flow_warnings import warnings_of
from control_api.campaigns.pace import Pace, pace_of
from control_api.campaigns.starting import lines, must_have_time_left
from control_api.web.asked import Asked
from control_api.web.errors import RefusedError, bad, conflict, not_found
from control_api.web.shapes import Shown, Time
from dialer import moves
from dialer.accounts import SIMULATOR, NoLineError
from dialer.forecast import Retries, expected_end
from dialer.gently import gently
from dialer.low_credits import is_low
from dialer.windows import Schedule, is_open, next_opening
from dialer.zones import Place
from storage.assets import Customer
from storage.database import UnitOfWork
from storage.records import Agent, Flow, FlowKind, FlowStatus, Organisation, Scope

contract = flow_moves.contract.again()

OVER = frozenset({FlowStatus.COMPLETED, FlowStatus.CANCELLED})
PRETENDS = "calls are made by the simulator: no telephone rings"
NO_SCOPE = f"greetings are shown to who has the scope {Scope.CONTACTS_READ}"


class Skipped(Shown):
    """Customers who would not be called, by the reason."""

    opted_out: int = 0
    recently_dialled: int = Field(0, description="by any campaign, within `dedupe_hours`")
    invalid_number: int = 0
    outside_window: int = Field(0, description="there is no hour in which they may be called")
    duplicate: int = Field(0, description="another one has the same number")


class CallsFrom(Shown):
    provider: str
    numbers: int


class PlaceShown(Shown):
    country: str | None = Field(description="ISO 3166 code")
    time_zones: list[str] = Field(description="they may be in any of them, and are called when all of them allow it")
    customers: int = Field(alias="contacts")
    is_open: bool = Field(description="they may be called now")
    next_opening: Time | None


class GreetingShown(Shown):
    customer_uuid: str = Field(alias="contact_uuid")
    greeting: str


class Preview(Shown):
    customers_queued: int = Field(
        alias="contacts_queued", description="who would be called, with those who wait from an earlier launch"
    )
    skipped: Skipped
    starts_at: Time | None = Field(description="first call; null: none can be made")
    expected_end: Time | None = Field(
        description="of the last call, if calls take as long as they did and fail as often: not before the latest next "
        "try of those who wait, and after the delays of as many retries as somebody is expected to need; null: not all "
        "can be called"
    )
    calls_from: list[CallsFrom]
    places: list[PlaceShown] = Field(description="those with most people first")
    greetings: list[GreetingShown]
    warnings: list[str]


@dataclass(frozen=True, slots=True)
class Means:
    """What it calls with, and what stands against it."""

    pace: Pace | None
    """None: there is nothing to call by."""
    calls_from: list[CallsFrom]
    warnings: list[str]
    agent: Agent | None
    organisation: Organisation | None


@contract.get("/{flow_uuid}/preview", limit="10/minute", errors=(400, 409))
async def preview(asked: Asked, flow_uuid: str) -> Preview:
    """Tell what a launch would do: whom it would call, from when until when, and how they would be greeted."""
    async with asked.read() as work:
        flow = await work.flows.get(flow_uuid)
        if flow is None:
            raise not_found("Flow")
        if flow.kind is FlowKind.INBOUND:
            raise bad("kind is inbound: such a flow calls nobody")
        if flow.status in OVER:
            raise conflict(f"A campaign that is {flow.status} calls nobody any more")
        means = await _means(asked, work, flow)
    found = await count(asked, flow)
    places = await asyncio.to_thread(_places, found.places, Schedule.of(flow), asked.now)
    warnings = list(means.warnings)
    greetings: list[GreetingShown] = []
    if Scope.CONTACTS_READ in asked.caller.scopes:
        async with asked.read() as work:
            known = {customer.id: customer for customer in await work.customers.by_ids(found.first)}
        customers = [known[one] for one in found.first if one in known]
        greetings = await asyncio.to_thread(_greetings, asked, flow, means, customers)
    else:
        warnings.append(NO_SCOPE)
    return Preview(
        customers_queued=found.called,
        skipped=Skipped(**{skip.value: number for skip, number in found.skipped.items()}),
        starts_at=min((place.next_opening for place in places if place.next_opening), default=None),
        expected_end=await _end(flow, found, means.pace, asked.now),
        calls_from=means.calls_from,
        places=places,
        greetings=greetings,
        warnings=warnings,
    )


async def _means(asked: Asked, work: UnitOfWork, flow: Flow) -> Means:
    agent = await work.agents.get(flow.agent_id) if flow.agent_id is not None else None
    organisation = await work.organisations.get(flow.organisation_id)
    warnings = [] if agent is not None else ["voice_agent_id is required to launch"]
    warnings += await warnings_of(asked, work, flow)
    warnings += [moves.LOW] if await is_low(work) else []
    pace, numbers = None, Counter[str]()
    try:
        must_have_time_left(flow, asked.now)
        callers, connected = await lines(asked, work, flow)
    except (RefusedError, NoLineError) as error:
        warnings.append(error.detail if isinstance(error, RefusedError) else str(error))
    else:
        numbers = Counter(caller.provider for caller in callers)
        warnings += [PRETENDS] if SIMULATOR in numbers else []
        pace = await pace_of(work, flow, organisation, [connected[caller.provider] for caller in callers])
    calls_from = [CallsFrom(provider=provider, numbers=many) for provider, many in numbers.items()]
    return Means(pace, calls_from, warnings, agent, organisation)


def _places(groups: Counter[Place], schedule: Schedule, now: datetime) -> list[PlaceShown]:
    shown = []
    for place, customers in gently(groups.most_common()):
        shown.append(
            PlaceShown(
                country=place.country,
                time_zones=list(place.zones),
                customers=customers,
                is_open=is_open(schedule, place, now),
                next_opening=next_opening(schedule, place, now),
            )
        )
    return shown


async def _end(flow: Flow, found: Count, pace: Pace | None, now: datetime) -> datetime | None:
    if pace is None or not found.called:
        return None
    waits, not_before = _waits(found, pace.retries, now)
    return await asyncio.to_thread(
        expected_end,
        found.places,
        Schedule.of(flow),
        start=now,
        parallel=pace.parallel,
        per_minute=pace.per_minute,
        seconds_a_call=pace.seconds_a_call,
        tries_a_contact=pace.tries_a_contact,
        waits=waits,
        not_before=not_before,
    )


def _waits(found: Count, retries: Retries, now: datetime) -> tuple[dict[Place, timedelta], dict[Place, datetime]]:
    """In each place: what is waited after the first call of those who had none, and the last next try of the others."""
    fresh, not_before = Counter(found.places), dict[Place, datetime]()
    for place, group in found.waiting:
        last = max(group.last_due, now)
        if group.attempts:
            fresh[place] -= group.contacts
            last += retries.wait(group.contacts, group.attempts)
        not_before[place] = max(last, not_before.get(place, last))
    return {place: retries.wait(people) for place, people in fresh.items()}, not_before


def _greetings(asked: Asked, flow: Flow, means: Means, customers: Sequence[Customer]) -> list[GreetingShown]:
    agent = None if means.agent is None else readable(asked, means.agent)
    organisation = None if means.organisation is None else readable(asked, means.organisation)
    try:
        return [
            GreetingShown(
                customer_uuid=customer.id,
                greeting=asked.services.greeting(agent, readable(asked, flow), organisation, readable(asked, customer)),
            )
            for customer in customers
        ]
    except ValidationError:  # the warnings tell of it
        return []
