"""Flows, which the developers' API calls campaigns: what is kept of them and what is refused."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from control_api.access.limits import Limits, Rules
from storage.database import Database
from storage.records import Agent, Flow, FlowStatus, Scope
from storage.seed import Seeded
from storage.tenancy import Tenancy
from tests.control_api.api import Api, serving_api
from tests.storage.samples import a_flow

pytestmark = pytest.mark.usefixtures("seeded")

DOCUMENTED = {
    "kind": "outbound",
    "name": "Spring Reactivation Campaign",
    "provider": "sarvam",
    "phone_number": "+15550010000",
    "branches": ["Region:West", "Segment:Lapsed"],
    "start_date": "2026-05-01",
    "end_date": "2026-05-31",
    "time_window": {"start": "09:00", "end": "18:00", "timezone": "America/New_York"},
    "config": {
        "persona_prompt": "You are Aria, a friendly advisor at Luminary Home...",
        "recording_disclosure": "This call is being recorded for quality purposes.",
        "guardrails": ["no_price_fabrication", "no_stock_fabrication"],
    },
    "status": "draft",
}
"""The documents' request, without what names other records."""
LEAST = {"kind": "outbound", "name": "Least", "provider": "nextneural"}
LINE = {"kind": "inbound", "name": "Line", "provider": "nextneural", "phone_number": "+918047112233"}


@pytest.fixture
async def api(database: Database, tmp_path: Path) -> AsyncIterator[Api]:
    async with serving_api(database, tmp_path) as api:
        yield api


async def an_agent(api: Api, **more: Any) -> str:
    agent = await api.made("/agents", {"name": "Aria", "role": "Sales", **more})
    return str(agent["uuid"])


async def test_the_documented_flow_is_kept_and_shown_field_by_field(api: Api) -> None:
    script = await api.made("/scripts", {"name": "Spring", "content": "Say this."})
    body = {**DOCUMENTED, "voice_agent_id": await an_agent(api), "script_id": script["uuid"]}
    made = await api.made("/flows", body)
    shown = dict(made)
    del body["provider"]
    assert {name: shown[name] for name in body} == body
    assert made["uuid"].startswith("flw_")
    assert made["created_at"].endswith("Z")
    assert "metrics" not in made
    for path in (f"/flows/{made['uuid']}", f"/v1/campaigns/{made['uuid']}"):
        assert (await api.get(path)).body == made
    for path, word in (("/flows", "flows"), ("/v1/campaigns", "campaigns")):
        answer = await api.get(path, params={"kind": "outbound"})
        assert answer.body == {word: [made], "total": 1}


async def test_what_was_not_given_has_the_documented_default(api: Api) -> None:
    made = await api.made("/flows", LEAST)
    expected: dict[str, Any] = {
        "status": "draft",
        "description": "",
        "voice_agent_id": None,
        "script_id": None,
        "branches": [],
        "contact_list_id": None,
        "time_window": None,
        "start_at": None,
        "max_parallel_calls": 5,
        "rate_limit_per_number": 10,
        "retry_attempts": 2,
        "retry_delay_minutes": 30,
        "retry_on": ["no-answer", "busy", "failed"],
        "phone_numbers": [],
        "distribution": "round_robin",
        "dedupe_hours": 24,
        "config": {},
        "assistant_overrides": {},
        "warnings": [],
        "ended_reason": None,
        "pause_reason": "",
    }
    assert {name: made[name] for name in expected} == expected


async def test_every_setting_of_a_campaign_is_kept(api: Api) -> None:
    contacts = await api.made("/contact-lists", {"name": "Lapsed"})
    number = await api.made("/phone-numbers", {"number": "+918047000001"})
    other = await api.made("/phone-numbers", {"number": "+918047000002"})
    settings = {
        "description": "January order follow-ups",
        "language_code": "hi-IN",
        "contact_list_id": contacts["uuid"],
        "time_window": {"start": "21:00", "end": "06:30", "timezone": "Asia/Kolkata", "days": ["mon", "sat"]},
        "start_at": "2031-01-05T03:30:00Z",
        "end_at": "2031-02-05T03:30:00Z",
        "max_parallel_calls": 20,
        "rate_limit_per_number": 60,
        "retry_attempts": 3,
        "retry_delay_minutes": [30, 120, 240],
        "retry_on": ["busy", "voicemail"],
        "distribution": "least_used",
        "dedupe_hours": 48,
        "assistant_overrides": {"firstMessage": "Hello {{name|there}}"},
    }
    body = {**LEAST, **settings, "phone_numbers": [other["uuid"], "+918047000001", other["number"]]}
    made = await api.made("/v1/campaigns", body)
    assert {name: made[name] for name in settings} == settings
    assert made["phone_numbers"] == [other["uuid"], number["uuid"]]


