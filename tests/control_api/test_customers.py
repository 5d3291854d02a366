"""Customers, whom the developers' API calls contacts."""

from __future__ import annotations

import threading
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import TypeAdapter

from control_api.people import customers
from control_api.people.customer_rows import Rows, read_rows
from control_api.people.customers import MOST, RECENT_CALLS, contract
from control_api.web import shapes
from storage.assets import ContactList
from storage.calls import CallEnd
from storage.database import Database
from storage.ids import LIST, new_id
from storage.records import CallStatus, CallType, Outcome, Scope, Sentiment
from storage.seed import Seeded
from tests.control_api.api import PUBLIC, Api, serving_api
from tests.storage.samples import LATER, NOW, a_call

JORDAN: dict[str, Any] = {
    "name": "Jordan Ellis",
    "phone": "+14155550192",
    "email": "[email protected]",
    "tags": ["Region:West", "Segment:Lapsed"],
    "preferred_language": "en",
    "metadata": {
        "product_interest": "Standing Desk Pro",
        "cart_value": 850,
        "zip_code": "94107",
        "lead_type": "cart_abandon",
        "lead_id": "LH-CA-2026050512-78231",
    },
}
"""The documents' customer."""
LEAD = {name: value for name, value in JORDAN.items() if name != "email"}
"""And as it is pushed by a CRM."""
SHOWN = {
    *JORDAN,
    "uuid",
    "total_calls",
    "inbound_calls",
    "outbound_calls",
    "last_contact",
    "created_at",
}
"""What the documents' list shows of one."""
MORE: dict[str, Any] = {
    "timezone": "Asia/Kolkata",
    "opted_out": True,
    "recording_opt_out": True,
    "external_id": "LH-1",
    "extension": "42",
    "assistant_overrides": {"firstMessage": "Hello {{name}}."},
}
BOTH = pytest.mark.parametrize(("path", "word"), [("/api/voice/customers", "customers"), ("/v1/contacts", "contacts")])


@pytest.fixture
async def api(database: Database, seeded: Seeded, tmp_path: Path) -> AsyncIterator[Api]:
    async with serving_api(database, tmp_path) as api:
        yield api


def person(number: int, **more: Any) -> dict[str, Any]:
    return {"name": f"Person {number}", "phone": f"+1415555{number:04}", **more}


async def names(api: Api, query: str) -> list[str]:
    answer = await api.get(f"/customers?{query}")
    assert answer.status == 200, answer
    assert answer.body["total"] == len(answer.body["customers"])
    return [one["name"] for one in answer.body["customers"]]


@BOTH
async def test_the_documents_customer_is_created_listed_and_found(api: Api, path: str, word: str) -> None:
    made = await api.made(path, JORDAN)
    assert made["uuid"].startswith("cst_")
    assert {name: made[name] for name in JORDAN} == JORDAN
    assert (made["total_calls"], made["inbound_calls"], made["outbound_calls"]) == (0, 0, 0)
    assert made["last_contact"] is None
    assert made["created_at"].endswith("Z")
    listed = await api.get(path)
    assert listed.status == 200
    assert listed.body == {word: [made], "total": 1}
    assert listed.body[word][0].keys() >= SHOWN
    found = await api.get(f"{path}/{made['uuid']}")
    assert (found.status, found.body) == (200, made)


async def test_both_vocabularies_show_the_same_rows(api: Api) -> None:
    made = await api.made("/v1/contacts", JORDAN)
    assert (await api.get(f"/customers/{made['uuid']}")).body == made
    assert (await api.get("/customers/meta/tags")).body == (await api.get("/v1/contacts/meta/tags")).body
    assert (await api.get("/v1/contacts/meta/count")).body == {"count": 1}
    changed = await api.patch(f"/v1/contacts/{made['uuid']}", {"name": "J. Ellis"})
    assert (changed.status, changed.body["name"]) == (200, "J. Ellis")
    assert (await api.delete(f"/v1/contacts/{made['uuid']}")).status == 204
    assert (await api.get(f"/customers/{made['uuid']}")).status == 404


async def test_everything_that_can_be_said_of_a_customer_is_kept(api: Api) -> None:
    made = await api.made("/customers", {**JORDAN, **MORE})
    assert {name: made[name] for name in MORE} == MORE
    (warning,) = made["warnings"]
    assert warning.startswith("assistantOverrides.firstMessage ")
    bare = await api.made("/customers", {"name": " Asha ", "phone": "+919876543210"})
    assert bare["name"] == "Asha"
    assert (bare["email"], bare["tags"], bare["metadata"], bare["opted_out"]) == (None, [], {}, False)


