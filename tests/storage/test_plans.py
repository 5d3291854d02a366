"""What SQLite makes of our statements: none may read all the customers or calls of an organisation to find a few."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event, text

from storage.answer_times import Window
from storage.customers import CustomerFilter
from storage.database import Database, UnitOfWork
from storage.seed import Seeded
from tests.storage.customer_samples import a_customer
from tests.storage.samples import LATER, NOW

READS_ALL = re.compile(r"SCAN (customers|calls)\b|SEARCH (customers|calls) .*\(organisation_id=\?\)")
IDS = [f"cst_{number}" for number in range(100)]

Ask = Callable[[UnitOfWork], Awaitable[Any]]


async def upserted(work: UnitOfWork) -> None:
    assert work.organisation is not None
    batch = [a_customer(work.organisation, phone=f"+9198{number:08}", tags=["Region:West"]) for number in range(100)]
    for tags in (["Region:West"], ["Region:East"]):
        given = [frozenset({"tags", "metadata"})] * len(batch)
        await work.customers.upsert(
            [a_customer(work.organisation, phone=one.phone, tags=tags) for one in batch], given, now=LATER
        )


async def plans(database: Database, organisation: str, ask: Ask) -> list[str]:
    """Of every statement that `ask` sends."""
    sent: list[tuple[str, Any]] = []

    def note(connection: object, cursor: object, statement: str, parameters: Any, context: object, many: bool) -> None:
        sent.append((statement, parameters[0] if many else parameters))

    async with database.begin(organisation) as work:
        connection = work.customers._tenancy.connection
        event.listen(connection.sync_connection, "before_cursor_execute", note)
        await ask(work)
        event.remove(connection.sync_connection, "before_cursor_execute", note)
        found = []
        for statement, parameters in sent:
            rows = await connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
            found += [row.detail for row in rows]
    return found


@pytest.mark.parametrize(
    "ask",
    [
        upserted,
        lambda work: work.customers.by_ids(IDS),
        lambda work: work.customers.refusing_recording(IDS),
        lambda work: work.customers.get("cst_1"),
        lambda work: work.customers.by_phone("+919800000001"),
        lambda work: work.customers.page(CustomerFilter(search="Asha Rao 98123"), 50),
        lambda work: work.customers.page(CustomerFilter(search="(981) 230-0000"), 50),
        lambda work: work.customers.page(CustomerFilter(tags=["Region:West", "Segment:New"]), 50),
        lambda work: work.calls.get("cal_1"),
        lambda work: work.calls.of_customer("cst_1", 20),
        lambda work: work.statistics.since({"flw_1": NOW, "flw_2": NOW - timedelta(hours=5)}),
    ],
    ids=[
        "upsert",
        "by_ids",
        "refusing_recording",
        "get",
        "by_phone",
        "search",
        "number",
        "tags",
        "call",
        "of_customer",
        "since",
    ],
)
async def test_a_few_are_found_without_reading_all(database: Database, seeded: Seeded, file: Path, ask: Ask) -> None:
    steps = await plans(database, seeded.organisation, ask)
    assert steps
    assert [step for step in steps if READS_ALL.search(step)] == []


async def test_all_words_are_looked_up_at_once(database: Database, seeded: Seeded, file: Path) -> None:
    steps = await plans(
        database, seeded.organisation, lambda work: work.customers.count(CustomerFilter(search="Asha Rao"))
    )
    assert sum("customer_search" in step for step in steps) == 1


async def test_reading_all_would_be_seen(database: Database, seeded: Seeded, file: Path) -> None:
    async def all_of_them(work: UnitOfWork) -> None:
        await work.customers._tenancy.connection.execute(text("SELECT email FROM customers"))

    assert any(READS_ALL.search(step) for step in await plans(database, seeded.organisation, all_of_them))


async def test_what_expires_is_found_among_the_recorded_alone(database: Database, seeded: Seeded, file: Path) -> None:
    found = await plans(database, seeded.organisation, lambda work: work.keeping.expire(NOW, 100, now=NOW))
    assert any("USING INDEX ix_calls_recorded (organisation_id=? AND started_at<?)" in step for step in found), found


async def test_answer_times_are_found_by_when_they_were_measured(
    database: Database, seeded: Seeded, file: Path
) -> None:
    window = Window(NOW, LATER, flow_id="flw_1")

    async def all_of_them(work: UnitOfWork) -> None:
        async for _ in work.answer_times.newest(window):
            pass

    for ask in (all_of_them, lambda work: work.answer_times.moments(window)):
        found = await plans(database, seeded.organisation, ask)
        by_time = r"INDEX \w+_(measured|noticed)_at \(organisation_id=\?"
        assert any(re.search(by_time, step) for step in found), found
        assert not any(re.search(r"SCAN (turn_latencies|call_moments|calls)\b", step) for step in found), found


async def test_what_webhooks_were_told_of_a_call_is_found_by_it(database: Database, seeded: Seeded, file: Path) -> None:
    found = await plans(database, seeded.organisation, lambda work: work.deliveries.of_call("cal_1", 10))
    assert any("USING INDEX ix_webhook_logs_call_id (call_id=?)" in step for step in found), found
