"""Campaigns in Vapi's words: the documented answer field by field, filters, moves, and what is refused."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from storage.database import Database
from storage.records import CallStatus, CallType, FlowKind, FlowStatus, Outcome, Scope
from storage.seed import Seeded
from tests.control_api.api import Answer, Api, serving_api
from tests.storage.samples import NOW, a_call, a_flow

CAMPAIGNS = json.loads((Path(__file__).parent / "vapi_campaign.json").read_text())
"""Vapi's documented answer, with every field in place."""
CAMPAIGN, METADATA = CAMPAIGNS["results"][0], CAMPAIGNS["metadata"]
LATER, LAST = "2099-01-01T09:00:00Z", "2099-01-01T18:00:00Z"
PLAN = {"earliestAt": LATER, "latestAt": LAST}
NUMBERS = ("+15550010000", "+15550010001")
MASK = "••••••••"


def person(number: int, **more: Any) -> dict[str, Any]:
    return {"number": f"+141555501{number:02}", **more}


@dataclass
class House:
    """An organisation with an agent and two numbers to call from."""

    api: Api
    seeded: Seeded
    agent: str
    numbers: list[str]

    def body(self, **more: Any) -> dict[str, Any]:
        """The least that there can be, and `more`; None takes a field away."""
        whole = {
            "name": "Q2 Sales Campaign",
            "assistantId": self.agent,
            "phoneNumberId": self.numbers[0],
            "customers": [person(1)],
            **more,
        }
        return {name: value for name, value in whole.items() if value is not None}

    async def made(self, **more: Any) -> dict[str, Any]:
        return await self.api.made("/campaign", self.body(**more))

    async def get(self, campaign: str) -> dict[str, Any]:
        answer = await self.api.get(f"/campaign/{campaign}")
        assert answer.status == 200, answer
        body: dict[str, Any] = answer.body
        return body

    async def ids(self, **query: Any) -> list[str]:
        answer = await self.api.get("/campaign", params=query)
        assert answer.status == 200, answer
        return [campaign["id"] for campaign in answer.body["results"]]

    async def flow(self, campaign: str) -> dict[str, Any]:
        body: dict[str, Any] = (await self.api.get(f"/flows/{campaign}")).body
        return body

    async def lists(self) -> int:
        return int((await self.api.get("/contact-lists")).body["total"])


@pytest.fixture
async def house(database: Database, seeded: Seeded, tmp_path: Path) -> AsyncIterator[House]:
    async with serving_api(database, tmp_path) as api:
        agent = await api.made("/agents", {"name": "Aria", "role": "Sales"})
        numbers = [await api.made("/phone-numbers", {"number": number, "provider": "simulator"}) for number in NUMBERS]
        yield House(api, seeded, agent["uuid"], [number["uuid"] for number in numbers])


def alike(given: Any, shown: Any) -> bool:
    """Secrets may have been masked, nothing else."""
    if isinstance(given, dict) and isinstance(shown, dict):
        return given.keys() == shown.keys() and all(alike(given[key], shown[key]) for key in given)
    if isinstance(given, list) and isinstance(shown, list):
        return len(given) == len(shown) and all(map(alike, given, shown))
    return bool(given == shown) or shown == MASK


async def test_the_documented_campaign_is_created_and_shown_field_by_field(house: House) -> None:
    (given,) = CAMPAIGN["customers"]
    customer = {**given, "number": "+14155550192", "email": "a@example.com"}
    entry = {"phoneNumberId": house.numbers[0], "customers": [customer]}
    body = house.body(phoneNumberId=None, customers=None, dialPlan=[entry], schedulePlan=PLAN, workflowId=None)
    made = await house.api.made("/campaign", body)
    assert made.keys() >= CAMPAIGN.keys()
    for name in ("name", "status", "calls"):
        assert made[name] == CAMPAIGN[name]
    assert made["schedulePlan"] == PLAN
    assert (made["assistantId"], made["workflowId"], made["squadId"]) == (house.agent, None, None)
    assert made["orgId"] == house.seeded.organisation
    assert made["phoneNumberId"] == house.numbers[0]
    assert made["endedReason"] is None
    assert {name: made[name] for name in made if name.startswith("callsCounter")} == {
        "callsCounterScheduled": 1,
        "callsCounterQueued": 0,
        "callsCounterInProgress": 0,
        "callsCounterEnded": 0,
        "callsCounterEndedVoicemail": 0,
    }
    (shown,) = made["customers"]
    assert alike({**customer, "sipUri": None}, shown)
    assert made["dialPlan"] == [{"phoneNumberId": house.numbers[0], "customers": [shown]}]
    assert "customers.sipUri is neither obeyed nor kept" in made["warnings"]
    assert any(warning.startswith("customers.assistantOverrides.") for warning in made["warnings"])
    listed = (await house.api.get("/campaign")).body
    assert listed["metadata"].keys() >= METADATA.keys()
    again = await house.get(made["id"])
    assert again.keys() == listed["results"][0].keys() == made.keys()
    for name in made.keys() - {"warnings"}:
        assert again[name] == made[name] == listed["results"][0][name], name


