"""Who is in a campaign, and what was tried with each of them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from storage.database import Database
from storage.dialing import ContactState
from storage.records import Flow, FlowKind, Outcome, Scope
from storage.seed import Seeded
from tests.control_api.api import Api, serving_api
from tests.control_api.campaigns import INDIA, House
from tests.storage.samples import NOW

DUE = datetime(2199, 1, 4, 22, 0, tzinfo=UTC)
"""Half past three in the morning in India."""
OPENS = "2199-01-05T03:30:00Z"


@pytest.fixture
async def api(database: Database, tmp_path: Path) -> AsyncIterator[Api]:
    async with serving_api(database, tmp_path) as api:
        yield api


@pytest.fixture
def house(database: Database, seeded: Seeded) -> House:
    return House(database, seeded)


async def a_campaign(house: House) -> Flow:
    """One is to be tried again, one was reached, one waits."""
    await house.people(*map(INDIA.format, range(3)))
    flow = await house.launched()
    again, reached, _ = await house.contacts(flow)
    async with house.database.begin(house.organisation) as work:
        run = await work.runs.held(flow.id)
        assert run is not None
        again = replace(
            again, state=ContactState.RETRY, attempts=1, outcome=Outcome.BUSY, reason="busy", due_at=DUE, updated_at=NOW
        )
        reached = replace(reached, state=ContactState.DONE, attempts=2, outcome=Outcome.CONNECTED, due_at=None)
        await work.contacts.save([again, reached])
        await work.runs.save(replace(run, pending=1, retry=1, done=1, attempted=2))
    return flow


async def test_those_in_a_campaign_are_listed_as_they_were_taken_in(api: Api, house: House) -> None:
    flow = await a_campaign(house)
    again, reached, waiting = await house.contacts(flow)
    answer = await api.get(f"/flows/{flow.id}/contacts")
    assert (answer.status, answer.body["total"]) == (200, 3)
    shown = answer.body["contacts"]
    assert [one["customer_uuid"] for one in shown] == [one.customer_id for one in (again, reached, waiting)]
    assert shown[0] == {
        "customer_uuid": again.customer_id,
        "name": INDIA.format(0),
        "phone": INDIA.format(0),
        "state": "retry",
        "attempts": 1,
        "outcome": "busy",
        "reason": "busy",
        "due_at": "2199-01-04T22:00:00Z",
        "next_attempt_at": OPENS,
        "updated_at": "2026-03-01T09:30:00Z",
    }
    assert (shown[1]["due_at"], shown[1]["next_attempt_at"], shown[1]["outcome"]) == (None, None, "connected")
    assert (shown[2]["state"], shown[2]["outcome"], shown[2]["reason"]) == ("pending", None, None)
    theirs = (await api.get(f"/v1/campaigns/{flow.id}/contacts")).body["contacts"][0]
    assert theirs == {"contact_uuid": again.customer_id, **{name: shown[0][name] for name in list(shown[0])[1:]}}


async def test_a_page_and_a_state_may_be_asked_for(api: Api, house: House) -> None:
    flow = await a_campaign(house)
    everybody = [one.customer_id for one in await house.contacts(flow)]
    for query, found, total in (
        ({"limit": "2"}, everybody[:2], 3),
        ({"limit": "2", "offset": "2"}, everybody[2:], 3),
        ({"state": "done"}, everybody[1:2], 1),
        ({"state": "in_call"}, [], 0),
    ):
        body = (await api.get(f"/flows/{flow.id}/contacts", params=query)).body
        assert ([one["customer_uuid"] for one in body["contacts"]], body["total"]) == (found, total)
    for name, value, sentence in (
        ("state", "lost", "state must be 'pending', 'dialing', 'in_call', 'retry', 'done', 'skipped' or 'cancelled'"),
        ("limit", "101", "limit must be less than or equal to 100"),
        ("phone", "+1", "phone is not a known parameter"),
    ):
        answer = await api.get(f"/flows/{flow.id}/contacts", params={name: value})
        assert (answer.status, answer.detail) == (400, sentence)
    assert (await api.get(f"/flows/{(await house.campaign()).id}/contacts")).body == {"contacts": [], "total": 0}


async def test_the_history_of_one(api: Api, house: House) -> None:
    flow = await a_campaign(house)
    _, reached, _ = await house.contacts(flow)
    first = await house.attempted(reached, outcome=Outcome.BUSY, reason="busy", number=1)
    second = await house.attempted(
        reached, number=2, outcome=Outcome.CONNECTED, reason="hangup", talk_seconds=9.96, cost=12_500
    )
    going_on = await house.attempted(reached, number=3, ended_at=None)
    shown = (await api.get(f"/flows/{flow.id}/contacts/{reached.customer_id}")).body
    listed = (await api.get(f"/flows/{flow.id}/contacts")).body["contacts"][1]
    history = shown.pop("history")
    assert shown == listed
    assert history[1] == {
        "call_uuid": second.id,
        "attempt": 2,
        "decided_at": "2026-03-01T09:30:00Z",
        "ended_at": "2026-03-01T09:31:00Z",
        "outcome": "connected",
        "reason": "hangup",
        "from_number": "+918047000001",
        "talk_seconds": 10.0,
        "cost": 1.25,
    }
    assert [one["call_uuid"] for one in history] == [first.id, second.id, going_on.id]
    assert (history[2]["ended_at"], history[2]["outcome"], history[2]["reason"]) == (None, None, None)
    theirs = await api.get(f"/v1/campaigns/{flow.id}/contacts/{reached.customer_id}")
    assert theirs.body["contact_uuid"] == reached.customer_id


async def test_the_newest_phone_of_a_customer_is_told(api: Api, house: House) -> None:
    (customer,) = await house.people(INDIA.format(1))
    flow = await house.launched()
    async with house.database.begin(house.organisation) as work:
        (known,) = await work.contacts.page(flow.id, 1)
        await work.contacts.take_in([replace(known, phone=INDIA.format(2))])
    shown = (await api.get(f"/flows/{flow.id}/contacts/{customer.id}")).body
    assert shown["phone"] == INDIA.format(2)


async def test_who_may_not_see_them(api: Api, house: House) -> None:
    flow, line = await a_campaign(house), await house.campaign(kind=FlowKind.INBOUND)
    (contact, *_) = await house.contacts(flow)
    _, stranger = await api.stranger()
    for path in (f"/flows/{flow.id}/contacts", f"/v1/campaigns/{flow.id}/contacts/{contact.customer_id}"):
        answer = await api.get(path, token=stranger)
        assert (answer.status, answer.detail) == (404, "Flow not found")
        for scope, missing in (
            (Scope.CAMPAIGNS_READ, Scope.CONTACTS_READ),
            (Scope.CONTACTS_READ, Scope.CAMPAIGNS_READ),
        ):
            answer = await api.get(path, token=await api.key(scope))
            assert (answer.status, answer.detail) == (403, f"Insufficient permissions. Required scopes: {missing}")
    answer = await api.get(f"/flows/{flow.id}/contacts/cst_none")
    assert (answer.status, answer.detail) == (404, "Contact not found")
    for path in (f"/flows/{line.id}/contacts", f"/flows/{line.id}/contacts/{contact.customer_id}"):
        answer = await api.get(path)
        assert (answer.status, answer.detail) == (400, "kind is inbound: such a flow calls nobody")
    assert (await api.get("/flows/flw_none/contacts")).status == 404
