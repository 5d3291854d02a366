"""A campaign starts if it can call anybody, and the dialer hears of it at once."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from control_api.campaigns.starting import must_have_time_left
from control_api.web.errors import RefusedError
from storage.database import Database
from storage.dialing import ContactState
from storage.records import FlowKind, FlowStatus
from storage.seed import Seeded
from tests.control_api.api import Api, serving_api
from tests.control_api.campaigns import INDIA, House
from tests.storage.samples import a_flow

DRAFT, SCHEDULED, ACTIVE, PAUSED = FlowStatus.DRAFT, FlowStatus.SCHEDULED, FlowStatus.ACTIVE, FlowStatus.PAUSED
NO_PROVIDER = "no telephony provider is connected: connect one, or switch the simulator on"
START = "2199-01-05T09:00:00Z"
STARTS = [
    (DRAFT, "POST", "/launch", None),
    (PAUSED, "POST", "/launch", None),
    (PAUSED, "POST", "/resume", None),
    (PAUSED, "POST", "/toggle", None),
    (PAUSED, "PATCH", "", {"status": "active"}),
    (DRAFT, "POST", "/schedule", {"start_at": START}),
    (DRAFT, "PATCH", "", {"status": "scheduled", "start_at": START}),
]
"""State, and what leads to calls."""


@pytest.fixture
async def api(database: Database, tmp_path: Path) -> AsyncIterator[Api]:
    async with serving_api(database, tmp_path) as api:
        yield api


@pytest.fixture
def house(database: Database, seeded: Seeded) -> House:
    return House(database, seeded)


@pytest.mark.parametrize(("status", "method", "path", "body"), STARTS)
async def test_without_a_provider_nothing_starts(
    database: Database, house: House, tmp_path: Path, status: FlowStatus, method: str, path: str, body: Any
) -> None:
    flow = await house.campaign(status)
    async with serving_api(database, tmp_path, simulator=False) as api:
        for place in ("/flows", "/v1/campaigns"):
            answer = await api.ask(method, f"{place}/{flow.id}{path}", body)
            assert (answer.status, answer.detail) == (400, NO_PROVIDER)
        assert await house.flow(flow) == flow
        async with database.read() as work:
            assert await work.outbox.waiting(10) == []
            assert await work.runs.get(flow.id) is None


@pytest.mark.parametrize(("status", "method", "path", "body"), STARTS)
async def test_without_a_number_nothing_starts(
    api: Api, house: House, status: FlowStatus, method: str, path: str, body: Any
) -> None:
    number = await api.made("/phone-numbers", {"number": "+918047000001", "provider": "simulator", "is_active": False})
    flow = await house.campaign(status, phone_numbers=[number["uuid"]])
    answer = await api.ask(method, f"/flows/{flow.id}{path}", body)
    sentence = "phone_numbers holds no active number of a provider that is connected"
    assert (answer.status, answer.detail) == (400, sentence)
    assert await house.flow(flow) == flow
    await api.patch(f"/phone-numbers/{number['uuid']}", {"is_active": True})
    assert (await api.ask(method, f"/flows/{flow.id}{path}", body)).status == 200


@pytest.mark.parametrize("over", [{"end_date": date(2026, 1, 1)}, {"end_at": datetime(2026, 1, 1, tzinfo=UTC)}])
@pytest.mark.parametrize("action", ["launch", "resume", "toggle"])
async def test_what_is_over_does_not_start(api: Api, house: House, action: str, over: dict[str, Any]) -> None:
    flow = await house.campaign(PAUSED, **over)
    answer = await api.post(f"/flows/{flow.id}/{action}")
    assert (answer.status, answer.detail) == (400, f"{next(iter(over))} is in the past")
    assert await house.flow(flow) == flow


def test_a_last_day_is_over_when_it_is_everywhere() -> None:
    flow = a_flow("org", end_date=date(2026, 3, 1))
    must_have_time_left(flow, datetime(2026, 3, 2, 11, 59, tzinfo=UTC))
    with pytest.raises(RefusedError):
        must_have_time_left(flow, datetime(2026, 3, 2, 12, 0, tzinfo=UTC))


async def test_what_would_end_before_it_starts_is_not_scheduled(api: Api, house: House) -> None:
    flow = await house.campaign(end_at=datetime(2100, 1, 1, tzinfo=UTC))
    answer = await api.post(f"/flows/{flow.id}/schedule", {"start_at": START})
    assert (answer.status, answer.detail) == (400, "end_at must be after start_at")
    assert await house.flow(flow) == flow


async def test_in_vapis_words_the_same_stands_against_it(database: Database, house: House, tmp_path: Path) -> None:
    async with serving_api(database, tmp_path, simulator=False) as api:
        number = await api.made("/phone-numbers", {"number": "+918047000001"})
        body = {
            "name": "Q2",
            "assistantId": house.seeded.agent,
            "phoneNumberId": number["uuid"],
            "customers": [{"number": "+14155550150"}],
        }
        for more in ({}, {"schedulePlan": {"earliestAt": START}}):
            answer = await api.post("/campaign", body | more)
            assert (answer.status, answer.detail) == (400, NO_PROVIDER)
        assert (await api.get("/campaign")).body["results"] == []


async def test_below_the_threshold_no_campaign_starts(api: Api, house: House) -> None:
    now = datetime.now(UTC)
    async with house.database.begin(house.organisation) as work:
        account = await work.credits.held(now=now)
        await work.credits.save(replace(account, threshold=1, low_since=now), now=now)
    low = "Credits are below the threshold: add credits first"
    flow = await house.campaign(PAUSED)
    for action in ("launch", "resume", "toggle"):
        answer = await api.post(f"/flows/{flow.id}/{action}")
        assert (answer.status, answer.detail) == (409, low)
    number = await api.made("/phone-numbers", {"number": "+918047000001", "provider": "simulator"})
    who = {"customers": [{"number": "+14155550150"}], "phoneNumberId": number["uuid"]}
    answer = await api.post("/campaign", {"name": "Q2", "assistantId": house.seeded.agent, **who})
    assert (answer.status, answer.detail) == (409, low)


async def test_the_dialer_hears_of_it_at_once(database: Database, house: House, tmp_path: Path) -> None:
    woken: list[str] = []
    async with serving_api(database, tmp_path, wake=lambda: woken.append("now")) as api:
        for status, method, path, body in STARTS[:5]:
            flow = await house.campaign(status)
            assert (await api.ask(method, f"/flows/{flow.id}{path}", body)).status == 200
            assert woken == ["now"], path
            woken.clear()


async def test_a_launch_counts_those_who_wait_of_an_earlier_one(api: Api, house: House) -> None:
    await house.people(INDIA.format(1), INDIA.format(2))
    flow = await house.launched()
    await api.post(f"/flows/{flow.id}/pause")
    await house.people(INDIA.format(3))
    launched = await api.post(f"/flows/{flow.id}/launch")
    assert launched.body == {"status": "launched", "flow_uuid": flow.id, "customers_queued": 3}


@pytest.mark.parametrize("change", [{"branches": ["Other"]}, "list"])
async def test_who_still_waits_for_a_first_call_gives_way_to_others(
    api: Api, house: House, change: dict[str, Any] | str
) -> None:
    await house.people(INDIA.format(1), INDIA.format(2), INDIA.format(3), tags=["Wanted"])
    (other,) = await house.people(INDIA.format(4), tags=["Other"])
    flow = await house.launched(branches=["Wanted"])
    again, done, _ = await house.contacts(flow)
    async with house.database.begin(house.organisation) as work:
        run = await work.runs.held(flow.id)
        assert run is not None
        await work.contacts.save(
            [
                replace(again, state=ContactState.RETRY, attempts=1),
                replace(done, state=ContactState.DONE, attempts=1, due_at=None),
            ]
        )
        await work.runs.save(replace(run, pending=1, retry=1, done=1))
    if not isinstance(change, dict):
        made = await api.made("/contact-lists", {"name": "Others"})
        await api.post(f"/contact-lists/{made['uuid']}/contacts", {"customer_ids": [other.id]})
        change = {"contact_list_id": made["uuid"]}
    await api.post(f"/flows/{flow.id}/pause")
    assert (await api.patch(f"/flows/{flow.id}", {"dedupe_hours": 1})).status == 200
    assert (await house.run(flow)).pending == 1
    assert (await api.patch(f"/v1/campaigns/{flow.id}", change)).status == 200
    assert [one.number for one in await house.contacts(flow)] == [again.number, done.number]
    run = await house.run(flow)
    assert (run.pending, run.retry, run.done, run.contacts) == (0, 1, 1, 2)
    launched = await api.post(f"/flows/{flow.id}/launch")
    assert launched.body["customers_queued"] == 2


async def test_why_it_was_paused_is_shown(api: Api, house: House) -> None:
    why = "Over half of 10 calls failed."
    flow = await house.campaign(PAUSED, pause_reason=why)
    assert (await api.get(f"/flows/{flow.id}")).body["pause_reason"] == why
    assert (await api.post(f"/v1/campaigns/{flow.id}/resume")).body["pause_reason"] == ""


async def test_an_inbound_flow_needs_no_provider(database: Database, house: House, tmp_path: Path) -> None:
    line = await house.campaign(PAUSED, kind=FlowKind.INBOUND, end_at=datetime.now(UTC) - timedelta(days=1))
    async with serving_api(database, tmp_path, simulator=False) as api:
        assert (await api.post(f"/flows/{line.id}/resume")).status == 200


async def test_new_customers_in_vapis_words_take_the_place_of_those_not_yet_called(api: Api, house: House) -> None:
    await house.people(INDIA.format(1), INDIA.format(2))
    flow = await house.launched()
    await api.post(f"/flows/{flow.id}/pause")
    answer = await api.patch(f"/campaign/{flow.id}", {"customers": [{"number": "+14155550150"}]})
    assert answer.status == 200
    assert list(await house.contacts(flow)) == []
    assert (await house.run(flow)).pending == 0
    assert (await api.post(f"/flows/{flow.id}/launch")).body["customers_queued"] == 1