async def test_what_was_made_is_a_flow_like_any_other(house: House) -> None:
    overrides = {"firstMessage": "Hello {{name|there}}", "variableValues": {"shop": "Luminary"}}
    made = await house.made(schedulePlan=PLAN, maxConcurrency=3, assistantOverrides=overrides)
    flow = await house.flow(made["id"])
    assert flow["kind"] == "outbound"
    assert flow["status"] == "scheduled"
    assert (flow["start_at"], flow["end_at"]) == (LATER, LAST)
    assert flow["voice_agent_id"] == house.agent
    assert flow["phone_numbers"] == [house.numbers[0]]
    assert flow["max_parallel_calls"] == made["maxConcurrency"] == 3
    assert flow["assistant_overrides"] == made["assistantOverrides"] == overrides
    assert flow["retry_attempts"] == 0
    customers = await house.api.get(f"/customers?contact_list_id={flow['contact_list_id']}")
    assert [one["phone"] for one in customers.body["customers"]] == [person(1)["number"]]
    assert (await house.made())["maxConcurrency"] == 10


async def test_without_a_plan_or_with_one_of_the_past_it_starts_at_once(house: House) -> None:
    for start in (None, "2024-01-15T09:30:00Z", "2024-01-15T15:00:00+05:30"):
        plan: Any = start and {"earliestAt": start}
        made = await house.made(schedulePlan=plan)
        assert made["status"] == "in-progress"
        assert (await house.flow(made["id"]))["status"] == "active"
        assert made["schedulePlan"] == (plan and {"earliestAt": "2024-01-15T09:30:00Z", "latestAt": None})
    async with house.api.database.read() as work:
        topics = [event.topic for event in await work.outbox.waiting(10)]
    assert topics.count("campaign.launched") == 3


async def test_customers_are_merged_by_number(house: House) -> None:
    before = await house.api.made("/customers", {"name": "Meera", "phone": person(1)["number"], "tags": ["Vip"]})
    overrides = {"variableValues": {"order": "42"}}
    given = [person(1, email="m@example.com", externalId="x-1", extension="12", assistantOverrides=overrides)]
    made = await house.made(customers=[*given, person(2, name="Arun"), person(3)])
    assert made["callsCounterScheduled"] == 3
    shown = {one["number"]: one for one in made["customers"]}
    assert shown[person(1)["number"]] == {
        **given[0],
        "name": "Meera",
        "numberE164CheckEnabled": True,
        "sipUri": None,
    }
    assert [shown[person(number)["number"]]["name"] for number in (2, 3)] == ["Arun", None]
    after = (await house.api.get(f"/customers/{before['uuid']}")).body
    assert (after["email"], after["tags"], after["assistant_overrides"]) == ("m@example.com", ["Vip"], overrides)
    assert (
        "customers.assistantOverrides is kept with the customer, and holds in each of their calls" in made["warnings"]
    )


async def test_a_number_that_comes_twice_is_called_once(house: House) -> None:
    made = await house.made(customers=[person(1), person(2), person(1, name="Meera")])
    assert [one["name"] for one in made["customers"]] == ["Meera", None]
    assert made["callsCounterScheduled"] == 2
    assert "1 of the customers have the number of another one: who has it is called once" in made["warnings"]


async def test_a_number_need_not_be_e164_if_nobody_is_to_check(house: House) -> None:
    made = await house.made(customers=[{"number": "1234", "numberE164CheckEnabled": False}])
    (shown,) = made["customers"]
    assert (shown["number"], shown["numberE164CheckEnabled"]) == ("1234", False)