async def test_a_phone_is_taken_until_overwrite_is_said(api: Api) -> None:
    made = await api.made("/customers", JORDAN)
    again = {"name": "J. Ellis", "phone": JORDAN["phone"], "metadata": {"cart_value": 920}}
    refused = await api.post("/customers", again)
    assert (refused.status, refused.detail) == (409, "A customer with this phone already exists")
    assert (await api.post("/customers", {**again, "overwrite": False})).status == 409
    assert (await api.get(f"/customers/{made['uuid']}")).body == made
    merged = await api.made("/customers", {**again, "overwrite": True})
    assert merged["uuid"] == made["uuid"]
    assert (merged["name"], merged["tags"], merged["email"]) == ("J. Ellis", JORDAN["tags"], JORDAN["email"])
    assert merged["metadata"] == {**JORDAN["metadata"], "cart_value": 920}
    fresh = await api.made("/customers", {**person(1), "overwrite": True})
    assert fresh["uuid"] != made["uuid"]


async def test_a_change_merges_metadata_and_replaces_the_rest(api: Api) -> None:
    made = await api.made("/customers", JORDAN)
    change = {"tags": ["Region:West", "Segment:Lapsed", "Priority:High"], "metadata": {"cart_value": 920}}
    changed = await api.patch(f"/customers/{made['uuid']}", change)
    assert changed.status == 200
    assert changed.body == {
        **made,
        "tags": change["tags"],
        "metadata": {**JORDAN["metadata"], "cart_value": 920},
        "updated_at": changed.body["updated_at"],
    }
    assert (await api.get(f"/customers/{made['uuid']}")).body == changed.body
    assert await names(api, "tags=Priority:High") == ["Jordan Ellis"]
    for field, value in {**MORE, "name": "Asha", "email": None, "preferred_language": "ta", "tags": []}.items():
        answer = await api.patch(f"/customers/{made['uuid']}", {field: value})
        assert (answer.status, answer.body[field]) == (200, value)
    assert await names(api, "tags=Region:West") == []
    nothing = await api.patch(f"/customers/{made['uuid']}", {})
    assert (nothing.status, nothing.body["name"]) == (200, "Asha")


async def test_a_phone_can_change_to_one_that_nobody_has(api: Api) -> None:
    one, two = await api.made("/customers", person(1)), await api.made("/customers", person(2))
    refused = await api.patch(f"/customers/{one['uuid']}", {"phone": two["phone"], "name": "Changed"})
    assert (refused.status, refused.detail) == (409, "A customer with this phone already exists")
    assert (await api.get(f"/customers/{one['uuid']}")).body == one
    assert (await api.patch(f"/customers/{one['uuid']}", {"phone": one["phone"]})).status == 200
    moved = await api.patch(f"/customers/{one['uuid']}", {"phone": "+919876543210"})
    assert (moved.status, moved.body["phone"]) == (200, "+919876543210")
    assert (await api.post("/customers", person(1))).status == 201


async def test_a_deleted_customer_is_gone(api: Api) -> None:
    made = await api.made("/customers", JORDAN)
    answer = await api.delete(f"/customers/{made['uuid']}")
    assert (answer.status, answer.raw) == (204, b"")
    assert (await api.delete(f"/customers/{made['uuid']}")).status == 404
    assert (await api.get("/customers")).body == {"customers": [], "total": 0}


