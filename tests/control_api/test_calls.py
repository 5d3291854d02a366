from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from control_api.records.calls import LARGEST_DETAILS
from storage.database import Database
from storage.records import Call, CallStatus, CallType, Outcome, Scope, Sentiment, Speaker, TurnLatency
from storage.seed import Seeded
from tests.control_api.api import PUBLIC, Api, serving_api
from tests.control_api.campaigns import INDIA, House
from tests.storage.samples import LATER, NOW, a_call, a_turn

LISTED = {
    "uuid": "cal_c1d2e3f4",
    "call_type": "outbound",
    "flow_uuid": "flw_f1g2h3",
    "customer_uuid": "cst_c1d2e3",
    "voice_agent_uuid": "agt_a1b2c3d4",
    "from_number": "+15550010000",
    "to_number": "+14155550192",
    "duration": 113,
    "duration_formatted": "01:53",
    "outcome": "connected",
    "sentiment": "positive",
    "summary": "Customer interested in Standing Desk Pro, delivery timeline query, transferred to specialist.",
    "recording_url": "https://nextneural-api.superteams.ai/api/voice/calls/cal_c1d2e3f4/recording",
    "key_details": {
        "extraction": {"...": "structured extraction payload"},
        "qms_scores": {"...": "quality scores"},
    },
    "started_at": "2026-05-12T14:32:01Z",
    "ended_at": "2026-05-12T14:34:00Z",
}
"""The document's example of `GET /calls`."""
SAID = [
    {"speaker": "agent", "text": "Hi, good morning! This is Aria calling from Luminary Home.", "timestamp": 0.0},
    {"speaker": "customer", "text": "Oh hey, yes I was looking at that desk.", "timestamp": 6.2},
]
"""Of `GET /calls/{call_uuid}`."""
GIVEN: dict[str, Any] = {
    "key_details": {
        "extraction": {
            "schema_version": "1.0",
            "outcome": {
                "call_outcome": "warm_transfer",
                "intent_score": 88,
                "verbatim_quote": "I want to order it today, just need the delivery date confirmed",
            },
            "requirement": {
                "product_category": "furniture",
                "budget_signal": 850,
                "timeline": "today",
                "zip_code": "94107",
                "city": "San Francisco",
            },
            "objection": {
                "category": "delivery_time",
                "detail": "Needs delivery within 3 days, standard is 5–7",
                "competitor_mentioned": "none",
            },
            "disposition": {
                "lead_stage": "Interested in Buying",
                "reason": "Delivery Query",
                "sub_reason": "Query Escalated",
                "sub_sub_reason": "Specialist Transfer",
            },
            "next_action": {
                "type": "warm_transfer",
                "transfer_target": "sales_specialist",
                "agent_brief": "Standing Desk Pro, $850, ready to buy today, needs delivery confirmed within 3 days to "
                "zip 94107.",
            },
        },
        "qms_scores": {"opening": 3, "energy": 2, "probing": 3},
    }
}
"""Of `POST /calls/{call_uuid}/metadata`."""


@pytest.fixture
async def api(database: Database, tmp_path: Path) -> AsyncIterator[Api]:
    async with serving_api(database, tmp_path) as api:
        yield api


@pytest.fixture
async def call(database: Database, seeded: Seeded) -> Call:
    """The document's."""
    example = a_call(
        seeded.organisation,
        call_type=CallType.OUTBOUND,
        started_at=datetime.fromisoformat("2026-05-12T14:32:01Z"),
        flow_id="flw_f1g2h3",
        customer_id="cst_c1d2e3",
        agent_id="agt_a1b2c3d4",
        from_number="+15550010000",
        to_number="+14155550192",
        sentiment=Sentiment.POSITIVE,
        summary=LISTED["summary"],
        key_details=LISTED["key_details"],
    )
    example = replace(example, id="cal_c1d2e3f4")
    greeting = SAID[0]["text"]
    async with database.begin(seeded.organisation) as work:
        await work.calls.open(example)
        await work.calls.add_turns(
            [
                a_turn(example.id, 0, speaker=Speaker.AGENT, text=greeting, at=0.0),
                a_turn(example.id, 1, text=SAID[1]["text"], at=6.2),
            ]
        )
        await work.calls.add_latencies([TurnLatency(example.id, 0, total_ms=431.5, vad_ms=200.0, tts="espeak")])
        await work.calls.answered(example.id, at=example.started_at + timedelta(seconds=6))
        await work.calls.ended(
            example.id,
            at=datetime.fromisoformat("2026-05-12T14:34:00Z"),
            outcome=Outcome.CONNECTED,
            reason="caller hung up",
            duration=113.2,
            language="en",
            recording="recordings/2026/05/12/cal_c1d2e3f4.wav",
        )
        found = await work.calls.get(example.id)
    assert found is not None
    return found