async def test_a_dial_plan_has_its_numbers_each_with_its_customers(house: House) -> None:
    plan: list[dict[str, Any]] = [
        {"phoneNumberId": house.numbers[1], "customers": [person(1), person(2)]},
        {"phoneNumberId": NUMBERS[0], "customers": [person(3)]},
    ]
    made = await house.made(phoneNumberId=None, customers=None, dialPlan=plan, schedulePlan=PLAN)
    assert [entry["phoneNumberId"] for entry in made["dialPlan"]] == [house.numbers[1], house.numbers[0]]
    people = [[one["number"] for one in entry["customers"]] for entry in made["dialPlan"]]
    assert people == [[one["number"] for one in entry["customers"]] for entry in plan]
    assert [one["number"] for one in made["customers"]] == [person(number)["number"] for number in (1, 2, 3)]
    assert "dialPlan: each customer is called from any of its numbers" in made["warnings"]
    assert (await house.flow(made["id"]))["phone_numbers"] == [house.numbers[1], house.numbers[0]]
    changed = await house.api.patch(f"/campaign/{made['id']}", {"phoneNumberId": house.numbers[0]})
    assert (changed.status, changed.body["dialPlan"]) == (200, None)
    assert await house.lists() == 3
    assert (await house.api.delete(f"/campaign/{made['id']}")).status == 200
    assert await house.lists() == 0


async def test_what_is_not_obeyed_is_named(house: House) -> None:
    more = {
        "server": {"url": "https://example.com"},
        "serverMessages": ["campaign.started"],
        "duplicateFromCampaignId": "flw_1",
    }
    made = await house.made(**more, assistantOverrides={"observabilityPlan": {"provider": "langfuse"}})
    for name in more:
        assert f"{name} is neither obeyed nor kept" in made["warnings"]
    unobeyed = "assistantOverrides.observabilityPlan.provider is not obeyed yet"
    assert unobeyed in made["warnings"]
    assert (await house.get(made["id"]))["warnings"] == [unobeyed]


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"name": None}, "name is required"),
    ({"name": " "}, "name must not be empty"),
    ({"assistantId": None}, "assistantId is required"),
    ({"assistantId": "agt_none"}, "assistantId is not an agent of this organisation"),
    ({"workflowId": "w"}, "workflowId cannot be obeyed: there are assistants only, give assistantId"),
    ({"assistantId": None, "squadId": "s"}, "squadId cannot be obeyed: there are assistants only, give assistantId"),
    (
        {"predialPlan": {"enabled": True}},
        "predialPlan cannot be obeyed: customers would be called without having been asked about",
    ),
    ({"phoneNumberId": None}, "phoneNumberId is required, or dialPlan in its place"),
    ({"phoneNumberId": "num_1"}, "phoneNumberId holds num_1, which is not a phone number of this organisation"),
    ({"customers": None}, "customers is required with phoneNumberId"),
    ({"customers": []}, "customers must name somebody to call"),
    ({"dialPlan": [{"phoneNumberId": "n", "customers": []}]}, "phoneNumberId and dialPlan exclude each other"),
    (
        {"phoneNumberId": None, "dialPlan": [{"phoneNumberId": "n", "customers": []}]},
        "customers and dialPlan exclude each other",
    ),
    (
        {"phoneNumberId": None, "customers": None, "dialPlan": [{"customers": []}]},
        "dialPlan.0.phoneNumberId is required",
    ),
    ({"customers": [person(1), {"name": "A"}]}, "customers.1.number is required"),
    ({"customers": [person(1), "A"]}, "customers.1 must be an object"),
    ({"customers": [{"number": "98765"}]}, "customers.0.number must be in E.164 format"),
    ({"customers": [{"number": "12", "numberE164CheckEnabled": False}]}, "customers.0.number is wrong: "),
    ({"customers": [{"number": "1" * 41, "numberE164CheckEnabled": False}]}, "customers.0.number is wrong: "),
    ({"customers": [{"number": "1 2 3", "numberE164CheckEnabled": False}]}, "customers.0.number is wrong: "),
    ({"customers": [person(1, extension="1" * 11)]}, "customers.0.extension is wrong: "),
    ({"customers": [person(1, externalId="1" * 41)]}, "customers.0.externalId is wrong: "),
    ({"customers": [person(1, phone="1")]}, "customers.0.phone is not a known field"),
    (
        {"customers": [person(1, assistantOverrides={"firstMesage": "Hi"})]},
        "customers.0.assistantOverrides will not do: firstMesage is not a known field",
    ),
    (
        {"customers": [person(1, assistantOverrides={"credentials": [{"provider": "openai", "apiKey": MASK}]})]},
        "customers.0.assistantOverrides.credentials.0.apiKey is masked: it must be given in full",
    ),
    ({"customers": [{}] * 10_001}, "customers is wrong: list should have at most 10000 items"),
    ({"schedulePlan": {"latestAt": LAST}}, "schedulePlan.earliestAt is required"),
    ({"schedulePlan": {"earliestAt": "soon"}}, "schedulePlan.earliestAt must be a time such as 2026-05-01T09:00:00Z"),
    (
        {"schedulePlan": {"earliestAt": LAST, "latestAt": LATER}},
        "schedulePlan.latestAt must be after schedulePlan.earliestAt",
    ),
    (
        {"schedulePlan": {"earliestAt": "2024-01-15T09:30:00Z", "latestAt": "2024-01-16T09:30:00Z"}},
        "schedulePlan.latestAt must be in the future",
    ),
    ({"maxConcurrency": 0}, "maxConcurrency must be greater than or equal to 1"),
    ({"assistantOverrides": {"voise": {}}}, "assistantOverrides will not do: voise is not a known field"),
    ({"campaignName": "A"}, "campaignName is not a known field"),
    ({"status": "ended"}, "status is not a known field"),
]