@pytest.mark.either
@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"phone": "4155550192"}, "phone must be in E.164 format"),
        ({"phone": "+10000000000"}, "phone must be in E.164 format"),
        ({"phone": 14155550192}, "phone must be a valid string"),
        ({"phone": "+14155550192\n"}, "phone must be in E.164 format"),
        ({"name": "  "}, "name must not be empty"),
        ({"name": "x" * 201}, "name is wrong: "),
        ({"name": None}, "name must be a valid string"),
        ({"email": "x" * 255}, "email is wrong: string should have at most 254 characters"),
        ({"tags": "Region:West"}, "tags must be a valid list"),
        ({"tags": [""]}, "tags.0 is wrong: string should have at least 1 character"),
        ({"tags": [1]}, "tags.0 must be a valid string"),
        ({"preferred_language": "fr"}, "preferred_language must be "),
        ({"timezone": "Mars/Olympus"}, "timezone must be the name of a time zone, such as Asia/Kolkata"),
        ({"metadata": []}, "metadata must be a JSON object"),
        ({"metadata": {"x": "y" * 70_000}}, "metadata must be smaller than 65536 characters"),
        ({"opted_out": "perhaps"}, "opted_out must be a valid boolean"),
        ({"recording_opt_out": "yes"}, "recording_opt_out must be a valid boolean"),
        ({"opted_out": 1}, "opted_out must be a valid boolean"),
        ({"external_id": "x" * 41}, "external_id is wrong: string should have at most 40 characters"),
        ({"extension": "x" * 11}, "extension is wrong: string should have at most 10 characters"),
        (
            {"assistant_overrides": {"firstMessage": 5}},
            "assistant_overrides will not do: firstMessage must be a valid string",
        ),
        ({"uuid": "cst_1"}, "uuid is not a known field"),
        ({"total_calls": 3}, "total_calls is not a known field"),
    ],
)
async def test_a_wrong_field_is_named_and_changes_nothing(api: Api, change: dict[str, Any], sentence: str) -> None:
    made = await api.made("/customers", {**person(1), "tags": ["x"]})
    for answer in (
        await api.post("/customers", {**JORDAN, **change}),
        await api.post("/v1/contacts", {**JORDAN, **change}),
        await api.patch(f"/customers/{made['uuid']}", change),
    ):
        assert answer.status == 400
        assert answer.detail.startswith(sentence)
    assert (await api.get("/customers")).body == {"customers": [made], "total": 1}


async def test_metadata_does_not_grow_beyond_what_may_be_given_at_once(api: Api) -> None:
    made = await api.made("/customers", {**person(1), "metadata": {"first": "x" * 40_000}})
    more = {"second": "x" * 40_000}
    too_large = "metadata must be smaller than 65536 characters"
    for refused in (
        await api.patch(f"/customers/{made['uuid']}", {"metadata": more}),
        await api.post("/customers", {**person(1), "name": "Other", "metadata": more, "overwrite": True}),
    ):
        assert (refused.status, refused.detail) == (400, too_large)
    rows = [{**person(1), "metadata": more}, {**person(1), "metadata": {"third": 3}}, {**person(2), "metadata": more}]
    answer = await api.post("/customers/bulk", {"customers": rows})
    assert answer.body == {
        "created": 1,
        "updated": 1,
        "errors": [{"row": 1, "phone": made["phone"], "reason": too_large}],
    }
    shown = (await api.get(f"/customers/{made['uuid']}")).body
    assert shown["metadata"] == {**made["metadata"], "third": 3}


def test_the_zones_are_read_from_the_disk_once(monkeypatch: pytest.MonkeyPatch) -> None:
    def read() -> set[str]:
        raise AssertionError

    monkeypatch.setattr(shapes, "available_timezones", read)
    assert TypeAdapter(shapes.Zone).validate_python("Asia/Kolkata") == "Asia/Kolkata"


@pytest.mark.parametrize("field", ["name", "phone"])
async def test_a_name_and_a_phone_are_required(api: Api, field: str) -> None:
    answer = await api.post("/customers", {name: value for name, value in JORDAN.items() if name != field})
    assert (answer.status, answer.detail) == (400, f"{field} is required")


async def test_a_list_is_searched_by_name_and_phone(api: Api) -> None:
    await api.made("/customers", JORDAN)
    await api.made("/customers", {"name": "100% Cotton_Shop", "phone": "+442071838750"})
    for search in ("jordan", "0192", "an", "x", "(415) 555-0192", "%2B14155550192", "Ellis%20415"):
        assert await names(api, f"search={search}") == (["Jordan Ellis"] if search != "x" else []), search
    for search in ("%25", "_", "100%25", "n_s"):
        assert await names(api, f"search={search}") == ["100% Cotton_Shop"], search
    for search in ("%22", "'", "' OR 1=1 --", "\\", "*", "name:Jordan"):
        assert await names(api, f"search={search}") == [], search
    assert len(await names(api, "search=")) == 2


