"""Credits: the balance, its threshold, and the ledger."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from dialer.timing import Prices
from storage.database import Database
from storage.dialing import CreditAccount, EntryKind
from storage.records import FlowStatus, Outcome, Scope
from storage.seed import Seeded
from tests.control_api.api import Api, serving_api
from tests.dialer.campaign import an_office, phones
from tests.storage.samples import LATER, NOW

OWNER = "owner@example.com"
NOTHING = {
    "balance": 0.0,
    "threshold": None,
    "email": None,
    "is_low": False,
    "low_since": None,
    "letters_failed": 0,
    "price_per_minute": 0.0,
    "price_per_attempt": 0.0,
}


@pytest.fixture
async def api(database: Database, tmp_path: Path) -> AsyncIterator[Api]:
    async with serving_api(database, tmp_path) as api:
        yield api


async def account(api: Api, seeded: Seeded) -> CreditAccount:
    async with api.database.read(seeded.organisation) as work:
        found = await work.credits.account()
    assert found is not None
    return found


async def put(api: Api, seeded: Seeded, **more: Any) -> None:
    """Into the account, past the API."""
    async with api.database.begin(seeded.organisation) as work:
        await work.credits.save(replace(await work.credits.held(now=NOW), **more), now=NOW)


async def test_nothing_is_there_at_first(api: Api, tmp_path: Path) -> None:
    got = await api.get("/credits")
    assert (got.status, got.body) == (200, NOTHING)
    assert (await api.get("/credits/ledger")).body == {"entries": [], "total": 0}
    async with serving_api(api.database, tmp_path, prices=Prices(attempt=25, minute=1_2345)) as api:
        priced = (await api.get("/credits")).body
    assert priced == {**NOTHING, "price_per_minute": 1.2345, "price_per_attempt": 0.0025}


async def test_what_is_set_is_shown_and_what_is_not_given_stays(api: Api) -> None:
    changed = await api.patch("/credits", {"threshold": 0, "email": OWNER})
    assert (changed.status, changed.body) == (200, {**NOTHING, "threshold": 0.0, "email": OWNER})
    assert (await api.patch("/credits", {"threshold": None})).body == {**NOTHING, "email": OWNER}
    assert (await api.patch("/credits", {})).body == {**NOTHING, "email": OWNER}
    assert (await api.get("/credits")).body == {**NOTHING, "email": OWNER}


async def test_amounts_are_exact(api: Api) -> None:
    for _ in range(3):
        added = await api.post("/credits", {"amount": 0.1, "note": "a tenth"})
        assert added.status == 201
    assert added.body == {**NOTHING, "balance": 0.3}
    assert (await api.post("/credits", {"amount": -0.2999})).body["balance"] == 0.0001
    assert (await api.post("/credits", {"amount": 999_999_999.9999})).body["balance"] == 1_000_000_000
    assert (await api.post("/credits", {"amount": 1.0})).body["balance"] == 1_000_000_001


async def test_the_ledger_tells_it_newest_first_in_pages(api: Api, seeded: Seeded) -> None:
    await api.post("/credits", {"amount": 10, "note": "first"})
    async with api.database.begin(seeded.organisation) as work:
        held = await work.credits.held(now=NOW)
        held = await work.credits.enter(held, [(EntryKind.CALL, -1_5000, "cal_1", "flw_1", "")], at=NOW)
        await work.credits.save(held, now=NOW)
    page = (await api.get("/credits/ledger")).body
    assert page["total"] == 2
    call, top_up = page["entries"]
    assert call == {
        "uuid": call["uuid"],
        "kind": "call",
        "amount": -1.5,
        "balance": 8.5,
        "call_uuid": "cal_1",
        "flow_uuid": "flw_1",
        "note": "",
        "created_at": "2026-03-01T09:30:00Z",
    }
    assert call["uuid"].startswith("crd_")
    expected = {"kind": "top_up", "amount": 10, "balance": 10, "call_uuid": None, "flow_uuid": None, "note": "first"}
    assert top_up == {**expected, "uuid": top_up["uuid"], "created_at": top_up["created_at"]}
    second = (await api.get("/credits/ledger", params={"limit": 1, "offset": 1})).body
    assert second == {"entries": [top_up], "total": 2}


@pytest.mark.either
@pytest.mark.parametrize(
    ("method", "body", "sentence"),
    [
        ("PATCH", {"threshold": "5"}, "threshold must be a number"),
        ("PATCH", {"threshold": True}, "threshold must be a number"),
        ("PATCH", {"threshold": -1}, "threshold must be greater than or equal to 0"),
        (
            "PATCH",
            {"threshold": 0.00001},
            "threshold is wrong: decimal input should have no more than 4 decimal places",
        ),
        ("PATCH", {"threshold": 1e10}, "threshold must be less than or equal to 1000000000"),
        ("PATCH", {"email": "nobody"}, "email is wrong: string should match pattern"),
        ("PATCH", {"email": "a@b.c\nBcc: d@e.f"}, "email is wrong: string should match pattern"),
        ("PATCH", {"balance": 5}, "balance is not a known field"),
        ("POST", {}, "amount is required"),
        ("POST", {"amount": 0}, "amount must not be 0"),
        ("POST", {"amount": None}, "amount must be a number"),
        ("POST", {"amount": 1e300}, "amount must be less than or equal to 1000000000"),
        ("POST", {"amount": -1e10}, "amount must be greater than or equal to -1000000000"),
        ("POST", {"amount": 1.00005}, "amount is wrong: decimal input should have no more than 4 decimal places"),
        ("POST", {"amount": 1, "note": "x" * 501}, "note is wrong: string should have at most 500 characters"),
    ],
)
async def test_bad_input_is_named_and_changes_nothing(
    api: Api, method: str, body: dict[str, Any], sentence: str
) -> None:
    answer = await api.ask(method, "/credits", body)
    assert answer.status == 400
    assert answer.detail.startswith(sentence)
    assert (await api.get("/credits")).body == NOTHING
    assert (await api.get("/credits/ledger")).body["total"] == 0


@pytest.mark.parametrize("sign", [1, -1])
async def test_a_balance_has_an_end(api: Api, seeded: Seeded, sign: int) -> None:
    await put(api, seeded, balance=sign * 10**15)
    answer = await api.post("/credits", {"amount": sign * 0.0001})
    assert (answer.status, answer.detail) == (400, "amount would bring the balance beyond 100000000000")
    assert (await api.get("/credits")).body["balance"] == sign * 10**11
    assert (await api.get("/credits/ledger")).body["total"] == 0


async def test_a_threshold_above_the_balance_is_low_at_once(api: Api, seeded: Seeded) -> None:
    await api.post("/credits", {"amount": 5})
    assert not (await api.patch("/credits", {"threshold": 5, "email": OWNER})).body["is_low"]
    low = (await api.patch("/credits", {"threshold": 5.0001})).body
    kept = await account(api, seeded)
    assert low["is_low"]
    assert kept.low_since is not None
    assert kept.letter_due == kept.low_since
    assert datetime.fromisoformat(low["low_since"]) == kept.low_since.replace(microsecond=0)


async def test_without_an_address_no_letter_is_due_until_there_is_one(api: Api, seeded: Seeded) -> None:
    await api.patch("/credits", {"threshold": 1})
    low = await account(api, seeded)
    assert low.low_since is not None
    assert low.letter_due is None
    assert (await api.patch("/credits", {"email": OWNER})).body["is_low"]
    told = await account(api, seeded)
    assert (told.letter_due is not None, told.low_since) == (True, low.low_since)
    await api.patch("/credits", {"email": None})
    assert (await account(api, seeded)).letter_due is None


async def test_an_address_that_is_given_anew_is_tried_at_once(api: Api, seeded: Seeded) -> None:
    await put(api, seeded, threshold=1, low_since=NOW, email=OWNER, letters_failed=7, letter_due=None)
    assert (await api.get("/credits")).body["letters_failed"] == 7
    await api.patch("/credits", {"email": OWNER})
    kept = await account(api, seeded)
    assert (kept.letter_due is not None, kept.letters_failed, kept.low_since) == (True, 0, NOW)


@pytest.mark.parametrize(
    ("method", "body"),
    [
        ("POST", {"amount": 4}),
        ("PATCH", {"threshold": 1}),
        ("PATCH", {"threshold": None}),
        ("PATCH", {"threshold": 1, "email": OWNER}),
    ],
)
async def test_credits_are_no_longer_low_at_the_threshold(
    api: Api, seeded: Seeded, method: str, body: dict[str, Any]
) -> None:
    await put(api, seeded, balance=1_0000, threshold=5_0000, low_since=NOW, letter_due=LATER, letters_failed=2)
    answer = await api.ask(method, "/credits", body)
    assert (answer.body["is_low"], answer.body["low_since"]) == (False, None)
    kept = await account(api, seeded)
    assert (kept.low_since, kept.letter_due, kept.letters_failed) == (None, None, 0)


@pytest.mark.parametrize(("method", "body"), [("POST", {"amount": 3.9999}), ("PATCH", {"threshold": 2})])
async def test_low_credits_stay_so_and_no_second_letter_is_due(
    api: Api, seeded: Seeded, method: str, body: dict[str, Any]
) -> None:
    await put(api, seeded, balance=1_0000, threshold=5_0000, low_since=NOW, letter_due=None, email=OWNER)
    assert (await api.ask(method, "/credits", body)).body["low_since"] == "2026-03-01T09:30:00Z"
    assert (await account(api, seeded)).letter_due is None


async def test_a_correction_can_make_credits_low(api: Api, seeded: Seeded) -> None:
    await api.post("/credits", {"amount": 5})
    await api.patch("/credits", {"threshold": 5, "email": OWNER})
    assert (await api.post("/credits", {"amount": -0.0001, "note": "mistyped"})).body["is_low"]
    assert (await account(api, seeded)).letter_due is not None


async def test_of_all_that_is_added_at_once_nothing_is_lost(api: Api) -> None:
    answers = await asyncio.gather(*(api.post("/credits", {"amount": 0.5}) for _ in range(20)))
    assert {answer.status for answer in answers} == {201}
    assert (await api.get("/credits")).body["balance"] == 10
    balances = [entry["balance"] for entry in (await api.get("/credits/ledger")).body["entries"]]
    assert sorted(balances) == [0.5 * number for number in range(1, 21)]


async def test_everybody_reads_and_whoever_may_make_keys_writes(api: Api) -> None:
    reader = await api.key(Scope.CALLS_READ)
    for path in ("/credits", "/credits/ledger"):
        assert (await api.get(path, token=reader)).status == 200
    assert (await api.patch("/credits", {"threshold": 1}, token=reader)).status == 403
    assert (await api.post("/credits", {"amount": 1}, token=reader)).status == 403
    assert (await api.get("/v1/credits")).status == 404


async def test_each_organisation_has_its_own(api: Api) -> None:
    _, stranger = await api.stranger()
    await api.post("/credits", {"amount": 5})
    assert (await api.get("/credits", token=stranger)).body == NOTHING
    assert (await api.get("/credits/ledger", token=stranger)).body["total"] == 0


async def test_campaigns_pause_below_the_threshold_and_are_resumed_by_hand(
    api: Api, database: Database, seeded: Seeded
) -> None:
    office = an_office(database, seeded, prices=Prices(attempt=1_0000))
    await office.people(*phones(3))
    await api.post("/credits", {"amount": 2})
    await api.patch("/credits", {"threshold": 1.5, "email": OWNER})
    flow = await office.campaign(max_parallel_calls=1)
    await office.rounds()
    await office.end(Outcome.CONNECTED, office.line.asked[0].call)
    await office.rounds()
    assert (await api.get("/credits")).body["is_low"]
    assert (await office.flow(flow)).status is FlowStatus.PAUSED
    assert (await api.post(f"/flows/{flow.id}/resume")).status == 409
    assert not (await api.post("/credits", {"amount": 10})).body["is_low"]
    await office.rounds()
    assert ((await office.flow(flow)).status, len(office.line.asked)) == (FlowStatus.PAUSED, 1)
    assert (await api.post(f"/flows/{flow.id}/resume")).status == 200
    for number in (2, 3):
        await office.rounds()
        assert len(office.line.asked) == number
        await office.end(Outcome.CONNECTED, office.line.asked[-1].call)
    await office.rounds()
    assert (await office.flow(flow)).status is FlowStatus.COMPLETED
    entries = (await api.get("/credits/ledger")).body["entries"]
    assert [entry["amount"] for entry in entries] == [-1, -1, 10, -1, 2]
    assert entries[0]["balance"] == (await api.get("/credits")).body["balance"] == 9