async def test_a_wrong_field_is_named_and_changes_nothing(house: House) -> None:
    for more, sentence in REFUSED:
        answer = await house.api.post("/campaign", house.body(**more))
        assert answer.status == 400, answer
        assert answer.detail.startswith(sentence)
    assert (await house.ids(), await house.lists()) == ([], 0)
    assert (await house.api.get("/customers")).body["total"] == 0


async def test_a_dial_plan_has_no_number_twice_and_ten_thousand_customers_at_most(house: House) -> None:
    twice = [{"phoneNumberId": name, "customers": [person(1)]} for name in (house.numbers[0], NUMBERS[0])]
    many = [{"phoneNumberId": name, "customers": [{}] * 6000} for name in house.numbers]
    for plan, sentence in (
        (twice, "dialPlan names a phone number in more than one entry"),
        (many, "dialPlan has more than 10000 customers"),
    ):
        answer = await house.api.post("/campaign", house.body(phoneNumberId=None, customers=None, dialPlan=plan))
        assert (answer.status, answer.detail) == (400, sentence)
    assert (await house.ids(), await house.lists()) == ([], 0)


async def test_a_list_is_filtered_by_id_and_status(house: House) -> None:
    by_status = {status: await a_campaign(house, status) for status in FlowStatus}
    inbound = a_flow(house.seeded.organisation)
    async with house.api.database.begin(house.seeded.organisation) as work:
        await work.flows.add(inbound)
    found = {status: set(await house.ids(status=status)) for status in ("scheduled", "in-progress", "ended")}
    assert found == {
        "scheduled": {by_status[FlowStatus.DRAFT], by_status[FlowStatus.SCHEDULED]},
        "in-progress": {by_status[FlowStatus.ACTIVE], by_status[FlowStatus.PAUSED]},
        "ended": {by_status[FlowStatus.COMPLETED], by_status[FlowStatus.CANCELLED]},
    }
    assert await house.ids(status="cancelled") == [by_status[FlowStatus.CANCELLED]]
    assert await house.ids(status="archived") == []
    assert await house.ids() == list(by_status.values())[::-1]
    for campaign in by_status.values():
        assert await house.ids(id=campaign) == [campaign]
    for status, campaigns in found.items():
        for campaign in campaigns:
            assert (await house.get(campaign))["status"] == status
    assert await house.ids(id=inbound.id) == []


async def a_campaign(house: House, status: FlowStatus = FlowStatus.DRAFT, **more: Any) -> str:
    """In any state at all."""
    about: dict[str, Any] = {"kind": FlowKind.OUTBOUND, "created_at": datetime.now(UTC), **more}
    flow = a_flow(house.seeded.organisation, status=status, **about)
    async with house.api.database.begin(house.seeded.organisation) as work:
        await work.flows.add(flow)
    return flow.id