async def test_a_list_is_filtered_by_tags(api: Api) -> None:
    for number, tags in enumerate(
        (["Region:West", "Segment:Lapsed"], ["Region:West"], ["Region:East", "Segment:Lapsed"])
    ):
        await api.made("/customers", person(number, tags=tags))
    assert await names(api, "tags=Region:West&tags=Segment:Lapsed") == ["Person 0"]
    assert await names(api, "tags=Region:West&tags=Region:East") == ["Person 2", "Person 1", "Person 0"]
    assert await names(api, "tags=Region:West&tags=Region:East&tags=Segment:Lapsed") == ["Person 2", "Person 0"]
    assert await names(api, "tags=Segment:Lapsed&search=2") == ["Person 2"]
    assert await names(api, "tags=nobody") == []


async def test_a_list_is_filtered_by_calls_and_by_contact_list(api: Api, seeded: Seeded) -> None:
    made = [await api.made("/customers", person(number)) for number in range(3)]
    kept = ContactList(new_id(LIST), seeded.organisation, "List", created_at=NOW, updated_at=NOW)
    async with api.database.begin(seeded.organisation) as work:
        await work.lists.add(kept)
        await work.lists.put(kept.id, [made[1]["uuid"]])
        for number, customer in enumerate(made):
            for _ in range(number):
                both = [
                    a_call(seeded.organisation, customer_id=customer["uuid"], call_type=kind)
                    for kind in (CallType.INBOUND, CallType.OUTBOUND)
                ]
                await work.calls.open_unless(both)
                await work.calls.ended_many([CallEnd(call.id, LATER, Outcome.CONNECTED, "hangup") for call in both])
    for kind in ("inbound", "outbound"):
        assert await names(api, f"min_{kind}_calls=1") == ["Person 2", "Person 1"]
        assert await names(api, f"max_{kind}_calls=1") == ["Person 1", "Person 0"]
        assert await names(api, f"min_{kind}_calls=1&max_{kind}_calls=1") == ["Person 1"]
        assert await names(api, f"max_{kind}_calls=0") == ["Person 0"]
    assert await names(api, f"contact_list_id={kept.id}") == ["Person 1"]
    found = (await api.get(f"/customers/{made[2]['uuid']}")).body
    assert (found["total_calls"], found["inbound_calls"], found["outbound_calls"]) == (4, 2, 2)
    assert found["last_contact"] == "2026-03-01T09:35:00Z"


async def test_a_list_comes_in_pages_newest_first(api: Api) -> None:
    await api.post("/customers/bulk", {"customers": [person(number) for number in range(120)]})
    first = (await api.get("/customers")).body
    assert (len(first["customers"]), first["total"]) == (50, 120)
    page = (await api.get("/customers?limit=100&offset=100")).body
    assert [one["name"] for one in page["customers"]] == [f"Person {number}" for number in range(19, -1, -1)]
    assert (await api.get("/customers?offset=500")).body == {"customers": [], "total": 120}


@pytest.mark.either
@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("limit=101", "limit must be less than or equal to 100"),
        ("limit=0", "limit must be greater than or equal to 1"),
        ("offset=-1", "offset must be greater than or equal to 0"),
        ("limit=ten", "limit must be a valid integer"),
        ("min_inbound_calls=-1", "min_inbound_calls must be greater than or equal to 0"),
        ("max_outbound_calls=x", "max_outbound_calls must be a valid integer"),
        ("search=" + "x" * 201, "search is wrong: string should have at most 200 characters"),
        ("search=%00", "search holds a character that cannot be stored"),
        ("tag=Region:West", "tag is not a known parameter"),
        ("search=a&search=b", "search is given more than once"),
    ],
)
async def test_a_wrong_parameter_is_named(api: Api, query: str, sentence: str) -> None:
    for path in ("/customers", "/v1/contacts"):
        answer = await api.get(f"{path}?{query}")
        assert answer.status == 400
        assert answer.detail.startswith(sentence)


