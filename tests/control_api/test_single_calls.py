"""Single calls: one person, called now, with a campaign's agent and numbers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime, timedelta, tzinfo
from pathlib import Path
from typing import Any

import pytest

from control_api.app import ENDPOINTS, VERSION
from control_api.document.openapi import document
from control_api.web import serving
from dialer.timing import Prices
from storage.assets import Customer
from storage.database import Database
from storage.dialing import AttemptState
from storage.ids import CUSTOMER, new_id
from storage.records import CallStatus, Flow, FlowKind, FlowStatus, Outcome, Scope
from storage.seed import Seeded
from tests.control_api.api import Answer, Api, serving_api
from tests.dialer.campaign import NOON, Office, an_office
from tests.storage.samples import a_flow

PHONE = "+919812345678"
METADATA = {"product_interest": "Standing Desk Pro", "cart_value": 850}


class Now(datetime):
    """A clock that stands."""

    at = NOON

    @classmethod
    def now(cls, tz: tzinfo | None = None) -> datetime:  # type: ignore[override]
        return cls.at


@pytest.fixture(autouse=True)
def noon_in_india(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serving, "datetime", Now)
    monkeypatch.setattr(Now, "at", NOON)


@pytest.fixture
async def api(database: Database, tmp_path: Path) -> AsyncIterator[Api]:
    async with serving_api(database, tmp_path, simulator=True) as api:
        yield api


@pytest.fixture
async def flow(database: Database, seeded: Seeded) -> Flow:
    return await a_campaign(database, seeded)


async def a_campaign(database: Database, seeded: Seeded, **more: Any) -> Flow:
    about: dict[str, Any] = {"kind": FlowKind.OUTBOUND, "status": FlowStatus.DRAFT, "agent_id": seeded.agent, **more}
    flow = a_flow(seeded.organisation, **about)
    async with database.begin(seeded.organisation) as work:
        await work.flows.add(flow)
    return flow


async def a_customer(database: Database, organisation: str, **more: Any) -> Customer:
    about: dict[str, Any] = {"name": "Priya", "phone": PHONE, "created_at": NOON, "updated_at": NOON, **more}
    customer = Customer(new_id(CUSTOMER), organisation, **about)
    async with database.begin(organisation) as work:
        assert await work.customers.add(customer)
    return customer


async def called(api: Api, flow: Flow, *, key: str | None = None, **more: Any) -> Answer:
    headers = {} if key is None else {"Idempotency-Key": key}
    return await api.post("/v1/calls", {"to": PHONE, "campaign_id": flow.id, **more}, headers=headers)


async def written(api: Api) -> tuple[int, int]:
    """How many calls and customers there are."""
    calls = (await api.get("/calls")).body["total"]
    return calls, (await api.get("/customers")).body["total"]


async def test_a_call_is_queued_with_its_customer(api: Api, seeded: Seeded, flow: Flow) -> None:
    woken = []
    async with serving_api(api.database, api.services.data, simulator=True, wake=lambda: woken.append(1)) as api:
        answer = await called(api, flow, contact_name="Priya Kumar", metadata=METADATA)
    assert answer.status == 201, answer
    call = answer.body["call_uuid"]
    assert answer.body == {"call_uuid": call, "status": "dialing", "to": PHONE, "campaign_id": flow.id}
    assert "Idempotent-Replayed" not in answer.headers
    assert woken == [1]
    async with api.database.read(seeded.organisation) as work:
        (attempt,) = await work.attempts.queued(10)
        customer = await work.customers.by_phone(PHONE)
        shown = await work.calls.get(call)
    assert customer is not None
    assert shown is not None
    assert (attempt.id, attempt.state, attempt.contact) == (call, AttemptState.QUEUED, None)
    assert (attempt.phone, attempt.customer_id, attempt.flow_id) == (PHONE, customer.id, flow.id)
    assert attempt.look_at == NOON + timedelta(minutes=2)
    assert (customer.name, customer.metadata) == ("Priya Kumar", METADATA)
    assert (shown.status, shown.to_number, shown.customer_id) == (CallStatus.QUEUED, PHONE, customer.id)
    assert (shown.agent_id, shown.from_number, shown.carrier) == (seeded.agent, "+15550010000", "simulator")


async def test_the_dashboard_asks_in_its_own_words(api: Api, seeded: Seeded, flow: Flow) -> None:
    body = {"to": PHONE, "flow_uuid": flow.id, "customer_name": "Priya"}
    answer = await api.post("/calls", body)
    assert answer.status == 201, answer
    assert answer.body == {
        "call_uuid": answer.body["call_uuid"],
        "status": "dialing",
        "to": PHONE,
        "flow_uuid": flow.id,
    }


async def test_who_is_known_keeps_what_is_not_given(api: Api, seeded: Seeded, flow: Flow) -> None:
    known = await a_customer(api.database, seeded.organisation, metadata={"city": "Pune", "cart_value": 1})
    assert (await called(api, flow, metadata=METADATA)).status == 201
    shown = (await api.get(f"/customers/{known.id}")).body
    assert (shown["name"], shown["metadata"]) == ("Priya", {"city": "Pune", **METADATA})


async def test_who_has_no_name_is_named_by_the_number(api: Api, flow: Flow) -> None:
    await called(api, flow)
    (shown,) = (await api.get("/customers")).body["customers"]
    assert shown["name"] == PHONE


@pytest.mark.parametrize("status", list(FlowStatus))
async def test_the_state_of_the_campaign_does_not_matter(
    api: Api, database: Database, seeded: Seeded, status: FlowStatus
) -> None:
    flow = await a_campaign(database, seeded, status=status)
    assert (await called(api, flow)).status == 201


@pytest.mark.either
@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        ({"to": "12345"}, "to must be in E.164 format"),
        ({"to": None}, "to must be a valid string"),
        ({"campaign_id": None}, "campaign_id must be a valid string"),
        ({"contact_name": " "}, "contact_name must not be empty"),
        ({"metadata": {"x": "y" * 70_000}}, "metadata must be smaller than 65536 characters"),
        ({"surprise": 1}, "surprise is not a known field"),
    ],
)
async def test_bad_input_is_named_and_changes_nothing(
    api: Api, flow: Flow, body: dict[str, Any], sentence: str
) -> None:
    answer = await called(api, flow, **body)
    assert (answer.status, answer.detail) == (400, sentence)
    assert await written(api) == (0, 0)


async def test_metadata_that_gets_too_large_by_merging_is_refused(api: Api, seeded: Seeded, flow: Flow) -> None:
    known = await a_customer(api.database, seeded.organisation, metadata={"a": "x" * 40_000})
    answer = await called(api, flow, metadata={"b": "x" * 40_000})
    assert answer.status == 400
    assert answer.detail.startswith("metadata is too large together with")
    assert (await api.get(f"/customers/{known.id}")).body["metadata"] == known.metadata


async def test_a_campaign_that_is_not_there_or_anothers_is_not_found(api: Api, flow: Flow) -> None:
    _, stranger = await api.stranger()
    for token, campaign in ((None, "flw_nobody"), (stranger, flow.id)):
        answer = await api.post("/v1/calls", {"to": PHONE, "campaign_id": campaign}, token=token)
        assert (answer.status, answer.detail) == (404, "Flow not found")


async def test_a_flow_that_cannot_call_says_why(api: Api, database: Database, seeded: Seeded) -> None:
    gone = await api.made("/agents", {"name": "Gone", "role": "Sales"})
    orphan = await a_campaign(database, seeded, agent_id=gone["uuid"])
    assert (await api.delete(f"/agents/{gone['uuid']}")).status == 204
    for flow, sentence in (
        (await a_campaign(database, seeded, kind=FlowKind.INBOUND), "is of an inbound flow, which calls nobody"),
        (await a_campaign(database, seeded, agent_id=None), "is of a campaign without a voice agent"),
        (orphan, "is of a campaign whose voice agent was deleted"),
    ):
        answer = await called(api, flow)
        assert (answer.status, answer.detail) == (400, f"campaign_id {sentence}")
        answer = await api.post("/calls", {"to": PHONE, "flow_uuid": flow.id})
        assert answer.detail == f"flow_uuid {sentence}"
    assert await written(api) == (0, 0)


async def test_without_a_line_nothing_is_called(api: Api, flow: Flow) -> None:
    async with serving_api(api.database, api.services.data, simulator=False) as api:
        answer = await called(api, flow)
        assert answer.status == 400
        assert answer.detail.startswith("no telephony provider is connected")
        assert await written(api) == (0, 0)


async def test_who_has_opted_out_is_not_called(api: Api, seeded: Seeded, flow: Flow) -> None:
    known = await a_customer(api.database, seeded.organisation, opted_out=True)
    assert (await api.delete(f"/customers/{known.id}")).status == 204
    answer = await called(api, flow, key="k")
    assert (answer.status, answer.detail) == (409, "to is the number of somebody who does not want to be called")
    assert await written(api) == (0, 0)


async def test_who_is_being_called_is_not_called_again(api: Api, flow: Flow) -> None:
    assert (await called(api, flow)).status == 201
    answer = await called(api, flow, metadata=METADATA)
    assert (answer.status, answer.detail) == (409, "to is being called at this moment")
    assert (await api.get("/customers")).body["customers"][0]["metadata"] == {}


async def test_the_hours_of_the_law_hold_in_the_persons_own_zone(api: Api, seeded: Seeded, flow: Flow) -> None:
    Now.at = NOON + timedelta(hours=9)  # 21:00 in India
    answer = await called(api, flow)
    assert (answer.status, answer.detail) == (
        409,
        "to may not be called before 2026-03-03T03:30:00Z: it is outside the legal hours of the number's country",
    )
    assert await written(api) == (0, 0)
    await a_customer(api.database, seeded.organisation, timezone="America/New_York")
    assert (await called(api, flow)).status == 201


async def test_with_low_credits_nobody_is_called(api: Api, seeded: Seeded, flow: Flow) -> None:
    await api.patch("/credits", {"threshold": 1})
    answer = await called(api, flow)
    assert (answer.status, answer.detail) == (409, "Credits are below the threshold: add credits first")
    assert await written(api) == (0, 0)
    await api.post("/credits", {"amount": 1})
    assert (await called(api, flow)).status == 201


async def test_the_scope_is_required(api: Api, flow: Flow) -> None:
    token = await api.key(Scope.CALLS_READ)
    answer = await api.post("/v1/calls", {"to": PHONE, "campaign_id": flow.id}, token=token)
    assert answer.status == 403


async def test_a_key_that_comes_again_is_answered_with_the_same_call(api: Api, flow: Flow) -> None:
    first = await called(api, flow, key="order-1", metadata={"a": 1, "b": 2})
    assert first.status == 201
    again = await called(api, flow, key="order-1", metadata={"b": 2, "a": 1})
    assert (again.status, again.body) == (201, first.body)
    assert again.headers["Idempotent-Replayed"] == "true"
    words = {"to": PHONE, "flow_uuid": flow.id, "metadata": {"a": 1, "b": 2}}
    dashboard = await api.post("/calls", words, headers={"Idempotency-Key": "order-1"})
    assert dashboard.body["call_uuid"] == first.body["call_uuid"]
    assert await written(api) == (1, 1)


async def test_a_key_is_of_one_request_and_one_organisation(api: Api, flow: Flow) -> None:
    assert (await called(api, flow, key="k")).status == 201
    other = await called(api, flow, key="k", to="+919812345679")
    assert (other.status, other.detail) == (409, "Idempotency-Key was used for another request")
    assert await written(api) == (1, 1)
    _, stranger = await api.stranger()
    words = {"to": PHONE, "campaign_id": flow.id}
    answer = await api.post("/v1/calls", words, token=stranger, headers={"Idempotency-Key": "k"})
    assert answer.status == 404


async def test_a_refused_request_keeps_no_key(api: Api, flow: Flow) -> None:
    assert (await called(api, flow, key="k", campaign_id="flw_nobody")).status == 404
    assert (await called(api, flow, key="k")).status == 201


@pytest.mark.parametrize("key", ["", "x" * 256, "naïve", "a\tb"])
async def test_a_key_is_printable_and_not_too_long(api: Api, flow: Flow, key: str) -> None:
    answer = await called(api, flow, key=key)
    assert answer.status == 400
    assert answer.detail.startswith("Idempotency-Key ")
    assert await written(api) == (0, 0)


async def test_a_key_of_the_longest_kind_is_taken_and_two_are_not(api: Api, flow: Flow) -> None:
    assert (await called(api, flow, key="~" * 255)).status == 201
    headers = [("Idempotency-Key", "a"), ("Idempotency-Key", "b"), ("Authorization", f"Bearer {api.token}")]
    body = {"to": "+919812345679", "campaign_id": flow.id}
    async with api.http.post(api.url + "/v1/calls", json=body, headers=headers) as answer:
        assert (answer.status, await answer.json()) == (400, {"detail": "Idempotency-Key is given more than once"})


async def test_of_twins_at_once_one_call_comes(api: Api, flow: Flow) -> None:
    answers = await asyncio.gather(*(called(api, flow, key="twin", contact_name="Priya") for _ in range(20)))
    assert {answer.status for answer in answers} == {201}
    assert len({answer.body["call_uuid"] for answer in answers}) == 1
    assert sum("Idempotent-Replayed" not in answer.headers for answer in answers) == 1
    assert await written(api) == (1, 1)


async def test_of_requests_without_a_key_at_once_one_comes_through(api: Api, flow: Flow) -> None:
    answers = await asyncio.gather(*(called(api, flow) for _ in range(8)))
    assert sorted(answer.status for answer in answers) == [201] + [409] * 7
    assert await written(api) == (1, 1)


async def test_it_is_placed_ends_and_is_not_tried_again(
    api: Api, database: Database, seeded: Seeded, flow: Flow
) -> None:
    office = an_office(database, seeded, prices=Prices(attempt=100, minute=6000))
    call = (await called(api, flow, key="k")).body["call_uuid"]
    await office.rounds()
    (asked,) = office.line.asked
    assert (asked.call, asked.to_number, asked.from_number) == (call, PHONE, "+15550010000")
    shown = (await api.get(f"/v1/calls/{call}")).body
    assert (shown["status"], shown["from_number"], shown["campaign_uuid"]) == ("dialing", "+15550010000", flow.id)
    await office.end(Outcome.NO_ANSWER, call)
    await none_is_called_later(office)
    shown = (await api.get(f"/v1/calls/{call}")).body
    assert (shown["status"], shown["outcome"], shown["call_type"]) == ("ended", "no-answer", "outbound")
    assert shown["contact_uuid"] is not None
    assert (await office.flow(flow)).status is FlowStatus.DRAFT
    assert (await api.get("/credits")).body["balance"] == -0.01
    assert (await called(api, flow, key="k")).body["call_uuid"] == call
    assert (await called(api, flow)).body["call_uuid"] != call


async def none_is_called_later(office: Office) -> None:
    before = len(office.line.asked)
    for _ in range(3):
        office.clock.goes_on(hours=1)
        await office.dialer.look()
        await office.rounds()
    assert len(office.line.asked) == before


async def test_what_no_dialer_takes_is_over_after_two_minutes(
    api: Api, database: Database, seeded: Seeded, flow: Flow
) -> None:
    office = an_office(database, seeded, room=lambda: 0)
    call = (await called(api, flow)).body["call_uuid"]
    office.clock.goes_on(seconds=119)
    await office.dialer.look()
    await office.rounds()
    assert (await api.get(f"/calls/{call}")).body["status"] == "queued"
    office.clock.goes_on(seconds=2)
    await office.dialer.look()
    await office.rounds()
    shown = (await api.get(f"/calls/{call}")).body
    assert (shown["status"], shown["outcome"], shown["ended_reason"]) == ("ended", "failed", "no_room")
    assert office.line.asked == []


async def test_who_opts_out_before_the_carrier_is_asked_is_not_called(
    api: Api, database: Database, seeded: Seeded, flow: Flow
) -> None:
    office = an_office(database, seeded)
    call = (await called(api, flow)).body["call_uuid"]
    async with database.begin(seeded.organisation) as work:
        customer = await work.customers.by_phone(PHONE)
        assert customer is not None
        assert await work.customers.save(replace(customer, opted_out=True), now=NOON)
    await office.rounds()
    assert office.line.asked == []
    over = (await api.get(f"/calls/{call}")).body
    assert (over["ended_reason"], over["cost"]) == ("called_off", 0.0)


def test_the_document_tells_of_the_header() -> None:
    described = document(ENDPOINTS, url="https://voice.example.com", version=VERSION)
    for path in ("/v1/calls", "/api/voice/calls"):
        (header,) = described["paths"][path]["post"]["parameters"]
        assert (header["name"], header["in"], header["required"]) == ("Idempotency-Key", "header", False)
        assert header["schema"]["pattern"]
        assert described["paths"][path]["post"]["responses"].keys() >= {"201", "400", "404", "409"}
