"""The figures of flows, computed by hand from calls that ended."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event

from control_api.campaigns.flow_metrics import metrics
from storage.database import Database
from storage.records import CallType, Flow, FlowKind, Outcome
from storage.seed import Seeded
from tests.control_api.api import Api, serving_api
from tests.storage.samples import a_call, a_flow

CONNECTED, VOICEMAIL, BUSY = Outcome.CONNECTED, Outcome.VOICEMAIL, Outcome.BUSY
NO_ANSWER, FAILED = Outcome.NO_ANSWER, Outcome.FAILED
NOTHING = {
    "calls_today": 0,
    "total_calls": 0,
    "connect_rate": 0.0,
    "answer_rate": 0.0,
    "missed_rate": 0.0,
    "avg_handle_time": "00:00",
    "peak_hour": None,
}
NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


@pytest.fixture
async def api(database: Database, tmp_path: Path) -> AsyncIterator[Api]:
    async with serving_api(database, tmp_path) as api:
        yield api


async def a_campaign(database: Database, seeded: Seeded, zone: str | None = None) -> Flow:
    window = {"start": "09:00", "end": "18:00", "timezone": zone} if zone is not None else None
    flow = a_flow(seeded.organisation, kind=FlowKind.OUTBOUND, time_window=window)
    async with database.begin(seeded.organisation) as work:
        await work.flows.add(flow)
    return flow


async def called(database: Database, flow: Flow, at: datetime, outcome: Outcome, seconds: float = 0.0) -> None:
    call = a_call(flow.organisation_id, call_type=CallType.OUTBOUND, flow_id=flow.id, started_at=at)
    async with database.begin(flow.organisation_id) as work:
        await work.calls.open(call)
        await work.calls.ended(
            call.id, at=at + timedelta(seconds=seconds), outcome=outcome, reason="over", duration=seconds
        )


async def figures(database: Database, *flows: Flow, now: datetime = NOON) -> list[dict[str, Any]]:
    async with database.read(flows[0].organisation_id) as work:
        found = await metrics(work, flows, now)
    return [found[flow.id].model_dump() for flow in flows]


async def test_the_figures_of_a_campaign(database: Database, seeded: Seeded) -> None:
    flow, other = await a_campaign(database, seeded), await a_campaign(database, seeded)
    ended = [(CONNECTED, 100.0), (CONNECTED, 83.0), (VOICEMAIL, 500.0), (BUSY, 0.0), (NO_ANSWER, 0.0), (FAILED, 0.0)]
    for number, (outcome, seconds) in enumerate(ended):
        await called(database, flow, NOON - timedelta(hours=7 * number), outcome, seconds)
    await called(database, flow, NOON - timedelta(hours=6, minutes=40), VOICEMAIL)
    await called(database, other, NOON, CONNECTED, 1.0)
    assert (await figures(database, flow, other))[0] == {
        "calls_today": 3,
        "total_calls": 7,
        "connect_rate": 0.29,
        "answer_rate": 0.57,
        "missed_rate": 0.43,
        "avg_handle_time": "01:32",
        "peak_hour": 5,
    }


async def test_a_day_and_an_hour_are_those_of_the_flows_zone(database: Database, seeded: Seeded) -> None:
    """It is noon in UTC. Midnight was at 18:30 in Kolkata, at 05:00 in New York, and at 18:15 in Kathmandu."""
    zones = (None, "Asia/Kolkata", "America/New_York", "Asia/Kathmandu")
    flows = [await a_campaign(database, seeded, zone) for zone in zones]
    yesterday = NOON - timedelta(days=1)
    times = [yesterday.replace(hour=18, minute=29), yesterday.replace(hour=18, minute=30)]
    times += [NOON.replace(hour=4, minute=59), NOON.replace(hour=5), NOON.replace(hour=5, minute=30)]
    for flow in flows:
        for at in times:
            await called(database, flow, at, BUSY)
    found = await figures(database, *flows)
    assert [one["calls_today"] for one in found] == [3, 4, 2, 5]
    assert [one["peak_hour"] for one in found] == [5, 10, 0, 10]


async def test_a_flow_without_calls_has_figures_too(api: Api, database: Database, seeded: Seeded) -> None:
    flow = await a_campaign(database, seeded)
    for path, word in (("/flows", "flows"), ("/v1/campaigns", "campaigns")):
        one = (await api.get(f"{path}/{flow.id}", params={"include_metrics": "true"})).body
        assert one["metrics"] == NOTHING
        listed = (await api.get(path, params={"include_metrics": "true", "kind": "outbound"})).body
        assert listed == {word: [one], "total": 1}
        del one["metrics"]
        assert (await api.get(path, params={"kind": "outbound"})).body == {word: [one], "total": 1}
        assert (await api.get(f"{path}/{flow.id}", params={"include_metrics": "false"})).body == one


async def test_a_call_of_now_is_one_of_today(api: Api, database: Database, seeded: Seeded) -> None:
    flow = await a_campaign(database, seeded, "Asia/Kolkata")
    await called(database, flow, datetime.now(UTC), CONNECTED, 3725.0)
    shown = (await api.get(f"/v1/campaigns/{flow.id}", params={"include_metrics": "true"})).body["metrics"]
    assert (shown["calls_today"], shown["total_calls"], shown["avg_handle_time"]) == (1, 1, "1:02:05")


async def test_a_page_asks_as_many_questions_as_one_flow(database: Database, seeded: Seeded) -> None:
    zones = ("Asia/Kolkata", "America/New_York", "UTC", "Asia/Kathmandu", None)
    flows = [await a_campaign(database, seeded, zone) for zone in zones * 4]
    asked: list[str] = []
    engine = database._reader.sync_engine
    event.listen(engine, "before_cursor_execute", lambda *about: asked.append(about[2]))
    await figures(database, flows[0])
    of_one = len(asked)
    await figures(database, *flows)
    assert len(asked) == 2 * of_one
