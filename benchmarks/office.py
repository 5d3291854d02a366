"""Fills a database with customers and calls as half a year of work would leave them, straight into the tables."""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from itertools import count
from typing import Any

from sqlalchemy import delete, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.asset_tables import customer_tags, customers, tags
from storage.assets import Customer
from storage.database import Database
from storage.ids import CALL, CUSTOMER, FLOW, new_id
from storage.records import Call, CallStatus, CallType, Flow, FlowKind, FlowStatus, Outcome, Sentiment, Speaker, Turn
from storage.seed import Seeded
from storage.tables import call_days, call_hours, calls
from storage.tenancy import values

TAGS = {
    "Region": ["West", "East", "North", "South"],
    "Segment": ["Lapsed", "New", "Loyal", "Cold", "Gold"],
    "Branch": [f"City {number}" for number in range(20)],
    "Priority": ["High", "Middle", "Low"],
}
GIVEN = (
    "Asha", "Jordan", "Meera", "Rahul", "Ananya", "Kiran", "Ravi", "Priya",
    "Arjun", "Leela", "Nikhil", "Sunita", "Vikram", "Divya", "Farah", "Gopal",
)  # fmt: skip
FAMILY = (
    "Rao", "Ellis", "Kumar", "Shah", "Iyer", "Menon", "Nair", "Patel",
    "Singh", "Das", "Bose", "Gupta", "Verma", "Reddy", "Jain", "Khan",
)  # fmt: skip
OUTCOMES = {Outcome.CONNECTED: 61, Outcome.VOICEMAIL: 14, Outcome.NO_ANSWER: 18, Outcome.BUSY: 3, Outcome.FAILED: 4}
SENTIMENTS = {Sentiment.POSITIVE: 57, Sentiment.NEUTRAL: 35, Sentiment.NEGATIVE: 8}
CALLS_OF_A_CUSTOMER = 10
"""On average."""
FLOWS, LIVE, DAYS = 20, 20, 180
TOLD = 100
"""Calls with a transcript, of each growth."""
LINES = 10
"""Of a transcript."""
ROWS = 5000
"""In one statement."""

_DAY_KEY = ("flow_id", "day", "call_type", "outcome", "sentiment")
_HOUR_KEY = ("flow_id", "half_hour")


def phone(number: int) -> str:
    """A different one for each number below a hundred millions, neighbours far apart."""
    return f"+9198{number * 61_803_399 % 100_000_000:08}"


def details(number: int) -> dict[str, Any]:
    """What a shop knows of a customer."""
    return {
        "product_interest": "Standing Desk Pro",
        "cart_value": number % 2000,
        "zip_code": f"{10_000 + number % 90_000}",
        "lead_type": "cart_abandon",
        "lead_id": f"LH-CA-2026050512-{number}",
    }