@pytest.mark.parametrize("field", ["created", "updated"])
async def test_a_list_is_filtered_by_times_as_they_are_shown(house: House, field: str) -> None:
    times = [NOW, NOW + timedelta(seconds=10.4), NOW + timedelta(seconds=20)]
    first, second, third = [await a_campaign(house, FlowStatus.DRAFT, **{f"{field}_at": time}) for time in times]
    shown = (await house.get(second))[f"{field}At"]
    assert shown == "2026-03-01T09:30:10Z"
    for name, expected in (
        ("Gt", [third]),
        ("Ge", [second, third]),
        ("Lt", [first]),
        ("Le", [first, second]),
    ):
        assert sorted(await house.ids(**{f"{field}At{name}": shown})) == sorted(expected), name
    between = {
        f"{field}AtGe": shown,
        f"{field}AtGt": "2026-03-01T09:30:00Z",
        f"{field}AtLt": "2026-03-01T15:00:20+05:30",
    }
    assert await house.ids(**between) == [second]
    assert await house.ids(**{f"{field}AtLe": "2026-03-01T09:30:09.9Z"}) == [first]


async def test_a_list_comes_in_pages(house: House) -> None:
    made = [await a_campaign(house, created_at=NOW + timedelta(seconds=number)) for number in range(5)]
    first = (await house.api.get("/campaign", params={"limit": 2})).body
    assert [one["id"] for one in first["results"]] == made[:2:-1]
    assert first["metadata"] == {
        "itemsPerPage": 2,
        "totalItems": 5,
        "currentPage": 1,
        "totalPages": 3,
        "hasNextPage": True,
        "itemsBeyondRetention": False,
        "createdAtGe": None,
        "createdAtLe": None,
    }
    since = "2026-03-01T09:30:00Z"
    last = (await house.api.get("/campaign", params={"limit": 2, "page": 3, "createdAtGe": since})).body
    assert [one["id"] for one in last["results"]] == made[:1]
    assert (last["metadata"]["hasNextPage"], last["metadata"]["createdAtGe"]) == (False, since)
    assert await house.ids(sortOrder="ASC", limit=1000) == made
    assert await house.ids(limit="2.0", page="1.0") == made[:2:-1]
    none = (await house.api.get("/campaign", params={"limit": 0})).body
    assert (none["results"], none["metadata"]["totalItems"]) == ([], 5)


async def test_a_wrong_parameter_is_named(house: House) -> None:
    for name, value, sentence in (
        ("page", "0", "page must be greater than or equal to 1"),
        ("limit", "1001", "limit must be less than or equal to 1000"),
        ("limit", "-1", "limit must be greater than or equal to 0"),
        ("status", "paused", "status must be"),
        ("sortOrder", "UP", "sortOrder must be 'ASC' or 'DESC'"),
        ("createdAtGt", "monday", "createdAtGt must be a time such as 2026-05-01T09:00:00Z"),
        ("createdAtGt", "2026-03-01T09:30:00", "createdAtGt must name its time zone"),
        ("offset", "1", "offset is not a known parameter"),
    ):
        answer = await house.api.get("/campaign", params={name: value})
        assert answer.status == 400
        assert answer.detail.startswith(sentence)


async def test_calls_are_counted_as_they_go_on_and_end(house: House) -> None:
    made = await house.made(customers=[person(number) for number in range(10)])
    live = [CallStatus.QUEUED, CallStatus.DIALING, CallStatus.RINGING, CallStatus.IN_PROGRESS, CallStatus.TRANSFERRING]
    ended = [Outcome.CONNECTED, Outcome.VOICEMAIL, Outcome.NO_ANSWER]
    about = {"call_type": CallType.OUTBOUND, "flow_id": made["id"]}
    calls = [a_call(house.seeded.organisation, **about, status=status) for status in live]
    over = [a_call(house.seeded.organisation, **about) for _ in ended]
    async with house.api.database.begin(house.seeded.organisation) as work:
        for call in (*calls, *over, a_call(house.seeded.organisation)):
            await work.calls.open(call)
        for call, outcome in zip(over, ended, strict=True):
            await work.calls.ended(call.id, at=NOW, outcome=outcome, reason="done")
        run = await work.runs.held(made["id"])
        assert run is not None
        taken_in: dict[str, Any] = {"pending": 1, "retry": 1, "dialing": 2, "in_call": 2, "done": 1, "skipped": 1}
        await work.runs.save(replace(run, enrol_after=8, **taken_in))
    assert (await house.get(made["id"]))["callsCounterScheduled"] == 2 + 2  # two of the ten are yet to be taken in
    async with house.api.database.begin(house.seeded.organisation) as work:
        await work.runs.save(replace(run, enrol_after=None, **taken_in))
    for shown in (await house.get(made["id"]), (await house.api.get("/campaign")).body["results"][0]):
        assert {name: shown[name] for name in shown if name.startswith("callsCounter")} == {
            "callsCounterScheduled": 2,
            "callsCounterQueued": 1,
            "callsCounterInProgress": 4,
            "callsCounterEnded": 3,
            "callsCounterEndedVoicemail": 1,
        }
        words = ["queued", "ringing", "ringing", "in-progress", "forwarding"]
        assert [one["status"] for one in shown["calls"].values()] == words
        assert list(shown["calls"]) == [call.id for call in calls]
    ended_ = (await house.api.patch(f"/campaign/{made['id']}", {"status": "ended"})).body
    assert ended_["callsCounterScheduled"] == 0
    assert ended_["callsCounterInProgress"] == 4