async def test_holidays_are_kept_in_order_each_once(api: Api) -> None:
    window = {"start": "09:00", "end": "18:00", "timezone": "UTC"}
    holidays = ["2031-12-25", "2031-01-26", "2031-12-25"]
    made = await api.made("/flows", {**LEAST, "time_window": {**window, "holidays": holidays}})
    assert made["time_window"] == {**window, "holidays": ["2031-01-26", "2031-12-25"]}
    assert (await api.get(f"/v1/campaigns/{made['uuid']}")).body["time_window"] == made["time_window"]
    for wrong, sentence in (
        (["26 January"], "time_window.holidays.0 must be a date such as 2026-05-12"),
        (["2031-02-30"], "time_window.holidays.0 must be a valid date"),
        (["2031-01-01"] * 401, "time_window.holidays is wrong: list should have at most 400 items"),
        ("2031-01-26", "time_window.holidays must be a valid list"),
    ):
        answer = await api.patch(f"/flows/{made['uuid']}", {"time_window": {**window, "holidays": wrong}})
        assert (answer.status, answer.detail.startswith(sentence)) == (400, True), answer.detail


async def test_a_time_with_an_offset_is_kept_in_utc_and_days_in_the_order_of_the_week(api: Api) -> None:
    window = {"start": "09:00", "end": "18:00", "timezone": "UTC", "days": ["sun", "mon", "sun"]}
    made = await api.made("/flows", {**LEAST, "start_at": "2031-01-05T09:00:00+05:30", "time_window": window})
    assert made["start_at"] == "2031-01-05T03:30:00Z"
    assert made["time_window"]["days"] == ["mon", "sun"]


WINDOW = {"start": "09:00", "end": "18:00", "timezone": "Asia/Kolkata"}


