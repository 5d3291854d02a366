"""R2: nobody is dialled twice when a process stands still for longer than its lease, and wakes up in the middle of it.

What stands between the stopped process and a second call is the lease: the client looks at the deadline in the moment
in which a request's bytes are handed to the system, and whoever takes over asks the carrier first, and not before the
longest request has passed.

What remains: a process that is stopped between that look and the system call behind it, some ten microseconds later,
and that wakes up after another one has asked the carrier in vain. No client can close that gap; only a carrier could
that refuses a reference which it knows.
"""

from __future__ import annotations

import asyncio
import random
from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Sequence
from pathlib import Path

import pytest

from storage.assets import PhoneNumber
from storage.database import Database
from storage.ids import NUMBER, new_id
from storage.seed import Seeded
from tests.dialer.audit import accepted, all_sums_agree, books, everybody_was_dealt_with, the_carrier_agrees
from tests.dialer.crew import Crew, Exchange, launched
from tests.dialer.test_killed import PRICES, ROUGH, is_over
from tests.dialer.worker import TIMING, Hours
from tests.patience import until
from tests.transports.exotel_subscribers import PlacedCall

NODES = ("one", "two", "three")
MINUTE = 60.0
ON_THE_WAY = TIMING.lease.total_seconds() + ROUGH.accept_delay[1]
"""Seconds from the decision, which is what is counted, to the carrier's list: a lease and its slowness."""


@pytest.mark.parametrize(
    ("people", "stops", "a_minute"),
    [(60, 2, 40), pytest.param(500, 50, 40, marks=[pytest.mark.soak])],
)
@pytest.mark.timeout(900)
async def test_three_dialers_that_are_stopped_for_longer_than_a_lease_dial_nobody_twice_and_keep_the_limits(
    database: Database, database_url: str, seeded: Seeded, tmp_path: Path, people: int, stops: int, a_minute: int
) -> None:
    asyncio.get_running_loop().set_debug(False)  # the exchange works in this process
    hours, dials, chance = Hours(), tmp_path / "dials.log", random.Random(11)
    lease = TIMING.lease.total_seconds()
    numbers = await with_numbers(database, seeded, hours, count=4)
    async with Exchange(ROUGH, hours, log=dials) as exchange:
        with Crew(database_url, exchange.url, tmp_path, hours, PRICES) as crew:
            flow = await launched(
                database,
                seeded,
                people,
                hours,
                max_parallel_calls=8,
                rate_limit_per_number=a_minute,
                phone_numbers=[number.id for number in numbers],
            )
            for node in NODES:
                crew.start(node)
            await until(lambda: len(exchange.calls) >= 8, seconds=60)
            for _ in range(stops):
                node = chance.choice(NODES)
                await asyncio.sleep(chance.uniform(0.0, 0.5))
                assert not await is_over(database, flow), "it was over before the last stop"
                crew.stop(node)
                await asyncio.sleep(lease * chance.uniform(1.2, 4.0))
                crew.goes_on(node)
            await until(lambda: is_over(database, flow), seconds=600)
        await exchange.over()
        assert crew.errors == ""
    found = await books(database, flow)
    theirs = accepted(dials)
    assert Counter(one.phone for one in theirs) == dict.fromkeys((one.phone for one in found.contacts), 1)
    assert len(found.contacts) == people
    everybody_was_dealt_with(found)
    the_carrier_agrees(found, dials)
    all_sums_agree(found, PRICES)
    assert len({one.node for one in found.tried}) > 1
    assert most_at_once(list(exchange.calls.values())) <= 8
    by_number: defaultdict[str, list[float]] = defaultdict(list)
    for one in theirs:
        by_number[one.caller_id].append(one.at.timestamp())
    assert by_number.keys() == {number.number for number in numbers}
    assert all(most_within(MINUTE - ON_THE_WAY, times) <= a_minute for times in by_number.values())


def most_at_once(calls: Sequence[PlacedCall]) -> int:
    changes = [(call.created, 1) for call in calls] + [(call.ended, -1) for call in calls if call.ended is not None]
    going_on, most = 0, 0
    for _, change in sorted(changes):
        going_on += change
        most = max(most, going_on)
    return most


def most_within(seconds: float, times: Sequence[float]) -> int:
    ordered = sorted(times)
    return max(bisect_right(ordered, start + seconds) - place for place, start in enumerate(ordered))


async def with_numbers(database: Database, seeded: Seeded, hours: Hours, *, count: int) -> list[PhoneNumber]:
    now = hours()
    numbers = [
        PhoneNumber(new_id(NUMBER), seeded.organisation, f"+1555010{place:04d}", now, now, provider="simulator")
        for place in range(count)
    ]
    async with database.begin(seeded.organisation) as work:
        for number in numbers:
            await work.numbers.add(number)
    return numbers