def ours(url: str) -> str:
    """A document's address on this server."""
    return PUBLIC + url[url.index("/api/") :]


async def test_a_list_is_as_documented(api: Api, call: Call) -> None:
    answer = await api.get("/calls")
    assert (answer.status, answer.body["total"], len(answer.body["calls"])) == (200, 1, 1)
    shown = answer.body["calls"][0]
    example = {**LISTED, "recording_url": ours(str(LISTED["recording_url"]))}
    assert {name: shown[name] for name in example} == example
    assert {name: shown[name] for name in shown.keys() - example} == {
        "flow_name": None,
        "customer_name": None,
        "agent_name": None,
        "status": "ended",
        "language_detected": "en",
        "ended_reason": "caller hung up",
        "answered_at": "2026-05-12T14:32:07Z",
    }


async def test_developers_see_the_same_under_their_words(api: Api, call: Call) -> None:
    theirs = (await api.get("/v1/calls")).body
    ours_ = (await api.get("/calls")).body
    for shown in ours_["calls"]:
        shown["campaign_uuid"] = shown.pop("flow_uuid")
        shown["contact_uuid"] = shown.pop("customer_uuid")
        shown["campaign_name"] = shown.pop("flow_name")
        shown["contact_name"] = shown.pop("customer_name")
    assert theirs == ours_
    assert theirs["calls"][0]["campaign_uuid"] == "flw_f1g2h3"
    assert theirs["calls"][0]["contact_uuid"] == "cst_c1d2e3"


async def test_a_call_comes_with_its_transcript_and_its_latencies(api: Api, call: Call) -> None:
    answer = await api.get(f"/calls/{call.id}")
    assert answer.body["cost"] is None
    listed = (await api.get("/calls")).body["calls"][0]
    assert (answer.status, answer.body["transcript"]) == (200, SAID)
    assert {name: answer.body[name] for name in listed} == listed
    assert answer.body["latencies"] == [
        {
            "position": 0,
            "vad_ms": 200.0,
            "end_of_turn_ms": None,
            "stt_ms": None,
            "llm_ms": None,
            "tts_ms": None,
            "wire_ms": None,
            "total_ms": 431.5,
            "stt": None,
            "llm": None,
            "tts": "espeak",
        }
    ]
    theirs = (await api.get(f"/v1/calls/{call.id}")).body
    assert (theirs["transcript"], theirs["campaign_uuid"]) == (SAID, "flw_f1g2h3")
    for prefix in ("", "/v1"):
        assert (await api.get(f"{prefix}/calls/{call.id}/transcript")).body == SAID


async def test_calls_tell_by_name_whom_they_are_about(api: Api, database: Database, seeded: Seeded) -> None:
    house = House(database, seeded)
    flow = await house.campaign(name="Spring")
    (asha,) = await house.people(INDIA.format(1))
    about = {"flow_id": flow.id, "customer_id": asha.id, "agent_id": seeded.agent}
    named, unnamed = a_call(seeded.organisation, **about, started_at=LATER), a_call(seeded.organisation)
    async with database.begin(seeded.organisation) as work:
        await work.calls.open(named)
        await work.calls.open(unnamed)
        agent = await work.agents.get(seeded.agent)
    assert agent is not None
    names = [{"flow_name": "Spring", "customer_name": asha.name, "agent_name": agent.name}]
    for path in ("/calls", "/calls/live"):
        shown = (await api.get(path)).body["calls"]
        assert [{name: one[name] for name in names[0]} for one in shown] == [*names, dict.fromkeys(names[0])], path
    one = (await api.get(f"/v1/calls/{named.id}")).body
    assert [one[name] for name in ("campaign_name", "contact_name", "agent_name")] == list(names[0].values())
    (theirs,) = (await api.get(f"/customers/{asha.id}?include_calls=true")).body["calls"]
    assert theirs["flow_name"] == "Spring"
    token = await api.key(Scope.CALLS_READ)
    one = (await api.get(f"/calls/{named.id}", token=token)).body
    assert (one["customer_name"], one["agent_name"]) == (None, agent.name)
    await api.delete(f"/customers/{asha.id}")
    assert (await api.get(f"/calls/{named.id}")).body["customer_name"] is None