@pytest.mark.either
@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"kind": None}, "kind must be 'inbound' or 'outbound'"),
        ({"name": " "}, "name must not be empty"),
        ({"provider": "nobody"}, "provider must be one of nextneural, sarvam, elevenlabs"),
        ({"voice_agent_id": "agt_nobody"}, "voice_agent_id is not an agent of this organisation"),
        ({"script_id": "scr_nothing"}, "script_id is not a script of this organisation"),
        ({"contact_list_id": "lst_none"}, "contact_list_id is not a contact list of this organisation"),
        (
            {"phone_numbers": ["+919800000000"]},
            "phone_numbers holds +919800000000, which is not a phone number of this organisation",
        ),
        ({"phone_number": "12345"}, "phone_number must be in E.164 format"),
        ({"start_date": "2026-05-31", "end_date": "2026-05-01"}, "end_date must not be before start_date"),
        ({"start_date": 1767225600}, "start_date must be a date such as 2026-05-12"),
        ({"start_date": "1767225600"}, "start_date must be a date such as 2026-05-12"),
        ({"start_date": "2026-05-01T00:00:00"}, "start_date must be a date such as 2026-05-12"),
        ({"start_date": "2026-02-30"}, "start_date must be a valid date"),
        ({"end_date": "9999-12-31"}, "end_date must be within the years 2000 to 2199"),
        ({"start_at": "2031-01-05T09:00:00"}, "start_at must name its time zone, as in 2026-05-01T09:00:00Z"),
        ({"start_at": "1925514000"}, "start_at must be a time such as 2026-05-01T09:00:00Z"),
        ({"start_at": 1925514000}, "start_at must be a time such as 2026-05-01T09:00:00Z"),
        ({"start_at": "0001-01-01T00:00:00+14:00"}, "start_at must be within the years 2000 to 2199"),
        (
            {"start_at": "2031-01-05T09:00:00Z", "end_at": "2031-01-05T09:00:00Z"},
            "end_at must be after start_at",
        ),
        ({"time_window": {**WINDOW, "start": "9:00"}}, "time_window.start must be a time of day, such as 09:00"),
        ({"time_window": {**WINDOW, "end": "24:00"}}, "time_window.end must be a time of day, such as 09:00"),
        ({"time_window": {**WINDOW, "end": "09:00"}}, "time_window.end must differ from time_window.start"),
        ({"time_window": {"start": "09:00", "end": "18:00"}}, "time_window.timezone is required"),
        (
            {"time_window": {**WINDOW, "timezone": "Asia/Atlantis"}},
            "time_window.timezone must be the name of a time zone, such as Asia/Kolkata",
        ),
        ({"time_window": {**WINDOW, "hours": 8}}, "time_window.hours is not a known field"),
        ({"max_parallel_calls": 0}, "max_parallel_calls must be greater than or equal to 1"),
        ({"max_parallel_calls": True}, "max_parallel_calls must be a valid integer"),
        ({"rate_limit_per_number": "5"}, "rate_limit_per_number must be a valid integer"),
        ({"retry_attempts": False}, "retry_attempts must be a valid integer"),
        ({"retry_delay_minutes": True}, "retry_delay_minutes.0 must be a valid integer"),
        ({"dedupe_hours": "24"}, "dedupe_hours must be a valid integer"),
        ({"rate_limit_per_number": 601}, "rate_limit_per_number must be less than or equal to 600"),
        ({"retry_attempts": 11}, "retry_attempts must be less than or equal to 10"),
        ({"retry_delay_minutes": 0}, "retry_delay_minutes.0 must be greater than or equal to 1"),
        ({"retry_on": ["connected"]}, "retry_on.0 must be 'no-answer', 'busy', 'failed' or 'voicemail'"),
        ({"dedupe_hours": -1}, "dedupe_hours must be greater than or equal to 0"),
        ({"distribution": "random"}, "distribution must be 'round_robin' or 'least_used'"),
        ({"branches": [""]}, "branches.0 is wrong: string should have at least 1 character"),
        ({"config": "free"}, "config must be a JSON object"),
        ({"assistant_overrides": {"maxDurationSeconds": 1}}, "assistant_overrides will not do: "),
        ({"status": "paused"}, "status must be draft, or active for an inbound flow"),
        (
            {"status": "active"},
            "status must be draft: an outbound campaign becomes active when it is launched",
        ),
        ({"is_demo": True}, "is_demo is not a known field"),
    ],
)
async def test_a_wrong_field_is_named_and_nothing_is_kept(api: Api, wrong: dict[str, Any], sentence: str) -> None:
    for path in ("/flows", "/v1/campaigns"):
        answer = await api.post(path, {**LEAST, **wrong})
        assert answer.status == 400
        assert answer.detail.startswith(sentence)
    kept = await api.made("/flows", {**LEAST, "description": "As it was"})
    if "status" not in wrong:
        answer = await api.patch(f"/flows/{kept['uuid']}", wrong)
        assert (answer.status, answer.detail.startswith(sentence)) == (400, True)
    assert (await api.get("/flows", params={"kind": "outbound"})).body["flows"] == [kept]


@pytest.mark.parametrize("field", ["kind", "name", "provider"])
async def test_what_is_required_is_asked_for(api: Api, field: str) -> None:
    answer = await api.post("/flows", {name: value for name, value in LEAST.items() if name != field})
    assert (answer.status, answer.detail) == (400, f"{field} is required")


async def test_another_organisations_records_are_nobodys(api: Api) -> None:
    _, stranger = await api.stranger()
    ours = await an_agent(api)
    theirs = await api.made("/flows", LEAST, token=stranger)
    script = await api.made("/scripts", {"name": "S", "content": "S"}, token=stranger)
    assert (await api.post("/flows", {**LEAST, "voice_agent_id": ours}, token=stranger)).status == 400
    assert (await api.post("/flows", {**LEAST, "script_id": script["uuid"]})).status == 400
    for path in (f"/flows/{theirs['uuid']}", f"/v1/campaigns/{theirs['uuid']}", "/flows/flw_nothing"):
        for method in ("GET", "PATCH", "DELETE"):
            answer = await api.ask(method, path, {"name": "Mine"} if method == "PATCH" else None)
            assert (answer.status, answer.detail) == (404, "Flow not found")
    assert (await api.get("/flows", token=stranger)).body == {"flows": [theirs], "total": 1}