async def test_recent_calls_come_along_when_asked_for(api: Api, seeded: Seeded) -> None:
    made = await api.made("/customers", JORDAN)
    ended: dict[str, Any] = {
        "call_type": CallType.OUTBOUND,
        "status": CallStatus.ENDED,
        "outcome": Outcome.CONNECTED,
        "sentiment": Sentiment.POSITIVE,
        "duration": 113.0,
        "recording": "recordings/x.wav",
        "customer_id": made["uuid"],
        "flow_id": seeded.flow,
    }
    calls = [a_call(seeded.organisation, **ended) for _ in range(RECENT_CALLS + 2)]
    async with api.database.begin(seeded.organisation) as work:
        for call in calls:
            await work.calls.open(call)
        await work.calls.open(a_call(seeded.organisation))
    plain = (await api.get(f"/customers/{made['uuid']}?include_calls=false")).body
    assert plain == made
    whole = (await api.get(f"/customers/{made['uuid']}?include_calls=true")).body
    shown = whole.pop("calls")
    assert whole == made
    assert [one["uuid"] for one in shown] == [call.id for call in calls[:1:-1]]
    assert shown[0]["duration_formatted"] == "01:53"
    assert shown[0]["recording_url"] == f"{PUBLIC}/api/voice/calls/{calls[-1].id}/recording"
    assert (shown[0]["flow_uuid"], shown[0]["customer_uuid"]) == (seeded.flow, made["uuid"])
    theirs = (await api.get(f"/v1/contacts/{made['uuid']}?include_calls=true")).body["calls"][0]
    assert (theirs["campaign_uuid"], theirs["contact_uuid"]) == (seeded.flow, made["uuid"])


async def test_tags_branches_and_counts_are_those_of_the_customers(api: Api) -> None:
    assert (await api.get("/customers/meta/tags")).body == []
    assert (await api.get("/customers/meta/branches")).body == []
    assert (await api.get("/customers/meta/count")).body == {"count": 0}
    for number, tags in enumerate((["Branch:Pune", "Region:West"], ["Branch:Agra", "Branch:Pune"], ["vip"], [])):
        await api.made("/customers", person(number, tags=tags))
    assert (await api.get("/customers/meta/tags")).body == ["Branch:Agra", "Branch:Pune", "Region:West", "vip"]
    assert (await api.get("/customers/meta/branches")).body == ["Agra", "Pune"]
    for query, count in {
        "": 4,
        "?tags=vip": 1,
        "?tags=vip&tags=Branch:Pune": 3,
        "?tags=Branch:Pune&tags=Branch:Agra": 2,
        "?tags=nobody": 0,
    }.items():
        assert (await api.get(f"/customers/meta/count{query}")).body == {"count": count}


@BOTH
async def test_a_lead_list_is_pushed_daily(api: Api, path: str, word: str) -> None:
    known = await api.made(path, JORDAN)
    push = {word: [{**LEAD, "metadata": {"cart_value": 920}}, person(1)], "mode": "upsert"}
    answer = await api.post(f"{path}/bulk", push)
    assert (answer.status, answer.body) == (200, {"created": 1, "updated": 1, "errors": []})
    merged = (await api.get(f"{path}/{known['uuid']}")).body
    assert merged["metadata"] == {**JORDAN["metadata"], "cart_value": 920}
    assert merged["email"] == JORDAN["email"]
    again = await api.post(f"{path}/bulk", {word: push[word]})
    assert again.body == {"created": 0, "updated": 2, "errors": []}


async def test_a_bad_row_of_a_batch_fails_alone(api: Api) -> None:
    rows: list[Any] = [
        person(1),
        {"name": "No phone"},
        person(3, preferred_language="fr"),
        {"name": "Ten zeros", "phone": "+10000000000"},
        person(5, surname="x"),
        "not an object",
        None,
        {"name": "A number", "phone": 5},
        person(9, name=""),
        person(10),
    ]
    answer = await api.post("/customers/bulk", {"customers": rows})
    assert answer.status == 200
    assert (answer.body["created"], answer.body["updated"]) == (2, 0)
    errors = {error["row"]: (error["phone"], error["reason"]) for error in answer.body["errors"]}
    assert errors.pop(3)[1].startswith("preferred_language must be ")
    assert errors == {
        2: (None, "phone is required"),
        4: ("+10000000000", "invalid phone format"),
        5: ("+14155550005", "surname is not a known field"),
        6: (None, "the row must be an object"),
        7: (None, "the row must be an object"),
        8: (None, "invalid phone format"),
        9: ("+14155550009", "name must not be empty"),
    }
    assert await names(api, "") == ["Person 10", "Person 1"]


async def test_a_phone_twice_in_one_batch_is_one_customer(api: Api) -> None:
    rows = [person(1, metadata={"a": 1}), person(1, name="Later", metadata={"b": 2})]
    answer = await api.post("/customers/bulk", {"customers": rows})
    assert answer.body == {"created": 1, "updated": 1, "errors": []}
    (found,) = (await api.get("/customers")).body["customers"]
    assert (found["name"], found["metadata"]) == ("Later", {"a": 1, "b": 2})


