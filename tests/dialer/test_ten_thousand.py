"""A whole campaign with retries, pauses and two kills: in the end its attempts, outcomes and costs add up."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from dialer import moves
from dialer.timing import Prices
from storage.database import Database
from storage.dialing import Run
from storage.records import Flow, FlowStatus, Outcome
from storage.seed import Seeded
from tests.dialer.audit import all_sums_agree, books, everybody_was_dealt_with, the_carrier_agrees
from tests.dialer.crew import Crew, Exchange, launched
from tests.dialer.worker import Hours
from tests.patience import until
from tests.transports.exotel_subscribers import Manner

MINUTE = timedelta(minutes=1)
FIRST_DELAY, SECOND_DELAY = 2 * MINUTE, 5 * MINUTE
SOON = timedelta(seconds=10)
PRICES = Prices(attempt=125, minute=4_000)
USUAL = Manner(
    ring=0.05,
    talk=0.1,
    accept_delay=(0.0, 0.05),
    lose_answers=0.02,
    missing=0.05,
    opens_streams=True,
    mix={"completed": 0.35, "machine": 0.1, "no-answer": 0.35, "busy": 0.17, "failed": 0.03},
)


@pytest.mark.parametrize(
    ("people", "at_once"),
    [(30, 10), pytest.param(10_000, 40, marks=[pytest.mark.soak])],
)
@pytest.mark.timeout(1800)
async def test_a_campaign_with_retries_pauses_and_two_kills_adds_up(
    database: Database, database_url: str, seeded: Seeded, tmp_path: Path, people: int, at_once: int
) -> None:
    asyncio.get_running_loop().set_debug(False)  # the exchange works in this process
    hours, dials = Hours(tmp_path / "ahead"), tmp_path / "dials.log"
    async with Exchange(USUAL, hours, log=dials) as exchange:
        with Crew(database_url, exchange.url, tmp_path, hours, PRICES) as crew:
            flow = await launched(
                database,
                seeded,
                people,
                hours,
                max_parallel_calls=at_once,
                retry_attempts=2,
                retry_delay_minutes=[delay // MINUTE for delay in (FIRST_DELAY, SECOND_DELAY)],
            )
            crew.start()
            await _until(database, flow, hours, lambda run: run.attempted >= people // 4)
            crew.kill()
            crew.start()
            await _until(database, flow, hours, lambda run: run.attempted >= people // 2)
            await _pause(database, flow, hours)
            await _until(database, flow, hours, lambda run: not run.in_flight)
            dialled = len(exchange.calls)
            hours.leap(FIRST_DELAY)  # second tries are due, among first ones
            await _resume(database, flow, hours)
            await _until(database, flow, hours, lambda run: run.attempted >= people * 3 // 4)
            await _pause(database, flow, hours)
            crew.kill()  # while it is paused, and calls are on the line
            await _resume(database, flow, hours)
            crew.start()
            await _until(database, flow, hours, lambda run: run.is_over, passing=True)
            await until(lambda: _is(database, flow, FlowStatus.COMPLETED))
            assert dialled < len(exchange.calls)
        await exchange.over()
        assert crew.errors == ""
    found = await books(database, flow)
    assert len(found.contacts) == people
    everybody_was_dealt_with(found)
    the_carrier_agrees(found, dials)
    all_sums_agree(found, PRICES)
    assert {one.number for one in found.tried} == {1, 2, 3}
    assert {one.outcome for one in found.tried} == set(Outcome)


async def _until(
    database: Database, flow: Flow, hours: Hours, so: Callable[[Run], bool], *, passing: bool = False
) -> None:
    """Meanwhile somebody resumes the campaign where calls failed that nobody was there to take.

    `passing`: the time in which there is nothing to do but to wait for the next try passes at once.
    """

    async def it_is() -> bool:
        async with database.read(flow.organisation_id) as work:
            run = await work.runs.get(flow.id)
            present = await work.flows.get(flow.id)
            first = await work.contacts.due(flow.id, [0], hours() + timedelta(days=9), 1)
        due = first[0].due_at if first else None
        assert run is not None
        assert present is not None
        if present.pause_reason:
            await _resume(database, flow, hours)
        elif passing and due is not None and not run.in_flight and (wait := due - hours()) > SOON:
            hours.leap(wait)
        return so(run)

    await until(it_is, seconds=1200)


async def _is(database: Database, flow: Flow, status: FlowStatus) -> bool:
    async with database.read(flow.organisation_id) as work:
        present = await work.flows.get(flow.id)
    return present is not None and present.status is status


async def _pause(database: Database, flow: Flow, hours: Hours) -> None:
    async with database.begin(flow.organisation_id) as work:
        await work.runs.held(flow.id)
        present = await work.flows.held(flow.id)
        assert present is not None
        await moves.pause(work, present, hours())


async def _resume(database: Database, flow: Flow, hours: Hours) -> None:
    async with database.begin(flow.organisation_id) as work:
        await work.runs.held(flow.id)
        present = await work.flows.held(flow.id)
        assert present is not None
        await moves.resume(work, present, hours())
