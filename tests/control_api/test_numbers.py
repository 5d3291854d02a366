"""Phone numbers: the calling credentials."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from storage.database import Database
from storage.dialing import Attempt, AttemptState
from storage.ids import CALL, CUSTOMER, FLOW, new_id
from storage.records import Outcome, Scope
from storage.seed import Seeded
from tests.control_api.api import Api, serving_api
from tests.storage.samples import a_flow

MAIN: dict[str, Any] = {"number": "+15550010000", "name": "Main line", "provider": "simulator", "is_active": False}
ANOTHER = "+15550010001"
HEALTH = ("calls_lately", "failures_lately", "cools_down")


@pytest.fixture
async def api(database: Database, seeded: Seeded, tmp_path: Path) -> AsyncIterator[Api]:
    async with serving_api(database, tmp_path) as api:
        yield api


async def test_a_number_is_added_shown_changed_and_deleted(api: Api) -> None:
    made = await api.made("/phone-numbers", MAIN)
    assert made["uuid"].startswith("num_")
    assert {name: made[name] for name in MAIN} == MAIN
    path = f"/phone-numbers/{made['uuid']}"
    assert (await api.get(path)).body == made
    changed = await api.patch(path, {"is_active": True, "number": MAIN["number"]})
    assert changed.body == {**made, "is_active": True, "updated_at": changed.body["updated_at"]}
    assert (await api.delete(path)).status == 204
    for gone in (await api.get(path), await api.patch(path, {"name": "x"}), await api.delete(path)):
        assert (gone.status, gone.detail) == (404, "Phone number not found")


async def test_the_number_is_enough(api: Api) -> None:
    made = await api.made("/phone-numbers", {"number": ANOTHER})
    assert (made["name"], made["provider"], made["is_active"]) == ("", "exotel", True)


async def test_the_list_comes_page_by_page_in_both_vocabularies(api: Api) -> None:
    made = [await api.made("/v1/phone-numbers", {"number": f"+1555001000{n}"}) for n in range(3)]
    page = (await api.get("/phone-numbers?limit=2&offset=1")).body
    assert page == {"phone_numbers": made[1:], "total": 3}
    assert (await api.get("/v1/phone-numbers")).body == {"phone_numbers": made, "total": 3}
    assert (await api.get(f"/v1/phone-numbers/{made[0]['uuid']}")).body == made[0]


async def test_a_number_is_one_organisation_s_and_only_once(api: Api) -> None:
    first, second = await api.made("/phone-numbers", MAIN), await api.made("/phone-numbers", {"number": ANOTHER})
    for refused in (
        await api.post("/phone-numbers", MAIN),
        await api.patch(f"/phone-numbers/{second['uuid']}", {"number": MAIN["number"]}),
    ):
        assert (refused.status, refused.detail) == (409, "A phone number with this number already exists")
    assert (await api.get("/phone-numbers")).body == {"phone_numbers": [first, second], "total": 2}
    _, stranger = await api.stranger()
    assert (await api.post("/phone-numbers", MAIN, token=stranger)).status == 409


async def test_of_many_who_add_it_at_once_one_does(api: Api) -> None:
    answers = await asyncio.gather(*(api.post("/phone-numbers", MAIN) for _ in range(8)))
    assert sorted(answer.status for answer in answers) == [201] + 7 * [409]


@pytest.mark.either
@pytest.mark.parametrize(
    ("fields", "detail"),
    [
        ({"number": "15550010000"}, "number must be in E.164 format"),
        ({"number": None}, "number must be a valid string"),
        ({"provider": "acme"}, "provider must be 'exotel' or 'simulator'"),
        ({"is_active": "perhaps"}, "is_active must be a valid boolean"),
        ({"is_active": 1}, "is_active must be a valid boolean"),
        ({"name": None}, "name must be a valid string"),
        ({"phone": ANOTHER}, "phone is not a known field"),
    ],
)
async def test_a_wrong_field_is_named_and_changes_nothing(api: Api, fields: dict[str, Any], detail: str) -> None:
    made = await api.made("/phone-numbers", {"number": ANOTHER})
    for refused in (
        await api.post("/phone-numbers", {**MAIN, **fields}),
        await api.patch(f"/phone-numbers/{made['uuid']}", fields),
    ):
        assert refused.status == 400
        assert refused.detail.startswith(detail)
    assert (await api.get("/phone-numbers")).body == {"phone_numbers": [made], "total": 1}


async def test_a_number_that_flows_name_is_neither_deleted_nor_made_another(api: Api, seeded: Seeded) -> None:
    made, other = await api.made("/phone-numbers", MAIN), await api.made("/phone-numbers", {"number": ANOTHER})
    path = f"/phone-numbers/{made['uuid']}"
    listing = a_flow(seeded.organisation, phone_numbers=["num_other", made["uuid"]])
    dialling = a_flow(seeded.organisation, phone_number=MAIN["number"])
    async with api.database.begin(seeded.organisation) as work:
        await work.flows.add(listing)
        await work.flows.add(dialling)
    refused = await api.delete(path)
    assert (refused.status, refused.detail) == (409, "Phone number is used by 2 flows")
    async with api.database.begin(seeded.organisation) as work:
        await work.flows.delete(listing.id)
    renamed = await api.patch(path, {"number": "+15550010009"})
    for refused in (await api.delete(path), renamed):
        assert (refused.status, refused.detail) == (409, "Phone number is used by 1 flow")
    assert (await api.get(path)).body == made
    assert (await api.patch(path, {"number": MAIN["number"], "name": "Front desk"})).body["name"] == "Front desk"
    assert (await api.delete(f"/phone-numbers/{other['uuid']}")).status == 204


async def test_a_number_whose_calls_mostly_failed_lately_cools_down(api: Api, seeded: Seeded) -> None:
    made, well = await api.made("/phone-numbers", MAIN), await api.made("/phone-numbers", {"number": ANOTHER})
    now = datetime.now(UTC)
    lately, before = now - timedelta(minutes=1), now - timedelta(minutes=11)
    failed = [an_attempt(seeded, made["uuid"], lately, Outcome.FAILED) for _ in range(5)]
    fine = [an_attempt(seeded, made["uuid"], lately, Outcome.CONNECTED)]
    old = [an_attempt(seeded, well["uuid"], before, Outcome.FAILED) for _ in range(5)]
    async with api.database.begin(seeded.organisation) as work:
        await work.attempts.add([*failed, *fine, *old])
    shown = (await api.get("/phone-numbers")).body["phone_numbers"]
    assert [tuple(one[name] for name in HEALTH) for one in shown] == [(6, 5, True), (0, 0, False)]
    assert (await api.get(f"/phone-numbers/{made['uuid']}")).body == shown[0]


def an_attempt(seeded: Seeded, line: str, at: datetime, outcome: Outcome) -> Attempt:
    return Attempt(
        new_id(CALL),
        seeded.organisation,
        flow_id=new_id(FLOW),
        customer_id=new_id(CUSTOMER),
        phone=ANOTHER,
        caller_id=MAIN["number"],
        line=line,
        provider="simulator",
        state=AttemptState.ENDED,
        node="one",
        decided_at=at,
        deadline=at,
        look_at=None,
        ended_at=at,
        outcome=outcome,
    )


async def test_another_organisation_has_no_such_number(api: Api) -> None:
    made, (_, stranger) = await api.made("/phone-numbers", MAIN), await api.stranger()
    path = f"/phone-numbers/{made['uuid']}"
    for answer in (
        await api.get(path, token=stranger),
        await api.patch(path, {"name": "Mine"}, token=stranger),
        await api.delete(path, token=stranger),
    ):
        assert (answer.status, answer.detail) == (404, "Phone number not found")
    assert (await api.get("/phone-numbers", token=stranger)).body == {"phone_numbers": [], "total": 0}
    assert (await api.get(path)).body == made


async def test_who_reads_campaigns_reads_numbers_and_who_writes_integrations_writes_them(api: Api) -> None:
    made = await api.made("/phone-numbers", MAIN)
    path = f"/phone-numbers/{made['uuid']}"
    reader = await api.key(Scope.CAMPAIGNS_READ, Scope.CAMPAIGNS_WRITE)
    writer = await api.key(Scope.INTEGRATIONS_WRITE)
    assert (await api.get(path, token=reader)).status == 200
    assert (await api.get(path, token=writer)).status == 403
    for answer in (
        await api.post("/phone-numbers", {"number": ANOTHER}, token=reader),
        await api.patch(path, {"name": "x"}, token=reader),
        await api.delete(path, token=reader),
    ):
        assert answer.status == 403
        assert answer.detail == "Insufficient permissions. Required scopes: voice:integrations:write"
    assert (await api.delete(path, token=writer)).status == 204