async def test_a_speaker_makes_an_agent(api: Api) -> None:
    body = {**LEAST, "speaker": "anushka", "language_code": "hi-IN", "provider": "sarvam"}
    made = await api.made("/flows", body)
    agent = (await api.get(f"/agents/{made['voice_agent_id']}")).body
    assert (agent["name"], agent["role"]) == ("Anushka", "Outbound agent")
    voice = {name: agent["voice_config"][name] for name in ("provider", "speaker", "language_code")}
    assert voice == {"provider": "sarvam", "speaker": "anushka", "language_code": "hi-IN"}

    known = await an_agent(api)
    both = await api.made("/flows", {**LEAST, "speaker": "anushka", "voice_agent_id": known})
    assert both["voice_agent_id"] == known

    changed = await api.patch(f"/flows/{both['uuid']}", {"speaker": "meera"})
    agent = (await api.get(f"/agents/{changed.body['voice_agent_id']}")).body
    assert (agent["name"], agent["voice_config"]["provider"]) == ("Meera", "nextneural")


async def test_no_agent_is_left_of_a_flow_that_was_refused(api: Api) -> None:
    before = len((await api.get("/agents")).body)
    answer = await api.post(
        "/flows", {**LEAST, "speaker": "anushka", "start_date": "2026-05-02", "end_date": "2026-05-01"}
    )
    assert answer.status == 400
    assert len((await api.get("/agents")).body) == before


async def test_a_deleted_agent_is_no_agent(api: Api) -> None:
    agent = await an_agent(api)
    assert (await api.delete(f"/agents/{agent}")).status == 204
    answer = await api.post("/flows", {**LEAST, "voice_agent_id": agent})
    assert (answer.status, answer.detail) == (400, "voice_agent_id is not an agent of this organisation")


@pytest.mark.parametrize("kind", ["inbound", "outbound"])
async def test_a_flow_of_a_deleted_agent_is_the_same_in_a_list_and_alone(
    database: Database, tmp_path: Path, kind: str
) -> None:
    def told(agent: Agent | None, flow: Flow | None, **levels: object) -> list[str]:
        return ["nobody speaks" if agent is None else f"{agent.name} speaks"]

    async with serving_api(database, tmp_path, warnings=told) as api:
        agent = await an_agent(api)
        overrides = {"backgroundSound": "office"}
        about = {"name": "Flow", "kind": kind, "provider": "nextneural", "assistant_overrides": overrides}
        made = await api.made("/flows", {**about, "voice_agent_id": agent})
        await api.delete(f"/agents/{agent}")
        alone = (await api.get(f"/flows/{made['uuid']}")).body
        gone = "voice_agent_id is of an agent that was deleted: it still speaks in this flow's calls"
        assert alone["warnings"] == [gone, "Aria speaks"]
        assert alone in (await api.get("/flows")).body["flows"]


async def test_a_change_touches_what_it_names(api: Api) -> None:
    made = await api.made("/flows", {**DOCUMENTED, "voice_agent_id": await an_agent(api)})
    new = {"name": "Summer", "end_date": "2026-06-30", "branches": ["Region:East"], "time_window": None}
    changed = await api.patch(f"/flows/{made['uuid']}", new)
    assert changed.status == 200
    assert changed.body == {**made, **new, "updated_at": changed.body["updated_at"]}
    removed = await api.patch(f"/v1/campaigns/{made['uuid']}", {"voice_agent_id": None, "status": "draft"})
    assert removed.body["voice_agent_id"] is None
    answer = await api.patch(f"/flows/{made['uuid']}", {"kind": "inbound"})
    assert (answer.status, answer.detail) == (400, "kind cannot be changed")
    answer = await api.patch(f"/flows/{made['uuid']}", {"start_date": "2026-07-01"})
    assert (answer.status, answer.detail) == (400, "end_date must not be before start_date")


