"""What a launch would do is told before it is done, and is then what it does."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from control_api.campaigns.pace import tries
from dialer import enrol
from dialer.zones import zones_of
from storage.assets import Customer
from storage.database import Database
from storage.dialing import ContactState
from storage.records import Agent, CallType, Flow, FlowKind, FlowStatus, Organisation, Outcome, Scope
from storage.seed import Seeded
from storage.statistics import Tally
from tests.control_api.api import Api, serving_api
from tests.control_api.campaigns import AMERICA, INDIA, House
from tests.storage.samples import a_call, a_flow

ALWAYS = {"start": "09:00", "end": "21:00", "timezone": "Asia/Kolkata"}
PRETENDS = "calls are made by the simulator: no telephone rings"


def greeting(agent: Agent | None, flow: Flow, organisation: Organisation | None, customer: Customer) -> str:
    assert agent is not None
    assert organisation is not None
    return f"{agent.name} of {flow.name} to {customer.phone}"


@pytest.fixture
async def api(database: Database, tmp_path: Path) -> AsyncIterator[Api]:
    async with serving_api(database, tmp_path, greeting=greeting) as api:
        yield api


@pytest.fixture
def house(database: Database, seeded: Seeded) -> House:
    return House(database, seeded)


async def previewed(api: Api, flow: Flow, **more: Any) -> dict[str, Any]:
    answer = await api.get(f"/flows/{flow.id}/preview", **more)
    assert answer.status == 200, answer
    body: dict[str, Any] = answer.body
    return body


async def skips(house: House) -> None:
    """Somebody for each reason not to be called, and two who are."""
    await house.people(INDIA.format(1), INDIA.format(2), tags=["Wanted"])
    await house.people(INDIA.format(3), opted_out=True, tags=["Wanted"])
    await house.people(INDIA.format(1), INDIA.format(1), tags=["Wanted"])
    await house.people("12", tags=["Wanted"])
    await house.people(INDIA.format(4), tags=["Wanted"])
    await house.people(INDIA.format(5))
    async with house.database.begin(house.organisation) as work:
        await work.phones.opt_out([INDIA.format(3)], at=datetime.now(UTC))
        await work.phones.dialled([INDIA.format(4)], "flw_other", at=datetime.now(UTC) - timedelta(hours=1))


async def test_it_tells_who_is_called_and_who_is_not_and_why(api: Api, house: House) -> None:
    await skips(house)
    flow = await house.campaign(branches=["Wanted"], time_window=ALWAYS, name="Spring")
    shown = await previewed(api, flow)
    assert shown["customers_queued"] == 2
    assert shown["skipped"] == {
        "opted_out": 1,
        "recently_dialled": 1,
        "invalid_number": 1,
        "outside_window": 0,
        "duplicate": 2,
    }
    (place,) = shown["places"]
    assert (place["country"], place["time_zones"], place["customers"]) == ("IN", ["Asia/Kolkata"], 2)
    assert place["next_opening"] == shown["starts_at"] < shown["expected_end"]
    assert shown["calls_from"] == [{"provider": "simulator", "numbers": 1}]
    assert [one["greeting"] for one in shown["greetings"]] == [
        f"Front desk of Spring to {INDIA.format(number)}" for number in (1, 2)
    ]
    assert shown["warnings"] == [PRETENDS]
    theirs = (await api.get(f"/v1/campaigns/{flow.id}/preview")).body
    assert (theirs["contacts_queued"], theirs["places"][0]["contacts"]) == (2, 2)
    assert theirs["greetings"][0].keys() == {"contact_uuid", "greeting"}


async def test_slices_make_no_difference(api: Api, house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    await skips(house)
    flow = await house.campaign(FlowStatus.SCHEDULED, branches=["Wanted"], start_at=datetime(2199, 1, 5, tzinfo=UTC))
    whole = await previewed(api, flow)
    for size in (1, 2, 3):
        monkeypatch.setattr(enrol, "SLICE", size)
        assert await previewed(api, flow) == whole


async def test_the_launch_then_does_what_was_told(api: Api, house: House) -> None:
    await skips(house)
    shown = await previewed(api, await house.campaign(branches=["Wanted"], time_window=ALWAYS))
    run = await house.run(await house.launched(branches=["Wanted"], time_window=ALWAYS))
    assert (run.pending, run.skipped) == (2, 3)
    skipped = shown["skipped"]
    assert (shown["customers_queued"], sum(skipped.values()) - skipped["duplicate"]) == (2, 3)


async def test_who_was_called_is_left_out_and_who_waits_is_counted(api: Api, house: House) -> None:
    await house.people(*map(INDIA.format, range(3)))
    flow = await house.launched()
    await api.post(f"/flows/{flow.id}/pause")
    await house.people(INDIA.format(7))
    assert (await previewed(api, flow))["customers_queued"] == 4
    first, *_ = await house.contacts(flow)
    async with house.database.begin(house.organisation) as work:
        await work.contacts.give_up(flow.id, now=datetime.now(UTC), to=first.state.DONE, reason="", limit=1)
    shown = await previewed(api, flow)
    assert (shown["customers_queued"], len(shown["greetings"])) == (3, 3)
    launched = await api.post(f"/flows/{flow.id}/launch")
    assert launched.body["customers_queued"] == 1 + 3  # the run's own counters say that three wait


async def test_a_scheduled_one_starts_at_its_time(api: Api, house: House) -> None:
    await house.people(INDIA.format(1))
    start = datetime(2199, 1, 5, 6, 0, tzinfo=UTC)  # half past eleven in India
    flow = await house.campaign(FlowStatus.SCHEDULED, start_at=start)
    shown = await previewed(api, flow)
    assert shown["starts_at"] == shown["places"][0]["next_opening"] == "2199-01-05T06:00:00Z"
    assert shown["expected_end"] == "2199-01-05T06:01:21Z"  # 1.75 tries at five calls a minute, and a minute of talk
    assert not shown["places"][0]["is_open"]


async def test_whom_no_hour_allows_is_told(api: Api, house: House) -> None:
    await house.people(AMERICA.format(1))
    night = {"start": "02:00", "end": "03:00", "timezone": "UTC"}
    shown = await previewed(api, await house.campaign(time_window=night))
    assert (shown["customers_queued"], shown["skipped"]["outside_window"]) == (0, 1)
    assert (shown["starts_at"], shown["expected_end"], shown["places"], shown["greetings"]) == (None, None, [], [])


async def test_places_are_told_with_those_of_most_people_first(api: Api, house: House) -> None:
    await house.people(AMERICA.format(1))
    await house.people(INDIA.format(1), INDIA.format(2))
    await house.people(INDIA.format(3), timezone="Europe/Paris")
    places = (await previewed(api, await house.campaign()))["places"]
    assert [(place["country"], place["customers"]) for place in places] == [("IN", 2), ("US", 1), ("IN", 1)]
    assert places[1]["time_zones"] == list(zones_of(AMERICA.format(1), None, None).zones)


async def test_what_stands_against_a_launch_is_told(database: Database, house: House, tmp_path: Path) -> None:
    await house.people(INDIA.format(1))
    async with serving_api(database, tmp_path, simulator=False) as api:
        shown = await previewed(api, await house.campaign(agent_id=None))
        assert (shown["calls_from"], shown["expected_end"], shown["customers_queued"]) == ([], None, 1)
        assert shown["warnings"] == [
            "voice_agent_id is required to launch",
            "no telephony provider is connected: connect one, or switch the simulator on",
        ]
    async with serving_api(database, tmp_path) as api:
        over = await previewed(api, await house.campaign(end_date=date(2026, 1, 1)))
        assert over["warnings"] == ["end_date is in the past"]
        assert over["skipped"]["outside_window"] == 1


async def test_who_waits_for_a_retry_is_waited_for(api: Api, house: House) -> None:
    await house.people(*map(INDIA.format, range(3)))
    flow = await house.launched(retry_delay_minutes=[45], rate_limit_per_number=600)
    due = datetime(2199, 1, 5, 6, 0, tzinfo=UTC)
    async with house.database.begin(house.organisation) as work:
        first, *others = await work.contacts.page(flow.id, 10)
        await work.contacts.save(
            [
                replace(first, state=ContactState.RETRY, attempts=2, due_at=due),
                *(
                    replace(one, state=ContactState.RETRY, attempts=1, due_at=due - timedelta(hours=1))
                    for one in others
                ),
            ]
        )
    assert (await previewed(api, flow))["expected_end"] == "2199-01-05T06:01:00Z"  # its last try, and a minute of talk
    async with house.database.begin(house.organisation) as work:
        await work.contacts.save([replace(others[0], state=ContactState.RETRY, attempts=1, due_at=due)])
    assert (await previewed(api, flow))["expected_end"] == "2199-01-05T06:46:00Z"  # one of two is tried once more


async def test_calls_that_were_made_tell_how_long_it_takes(api: Api, house: House) -> None:
    await house.people(*map(INDIA.format, range(10)))
    start = datetime(2199, 1, 5, 6, 0, tzinfo=UTC)
    flow = await house.campaign(
        FlowStatus.SCHEDULED, start_at=start, retry_attempts=0, max_parallel_calls=1, rate_limit_per_number=600
    )
    assert (await previewed(api, flow))["expected_end"] == "2199-01-05T06:11:00Z"  # ten minutes, and the last call
    call = a_call(house.organisation, call_type=CallType.OUTBOUND, flow_id=flow.id)
    async with house.database.begin(house.organisation) as work:
        await work.calls.open(call)
        await work.calls.ended(call.id, at=call.started_at, outcome=Outcome.CONNECTED, reason="hangup", duration=120.0)
    assert (await previewed(api, flow))["expected_end"] == "2199-01-05T06:22:00Z"


async def test_the_organisations_cap_and_the_rate_of_its_numbers_hold(api: Api, house: House) -> None:
    await house.people(*map(INDIA.format, range(10)))
    start = datetime(2199, 1, 5, 6, 0, tzinfo=UTC)
    numbers = [
        (await api.made("/phone-numbers", {"number": f"+91804700000{one}", "provider": "simulator"}))["uuid"]
        for one in range(2)
    ]
    flow = await house.campaign(
        FlowStatus.SCHEDULED, start_at=start, retry_attempts=0, rate_limit_per_number=1, phone_numbers=numbers
    )
    shown = await previewed(api, flow)
    assert shown["calls_from"] == [{"provider": "simulator", "numbers": 2}]
    assert shown["expected_end"] == "2199-01-05T06:06:00Z"  # two a minute
    await api.patch("/organisation", {"max_parallel_calls": 1})
    assert (await previewed(api, flow))["expected_end"] == "2199-01-05T06:11:00Z"


def test_tries_come_from_what_calls_came_to() -> None:
    flow = a_flow("org", retry_attempts=2, retry_on=["busy", "no-answer"])
    assert tries(flow, Tally()) == 1 + 0.5 + 0.25
    assert tries(flow, Tally({Outcome.CONNECTED: 3, Outcome.BUSY: 1})) == 1 + 0.25 + 0.0625
    assert tries(flow, Tally({Outcome.NO_ANSWER: 4})) == 3
    assert tries(a_flow("org", retry_on=[]), Tally({Outcome.NO_ANSWER: 4})) == 1


async def test_greetings_are_for_those_who_may_see_customers(api: Api, house: House) -> None:
    await house.people(INDIA.format(1))
    token = await api.key(Scope.CAMPAIGNS_READ)
    shown = await previewed(api, await house.campaign(), token=token)
    assert (shown["customers_queued"], shown["greetings"]) == (1, [])
    assert "greetings are shown to who has the scope voice:contacts:read" in shown["warnings"]


async def test_who_may_not_ask_and_what_has_no_preview(api: Api, house: House) -> None:
    line = await house.campaign(kind=FlowKind.INBOUND)
    answer = await api.get(f"/flows/{line.id}/preview")
    assert (answer.status, answer.detail) == (400, "kind is inbound: such a flow calls nobody")
    for status in (FlowStatus.COMPLETED, FlowStatus.CANCELLED):
        over = await house.campaign(status)
        answer = await api.get(f"/v1/campaigns/{over.id}/preview")
        assert (answer.status, answer.detail) == (409, f"A campaign that is {status} calls nobody any more")
    _, stranger = await api.stranger()
    for path, token in ((f"/flows/{line.id}/preview", stranger), ("/flows/flw_none/preview", None)):
        answer = await api.get(path, token=token)
        assert (answer.status, answer.detail) == (404, "Flow not found")
    answer = await api.get(f"/flows/{line.id}/preview", token=await api.key(Scope.CONTACTS_READ))
    assert answer.status == 403
    assert (await api.get(f"/flows/{line.id}/preview", params={"limit": "5"})).status == 400
