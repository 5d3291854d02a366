"""S10: calls decided upon, placed and concluded, with all that is written of them, in campaigns of every size.

The whole path of an attempt is in it, but for the carrier's network: who is due is screened, the intent is written, the
carrier accepts at once, and its report of the end goes through the books. What measures is a process of its own that
knows nothing of how the campaign was made.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from itertools import count, cycle
from pathlib import Path

import psutil
import uvloop
from sqlalchemy import insert

from benchmarks import databases
from benchmarks.api import DATABASES
from benchmarks.report import Bar, machine, percentile, print_bars
from dialer import moves
from dialer.conclude import Report
from dialer.dialer import Dialer
from dialer.ledger import Ledger
from dialer.ports import CarrierStatus, Dial, PhoneLine
from dialer.timing import Prices
from storage.asset_tables import customers
from storage.assets import Customer, PhoneNumber
from storage.database import Database
from storage.dialing import Contact, ContactState
from storage.dialing_tables import contacts
from storage.ids import CUSTOMER, FLOW, NUMBER, new_id
from storage.keys import new_token
from storage.migrations import migrate
from storage.records import Flow, FlowKind, FlowStatus, Outcome
from storage.seed import Seeded, seed
from storage.tenancy import values
from tests.dialer.campaign import NOON

SIZES = (1_000, 10_000, 100_000, 1_000_000)
ATTEMPTS = 5_000
"""That are measured, in a campaign that has so many."""
WARM = 200
NUMBERS = 4
A_MINUTE = 600
"""Calls of each number: the clock goes so fast that they are just kept."""
BATCH = 200
LATER = timedelta(minutes=20)
"""Each campaign has the numbers to itself."""
ROWS = 5_000
"""In one statement."""
ENDS = (
    *[(Outcome.CONNECTED, 45.0)] * 10,
    *[(Outcome.NO_ANSWER, 0.0)] * 5,
    *[(Outcome.BUSY, 0.0)] * 2,
    *[(Outcome.VOICEMAIL, 12.0)] * 2,
    (Outcome.FAILED, 0.0),
)
"""One after the other: outcome and seconds of talk."""
BARS = {"SQLite": 800, "PostgreSQL": 1300}
SLOWER, LARGER = 1.25, 8.0
"""What counts as flat: times as long an attempt, and MB more."""


@dataclass(frozen=True, slots=True)
class Measured:
    attempts: int
    seconds: float
    cpu: float
    """Seconds of the process."""
    claim: Sequence[float]
    """Milliseconds of each round in which calls were decided upon and placed."""
    record: Sequence[float]
    """Of each in which their ends were written."""
    megabytes: float

    @property
    def rate(self) -> float:
        return self.attempts / self.seconds

    @property
    def cpu_each(self) -> float:
        """Milliseconds."""
        return self.cpu * 1000 / self.attempts


class Clock:
    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def goes_on(self) -> None:
        self.now += timedelta(minutes=BATCH / (NUMBERS * A_MINUTE))


class Instant:
    """A carrier that accepts at once."""

    def __init__(self) -> None:
        self.accepted: list[str] = []
        self._number = count()

    async def line(self, organisation: str, provider: str) -> PhoneLine:
        return self

    async def dial(self, call: Dial) -> str:
        self.accepted.append(call.call)
        return f"sid{next(self._number)}"

    async def find(self, call: Dial) -> CarrierStatus | None:
        raise AssertionError("nothing is in doubt")


class Day:
    """Of a dialer that is as busy as it can be."""

    def __init__(self, database: Database, organisation: str, begins: datetime) -> None:
        self._clock, self._carrier, self._organisation = Clock(begins), Instant(), organisation
        self._dialer = Dialer(
            database,
            self._carrier,
            node="one",
            clock=self._clock,
            prices=Prices(attempt=7, minute=90),
            simulator=True,
        )
        self._ends = cycle(ENDS)

    async def attempts(self, number: int) -> Measured:
        """That many, or a few more."""
        claim, record, done = [], [], 0
        cpu, begin = time.process_time(), time.perf_counter()
        while done < number:
            self._clock.goes_on()
            start = time.perf_counter()
            await self._dialer.tick()
            await self._dialer.settled()
            placed = time.perf_counter()
            if not self._carrier.accepted:
                raise RuntimeError("the campaign has nobody left to call")
            for call in self._carrier.accepted:
                outcome, talk = next(self._ends)
                report = Report(call, outcome, outcome.value, self._clock(), talk_seconds=talk)
                self._dialer.books.enter(self._organisation, report)
            await self._dialer.books.write()
            record.append((time.perf_counter() - placed) * 1000)
            claim.append((placed - start) * 1000)
            done += len(self._carrier.accepted)
            self._carrier.accepted.clear()
        took, cost = time.perf_counter() - begin, time.process_time() - cpu
        return Measured(done, took, cost, claim, record, psutil.Process().memory_info().rss / 1e6)


async def measure(url: str, organisation: str, attempts: int, begins: datetime) -> None:
    async with Database(url) as database:
        day = Day(database, organisation, begins)
        await day.attempts(WARM)
        print(json.dumps(asdict(await day.attempts(attempts))))


async def campaign(database: Database, seeded: Seeded, size: int) -> Flow:
    """One that has all its people, and has called nobody yet. Any other is paused."""
    organisation = seeded.organisation
    async with database.begin(organisation) as work:
        for other in await work.flows.dialling():
            await moves.pause(work, other, NOON)
        numbers = [one.id for one in await work.numbers.every()]
        flow = Flow(
            new_id(FLOW),
            organisation,
            kind=FlowKind.OUTBOUND,
            name=f"{size} people",
            status=FlowStatus.DRAFT,
            provider="nextneural",
            created_at=NOON,
            updated_at=NOON,
            agent_id=seeded.agent,
            max_parallel_calls=1000,
            rate_limit_per_number=A_MINUTE,
            phone_numbers=numbers,
        )
        await work.flows.add(flow)
        await moves.launch(work, flow, NOON)
        held = await work.runs.held(flow.id)
        assert held is not None
        ledger = Ledger(replace(held, enrol_after=None, places=["IN|Asia/Kolkata"], pending=size))
        await ledger.write(work)
    async with database.connect() as connection:
        for start in range(0, size, ROWS):
            people = [_person(organisation, size, place) for place in range(start, min(start + ROWS, size))]
            await connection.execute(insert(customers), [values(person) for person in people])
            await connection.execute(insert(contacts), [_contact(flow, person) for person in people])
    return flow


def _person(organisation: str, size: int, place: int) -> Customer:
    """Nobody else has their phone."""
    phone = f"+91{7 + SIZES.index(size) if size in SIZES else 6}{place * 61_803_399 % 1_000_000_000:09}"
    return Customer(new_id(CUSTOMER), organisation, f"Person {place}", phone, created_at=NOON, updated_at=NOON)


def _contact(flow: Flow, person: Customer) -> dict[str, object]:
    waiting = Contact(
        0, flow.organisation_id, flow.id, person.id, person.phone, 0, ContactState.PENDING, NOON, due_at=NOON
    )
    return {name: value for name, value in values(waiting).items() if name != "number"}


async def of_database(name: str, sizes: Sequence[int], folder: Path) -> dict[int, Measured]:
    found: dict[int, Measured] = {}
    async with DATABASES[name](folder) as url:
        await migrate(url)
        async with Database(url) as database:
            seeded = await _seeded(database)
            for place, size in enumerate(sizes):
                begin = time.monotonic()
                await campaign(database, seeded, size)
                await databases.settle(url)
                filled = time.monotonic() - begin
                load = os.getloadavg()[0]
                attempts, begins = min(ATTEMPTS, size - WARM - BATCH), NOON + place * LATER
                found[size] = await _measured(url, seeded.organisation, attempts, begins)
                _show(name, size, filled, load, found[size])
    return found


async def _measured(url: str, organisation: str, attempts: int, begins: datetime) -> Measured:
    given = [url, organisation, str(attempts), begins.isoformat()]
    command = [sys.executable, "-m", "benchmarks.dialer_claim", "--measure", *given]
    done = await asyncio.to_thread(subprocess.run, command, check=True, stdout=subprocess.PIPE)
    return Measured(**json.loads(done.stdout))


async def _seeded(database: Database) -> Seeded:
    async with database.begin() as work:
        seeded = await seed(work, now=NOON, config={}, voice_config={}, language="en-IN", token=new_token())
    assert seeded is not None
    async with database.begin(seeded.organisation) as work:
        for place in range(NUMBERS):
            number = f"+1555010{place:04}"
            await work.numbers.add(
                PhoneNumber(new_id(NUMBER), seeded.organisation, number, NOON, NOON, provider="simulator")
            )
    return seeded


def _show(name: str, size: int, filled: float, load: float, measured: Measured) -> None:
    print(
        f"\n{name}, {size} contacts (filled in {filled:.0f} s, load average {load:.1f}): "
        f"{measured.rate:.0f} attempts a second, {measured.cpu_each:.2f} ms of CPU each, {measured.megabytes:.0f} MB"
    )
    for what, times in (("decided upon and placed", measured.claim), ("ends recorded", measured.record)):
        p50, p99 = percentile(times, 0.5), percentile(times, 0.99)
        print(f"  {BATCH} {what:<24} p50 {p50:6.1f} ms   p99 {p99:6.1f} ms", flush=True)


def bars(name: str, found: dict[int, Measured]) -> None:
    least, most = found[min(found)], found[max(found)]
    print_bars(
        Bar(f"S10 {name}: attempts claimed and recorded", most.rate, BARS[name], "/s", at_least=True),
        Bar(f"S10 {name}: CPU of one, most contacts to fewest", most.cpu_each / least.cpu_each, SLOWER, "x"),
        Bar(f"S10 {name}: memory, most contacts less fewest", most.megabytes - least.megabytes, LARGER, "MB"),
    )


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("contacts", type=int, nargs="*", default=SIZES, help="how many there are in the campaigns")
    parser.add_argument("--only", choices=DATABASES, help="on this database alone")
    parser.add_argument("--measure", nargs=4, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.measure:
        url, organisation, attempts, begins = asked.measure
        await measure(url, organisation, int(attempts), datetime.fromisoformat(begins))
        return
    await asyncio.to_thread(subprocess.run, ["sh", "tests/postgres.sh"], check=True)
    print(f"machine: {machine()}")
    for name in [asked.only] if asked.only else DATABASES:
        with tempfile.TemporaryDirectory() as folder:
            found = await of_database(name, sorted(asked.contacts), Path(folder))
        bars(name, found)


if __name__ == "__main__":
    uvloop.run(main())
