from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert

from storage.database import Database
from storage.records import CallType, Outcome, Sentiment
from storage.seed import Seeded
from storage.tables import call_days
from tests.control_api.api import Api, serving_api
from tests.storage.samples import LATER, NOW, a_call

EXAMPLE = {
    "total_calls": 891,
    "connected": 543,
    "voicemail": 124,
    "no_answer": 189,
    "failed": 35,
    "connect_rate": 0.61,
    "sentiment_breakdown": {"positive": 312, "neutral": 189, "negative": 42},
    "avg_duration_seconds": 97,
}
"""The document's example."""
NOTHING = {
    "total_calls": 0,
    "connected": 0,
    "voicemail": 0,
    "no_answer": 0,
    "failed": 0,
    "connect_rate": 0.0,
    "sentiment_breakdown": {"positive": 0, "neutral": 0, "negative": 0},
    "avg_duration_seconds": 0,
}


@pytest.fixture
async def api(database: Database, tmp_path: Path) -> AsyncIterator[Api]:
    async with serving_api(database, tmp_path) as api:
        yield api


async def count(
    database: Database, organisation: str, how_many: int, outcome: Outcome, duration: float = 0.0, **about: Any
) -> None:
    """So many calls that ended like this."""
    about = {"started_at": NOW, "flow_id": "flw_f1g2h3"} | about
    async with database.begin(organisation) as work:
        for _ in range(how_many):
            call = a_call(organisation, **about)
            await work.calls.open(call)
            assert await work.calls.ended(call.id, at=LATER, outcome=outcome, reason="", duration=duration)


async def test_the_documents_figures_come_out(api: Api, database: Database, seeded: Seeded) -> None:
    counted = [
        (Outcome.CONNECTED, "positive", 312, 97.2),
        (Outcome.CONNECTED, "neutral", 189, 97.2),
        (Outcome.CONNECTED, "negative", 42, 97.2),
        (Outcome.VOICEMAIL, "", 124, 5000.0),
        (Outcome.NO_ANSWER, "", 150, 0.0),
        (Outcome.BUSY, "", 39, 0.0),
        (Outcome.FAILED, "", 35, 0.0),
    ]
    about = {"organisation_id": seeded.organisation, "flow_id": "flw_f1g2h3", "day": NOW.date()}
    rows = [
        {**about, "call_type": CallType.OUTBOUND, "outcome": outcome, "sentiment": sentiment, "calls": calls,
         "seconds": calls * seconds}
        for outcome, sentiment, calls, seconds in counted
    ]  # fmt: skip
    async with database.connect() as connection:
        await connection.execute(insert(call_days), rows)
    for path in ("/calls/statistics", "/v1/calls/stats"):
        answer = await api.get(path)
        assert (answer.status, answer.body) == (200, EXAMPLE)


async def test_calls_count_by_how_they_ended(api: Api, database: Database, seeded: Seeded) -> None:
    mine = seeded.organisation
    await count(database, mine, 2, Outcome.CONNECTED, 60.2, sentiment=Sentiment.POSITIVE)
    await count(database, mine, 1, Outcome.CONNECTED, 10.0)
    for outcome in (Outcome.VOICEMAIL, Outcome.NO_ANSWER, Outcome.BUSY, Outcome.FAILED):
        await count(database, mine, 1, outcome, 1000.0)
    assert (await api.get("/calls/statistics")).body == {
        "total_calls": 7,
        "connected": 3,
        "voicemail": 1,
        "no_answer": 2,
        "failed": 1,
        "connect_rate": 0.43,
        "sentiment_breakdown": {"positive": 2, "neutral": 0, "negative": 0},
        "avg_duration_seconds": 43,
    }


async def test_no_calls_are_noughts(api: Api) -> None:
    assert (await api.get("/calls/statistics")).body == NOTHING
    assert (await api.get("/calls/statistics?flow_uuid=flw_unknown")).body == NOTHING


async def test_a_flow_or_some_days_are_counted_alone(api: Api, database: Database, seeded: Seeded) -> None:
    mine, day = seeded.organisation, timedelta(days=1)
    for ahead in range(4):
        await count(database, mine, ahead + 1, Outcome.CONNECTED, started_at=NOW + ahead * day, duration=10.5)
    await count(database, mine, 7, Outcome.BUSY, flow_id="flw_2")

    async def total(query: str) -> int:
        ours, theirs = (
            await api.get(f"/calls/statistics?{query}"),
            await api.get(f"/v1/calls/stats?{query.replace('flow_uuid', 'campaign_id')}"),
        )
        assert ours.body == theirs.body
        found: int = ours.body["total_calls"]
        return found

    assert await total("flow_uuid=flw_f1g2h3") == 10
    assert await total("date_from=2026-03-02&date_to=2026-03-03") == 5
    assert await total("date_from=2026-03-04") == 4
    assert await total("date_to=2026-03-01") == 8
    assert await total("date_to=2026-03-01&flow_uuid=flw_2") == 7


async def test_a_call_counts_when_it_is_over(api: Api, database: Database, seeded: Seeded) -> None:
    call = a_call(seeded.organisation)
    async with database.begin(seeded.organisation) as work:
        await work.calls.open(call)
    assert (await api.get("/calls/statistics")).body == NOTHING
    async with database.begin(seeded.organisation) as work:
        await work.calls.ended(call.id, at=LATER, outcome=Outcome.FAILED, reason="")
    assert (await api.get("/calls/statistics")).body == {**NOTHING, "total_calls": 1, "failed": 1}


async def test_another_organisations_calls_are_not_counted(api: Api, database: Database, seeded: Seeded) -> None:
    await count(database, seeded.organisation, 1, Outcome.CONNECTED)
    _, token = await api.stranger()
    assert (await api.get("/calls/statistics?flow_uuid=flw_f1g2h3", token=token)).body == NOTHING


async def test_a_wrong_parameter_is_named(api: Api) -> None:
    wrong = [
        ("date_from=2026-05-12&date_to=2026-05-11", "date_to must not be before date_from"),
        ("date_to=tomorrow", "date_to must be a date such as 2026-05-12"),
        ("limit=5", "limit is not a known parameter"),
    ]
    for query, detail in wrong:
        for path in ("/calls/statistics", "/v1/calls/stats"):
            answer = await api.get(f"{path}?{query}")
            assert (answer.status, answer.detail) == (400, detail)