class Office:
    """One organisation's customers, campaigns and calls, which can grow. Its ids are kept oldest first."""

    def __init__(self, database: Database, seeded: Seeded, now: datetime) -> None:
        self._database, self._organisation, self._agent = database, seeded.organisation, seeded.agent
        self.now = now
        """Its calls are older, and its customers were entered then."""
        self._chance = random.Random(1)
        self._days: Counter[tuple[Any, ...]] = Counter()
        self._seconds: defaultdict[tuple[Any, ...], float] = defaultdict(float)
        self._hours: Counter[tuple[Any, ...]] = Counter()
        self.customers: list[str] = []
        self.flows: list[str] = []
        self.calls: list[str] = []
        """Those that are over."""
        self.told: list[str] = []
        """Calls with a transcript."""
        self.strangers = count(10_000_000)
        """Numbers of customers that it has not got."""

    async def open(self) -> None:
        """With its campaigns and the calls that are going on."""
        async with self._database.begin(self._organisation) as work:
            for number in range(FLOWS):
                flow = self._flow(number)
                self.flows.append(flow.id)
                await work.flows.add(flow)
            for _ in range(LIVE):
                await work.calls.open(self._live_call())

    async def grow(self, more: int) -> None:
        """By so many calls, of customers that are new too, in one transaction."""
        known = len(self.customers)
        fresh = [new_id(CUSTOMER) for _ in range(more // CALLS_OF_A_CUSTOMER)]
        inbound: Counter[str] = Counter()
        outbound: Counter[str] = Counter()
        last: dict[str, datetime] = {}
        async with self._database.connect() as connection:
            times = sorted(self._chance.uniform(0, DAYS * 86400) for _ in range(more))
            for part in _parts(times):
                made = [self._call(fresh, known, seconds) for seconds in part]
                for call in made:
                    assert call.customer_id is not None
                    assert call.ended_at is not None
                    (inbound if call.call_type is CallType.INBOUND else outbound)[call.customer_id] += 1
                    last[call.customer_id] = call.ended_at
                    self._count(call)
                self.calls += [call.id for call in made]
                await connection.execute(insert(calls), [values(call) for call in made])
            people = [
                self._customer(known + place, id_, inbound[id_], outbound[id_], last.get(id_))
                for place, id_ in enumerate(fresh)
            ]
            self.customers += fresh
            await self._add(connection, people)
            await self._write_counts(connection)
        told = self.calls[-TOLD:]
        self.told += told
        async with self._database.begin(self._organisation) as work:
            await work.calls.add_turns([_line(call, position) for call in told for position in range(LINES)])

    async def forget(self) -> None:
        """The customers that others have entered since."""
        async with self._database.connect() as connection:
            await connection.execute(delete(customers).where(customers.c.created_at > self.now))

    async def _add(self, connection: AsyncConnection, people: Sequence[Customer]) -> None:
        if not (known := await self._tags(connection)):
            names = [f"{kind}:{name}" for kind, some in TAGS.items() for name in some]
            await connection.execute(insert(tags), [{"organisation_id": self._organisation, "tag": n} for n in names])
            known = await self._tags(connection)
        for part in _parts(people):
            await connection.execute(insert(customers), [values(customer) for customer in part])
            newest = select(customers.c.number, customers.c.id).order_by(customers.c.number.desc()).limit(len(part))
            numbers = {row.id: row.number for row in await connection.execute(newest)}
            having = [
                {"organisation_id": self._organisation, "tag": known[tag], "customer": numbers[customer.id]}
                for customer in part
                for tag in customer.tags
            ]
            await connection.execute(insert(customer_tags), having)

    async def _tags(self, connection: AsyncConnection) -> dict[str, int]:
        """Tag → its number."""
        return {row.tag: row.number for row in await connection.execute(select(tags.c.tag, tags.c.number))}

    def _count(self, call: Call) -> None:
        key = call.flow_id, call.started_at.date(), call.call_type, call.outcome, call.sentiment or ""
        self._days[key] += 1
        self._seconds[key] += call.duration or 0.0
        self._hours[call.flow_id, call.started_at.hour * 2 + call.started_at.minute // 30] += 1

    async def _write_counts(self, connection: AsyncConnection) -> None:
        days = [
            {**dict(zip(_DAY_KEY, key, strict=True)), "calls": number, "seconds": self._seconds[key]}
            for key, number in self._days.items()
        ]
        hours = [{**dict(zip(_HOUR_KEY, key, strict=True)), "calls": number} for key, number in self._hours.items()]
        for table, rows in ((call_days, days), (call_hours, hours)):
            await connection.execute(delete(table))
            await connection.execute(insert(table), [{"organisation_id": self._organisation, **row} for row in rows])

    def _customer(self, number: int, id_: str, inbound: int, outbound: int, last_contact: datetime | None) -> Customer:
        chance = self._chance
        return Customer(
            id_,
            self._organisation,
            name=f"{chance.choice(GIVEN)} {chance.choice(FAMILY)}",
            phone=phone(number),
            created_at=self.now,
            updated_at=self.now,
            tags=[f"{kind}:{chance.choice(some)}" for kind, some in TAGS.items()],
            preferred_language="en",
            metadata=details(number),
            inbound_calls=inbound,
            outbound_calls=outbound,
            last_contact=last_contact,
        )

    def _call(self, people: Sequence[str], known: int, seconds: float) -> Call:
        """With one of the newest customers, `known` of whom were there before; `seconds` after the first day began."""
        chance = self._chance
        place = chance.randrange(len(people))
        at = self.now - timedelta(days=DAYS) + timedelta(seconds=seconds)
        (outcome,) = chance.choices(list(OUTCOMES), list(OUTCOMES.values()))
        connected = outcome is Outcome.CONNECTED
        duration = float(chance.randint(10, 300)) if connected else 0.0
        return Call(
            new_id(CALL),
            self._organisation,
            call_type=CallType.OUTBOUND if chance.random() < 0.9 else CallType.INBOUND,
            status=CallStatus.ENDED,
            carrier="exotel",
            node="office",
            started_at=at,
            flow_id=chance.choice(self.flows),
            agent_id=self._agent,
            from_number="+15550010000",
            to_number=phone(known + place),
            outcome=outcome,
            reason="caller hung up" if connected else "not answered",
            answered_at=at if connected else None,
            ended_at=at + timedelta(seconds=duration),
            duration=duration,
            language="en" if connected else None,
            recording=f"recordings/{at:%Y/%m/%d}/x.wav" if connected else None,
            customer_id=people[place],
            sentiment=chance.choices(list(SENTIMENTS), list(SENTIMENTS.values()))[0] if connected else None,
            summary="Interested in Standing Desk Pro, asked about delivery." if connected else None,
            key_details={"lead_stage": "Interested in Buying"} if connected else {},
        )

    def _live_call(self) -> Call:
        return Call(
            new_id(CALL),
            self._organisation,
            call_type=CallType.INBOUND,
            status=CallStatus.IN_PROGRESS,
            carrier="exotel",
            node="office",
            started_at=self.now,
            flow_id=self._chance.choice(self.flows),
            agent_id=self._agent,
            answered_at=self.now,
        )

    def _flow(self, number: int) -> Flow:
        return Flow(
            new_id(FLOW),
            self._organisation,
            kind=FlowKind.OUTBOUND,
            name=f"Campaign {number}",
            status=FlowStatus.PAUSED,
            provider="nextneural",
            created_at=self.now,
            updated_at=self.now,
            agent_id=self._agent,
            branches=[f"Branch:City {number}"],
            time_window={"start": "09:00", "end": "18:00", "timezone": "Asia/Kolkata"},
        )


def _line(call: str, position: int) -> Turn:
    speaker = Speaker.CUSTOMER if position % 2 else Speaker.AGENT
    return Turn(call, position, speaker, "When would you like it to be delivered?", at=3.0 * position, seconds=2.5)


def _parts(items: Sequence[Any]) -> Iterator[Sequence[Any]]:
    for start in range(0, len(items), ROWS):
        yield items[start : start + ROWS]
