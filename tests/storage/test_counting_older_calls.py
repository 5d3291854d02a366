from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from itertools import product
from typing import Any

from sqlalchemy import delete, make_url, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from storage import tables
from storage.database import Database
from storage.migrations import migrate
from storage.records import Call, CallStatus, CallType, Outcome
from tests.storage.first_version import fill, plain
from tests.storage.samples import a_call, an_organisation

KINDS = (CallType.INBOUND, CallType.OUTBOUND)
"""Nobody could call from a browser then."""
INDIA = timezone(timedelta(hours=5, minutes=30))
STARTS = [
    datetime(2026, 2, 28, 23, 59, 59, 999_999, tzinfo=UTC),
    datetime(2026, 3, 1, tzinfo=UTC),
    datetime(2026, 3, 1, 0, 29, 59, 999_999, tzinfo=UTC),
    datetime(2026, 3, 1, 0, 30, tzinfo=UTC),
    datetime(2026, 3, 1, 5, 29, tzinfo=INDIA),  # still February in UTC
    datetime(2026, 3, 2, 18, 45, 1, tzinfo=INDIA),
]


def some_calls(organisation: str) -> list[Call]:
    every = list(product(STARTS, (None, "flw_1", "flw_2"), KINDS, Outcome))
    over: list[dict[str, Any]] = [
        {"started_at": start, "flow_id": flow, "call_type": kind, "outcome": outcome, "duration": place / 4}
        for place, (start, flow, kind, outcome) in enumerate(every)
    ]
    over += [over[0] | {"duration": None}, over[1], over[1]]
    live = [a_call(organisation, started_at=start, status=CallStatus.IN_PROGRESS) for start in STARTS]
    return [a_call(organisation, status=CallStatus.ENDED, ended_at=STARTS[-1], **about) for about in over] + live


async def counters(connection: AsyncConnection) -> list[set[tuple[Any, ...]]]:
    return [
        {tuple(row) for row in await connection.execute(select(table))}
        for table in (tables.call_days, tables.call_hours)
    ]


async def test_older_calls_are_counted_as_if_they_had_been_counted_when_they_ended(empty_url: str) -> None:
    await migrate(empty_url, to="0001")
    owners = [an_organisation(), an_organisation()]
    calls = [call for owner in owners for call in some_calls(owner.id)]
    async with Database(empty_url) as database:
        await fill(database, {"organisations": [plain(owner) for owner in owners], "calls": [plain(c) for c in calls]})
        if "postgresql" in empty_url:
            async with database.connect() as connection:  # the zone of the server's clock is nobody's day
                name = make_url(empty_url).database
                await connection.execute(text(f"ALTER DATABASE {name} SET timezone = 'Asia/Kolkata'"))
        await migrate(empty_url)

        async with database.connect() as connection:
            migrated = await counters(connection)
            for table in (tables.call_days, tables.call_hours, tables.calls):
                await connection.execute(delete(table))
        async with database.begin() as work:
            for call in calls:
                await work.calls.open(Call(**plain(call) | {"status": CallStatus.IN_PROGRESS, "outcome": None}))
                if call.outcome is not None:
                    await work.calls.ended(
                        call.id, at=STARTS[-1], outcome=call.outcome, reason="", duration=call.duration or 0.0
                    )
        async with database.connect() as connection:
            assert await counters(connection) == migrated
    assert sum(row[-2] for row in migrated[0]) == len(calls) - 2 * len(STARTS)


async def test_a_database_without_a_call_has_nothing_to_count(empty_url: str) -> None:
    await migrate(empty_url)
    async with Database(empty_url) as database, database.connect() as connection:
        assert await counters(connection) == [set(), set()]
