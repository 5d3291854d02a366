"""Contact lists, and who is on them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from io import BytesIO
from pathlib import Path

import pytest
from aiohttp import FormData

from storage.database import Database
from storage.records import FlowKind, FlowStatus, Scope
from storage.seed import Seeded
from tests.control_api.api import Answer, Api, serving_api
from tests.storage.samples import a_flow

GUIDE = """phone_number,customer_name,order_id
+919876543210,Rahul Kumar,ORD-001
+919876543211,Asha,ORD-002
12345,Nobody,ORD-003
"""
"""As the campaign guide has it, with a row that is wrong."""

pytestmark = pytest.mark.usefixtures("seeded")


@pytest.fixture
async def api(database: Database, tmp_path: Path) -> AsyncIterator[Api]:
    async with serving_api(database, tmp_path) as api:
        yield api


async def customers(api: Api, count: int, *, token: str | None = None) -> list[str]:
    made = [
        await api.made("/customers", {"name": "Jordan", "phone": f"+1415555{1000 + number}"}, token=token)
        for number in range(count)
    ]
    return [customer["uuid"] for customer in made]


async def uploaded(api: Api, path: str, content: str, *, field: str = "file") -> Answer:
    form = FormData()
    form.add_field(field, BytesIO(content.encode()), filename="people.csv")
    return await api.post(f"{path}/import", data=form)


async def on(api: Api, list_uuid: str) -> set[str]:
    found = (await api.get("/customers", params={"contact_list_id": list_uuid})).body
    return {customer["uuid"] for customer in found["customers"]}


async def test_a_list_is_made_changed_shown_and_deleted(api: Api) -> None:
    made = await api.made("/contact-lists", {"name": "January", "description": "Order follow-ups"})
    assert made.keys() == {"uuid", "name", "description", "size", "created_at", "updated_at"}
    assert made["uuid"].startswith("lst_")
    assert (made["name"], made["description"], made["size"]) == ("January", "Order follow-ups", 0)
    second = await api.made("/v1/contact-lists", {"name": "February"})
    for prefix in ("/contact-lists", "/v1/contact-lists"):
        assert (await api.get(f"{prefix}/{made['uuid']}")).body == made
        assert (await api.get(prefix)).body == {"contact_lists": [made, second], "total": 2}
        assert (await api.get(prefix, params={"limit": 1, "offset": 1})).body["contact_lists"] == [second]
    changed = (await api.patch(f"/contact-lists/{made['uuid']}", {"name": "March"})).body
    assert changed == {**made, "name": "March", "updated_at": changed["updated_at"]}
    assert (await api.delete(f"/v1/contact-lists/{made['uuid']}")).status == 204
    answer = await api.get(f"/contact-lists/{made['uuid']}")
    assert (answer.status, answer.detail) == (404, "Contact list not found")


async def test_customers_are_put_on_a_list_once_and_taken_off(api: Api) -> None:
    one, two, three = await customers(api, 3)
    path = f"/contact-lists/{(await api.made('/contact-lists', {'name': 'L'}))['uuid']}"
    list_uuid = path.rpartition("/")[2]
    assert (await api.post(f"{path}/contacts", {"customer_ids": [one, two]})).body == {"added": 2, "size": 2}
    again = await api.post(f"/v1{path}/contacts", {"contact_ids": [two, three, three]})
    assert (again.status, again.body) == (200, {"added": 1, "size": 3})
    assert await on(api, list_uuid) == {one, two, three}
    assert (await api.get(path)).body["size"] == 3
    taken = await api.delete(f"/v1{path}/contacts", json={"contact_ids": [one, "cst_nobody"]})
    assert (taken.status, taken.body) == (200, {"removed": 1, "size": 2})
    assert await on(api, list_uuid) == {two, three}
    assert (await api.delete(f"/customers/{two}")).status == 204
    assert (await api.get(path)).body["size"] == 1
    assert (await api.delete(path)).status == 204
    assert (await api.get(f"/customers/{three}")).status == 200


async def test_a_file_is_imported_onto_a_list(api: Api) -> None:
    known = await api.made("/customers", {"name": "Rahul Kumar", "phone": "+919876543210", "tags": ["x"]})
    made = await api.made("/contact-lists", {"name": "January"})
    path = f"/contact-lists/{made['uuid']}"
    done = await uploaded(api, path, GUIDE)
    assert (done.status, done.body["imported"], done.body["updated"], done.body["skipped"]) == (200, 1, 1, 1)
    assert [(error["row"], error["reason"]) for error in done.body["errors"]] == [(3, "invalid phone format")]
    assert (await api.get(path)).body["size"] == 2
    assert known["uuid"] in await on(api, made["uuid"])
    merged = (await api.get(f"/customers/{known['uuid']}")).body
    assert merged["metadata"] == {
        "phone_number": "+919876543210",
        "customer_name": "Rahul Kumar",
        "order_id": "ORD-001",
    }
    again = await uploaded(api, f"/v1{path}", GUIDE)
    assert (again.body["imported"], again.body["updated"]) == (0, 2)
    assert (await api.get(path)).body["size"] == 2


@pytest.mark.parametrize("prefix", ["/api/voice", "/v1"])
async def test_a_file_is_put_on_a_list_by_a_mapping_and_its_progress_told(api: Api, prefix: str) -> None:
    made = await api.made("/contact-lists", {"name": "January"})
    form = FormData()
    form.add_field("mapping", '{"Handy": "phone", "Alter": "metadata.age"}', content_type="application/json")
    form.add_field("file", BytesIO(b"Handy,Alter\n+919876543210,42\n"), filename="people.csv")
    path = f"{prefix}/contact-lists/{made['uuid']}"
    told = await api.post(f"{path}/import", data=form, headers={"Accept": "text/event-stream"})
    assert (told.status, told.headers["Content-Type"]) == (200, "text/event-stream; charset=utf-8")
    assert told.raw.startswith(b'event: progress\ndata: {"total":1,')
    assert told.raw.endswith(b'event: done\ndata: {"imported":1,"updated":0,"skipped":0,"errors":[]}\n\n')
    (one,) = (await api.get("/customers", params={"contact_list_id": made["uuid"]})).body["customers"]
    assert (one["phone"], one["metadata"]) == ("+919876543210", {"Handy": "+919876543210", "age": "42"})


async def test_a_file_that_cannot_be_read_changes_no_list(api: Api) -> None:
    made = await api.made("/contact-lists", {"name": "January"})
    path = f"/contact-lists/{made['uuid']}"
    answer = await uploaded(api, path, GUIDE, field="contacts")
    assert (answer.status, answer.detail) == (400, "contacts is not a known field")
    assert (await uploaded(api, path, "name\nNobody\n")).status == 400
    assert (await api.post(f"{path}/import", {"file": GUIDE})).status == 415
    answer = await uploaded(api, "/contact-lists/lst_nothing", GUIDE)
    assert (answer.status, answer.detail) == (404, "Contact list not found")
    assert (await api.get(path)).body == made
    assert (await api.get("/customers")).body["total"] == 0


async def test_bad_input_is_named_and_changes_nothing(api: Api) -> None:
    (one,) = await customers(api, 1)
    _, stranger = await api.stranger()
    (theirs,) = await customers(api, 1, token=stranger)
    made = await api.made("/contact-lists", {"name": "L"})
    path = f"/contact-lists/{made['uuid']}"
    for body, sentence in (
        ({"customer_ids": [one, theirs]}, f"customer_ids holds {theirs}, which is not a customer of this organisation"),
        ({"customer_ids": []}, "customer_ids is wrong: list should have at least 1 item"),
        ({"customer_ids": ["c"] * 1001}, "customer_ids is wrong: list should have at most 1000 items"),
        ({}, "customer_ids is required"),
        ({"customer_ids": one}, "customer_ids must be a valid list"),
        ({"customer_ids": [one], "all": True}, "all is not a known field"),
    ):
        answer = await api.post(f"{path}/contacts", body)
        assert (answer.status, answer.detail.startswith(sentence)) == (400, True), answer.detail
        theirs_too = {name.replace("customer", "contact"): value for name, value in body.items()}
        answer = await api.post(f"/v1{path}/contacts", theirs_too)
        assert answer.status == 400
        assert answer.detail.startswith(sentence.replace("customer_ids", "contact_ids")), answer.detail
    for method, where, wrong, sentence in (
        ("POST", "/contact-lists", {}, "name is required"),
        ("POST", "/contact-lists", {"name": " "}, "name must not be empty"),
        ("PATCH", path, {"name": None}, "name must be a valid string"),
        ("PATCH", path, {"size": 3}, "size is not a known field"),
    ):
        answer = await api.ask(method, where, wrong)
        assert (answer.status, answer.detail) == (400, sentence)
    assert (await api.get("/contact-lists")).body == {"contact_lists": [made], "total": 1}


async def test_another_organisations_list_is_nobodys(api: Api) -> None:
    _, stranger = await api.stranger()
    (theirs,) = await customers(api, 1, token=stranger)
    made = await api.made("/contact-lists", {"name": "L"})
    for prefix in ("/contact-lists", "/v1/contact-lists"):
        path = f"{prefix}/{made['uuid']}"
        for method, where, body in (
            ("GET", path, None),
            ("PATCH", path, {"name": "Mine"}),
            ("DELETE", path, None),
            ("POST", f"{path}/contacts", {"customer_ids": [theirs]}),
            ("DELETE", f"{path}/contacts", {"customer_ids": [theirs]}),
        ):
            answer = await api.ask(method, where, body, token=stranger)
            assert (answer.status, answer.detail) == (404, "Contact list not found")
        assert (await api.get(prefix, token=stranger)).body == {"contact_lists": [], "total": 0}
    assert (await api.get(f"/contact-lists/{made['uuid']}")).body == made


async def test_each_needs_its_scope(api: Api) -> None:
    made = await api.made("/contact-lists", {"name": "L"})
    path = f"/contact-lists/{made['uuid']}"
    reader, other = await api.key(Scope.CONTACTS_READ), await api.key(Scope.CAMPAIGNS_READ)
    assert (await api.get(path, token=reader)).status == 200
    assert (await api.get(path, token=other)).detail.endswith("voice:contacts:read")
    for method, where in (("PATCH", path), ("DELETE", path), ("POST", f"{path}/contacts")):
        answer = await api.ask(method, where, {"name": "B"}, token=reader)
        assert (answer.status, answer.detail.endswith("voice:contacts:write")) == (403, True)


@pytest.mark.parametrize("status", FlowStatus)
async def test_a_list_is_not_taken_away_from_under_a_campaign(
    api: Api, database: Database, seeded: Seeded, status: FlowStatus
) -> None:
    made = await api.made("/contact-lists", {"name": "L"})
    flow = a_flow(seeded.organisation, kind=FlowKind.OUTBOUND, status=status, contact_list_id=made["uuid"])
    async with database.begin(seeded.organisation) as work:
        await work.flows.add(flow)
    answer = await api.delete(f"/contact-lists/{made['uuid']}")
    if status in (FlowStatus.ACTIVE, FlowStatus.SCHEDULED):
        sentence = "A contact list that an active or scheduled campaign uses cannot be deleted"
        assert (answer.status, answer.detail) == (409, sentence)
        assert (await api.get(f"/contact-lists/{made['uuid']}")).body == made
    else:
        assert answer.status == 204
