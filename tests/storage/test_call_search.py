from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta, timezone
from typing import Any

import pytest

from storage.call_search import CallFilter
from storage.database import Database
from storage.records import Call, CallStatus, CallType, Outcome, Sentiment
from storage.seed import Seeded
from tests.storage.samples import LATER, NOW, a_call, an_organisation


async def keep(database: Database, *over: Call, live: Sequence[Call] = ()) -> None:
    """Calls as they would have come to be; those that are `over` are ended with their outcome."""
    for call in (*over, *live):
        async with database.begin(call.organisation_id) as work:
            await work.calls.open(call)
            if call in over:
                assert await work.calls.ended(call.id, at=LATER, outcome=call.outcome or Outcome.CONNECTED, reason="")


async def found(database: Database, organisation: str, limit: int = 50, offset: int = 0, **wanted: Any) -> Any:
    """Ids of a page, and the total."""
    async with database.read(organisation) as work:
        calls, total = await work.calls.newest(limit, offset, CallFilter(**wanted))
    return [call.id for call in calls], total


async def test_each_filter_finds_its_calls_and_counts_them(database: Database, seeded: Seeded) -> None:
    facts: list[dict[str, Any]] = [
        {"call_type": CallType.OUTBOUND, "flow_id": "flw_1", "customer_id": "cst_1", "sentiment": Sentiment.POSITIVE},
        {"call_type": CallType.INBOUND, "flow_id": "flw_1", "customer_id": "cst_2", "outcome": Outcome.BUSY},
        {"call_type": CallType.BROWSER, "flow_id": "flw_2", "sentiment": Sentiment.NEGATIVE},
        {"call_type": CallType.OUTBOUND, "flow_id": None, "customer_id": "cst_1", "outcome": Outcome.NO_ANSWER},
    ]
    calls = [
        a_call(seeded.organisation, started_at=NOW - timedelta(days=place), **fact) for place, fact in enumerate(facts)
    ]
    going_on = a_call(seeded.organisation, started_at=LATER, flow_id="flw_1", customer_id="cst_1")
    await keep(database, *calls, live=[going_on])
    ids = [going_on.id, *(call.id for call in calls)]
    expected: list[tuple[dict[str, Any], list[int]]] = [
        ({}, [0, 1, 2, 3, 4]),
        ({"call_type": CallType.OUTBOUND}, [1, 4]),
        ({"call_type": CallType.INBOUND}, [0, 2]),
        ({"flow_id": "flw_1"}, [0, 1, 2]),
        ({"flow_id": "flw_3"}, []),
        ({"customer_id": "cst_1"}, [0, 1, 4]),
        ({"customer_id": "cst_1", "outcome": Outcome.NO_ANSWER}, [4]),
        ({"outcome": Outcome.CONNECTED}, [1, 3]),
        ({"outcome": Outcome.BUSY}, [2]),
        ({"sentiment": Sentiment.NEGATIVE}, [3]),
        ({"flow_id": "flw_1", "call_type": CallType.INBOUND}, [0, 2]),
        ({"flow_id": "flw_1", "call_type": CallType.INBOUND, "outcome": Outcome.BUSY}, [2]),
        ({"is_live": True}, [0]),
        ({"is_live": True, "customer_id": "cst_1"}, [0]),
        ({"is_live": True, "call_type": CallType.OUTBOUND}, []),
    ]
    for wanted, places in expected:
        got = await found(database, seeded.organisation, **wanted)
        assert got == ([ids[place] for place in places], len(places)), wanted


@pytest.mark.parametrize("is_live", [False, True])
async def test_days_are_whole_ones_in_utc_and_both_count(database: Database, seeded: Seeded, is_live: bool) -> None:
    first, last = datetime.fromisoformat("2026-05-12T00:00:00Z"), datetime.fromisoformat("2026-05-13T23:59:59.999999Z")
    india = timezone(timedelta(hours=5, minutes=30))
    times = [first - timedelta(microseconds=1), first.astimezone(india), last, last + timedelta(microseconds=1)]
    calls = [a_call(seeded.organisation, started_at=time, flow_id="flw_1") for time in times]
    await keep(database, *([] if is_live else calls), live=calls if is_live else ())
    one, two, three, four = [call.id for call in calls]
    days = date(2026, 5, 12), date(2026, 5, 13)
    assert await found(database, seeded.organisation, date_from=days[0], date_to=days[1]) == ([three, two], 2)
    assert await found(database, seeded.organisation, date_from=days[0]) == ([four, three, two], 3)
    assert await found(database, seeded.organisation, date_to=days[0]) == ([two, one], 2)
    assert await found(database, seeded.organisation, date_from=date.min, date_to=date.max, flow_id="flw_1") == (
        [four, three, two, one],
        4,
    )


async def test_pages_follow_each_other_without_gap_or_repetition(database: Database, seeded: Seeded) -> None:
    calls = [a_call(seeded.organisation, started_at=NOW + timedelta(minutes=place // 3)) for place in range(10)]
    await keep(database, *calls[:7], live=calls[7:])
    pages = [await found(database, seeded.organisation, 4, offset) for offset in (0, 4, 8)]
    assert [total for _, total in pages] == [10, 10, 10]
    expected = sorted(calls, key=lambda call: (call.started_at, call.id), reverse=True)
    assert [uuid for page, _ in pages for uuid in page] == [call.id for call in expected]
    for beyond in (10, 10_000_000):
        assert await found(database, seeded.organisation, 4, beyond) == ([], 10)


async def test_a_call_counts_once_before_and_after_its_end(database: Database, seeded: Seeded) -> None:
    call = a_call(seeded.organisation, flow_id="flw_1")
    await keep(database, live=[call])
    assert await found(database, seeded.organisation, flow_id="flw_1") == ([call.id], 1)
    assert await found(database, seeded.organisation, is_live=True) == ([call.id], 1)
    async with database.begin(seeded.organisation) as work:
        assert await work.calls.ended(call.id, at=LATER, outcome=Outcome.FAILED, reason="")
    assert await found(database, seeded.organisation, flow_id="flw_1") == ([call.id], 1)
    assert await found(database, seeded.organisation, is_live=True) == ([], 0)


async def test_calls_come_back_whole(database: Database, seeded: Seeded) -> None:
    call = a_call(seeded.organisation, summary="About a desk.", key_details={"a": [1]}, from_number="+15550010000")
    await keep(database, live=[call])
    async with database.read(seeded.organisation) as work:
        assert await work.calls.newest(1) == ([call], 1)
        assert await work.calls.newest(1, 0, CallFilter(is_live=True)) == ([call], 1)


async def test_nobody_finds_or_changes_another_organisations_calls(database: Database, seeded: Seeded) -> None:
    other = an_organisation()
    async with database.begin() as work:
        await work.organisations.add(other)
    call = a_call(seeded.organisation, customer_id="cst_1", flow_id="flw_1", status=CallStatus.IN_PROGRESS)
    await keep(database, live=[call])
    wanted: list[dict[str, Any]] = [{}, {"customer_id": "cst_1"}, {"flow_id": "flw_1"}, {"is_live": True}]
    for one in wanted:
        assert await found(database, other.id, **one) == ([], 0)
    async with database.begin(other.id) as work:
        assert await work.calls.change_details(call.id, lambda _: {"stolen": True}) is None
    async with database.read() as work:
        assert await work.calls.get(call.id) == call
        assert await work.calls.newest(10) == ([call], 1)