async def test_filters_hold_on_both_apis(api: Api, call: Call) -> None:
    filters = [
        ("call_type=outbound", True),
        ("call_type=inbound", False),
        ("flow_uuid=flw_f1g2h3", True),
        ("flow_uuid=flw_other", False),
        ("customer_uuid=cst_c1d2e3", True),
        ("customer_uuid=cst_other", False),
        ("outcome=connected", True),
        ("outcome=voicemail", False),
        ("outcome=no-answer", False),
        ("outcome=failed", False),
        ("outcome=busy", False),
        ("sentiment=positive", True),
        ("sentiment=neutral", False),
        ("sentiment=negative", False),
        ("date_from=2026-05-12&date_to=2026-05-12", True),
        ("date_from=2026-05-13", False),
        ("date_to=2026-05-11", False),
        ("flow_uuid=flw_f1g2h3&call_type=outbound&outcome=connected&sentiment=positive&date_from=2026-05-12", True),
        ("flow_uuid=flw_f1g2h3&call_type=outbound&outcome=connected&sentiment=neutral", False),
    ]
    for query, is_found in filters:
        theirs = query.replace("flow_uuid", "campaign_id").replace("customer_uuid", "contact_id")
        for path in (f"/calls?{query}", f"/v1/calls?{theirs}"):
            answer = await api.get(path)
            got = answer.status, answer.body["total"], len(answer.body["calls"])
            assert got == (200, int(is_found), int(is_found)), path


async def test_a_wrong_parameter_is_named(api: Api) -> None:
    wrong = [
        ("call_type=sideways", "call_type must be 'inbound', 'outbound' or 'browser'"),
        ("outcome=answered", "outcome must be 'connected', 'voicemail', 'no-answer', 'busy' or 'failed'"),
        ("sentiment=happy", "sentiment must be 'positive', 'neutral' or 'negative'"),
        ("date_from=12.05.2026", "date_from must be a date such as 2026-05-12"),
        ("date_from=1778596321", "date_from must be a date such as 2026-05-12"),
        ("date_to=2026-05-12T00:00:00", "date_to must be a date such as 2026-05-12"),
        ("date_from=2026-05-12&date_to=2026-05-11", "date_to must not be before date_from"),
        ("limit=0", "limit must be greater than or equal to 1"),
        ("limit=101", "limit must be less than or equal to 100"),
        ("offset=-1", "offset must be greater than or equal to 0"),
        ("flow=flw_f1g2h3", "flow is not a known parameter"),
    ]
    for query, detail in wrong:
        answer = await api.get(f"/calls?{query}")
        assert (answer.status, answer.detail) == (400, detail)


async def test_a_day_that_no_calendar_has_is_refused(api: Api) -> None:
    for query in ("date_from=2026-02-30", "date_from=0000-01-01"):
        answer = await api.get(f"/calls?{query}")
        assert answer.status == 400
        assert answer.detail.startswith("date_from ")
    for bounds in ("date_from=0001-01-01&date_to=9999-12-31", "date_from=9999-12-31"):
        assert (await api.get(f"/calls?{bounds}")).status == 200


async def test_pages_are_cut_and_a_far_one_is_empty(api: Api, database: Database, seeded: Seeded) -> None:
    calls = [a_call(seeded.organisation, started_at=NOW + timedelta(seconds=place)) for place in range(5)]
    async with database.begin(seeded.organisation) as work:
        for one in calls:
            await work.calls.open(one)
    answer = await api.get("/calls?limit=2&offset=1")
    assert ([shown["uuid"] for shown in answer.body["calls"]], answer.body["total"]) == (
        [calls[3].id, calls[2].id],
        5,
    )
    assert (await api.get("/calls?offset=10000000")).body == {"calls": [], "total": 5}


async def test_live_calls_are_the_inbound_ones_that_go_on_newest_first(
    api: Api, database: Database, seeded: Seeded
) -> None:
    mine = seeded.organisation
    old, new = a_call(mine, flow_id="flw_1"), a_call(mine, status=CallStatus.IN_PROGRESS, started_at=LATER)
    others = [a_call(mine, call_type=CallType.OUTBOUND), a_call(mine, call_type=CallType.BROWSER), a_call(mine)]
    async with database.begin(mine) as work:
        for one in (old, new, *others):
            await work.calls.open(one)
        await work.calls.ended(others[-1].id, at=LATER, outcome=Outcome.FAILED, reason="")
    answer = await api.get("/calls/live")
    assert answer.status == 200
    assert ([shown["uuid"] for shown in answer.body["calls"]], answer.body["total"]) == ([new.id, old.id], 2)
    assert answer.body["calls"][0]["status"] == "in_progress"
    assert answer.body["calls"][0]["duration_formatted"] is None
    page = (await api.get("/v1/calls/live?limit=1&offset=1")).body
    assert ([shown["campaign_uuid"] for shown in page["calls"]], page["total"]) == (["flw_1"], 2)


