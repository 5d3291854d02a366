"""Takes a campaign's customers in, slice by slice: a crash or a pause between two slices loses nobody."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from dialer.gently import gently
from dialer.ledger import Ledger
from dialer.screen import Person, Screen
from dialer.windows import Schedule
from dialer.zones import Place, zones_of
from storage.database import Database, UnitOfWork
from storage.dialing import Contact, ContactState, Run, Skip
from storage.records import Flow, FlowStatus
from storage.selection import Chosen

SLICE = 500


@dataclass(frozen=True, slots=True)
class Slice:
    customers: Sequence[Chosen]
    people: Sequence[Person]
    """The same, place for place."""
    after: int | None
    """Where the next slice begins; None: this was the last."""


async def enrol(database: Database, flow: Flow, now: datetime) -> bool:
    """Takes the next slice in. False if all have been."""
    async with database.read(flow.organisation_id) as work:
        run = await work.runs.get(flow.id)
        if run is None or run.enrol_after is None:
            return False
        part = await next_slice(work, flow, run.enrol_after, run.enrol_to)
    screen = Screen(Schedule.of(flow), flow.dedupe_hours, now)
    verdicts = await asyncio.to_thread(_verdicts, screen, part.people)
    async with database.begin(flow.organisation_id) as work:
        held = await work.runs.held(flow.id)
        present = await work.flows.get(flow.id)
        if held is None or _stage(held) != _stage(run) or not _is_the_same(present, flow):
            return True  # another node was faster, or the campaign was changed: look again
        ledger = Ledger(held)
        fresh = [
            Contact(
                0,
                flow.organisation_id,
                flow.id,
                customer.id,
                customer.phone,
                ledger.place(person.place),
                ContactState.PENDING if skip is None else ContactState.SKIPPED,
                updated_at=now,
                due_at=now if skip is None else None,
                reason=skip or "",
            )
            for customer, person, skip in zip(part.customers, part.people, verdicts, strict=True)
        ]
        ledger.joined(await work.contacts.take_in(fresh))
        ledger.run = replace(ledger.run, enrol_after=part.after)
        await ledger.write(work)
    return True


async def next_slice(work: UnitOfWork, flow: Flow, after: int, to: int) -> Slice:
    customers = await work.contacts.chosen(flow, after, to, SLICE)
    phones = {customer.phone for customer in customers}
    opted_out = await work.phones.opted_out(phones)
    last_dials = await work.phones.last_dials(phones)
    places = await asyncio.to_thread(_places, customers, Schedule.of(flow).fallback)
    people = [
        Person(customer.phone, place, customer.phone in opted_out, last_dials.get(customer.phone))
        for customer, place in zip(customers, places, strict=True)
    ]
    return Slice(customers, people, customers[-1].number if len(customers) == SLICE else None)


def _places(customers: Sequence[Chosen], fallback: str | None) -> list[Place]:
    return [zones_of(customer.phone, customer.timezone, fallback) for customer in gently(customers)]


def _verdicts(screen: Screen, people: Sequence[Person]) -> list[Skip | None]:
    return [screen.verdict(person) for person in gently(people)]


def _stage(run: Run) -> tuple[object, ...]:
    return run.enrol_after, run.enrol_to, run.activated_at


def _is_the_same(present: Flow | None, flow: Flow) -> bool:
    """As far as it says who is called, and who is left out."""
    return present is not None and present.status is FlowStatus.ACTIVE and _who(present) == _who(flow)


def _who(flow: Flow) -> tuple[object, ...]:
    return flow.contact_list_id, list(flow.branches), flow.dedupe_hours, Schedule.of(flow)
