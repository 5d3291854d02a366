"""R1: nobody is dialled twice and nobody is lost, however often the process that dials is killed."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from pathlib import Path

import pytest

from dialer.timing import Prices
from storage.database import Database
from storage.records import Flow, FlowStatus
from storage.seed import Seeded
from tests.dialer.audit import accepted, all_sums_agree, books, everybody_was_dealt_with, the_carrier_agrees
from tests.dialer.crew import Crew, Exchange, launched
from tests.dialer.worker import Hours
from tests.patience import until
from tests.transports.exotel_subscribers import Manner

PRICES = Prices(attempt=7, minute=90)
ROUGH = Manner(
    ring=0.1,
    talk=0.1,
    accept_delay=(0.0, 1.0),
    placed_late=True,
    lose_answers=0.1,
    missing=0.3,
    opens_streams=True,
    mix={"completed": 0.2, "machine": 0.08, "no-answer": 0.5, "busy": 0.2, "failed": 0.02},
)
"""An exchange that is slow to accept, loses answers, and does not tell of each end.

A call that is answered while nobody is there to take it has failed, and a campaign most of whose calls fail pauses: so
few enough are answered.
"""


@pytest.mark.parametrize(
    ("people", "kills", "at_once"),
    [(60, 5, 20), pytest.param(3000, 200, 20, marks=[pytest.mark.soak])],
)
@pytest.mark.timeout(900)
async def test_nobody_is_dialled_twice_or_never_by_a_dialer_that_is_killed_again_and_again(
    database: Database, database_url: str, seeded: Seeded, tmp_path: Path, people: int, kills: int, at_once: int
) -> None:
    asyncio.get_running_loop().set_debug(False)  # the exchange works in this process
    hours, dials, chance = Hours(), tmp_path / "dials.log", random.Random(7)
    async with Exchange(ROUGH, hours, log=dials) as exchange:
        with Crew(database_url, exchange.url, tmp_path, hours, PRICES) as crew:
            flow = await launched(database, seeded, people, hours, max_parallel_calls=at_once)
            crew.start()
            await until(lambda: len(exchange.calls) >= at_once, seconds=60)
            for _ in range(kills):
                await asyncio.sleep(chance.uniform(0.05, 1.2))
                assert not await is_over(database, flow), "it was over before the last kill"
                crew.kill()
                crew.start()
            await until(lambda: is_over(database, flow), seconds=600)
        await exchange.over()
        assert crew.errors == ""
    found = await books(database, flow)
    assert Counter(one.phone for one in accepted(dials)) == dict.fromkeys((one.phone for one in found.contacts), 1)
    assert len(found.contacts) == people
    everybody_was_dealt_with(found)
    the_carrier_agrees(found, dials)
    all_sums_agree(found, PRICES)


async def is_over(database: Database, flow: Flow) -> bool:
    async with database.read(flow.organisation_id) as work:
        present = await work.flows.get(flow.id)
    assert present is not None
    assert present.status in (FlowStatus.ACTIVE, FlowStatus.COMPLETED), present.pause_reason
    return present.status is FlowStatus.COMPLETED