async def test_extracted_details_are_kept_with_the_call(api: Api, database: Database, seeded: Seeded) -> None:
    call = a_call(seeded.organisation)
    async with database.begin(seeded.organisation) as work:
        await work.calls.open(call)
    answer = await api.post(f"/calls/{call.id}/metadata", GIVEN)
    assert answer.status == 200
    assert answer.body.keys() == {"uuid", "key_details", "updated_at"}
    assert (answer.body["uuid"], answer.body["key_details"]) == (call.id, GIVEN["key_details"])
    assert answer.body["updated_at"].endswith("Z")
    assert (await api.get(f"/calls/{call.id}")).body["key_details"] == GIVEN["key_details"]
    again = {"key_details": {"extraction": {"outcome": {"intent_score": 91}, "tags": ["b"]}, "qms_scores": [1]}}
    theirs = await api.post(f"/v1/calls/{call.id}/metadata", again)
    extraction = GIVEN["key_details"]["extraction"]
    expected = {
        "extraction": {**extraction, "outcome": {**extraction["outcome"], "intent_score": 91}, "tags": ["b"]},
        "qms_scores": [1],
    }
    assert (theirs.status, theirs.body["key_details"]) == (200, expected)


async def test_those_who_write_details_at_once_lose_nothing(api: Api, call: Call) -> None:
    posts = [
        api.post(f"/calls/{call.id}/metadata", {"key_details": {"by": {str(writer): writer}}}) for writer in range(20)
    ]
    assert {answer.status for answer in await asyncio.gather(*posts)} == {200}
    kept = (await api.get(f"/calls/{call.id}")).body["key_details"]
    assert kept == {**dict(call.key_details), "by": {str(writer): writer for writer in range(20)}}


async def test_details_stay_small_however_they_come(api: Api, call: Call) -> None:
    half = "x" * (LARGEST_DETAILS // 2)
    assert (await api.post(f"/calls/{call.id}/metadata", {"key_details": {"one": half}})).status == 200
    for more in ({"two": half}, {"two": half * 3}):
        refused = await api.post(f"/calls/{call.id}/metadata", {"key_details": more})
        assert (refused.status, refused.detail) == (413, "key_details must come to at most 262144 bytes in all")
    assert (await api.get(f"/calls/{call.id}")).body["key_details"] == {**dict(call.key_details), "one": half}


async def test_wrong_details_are_refused_and_change_nothing(api: Api, call: Call) -> None:
    wrong: list[tuple[Any, str]] = [
        ({}, "key_details is required"),
        ({"key_details": []}, "key_details must be a JSON object"),
        ({"key_details": None}, "key_details must be a JSON object"),
        ({"key_details": {}, "details": {}}, "details is not a known field"),
        ([], "the body "),
    ]
    for body, detail in wrong:
        answer = await api.post(f"/calls/{call.id}/metadata", body)
        assert answer.status == 400
        assert answer.detail.startswith(detail)
    assert (await api.get(f"/calls/{call.id}")).body["key_details"] == call.key_details


ROUTES = ["", "/transcript", "/recording"]


async def test_what_is_not_there_and_what_is_anothers_look_alike(api: Api, call: Call) -> None:
    _, token = await api.stranger()
    for prefix in ("", "/v1"):
        for route in ROUTES:
            for path, key in ((f"{prefix}/calls/cal_unknown", None), (f"{prefix}/calls/{call.id}", token)):
                answer = await api.get(path + route, token=key)
                assert (answer.status, answer.detail) == (404, "Call not found")
        answer = await api.post(f"{prefix}/calls/{call.id}/metadata", GIVEN, token=token)
        assert (answer.status, answer.detail) == (404, "Call not found")
        assert (await api.get(f"{prefix}/calls", token=token)).body == {"calls": [], "total": 0}
        assert (await api.get(f"{prefix}/calls?customer_uuid=cst_c1d2e3", token=token)).body["total"] == 0
    assert (await api.get(f"/calls/{call.id}")).body["key_details"] == call.key_details


async def test_each_route_wants_its_scope(api: Api, call: Call) -> None:
    writer = await api.key(Scope.CALLS_WRITE)
    for path in ("", "/live", "/statistics", *(f"/{call.id}{route}" for route in ROUTES)):
        answer = await api.get(f"/calls{path}", token=writer)
        assert (answer.status, answer.detail) == (
            403,
            "Insufficient permissions. Required scopes: voice:calls:read",
        )
    reader = await api.key(Scope.CALLS_READ)
    answer = await api.post(f"/calls/{call.id}/metadata", GIVEN, token=reader)
    assert (answer.status, answer.detail) == (403, "Insufficient permissions. Required scopes: voice:calls:write")