@pytest.mark.parametrize("word", ["ended", "cancelled"])
@pytest.mark.parametrize(
    ("status", "reason"),
    [
        (FlowStatus.SCHEDULED, "campaign.scheduled.ended-by-user"),
        (FlowStatus.ACTIVE, "campaign.in-progress.ended-by-user"),
        (FlowStatus.PAUSED, "campaign.in-progress.ended-by-user"),
    ],
)
async def test_a_campaign_is_ended(house: House, word: str, status: FlowStatus, reason: str) -> None:
    campaign = await a_campaign(house, status, agent_id=house.agent)
    for _ in range(2):
        answer = await house.api.patch(f"/campaign/{campaign}", {"status": word})
        assert (answer.status, answer.body["status"], answer.body["endedReason"]) == (200, "ended", reason)
    assert (await house.flow(campaign))["status"] == "cancelled"


async def test_a_draft_cannot_be_ended_and_stays_so_when_it_is_over(house: House) -> None:
    draft, done = (
        await a_campaign(house),
        await a_campaign(house, FlowStatus.COMPLETED, ended_reason="campaign.ended.success"),
    )
    answer = await house.api.patch(f"/campaign/{draft}", {"status": "ended"})
    assert (answer.status, answer.detail) == (409, "A campaign that is draft cannot be cancelled")
    answer = await house.api.patch(f"/campaign/{done}", {"status": "ended"})
    assert (answer.status, answer.body["endedReason"]) == (200, "campaign.ended.success")


async def test_who_and_when_change_before_it_runs(house: House) -> None:
    made = await house.made(schedulePlan=PLAN, customers=[person(1), person(2)])
    path = f"/campaign/{made['id']}"
    other = await house.api.made("/agents", {"name": "Ravi", "role": "Sales"})
    body = {
        "name": "Q3",
        "assistantId": other["uuid"],
        "phoneNumberId": house.numbers[1],
        "schedulePlan": {"earliestAt": "2098-01-01T09:00:00Z"},
        "maxConcurrency": 7,
        "assistantOverrides": {"firstMessage": "Hi."},
        "customers": [person(3)],
        "workflowId": None,
    }
    changed = (await house.api.patch(path, body)).body
    assert changed["schedulePlan"] == {"earliestAt": "2098-01-01T09:00:00Z", "latestAt": None}
    for name in body.keys() - {"schedulePlan", "customers"}:
        assert changed[name] == body[name], name
    assert [one["number"] for one in changed["customers"]] == [person(3)["number"]]
    assert changed["status"] == "scheduled"
    assert await house.lists() == 1
    assert (await house.api.get("/customers")).body["total"] == 3
    for gone in ({"schedulePlan": {"earliestAt": "2024-01-15T09:30:00Z"}}, {"name": "Q4"}):
        assert (await house.api.patch(path, gone)).body["status"] == "in-progress"


@pytest.mark.parametrize("field", ["assistantId", "phoneNumberId", "schedulePlan", "maxConcurrency", "customers"])
async def test_who_and_when_stay_while_it_runs(house: House, field: str) -> None:
    other = await house.api.made("/agents", {"name": "Ravi", "role": "Sales"})
    made = await house.made()
    body = {
        "assistantId": other["uuid"],
        "phoneNumberId": house.numbers[1],
        "schedulePlan": PLAN,
        "maxConcurrency": 7,
        "customers": [person(3)],
    }
    answer = await house.api.patch(f"/campaign/{made['id']}", {field: body[field], "name": "Q3"})
    assert (answer.status, answer.detail) == (409, "A campaign that is active cannot be changed")
    assert await house.get(made["id"]) == made
    assert await house.lists() == 1
    same = await house.api.patch(f"/campaign/{made['id']}", {"assistantId": house.agent, "maxConcurrency": 10})
    assert same.status == 200


