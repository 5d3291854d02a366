"""A campaign, people to call, and a line that only pretends: what the tests of the dialer stand on."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from dialer import moves
from dialer.conclude import Report
from dialer.dialer import Dialer
from dialer.ports import CarrierError, CarrierState, CarrierStatus, Dial, PhoneLine, Trouble
from dialer.timing import Prices, Timing
from storage.assets import Customer
from storage.database import Database
from storage.dialing import Attempt, Contact, Run
from storage.ids import CUSTOMER, new_id
from storage.records import Flow, FlowKind, FlowStatus, Outcome
from storage.seed import Seeded
from tests.storage.samples import a_flow

NOON = datetime(2026, 3, 2, 6, 30, tzinfo=UTC)
"""Of a Monday in India."""
FREE_SIM = True


class Clock:
    """Stands still unless it is moved."""

    def __init__(self, now: datetime = NOON) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def goes_on(self, **by: float) -> None:
        self.now += timedelta(**by)


@dataclass(slots=True)
class PretendLine:
    """Accepts every call, and says of it what it was told to."""

    asked: list[Dial] = field(default_factory=list)
    troubles: list[Trouble | Exception | None] = field(default_factory=list)
    """What the next calls meet; None: nothing."""
    before: Callable[[Dial], object] | None = None
    """Called while the carrier is being asked."""
    known: dict[str, CarrierStatus] = field(default_factory=dict)
    """By our id: what the carrier would tell."""
    found: list[str] = field(default_factory=list)
    """Our ids that were asked about."""
    cannot_tell: bool = False
    _count: Any = field(default_factory=lambda: itertools.count(1))

    async def dial(self, call: Dial) -> str:
        self.asked.append(call)
        if self.before is not None:
            self.before(call)
        trouble = self.troubles.pop(0) if self.troubles else None
        if isinstance(trouble, Trouble):
            raise CarrierError(trouble)
        if trouble is not None:
            raise trouble
        sid = f"sid{next(self._count)}"
        self.known[call.call] = CarrierStatus(sid, CarrierState.QUEUED)
        return sid

    async def find(self, call: Dial) -> CarrierStatus | None:
        self.found.append(call.call)
        if self.cannot_tell:
            raise CarrierError(Trouble.DOUBT)
        return self.known.get(call.call)


@dataclass(slots=True)
class PretendCarriers:
    one: PhoneLine | None

    async def line(self, organisation: str, provider: str) -> PhoneLine | None:
        return self.one


@dataclass(slots=True)
class Office:
    """One dialer on a database, with its line and its clock."""

    database: Database
    seeded: Seeded
    clock: Clock
    line: PretendLine
    carriers: PretendCarriers
    dialer: Dialer

    @property
    def organisation(self) -> str:
        return self.seeded.organisation

    async def round(self) -> int:
        """One tick, with all that it brings about."""
        done = await self.dialer.tick()
        await self.dialer.settled()
        return done

    async def rounds(self, most: int = 100) -> None:
        """Until there is nothing to do at this moment."""
        for _ in range(most):
            if not await self.round() + await self.dialer.sweep():
                return
        raise AssertionError("the dialer does not come to rest")

    async def end(self, outcome: Outcome, *calls: str, reason: str = "", talk: float = 0.0) -> None:
        for call in calls:
            report = Report(call, outcome, reason or outcome.value, self.clock(), talk_seconds=talk)
            self.dialer.books.enter(self.organisation, report)
        await self.dialer.books.write()

    async def people(self, *phones: str, **more: Any) -> list[Customer]:
        customers = [
            Customer(
                new_id(CUSTOMER),
                self.organisation,
                name=phone,
                phone=phone,
                created_at=self.clock(),
                updated_at=self.clock(),
                **more,
            )
            for phone in phones
        ]
        async with self.database.begin(self.organisation) as work:
            for customer in customers:
                assert await work.customers.add(customer)
        return customers

    async def campaign(self, *, launch: bool = True, **more: Any) -> Flow:
        about: Mapping[str, Any] = {
            "kind": FlowKind.OUTBOUND,
            "agent_id": self.seeded.agent,
            "status": FlowStatus.DRAFT,
            "rate_limit_per_number": 600,
            "max_parallel_calls": 100,
            **more,
        }
        flow = a_flow(self.organisation, **about)
        async with self.database.begin(self.organisation) as work:
            await work.flows.add(flow)
        if launch:
            async with self.database.begin(self.organisation) as work:
                await moves.launch(work, flow, self.clock())
        return flow

    async def flow(self, flow: Flow) -> Flow:
        async with self.database.read() as work:
            present = await work.flows.get(flow.id)
        assert present is not None
        return present

    async def run_of(self, flow: Flow) -> Run:
        async with self.database.read() as work:
            run = await work.runs.get(flow.id)
        assert run is not None
        return run

    async def contacts(self, flow: Flow) -> list[Contact]:
        async with self.database.read() as work:
            return await work.contacts.page(flow.id, 10_000)

    async def attempts(self, flow: Flow) -> list[Attempt]:
        contacts = await self.contacts(flow)
        async with self.database.read() as work:
            by_contact = await work.attempts.of_contacts([contact.number for contact in contacts])
        return [attempt for contact in contacts for attempt in by_contact.get(contact.number, [])]

    async def events(self) -> list[str]:
        async with self.database.read() as work:
            return [event.topic for event in await work.outbox.waiting(10_000)]


def an_office(
    database: Database,
    seeded: Seeded,
    *,
    node: str = "one",
    clock: Clock | None = None,
    line: PretendLine | None = None,
    timing: Timing = Timing(),  # noqa: B008 - frozen
    prices: Prices = Prices(),  # noqa: B008 - frozen
    **more: Any,
) -> Office:
    clock, line = clock or Clock(), line or PretendLine()
    carriers = PretendCarriers(line)
    dialer = Dialer(
        database,
        carriers,
        node=node,
        clock=clock,
        timing=timing,
        prices=prices,
        simulator=FREE_SIM,
        **more,
    )
    return Office(database, seeded, clock, line, carriers, dialer)


def phones(count: int, start: int = 0) -> Sequence[str]:
    """Of India."""
    return [f"+9198{number:08d}" for number in range(start, start + count)]