async def test_two_active_lines_cannot_have_one_number(api: Api) -> None:
    first = await api.made("/flows", {**LINE, "status": "active", "account_sid": "acme"})
    assert first["status"] == "active"
    taken = "phone_number is taken: by another active inbound flow on this account_sid, or by another organisation"
    again = {**LINE, "status": "active", "account_sid": "acme"}
    answer = await api.post("/flows", again)
    assert (answer.status, answer.detail) == (409, taken)
    await api.made("/flows", {**again, "account_sid": "other"})
    anywhere = await api.made("/flows", {**again, "account_sid": None})
    answer = await api.patch(f"/flows/{anywhere['uuid']}", {"account_sid": "acme"})
    assert (answer.status, answer.detail) == (409, taken)
    assert (await api.patch(f"/flows/{anywhere['uuid']}", {"config": {"greeting": "Hello."}})).status == 200

    draft = await api.made("/flows", {**LINE, "account_sid": "acme"})
    assert (await api.post(f"/flows/{draft['uuid']}/launch")).detail == taken
    assert (await api.post(f"/flows/{first['uuid']}/toggle")).body["status"] == "paused"
    assert (await api.post(f"/flows/{draft['uuid']}/launch")).body["customers_queued"] == 0
    assert (await api.post(f"/flows/{first['uuid']}/toggle")).status == 409


async def test_a_registered_number_takes_calls_for_its_organisation_alone(api: Api) -> None:
    _, stranger = await api.stranger()
    number = {"number": LINE["phone_number"], "name": "Front desk"}
    await api.made("/phone-numbers", number)
    assert (await api.post("/phone-numbers", number, token=stranger)).status == 409
    line = {**LINE, "status": "active", "account_sid": "theirs"}
    answer = await api.post("/flows", line, token=stranger)
    assert (answer.status, answer.detail.partition(":")[0]) == (409, "phone_number is taken")
    await api.made("/flows", line)


async def test_a_flow_says_that_its_agent_was_deleted(api: Api) -> None:
    agent = await api.made("/agents", {"name": "Ravi", "role": "Sales"})
    flow = await api.made("/flows", {**LINE, "voice_agent_id": agent["uuid"]})
    await api.delete(f"/agents/{agent['uuid']}")
    told = (await api.get(f"/flows/{flow['uuid']}")).body["warnings"]
    assert told[0] == "voice_agent_id is of an agent that was deleted: it still speaks in this flow's calls"


async def test_no_organisation_takes_the_calls_of_another(api: Api) -> None:
    _, stranger = await api.stranger()
    taken = "phone_number is taken: by another active inbound flow on this account_sid, or by another organisation"
    line = {**LINE, "status": "active"}

    async def refused(account: str | None) -> bool:
        answer = await api.post("/flows", {**line, "account_sid": account}, token=stranger)
        if answer.status == 409:
            assert answer.detail == taken
            return True
        assert (await api.delete(f"/flows/{answer.body['uuid']}", token=stranger)).status == 204
        return False

    ours = await api.made("/flows", {**line, "account_sid": None})
    assert [await refused(account) for account in (None, "acme")] == [True, True]
    assert (await api.patch(f"/flows/{ours['uuid']}", {"account_sid": "acme"})).status == 200
    assert [await refused(account) for account in (None, "acme", "other")] == [True, True, False]

    theirs = await api.made("/flows", {**line, "account_sid": "other"}, token=stranger)
    for account in (None, "other"):
        answer = await api.patch(f"/flows/{ours['uuid']}", {"account_sid": account})
        assert (answer.status, answer.detail) == (409, taken)
    assert (await api.post(f"/flows/{theirs['uuid']}/pause", token=stranger)).status == 200
    assert (await api.patch(f"/flows/{ours['uuid']}", {"account_sid": None})).status == 200
    assert (await api.post(f"/flows/{theirs['uuid']}/resume", token=stranger)).status == 409


