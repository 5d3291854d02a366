"""Whom a campaign would call and whom not, slice by slice: as it takes them in, but nothing is written."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field

from control_api.web.asked import Asked
from dialer.enrol import Slice, next_slice
from dialer.gently import gently
from dialer.screen import Screen
from dialer.windows import Schedule
from dialer.zones import Place
from storage.dialing import Skip, Waiting
from storage.records import Flow

NAMED = 5
"""Of those who would be called: as many are remembered one by one."""


@dataclass(slots=True)
class Count:
    places: Counter[Place] = field(default_factory=Counter)
    """Where those are who would be called, and how many."""
    skipped: Counter[Skip] = field(default_factory=Counter)
    waiting: list[tuple[Place, Waiting]] = field(default_factory=list)
    """Those of them who were taken in before."""
    first: list[str] = field(default_factory=list)
    """Ids of the first few who would be called."""

    @property
    def called(self) -> int:
        return self.places.total()


async def count(asked: Asked, flow: Flow) -> Count:
    """Those who wait already are counted too; who was called or left out before is not."""
    found = Count()
    screen = Screen(Schedule.of(flow), flow.dedupe_hours, asked.now)
    async with asked.read() as work:
        last = await work.contacts.last_customer()
        run = await work.runs.get(flow.id)
        if run is not None:
            waiting = await work.contacts.waiting_by_attempts(flow.id)
            found.waiting = [(Place.parse(run.places[group.place]), group) for group in waiting]
            for place, group in found.waiting:
                found.places[place] += group.contacts
            found.first = await work.contacts.waiting(flow.id, NAMED)
    after: int | None = 0
    while after is not None:
        async with asked.read() as work:
            part = await next_slice(work, flow, after, last)
            phones = {customer.phone for customer in part.customers}
            firsts = await work.contacts.firsts(flow, phones, last)
            known = await work.contacts.known(flow.id, phones) if run is not None else frozenset[str]()
        await asyncio.to_thread(_add, found, part, screen, firsts, known)
        after = part.after
    return found


def _add(found: Count, part: Slice, screen: Screen, firsts: Mapping[str, int], known: Collection[str]) -> None:
    for place, customer_id, skip in _verdicts(part, screen, firsts, known):
        if skip is not None:
            found.skipped[skip] += 1
            continue
        found.places[place] += 1
        if len(found.first) < NAMED:
            found.first.append(customer_id)


def _verdicts(
    part: Slice, screen: Screen, firsts: Mapping[str, int], known: Collection[str]
) -> Iterator[tuple[Place, str, Skip | None]]:
    for customer, person in gently(zip(part.customers, part.people, strict=True)):
        if firsts.get(customer.phone, customer.number) != customer.number:
            yield person.place, customer.id, Skip.DUPLICATE
        elif customer.phone not in known:
            yield person.place, customer.id, screen.verdict(person)
