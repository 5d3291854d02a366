"""Fills a database with customers and calls as months of work would leave them, straight into the tables."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import islice
from typing import Any

from sqlalchemy import Table, func, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.asset_tables import customer_tags, customers, tags
from storage.assets import Customer
from storage.database import Database
from storage.ids import CALL, CUSTOMER, FLOW, new_id
from storage.records import Call, CallStatus, CallType, Flow, FlowKind, FlowStatus, Outcome, Sentiment
from storage.tables import call_days, call_hours, calls
from storage.tenancy import values

REGIONS = [f"Region:{name}" for name in ("West", "East", "North", "South")]
SEGMENTS = [f"Segment:{name}" for name in ("Lapsed", "New", "Loyal", "Cold", "Gold")]
BRANCHES = [f"Branch:City {number}" for number in range(20)]
PRIORITIES = [f"Priority:{name}" for name in ("High", "Middle", "Low")]
GIVEN = "Asha Jordan Meera Rahul Ananya Kiran Ravi Priya Arjun Leela Nikhil Sunita Vikram Divya Farah Gopal".split()
FAMILY = "Rao Ellis Kumar Shah Iyer Menon Nair Patel Singh Das Bose Gupta Verma Reddy Jain Khan".split()
OUTCOMES = {Outcome.CONNECTED: 61, Outcome.VOICEMAIL: 14, Outcome.NO_ANSWER: 18, Outcome.BUSY: 3, Outcome.FAILED: 4}
SENTIMENTS = {Sentiment.POSITIVE: 57, Sentiment.NEUTRAL: 35, Sentiment.NEGATIVE: 8}
FLOWS, DAYS = 20, 180
ROWS = 5000
"""In one statement."""


def phone(number: int) -> str:
    """A different one for each number up to eight millions."""
    return f"+1415{2_000_000 + number}"


def some_tags(chance: random.Random) -> list[str]:
    return [chance.choice(kind) for kind in (REGIONS, SEGMENTS, BRANCHES, PRIORITIES)]


def some_metadata(chance: random.Random, number: int) -> dict[str, Any]:
    return {
        "product_interest": "Standing Desk Pro",
        "cart_value": chance.randint(50, 2000),
        "zip_code": str(chance.randint(10_000, 99_999)),
        "lead_type": "cart_abandon",
        "lead_id": f"LH-CA-2026050512-{number}",
    }


class Office:
    """One organisation's, which can grow."""

    def __init__(self, database: Database, organisation: str, agent: str, today: date) -> None:
        self._database, self._organisation, self._agent = database, organisation, agent
        self._began = datetime.combine(today - timedelta(days=DAYS - 1), datetime.min.time(), UTC)
        self._chance = random.Random(1)
        self.customers: list[str] = []
        """Their ids, as of `calls` and `flows`."""
        self.calls: list[str] = []
        self.flows: list[str] = []

    async def open(self) -> None:
        """With its campaigns and the tags that its customers will have."""
        async with self._database.begin(self._organisation) as work:
            for number in range(FLOWS):
                flow = self._flow(number)
                self.flows.append(flow.id)
                await work.flows.add(flow)
        async with self._database.connect() as connection:
            names = [*REGIONS, *SEGMENTS, *BRANCHES, *PRIORITIES]
            rows = [{"organisation_id": self._organisation, "tag": name} for name in names]
            await connection.execute(insert(tags), rows)

    async def grow(self, to_customers: int, to_calls: int) -> None:
        """Adds what is missing, in one transaction."""
        days: Counter[tuple[Any, ...]] = Counter()
        seconds: Counter[tuple[Any, ...]] = Counter()
        hours: Counter[tuple[str, int]] = Counter()
        async with self._database.connect() as connection:
            await self._add_customers(connection, to_customers)
            more = iter(self._new_calls(to_calls - len(self.calls)))
            while part := list(islice(more, ROWS)):
                for call in part:
                    self.calls.append(call.id)
                    key = (call.flow_id, call.started_at.date(), call.call_type, call.outcome, call.sentiment or "")
                    days[key] += 1
                    seconds[key] += call.duration or 0
                    hours[call.flow_id or "", call.started_at.hour * 2 + call.started_at.minute // 30] += 1
                await connection.execute(insert(calls), [values(call) for call in part])
            await self._count(connection, days, seconds, hours)

    async def _add_customers(self, connection: AsyncConnection, up_to: int) -> None:
        known = {row.tag: row.number for row in await connection.execute(select(tags.c.tag, tags.c.number))}
        last = await connection.scalar(select(func.max(customers.c.number))) or 0
        while (start := len(self.customers)) < up_to:
            part = [self._customer(number) for number in range(start, min(start + ROWS, up_to))]
            numbered = list(enumerate(part, last + 1))
            last += len(part)
            self.customers += [customer.id for customer in part]
            await connection.execute(insert(customers), [values(customer) for customer in part])
            assert await connection.scalar(select(func.max(customers.c.number))) == last
            rows = [
                {"organisation_id": self._organisation, "tag": known[name], "customer": number}
                for number, customer in numbered
                for name in customer.tags
            ]
            await connection.execute(insert(customer_tags), rows)

    async def _count(
        self,
        connection: AsyncConnection,
        days: Counter[tuple[Any, ...]],
        seconds: Counter[tuple[Any, ...]],
        hours: Counter[tuple[str, int]],
    ) -> None:
        """To what was counted before: the tables are written anew."""
        for table, names, counted, more in (
            (call_days, ("flow_id", "day", "call_type", "outcome", "sentiment"), days, seconds),
            (call_hours, ("flow_id", "half_hour"), hours, None),
        ):
            for row in (await connection.execute(select(table))).mappings():
                key = tuple(row[name] for name in names)
                counted[key] += row["calls"]
                if more is not None:
                    more[key] += row["seconds"]
            await connection.execute(table.delete())
            rows = [self._counted(table, dict(zip(names, key, strict=True)), counted[key]) for key in counted]
            if more is not None:
                rows = [{**row, "seconds": more[key]} for row, key in zip(rows, counted, strict=True)]
            await connection.execute(insert(table), rows)

    def _counted(self, table: Table, key: dict[str, Any], count: int) -> dict[str, Any]:
        return {"organisation_id": self._organisation, **key, "calls": count}

    def _customer(self, number: int) -> Customer:
        chance = self._chance
        inbound, outbound = chance.randint(0, 3), chance.randint(0, 9)
        return Customer(
            new_id(CUSTOMER),
            self._organisation,
            name=f"{chance.choice(GIVEN)} {chance.choice(FAMILY)}",
            phone=phone(number),
            created_at=self._began,
            updated_at=self._began,
            tags=some_tags(chance),
            preferred_language="en",
            metadata=some_metadata(chance, number),
            inbound_calls=inbound,
            outbound_calls=outbound,
            last_contact=self._began if inbound + outbound else None,
        )

    def _new_calls(self, count: int) -> Iterator[Call]:
        """Spread evenly over the days, in working hours."""
        chance = self._chance
        outcomes = chance.choices(list(OUTCOMES), list(OUTCOMES.values()), k=count)
        for outcome in outcomes:
            at = self._began + timedelta(days=chance.randrange(DAYS), seconds=chance.randrange(9 * 3600, 18 * 3600))
            connected = outcome is Outcome.CONNECTED
            duration = float(chance.randint(10, 300)) if connected else 0.0
            yield Call(
                new_id(CALL),
                self._organisation,
                call_type=CallType.OUTBOUND if chance.random() < 0.9 else CallType.INBOUND,
                status=CallStatus.ENDED,
                carrier="exotel",
                node="one",
                started_at=at,
                flow_id=chance.choice(self.flows),
                agent_id=self._agent,
                from_number="+15550010000",
                to_number=phone(chance.randrange(len(self.customers))),
                outcome=outcome,
                reason="caller hung up" if connected else "not answered",
                answered_at=at if connected else None,
                ended_at=at + timedelta(seconds=duration),
                duration=duration,
                language="en" if connected else None,
                recording=f"recordings/{at:%Y/%m/%d}/x.wav" if connected else None,
                customer_id=chance.choice(self.customers),
                sentiment=chance.choices(list(SENTIMENTS), list(SENTIMENTS.values()))[0] if connected else None,
                summary="Interested in Standing Desk Pro, asked about delivery." if connected else None,
                key_details={"lead_stage": "Interested in Buying"} if connected else {},
            )

    def _flow(self, number: int) -> Flow:
        return Flow(
            new_id(FLOW),
            self._organisation,
            kind=FlowKind.OUTBOUND,
            name=f"Campaign {number}",
            status=FlowStatus.PAUSED,
            provider="nextneural",
            created_at=self._began,
            updated_at=self._began,
            agent_id=self._agent,
            branches=[REGIONS[number % len(REGIONS)], SEGMENTS[number % len(SEGMENTS)]],
            time_window={"start": "09:00", "end": "18:00", "timezone": "Asia/Kolkata"},
        )
