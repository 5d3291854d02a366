"""What is told of each event."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from control_api.links.addressing import Addressing
from control_api.links.webhook_shapes import EVENTS
from storage.assets import Customer, Webhook
from storage.database import Database
from storage.dialing import Run
from storage.ids import CUSTOMER, new_id
from storage.records import CallStatus, CallType, FlowKind, Outcome, Sentiment, Speaker
from storage.seed import Seeded
from tests.control_api.receivers import PUBLIC, deliveries, relayed, subscribed
from tests.storage.samples import NOW, a_call, a_flow, a_turn, an_organisation

METADATA = {"lead_id": "LH-CA-2026050512-78231", "lead_type": "cart_abandon", "cart_value": 850, "zip_code": "94107"}


@pytest.fixture
async def webhook(database: Database, seeded: Seeded) -> Webhook:
    (webhook,) = await subscribed(database, seeded.organisation, "https://example.com/", events=EVENTS)
    return webhook


async def told(database: Database, webhook: Webhook) -> list[dict[str, Any]]:
    while await relayed(database):
        pass
    return [dict(delivery.payload) for delivery in await deliveries(database, webhook)]


async def test_the_end_of_a_call_is_told_as_documented(database: Database, seeded: Seeded, webhook: Webhook) -> None:
    customer = Customer(
        new_id(CUSTOMER), seeded.organisation, "A", "+14155550192", created_at=NOW, updated_at=NOW, metadata=METADATA
    )
    call = a_call(
        seeded.organisation,
        call_type=CallType.OUTBOUND,
        status=CallStatus.ENDED,
        flow_id=seeded.flow,
        customer_id=customer.id,
        outcome=Outcome.CONNECTED,
        sentiment=Sentiment.POSITIVE,
        answered_at=NOW,
        ended_at=NOW + timedelta(seconds=113),
        duration=112.7,
        language="en",
        recording="recordings/a.wav",
        reason="completed",
        summary="They want a desk.",
        key_details={"desk": 1},
    )
    async with database.begin(seeded.organisation) as work:
        await work.customers.add(customer)
        await work.calls.open(call)
        await work.calls.add_turns(
            [
                a_turn(call.id, 0, speaker=Speaker.AGENT, text="Hi, good morning!", at=0.0),
                a_turn(call.id, 1, text="Oh hey.", at=6.2),
            ]
        )
        await work.announce("call.ended", {"call": call.id, "outcome": "connected", "duration_seconds": 112.7})
    (payload,) = await told(database, webhook)
    assert payload.pop("fired_at").endswith("Z")
    assert payload == {
        "event": "call.ended",
        "organisation_uuid": seeded.organisation,
        "data": {
            "call_uuid": call.id,
            "call_type": "outbound",
            "flow_uuid": seeded.flow,
            "customer_uuid": customer.id,
            "customer_phone": "+14155550192",
            "customer_metadata": METADATA,
            "outcome": "connected",
            "sentiment": "positive",
            "duration_seconds": 113,
            "language_detected": "en",
            "transcript": [
                {"speaker": "agent", "text": "Hi, good morning!", "timestamp": 0.0},
                {"speaker": "customer", "text": "Oh hey.", "timestamp": 6.2},
            ],
            "recording_url": f"{PUBLIC}/api/voice/calls/{call.id}/recording",
            "started_at": "2026-03-01T09:30:00Z",
            "ended_at": "2026-03-01T09:31:53Z",
            "summary": "They want a desk.",
            "key_details": {"desk": 1},
            "ended_reason": "completed",
        },
    }


async def test_who_wants_no_recording_has_none_to_be_told_of(
    database: Database, seeded: Seeded, webhook: Webhook
) -> None:
    customer = Customer(new_id(CUSTOMER), seeded.organisation, "A", "+14155550192", NOW, NOW, recording_opt_out=True)
    ended = {"status": CallStatus.ENDED, "ended_at": NOW, "recording": "recordings/a.wav"}
    call = a_call(seeded.organisation, customer_id=customer.id, **ended)
    async with database.begin(seeded.organisation) as work:
        await work.customers.add(customer)
        await work.calls.open(call)
        await work.announce("call.ended", {"call": call.id})
    (payload,) = await told(database, webhook)
    assert payload["data"]["recording_url"] is None


async def test_the_start_of_a_call_names_who_called_and_has_no_transcript_yet(
    database: Database, seeded: Seeded, webhook: Webhook
) -> None:
    call = a_call(seeded.organisation, from_number="+14155550111", to_number="+14155550100", answered_at=NOW)
    async with database.begin(seeded.organisation) as work:
        await work.calls.open(call)
        await work.announce("call.started", {"call": call.id, "call_type": "inbound"})
    (payload,) = await told(database, webhook)
    assert payload["event"] == "call.started"
    data = payload["data"]
    assert (data["customer_phone"], data["transcript"], data["ended_at"]) == ("+14155550111", [], None)
    assert data["customer_metadata"] == {}


async def test_what_was_announced_besides_is_told_too(database: Database, seeded: Seeded, webhook: Webhook) -> None:
    call = a_call(seeded.organisation)
    async with database.begin(seeded.organisation) as work:
        await work.calls.open(call)
        await work.announce("call.transferred", {"call": call.id, "target": "sales", "brief": "Wants a desk"})
    (payload,) = await told(database, webhook)
    data = payload["data"]
    assert (data["call_uuid"], data["target"], data["brief"]) == (call.id, "sales", "Wants a desk")


async def test_a_campaign_is_told_with_its_counts(database: Database, seeded: Seeded, webhook: Webhook) -> None:
    flow = a_flow(seeded.organisation, kind=FlowKind.OUTBOUND, name="Spring")
    run = Run(flow.id, seeded.organisation, NOW, NOW, enrol_after=None, attempted=5, pending=2, done=4, skipped=1)
    async with database.begin(seeded.organisation) as work:
        await work.flows.add(flow)
        await work.runs.start(flow.id, seeded.organisation, now=NOW, enrol_to=0)
        await work.runs.save(run)
        await work.announce("campaign.completed", {"flow_uuid": flow.id, "name": "Spring"})
    (payload,) = await told(database, webhook)
    assert payload["data"] == {
        "flow_uuid": flow.id,
        "name": "Spring",
        "status": "active",
        "contacts": 7,
        "attempted": 5,
        "counts": {
            "pending": 2,
            "dialing": 0,
            "in_call": 0,
            "retry": 0,
            "done": 4,
            "skipped": 1,
            "cancelled": 0,
        },
    }


async def test_a_call_that_nobody_knows_any_more_is_told_by_its_id(
    database: Database, seeded: Seeded, webhook: Webhook
) -> None:
    async with database.begin(seeded.organisation) as work:
        await work.announce("call.ended", {"call": "cal_gone", "outcome": "failed"})
    (payload,) = await told(database, webhook)
    assert payload["data"] == {"call_uuid": "cal_gone", "outcome": "failed"}


async def test_what_is_no_event_of_webhooks_is_forgotten_and_makes_nothing(
    database: Database, seeded: Seeded, webhook: Webhook
) -> None:
    async with database.begin(seeded.organisation) as work:
        await work.announce("node.left", {"node": "one"})
    assert await told(database, webhook) == []
    async with database.read() as work:
        assert await work.outbox.waiting(10) == []


async def test_nobody_hears_of_another_organisations_events(
    database: Database, seeded: Seeded, webhook: Webhook
) -> None:
    other = an_organisation()
    async with database.begin() as work:
        await work.organisations.add(other)
    (theirs,) = await subscribed(database, other.id, "https://other.example/", events=EVENTS)
    call = a_call(other.id)
    async with database.begin(other.id) as work:
        await work.calls.open(call)
        await work.announce("call.ended", {"call": call.id})
    assert await told(database, webhook) == []
    (payload,) = await told(database, theirs)
    assert payload["organisation_uuid"] == other.id


async def test_a_webhook_that_is_deleted_while_events_are_read_breaks_nothing(
    database: Database, seeded: Seeded, webhook: Webhook, monkeypatch: pytest.MonkeyPatch
) -> None:
    (stays,) = await subscribed(database, seeded.organisation, "https://stays.example/", events=EVENTS)
    async with database.begin(seeded.organisation) as work:
        await work.announce("call.ended", {"call": "cal_1"})
    read = Addressing._told

    async def slowly(self: Addressing, events: Any) -> Any:
        found = await read(self, events)
        async with database.begin(seeded.organisation) as work:
            assert await work.webhooks.delete(webhook.id)
        return found

    monkeypatch.setattr(Addressing, "_told", slowly)
    assert await relayed(database) == 1
    assert await deliveries(database, webhook) == []
    assert len(await deliveries(database, stays)) == 1


async def test_each_try_sends_what_was_so_when_it_was_announced(
    database: Database, seeded: Seeded, webhook: Webhook
) -> None:
    call = a_call(seeded.organisation)
    async with database.begin(seeded.organisation) as work:
        await work.calls.open(call)
        await work.announce("call.started", {"call": call.id})
    (before,) = await told(database, webhook)
    async with database.begin(seeded.organisation) as work:
        await work.calls.ended(call.id, at=NOW, outcome=Outcome.CONNECTED, reason="done")
    async with database.begin() as work:
        (claimed,) = await work.deliveries.claim(
            webhook.id, 4, now=NOW + timedelta(days=3650), until=NOW + timedelta(days=3651)
        )
        assert claimed.payload == before