async def test_lists_are_filtered_and_paged_newest_first(api: Api, database: Database, seeded: Seeded) -> None:
    made = [a_flow(seeded.organisation, status=FlowStatus.DRAFT, name=str(number)) for number in range(3)]
    async with database.begin(seeded.organisation) as work:
        for flow in made:
            await work.flows.add(flow)

    async def names(**query: Any) -> tuple[list[str], int]:
        body = (await api.get("/flows", params=query)).body
        return [flow["name"] for flow in body["flows"]], body["total"]

    assert await names(status="draft", limit=2) == (["2", "1"], 3)
    assert await names(status="draft", limit=2, offset=2) == (["0"], 3)
    assert await names(status="active") == (["Demo line"], 1)
    assert await names(kind="outbound") == ([], 0)
    for query, sentence in (
        ({"status": "running"}, "status must be 'draft', 'scheduled', 'active', 'paused', 'completed' or 'cancelled'"),
        ({"kind": "both"}, "kind must be 'inbound' or 'outbound'"),
        ({"limit": "101"}, "limit must be less than or equal to 100"),
        ({"include_metrics": "perhaps"}, "include_metrics must be a valid boolean"),
    ):
        answer = await api.get("/flows", params=query)
        assert (answer.status, answer.detail.startswith(sentence)) == (400, True), answer.detail


async def test_each_needs_its_scope(api: Api) -> None:
    reader, stranger = await api.key(Scope.CAMPAIGNS_READ), await api.key(Scope.CALLS_READ)
    made = await api.made("/flows", LEAST)
    path = f"/v1/campaigns/{made['uuid']}"
    assert (await api.get(path, token=reader)).status == 200
    assert (await api.get("/flows", token=stranger)).status == 403
    for method, where, body in (
        ("POST", "/flows", LEAST),
        ("PATCH", path, {"name": "B"}),
        ("DELETE", path, None),
        ("POST", f"{path}/launch", None),
        ("POST", f"{path}/duplicate", None),
    ):
        answer = await api.ask(method, where, body, token=reader)
        assert answer.status == 403
        assert answer.detail == "Insufficient permissions. Required scopes: voice:campaigns:write"


async def test_creating_launching_and_stopping_are_counted_as_documented(database: Database, tmp_path: Path) -> None:
    limits = Limits(None, Rules.parse("on"))
    async with serving_api(database, tmp_path, limits=limits) as api:
        for path, limit in (("/flows", 20), ("/v1/campaigns", 20)):
            assert (await api.post(path, {})).headers["X-RateLimit-Limit"] == str(limit)
        for path in ("/flows/flw_nothing/launch", "/v1/campaigns/flw_nothing/stop"):
            answers = [await api.post(path) for _ in range(6)]
            assert [answer.status for answer in answers] == [404] * 5 + [429]
            assert answers[-1].detail == "Rate limit exceeded: 5/minute"
    await limits.close()


async def test_unknown_variables_are_told_unless_customers_have_them(
    database: Database, tmp_path: Path, seeded: Seeded
) -> None:
    def unknown(agent: object, flow: Flow) -> list[str]:
        return ["order_id", "colour"] if "{{" in str(flow.config) else []

    async with serving_api(database, tmp_path, unknown_variables=unknown) as api:
        customer = {"name": "Rahul", "phone": "+919876543210", "tags": ["Orders"], "metadata": {"order_id": "1"}}
        await api.made("/customers", customer)
        said = {"greeting": "Your {{colour}} order {{order_id}}"}
        made = await api.made("/flows", {**LEAST, "branches": ["Orders"], "config": said})
        assert made["warnings"] == ["{{colour}} is not known of the customers: it is rendered empty"]
        changed = await api.patch(f"/flows/{made['uuid']}", {"branches": ["Nobody"]})
        assert len(changed.body["warnings"]) == 2
        changed = await api.patch(f"/flows/{made['uuid']}", {"config": {}})
        assert changed.body["warnings"] == []


async def test_of_a_flows_customers_a_few_are_looked_at_and_none_counted(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    counted: list[object] = []

    async def count(self: Tenancy, query: object) -> int:
        counted.append(query)
        return 0

    async with serving_api(database, tmp_path, unknown_variables=lambda agent, flow: ["colour"]) as api:
        made = await api.made("/flows", LEAST)
        monkeypatch.setattr(Tenancy, "count", count)
        assert len((await api.get(f"/flows/{made['uuid']}")).body["warnings"]) == 1
    assert counted == []


async def test_overrides_that_are_not_obeyed_are_told(api: Api) -> None:
    made = await api.made("/flows", {**LEAST, "assistant_overrides": {"backgroundSound": "office"}})
    assert len(made["warnings"]) == 1
    assert "backgroundSound" in made["warnings"][0]
    listed = (await api.get("/flows", params={"kind": "outbound"})).body["flows"]
    assert listed == [made]