async def test_a_plan_schedules_a_draft(house: House) -> None:
    draft = await a_campaign(house, agent_id=house.agent)
    told = (await house.get(draft))["warnings"]
    assert "the campaign is a draft: it starts when it is launched" in told
    answer = await house.api.patch(f"/campaign/{draft}", {"schedulePlan": PLAN})
    assert (answer.status, answer.body["schedulePlan"]) == (200, PLAN)
    assert (await house.flow(draft))["status"] == "scheduled"


async def test_a_scheduled_one_cannot_become_one_that_never_starts(house: House) -> None:
    other = await house.api.made("/agents", {"name": "Ravi", "role": "Sales"})
    made = await house.made(schedulePlan=PLAN)
    await house.api.delete(f"/agents/{house.agent}")
    answer = await house.api.patch(f"/campaign/{made['id']}", {"maxConcurrency": 7})
    assert (answer.status, answer.detail) == (400, "assistantId is of an agent that was deleted")
    answer = await house.api.patch(f"/campaign/{made['id']}", {"maxConcurrency": 7, "assistantId": other["uuid"]})
    assert (answer.status, answer.body["maxConcurrency"]) == (200, 7)


async def test_a_wrong_change_is_named_and_changes_nothing(house: House) -> None:
    made = await house.made(schedulePlan=PLAN)
    for body, sentence in (
        ({"status": "archived"}, "status must be 'ended' or 'cancelled'"),
        ({"assistantId": "agt_none"}, "assistantId is not an agent of this organisation"),
        ({"squadId": "s"}, "squadId cannot be obeyed: there are assistants only, give assistantId"),
        ({"customers": [{}]}, "customers.0.number is required"),
        ({"paused": True}, "paused is not a known field"),
        ({"schedulePlan": {"earliestAt": LAST, "latestAt": LATER}}, "schedulePlan.latestAt must be after"),
    ):
        answer = await house.api.patch(f"/campaign/{made['id']}", body)
        assert answer.status == 400, answer
        assert answer.detail.startswith(sentence)
    assert await house.get(made["id"]) == made


async def test_a_deleted_campaign_is_told_once_more_and_its_customers_stay(house: House) -> None:
    made = await house.made()
    answer = await house.api.delete(f"/campaign/{made['id']}")
    assert (answer.status, answer.body) == (200, made)
    assert (await house.api.get(f"/campaign/{made['id']}")).status == 404
    assert await house.lists() == 0
    assert (await house.api.get("/customers")).body["total"] == 1


async def test_a_list_that_a_copy_or_a_person_needs_stays(house: House) -> None:
    made = await house.made(schedulePlan=PLAN)
    copy = (await house.api.post(f"/flows/{made['id']}/duplicate")).body
    assert (await house.api.delete(f"/campaign/{made['id']}")).status == 200
    assert (await house.api.get(f"/contact-lists/{copy['contact_list_id']}")).body["size"] == 1
    own = await house.api.made("/contact-lists", {"name": "Lapsed"})
    flow = await house.api.made(
        "/flows", {"kind": "outbound", "name": "A", "provider": "nextneural", "contact_list_id": own["uuid"]}
    )
    assert (await house.api.delete(f"/campaign/{flow['uuid']}")).status == 200
    assert (await house.api.get(f"/contact-lists/{own['uuid']}")).status == 200


async def test_a_campaign_by_tags_counts_those_who_have_them(house: House) -> None:
    for number, tags in enumerate((["Region:West"], ["Region:West"], ["Region:East"])):
        await house.api.made("/customers", {"name": "A", "phone": person(number)["number"], "tags": tags})
    campaign = await a_campaign(house, branches=["Region:West"])
    shown = await house.get(campaign)
    assert (shown["callsCounterScheduled"], shown["customers"]) == (2, [])
    assert "customers are those with the campaign's tags, or all: they are not listed here" in shown["warnings"]
    assert (await house.get(await a_campaign(house)))["callsCounterScheduled"] == 3