async def test_append_always_creates(api: Api) -> None:
    await api.made("/customers", JORDAN)
    push = {"customers": [LEAD, LEAD, person(1), {"name": "x", "phone": "1"}], "mode": "append"}
    answer = await api.post("/customers/bulk", push)
    assert (answer.body["created"], answer.body["updated"]) == (3, 0)
    assert [error["row"] for error in answer.body["errors"]] == [4]
    assert await names(api, "search=Jordan") == ["Jordan Ellis"] * 3
    merged = await api.post("/customers/bulk", {"customers": [{**LEAD, "name": "Jo"}]})
    assert merged.body == {"created": 0, "updated": 1, "errors": []}
    assert await names(api, "search=Jo") == ["Jordan Ellis", "Jordan Ellis", "Jo"]


async def test_a_batch_is_a_thousand_at_most(api: Api) -> None:
    rows = [person(number, metadata=JORDAN["metadata"], tags=JORDAN["tags"]) for number in range(MOST + 1)]
    refused = await api.post("/customers/bulk", {"customers": rows})
    assert refused.status == 400
    assert refused.detail.startswith("customers is wrong: list should have at most 1000 items")
    assert (await api.get("/customers/meta/count")).body == {"count": 0}
    answer = await api.post("/customers/bulk", {"customers": rows[:MOST]})
    assert answer.body == {"created": MOST, "updated": 0, "errors": []}
    assert (await api.get("/customers/meta/count?tags=Region:West")).body == {"count": MOST}
    assert (await api.post("/customers/bulk", {"customers": []})).body == {"created": 0, "updated": 0, "errors": []}


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        ({}, "customers is required"),
        ({"customers": {}}, "customers must be a valid list"),
        ({"customers": [], "mode": "replace"}, "mode must be 'upsert' or 'append'"),
        ({"contacts": []}, "customers is required"),
    ],
)
async def test_a_batch_of_the_wrong_shape_is_refused(api: Api, body: dict[str, Any], sentence: str) -> None:
    answer = await api.post("/customers/bulk", body)
    assert (answer.status, answer.detail) == (400, sentence)


async def test_a_batch_is_read_outside_of_the_event_loop(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    threads = []

    def noted(*given: Any) -> Rows:
        threads.append(threading.get_ident())
        return read_rows(*given)

    monkeypatch.setattr(customers, "read_rows", noted)
    answer = await api.post("/customers/bulk", {"customers": [person(number) for number in range(3)]})
    assert answer.body["created"] == 3
    assert len(threads) == 1
    assert threads[0] != threading.get_ident()


async def test_an_unknown_customer_and_anothers_are_not_found(api: Api) -> None:
    made = await api.made("/customers", JORDAN)
    _, stranger = await api.stranger()
    for ids, token in ((("cst_unknown", "a b", "%2e%2e"), None), ((made["uuid"],), stranger)):
        for customer_id in ids:
            for method, body in ("GET", None), ("PATCH", {"name": "x"}), ("DELETE", None):
                answer = await api.ask(method, f"/customers/{customer_id}", body, token=token)
                assert answer.status == 404, answer
    answer = await api.get("/customers/cst_unknown")
    assert answer.body == {"detail": "Customer not found"}
    assert (await api.get("/customers", token=stranger)).body == {"customers": [], "total": 0}
    assert (await api.get("/customers/meta/tags", token=stranger)).body == []
    assert (await api.post("/customers", JORDAN, token=stranger)).status == 201
    assert (await api.get("/customers")).body == {"customers": [made], "total": 1}


@pytest.mark.parametrize("endpoint", contract.endpoints, ids=lambda endpoint: endpoint.name)
async def test_each_route_asks_for_its_scope(api: Api, endpoint: Any) -> None:
    needed = Scope.CONTACTS_READ if endpoint.method == "GET" else Scope.CONTACTS_WRITE
    token = await api.key(*(set(Scope) - {needed}))
    for _, path in endpoint.places:
        answer = await api.ask(endpoint.method, path.replace("{customer_uuid}", "cst_1"), token=token)
        assert answer.status == 403
        assert answer.detail == f"Insufficient permissions. Required scopes: {needed.value}"