async def test_unknown_inbound_and_anothers_are_not_found(house: House) -> None:
    made = await house.made(schedulePlan=PLAN)
    _, stranger = await house.api.stranger()
    for campaign, token in (("flw_none", None), (house.seeded.flow, None), (made["id"], stranger)):
        path = f"/campaign/{campaign}"
        answers: list[Answer] = [
            await house.api.get(path, token=token),
            await house.api.patch(path, {"name": "Stolen"}, token=token),
            await house.api.patch(path, {"customers": [person(9)]}, token=token),
            await house.api.delete(path, token=token),
        ]
        assert [(answer.status, answer.detail) for answer in answers] == [(404, "Campaign not found")] * 4
    assert (await house.api.get("/campaign", token=stranger)).body["results"] == []
    assert await house.get(made["id"]) == made
    for field in ("assistantId", "phoneNumberId"):
        body = house.body()
        answer = await house.api.post("/campaign", body, token=stranger)
        assert answer.status == 400, field


async def test_each_route_asks_for_its_scope(house: House) -> None:
    made = await house.made(schedulePlan=PLAN)
    path = f"/campaign/{made['id']}"
    for method, route, body, needed in (
        ("GET", "/campaign", None, Scope.CAMPAIGNS_READ),
        ("GET", path, None, Scope.CAMPAIGNS_READ),
        ("POST", "/campaign", house.body(), Scope.CAMPAIGNS_WRITE),
        ("PATCH", path, {"name": "A"}, Scope.CAMPAIGNS_WRITE),
        ("DELETE", path, None, Scope.CAMPAIGNS_WRITE),
    ):
        token = await house.api.key(*(scope for scope in Scope if scope is not needed))
        answer = await house.api.ask(method, route, body, token=token)
        assert answer.status == 403
        assert answer.detail == f"Insufficient permissions. Required scopes: {needed}"


async def test_customers_are_for_those_who_may_see_and_change_customers(house: House) -> None:
    made = await house.made(schedulePlan=PLAN)
    token = await house.api.key(Scope.CAMPAIGNS_READ, Scope.CAMPAIGNS_WRITE)
    shown = (await house.api.get(f"/campaign/{made['id']}", token=token)).body
    assert shown["customers"] == []
    assert shown["callsCounterScheduled"] == 1
    assert "customers are shown to who has the scope voice:contacts:read" in shown["warnings"]
    answer = await house.api.post("/campaign", house.body(), token=token)
    assert (answer.status, answer.detail) == (
        403,
        "Insufficient permissions. Required scopes: voice:contacts:write",
    )
    assert (await house.api.patch(f"/campaign/{made['id']}", {"name": "A"}, token=token)).status == 200


async def test_many_are_taken_and_shown_in_part(house: House) -> None:
    rows = [{"number": f"+9198{number:08}"} for number in range(1200)]
    made = await house.made(customers=rows, schedulePlan=PLAN)
    assert made["callsCounterScheduled"] == 1200
    assert len(made["customers"]) == 1000
    rest = f"/v1/contacts?contact_list_id={(await house.flow(made['id']))['contact_list_id']}"
    assert made["warnings"] == [f"customers are the first 1000 of them: all are told by {rest}"]
    other = await house.made(schedulePlan=PLAN)
    listed = (await house.api.get("/campaign")).body["results"]
    assert [(one["id"], len(one["customers"])) for one in listed] == [(other["id"], 1), (made["id"], 500)]


async def test_the_event_loop_goes_on_while_a_thousand_are_read_and_shown(house: House) -> None:
    turns: list[float] = []

    async def turn() -> None:
        while True:
            turns.append(time.perf_counter())
            await asyncio.sleep(0)

    task = asyncio.create_task(turn())
    await house.made(customers=[{"number": f"+9198{number:08}"} for number in range(1000)], schedulePlan=PLAN)
    task.cancel()
    gaps = sorted(after - before for before, after in pairwise(turns))
    assert len(gaps) > 1000
    assert gaps[len(gaps) * 99 // 100] < 0.02


async def test_a_deleted_agent_is_named_when_it_is_to_start(house: House) -> None:
    made = await house.made(schedulePlan=PLAN)
    async with house.api.database.begin(house.seeded.organisation) as work:
        agent = await work.agents.get(house.agent)
        assert agent is not None
        await work.agents.save(replace(agent, is_active=False), now=NOW)
    answer = await house.api.patch(f"/campaign/{made['id']}", {"schedulePlan": {"earliestAt": "2024-01-15T09:30:00Z"}})
    assert (answer.status, answer.detail) == (400, "assistantId is of an agent that was deleted")
    assert (await house.get(made["id"]))["status"] == "scheduled"
