"""Every state and everything that can be done in it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from storage.assets import Customer
from storage.database import Database
from storage.ids import CUSTOMER, new_id
from storage.records import Flow, FlowKind, FlowStatus
from storage.seed import Seeded
from tests.control_api.api import Api, serving_api
from tests.storage.samples import NOW, a_flow, an_agent

DRAFT, SCHEDULED, ACTIVE = FlowStatus.DRAFT, FlowStatus.SCHEDULED, FlowStatus.ACTIVE
PAUSED, COMPLETED, CANCELLED = FlowStatus.PAUSED, FlowStatus.COMPLETED, FlowStatus.CANCELLED
START = "2199-01-05T09:00:00Z"
VOCABULARIES = ("/flows", "/v1/campaigns")

CAMPAIGN = {
    ("launch", "launched"): {DRAFT: ACTIVE, SCHEDULED: ACTIVE, PAUSED: ACTIVE},
    ("schedule", "scheduled"): {DRAFT: SCHEDULED},
    ("unschedule", "unscheduled"): {SCHEDULED: DRAFT},
    ("pause", "paused"): {ACTIVE: PAUSED},
    ("stop", "stopped"): {ACTIVE: PAUSED},
    ("resume", "resumed"): {PAUSED: ACTIVE},
    ("toggle", "toggled"): {ACTIVE: PAUSED, PAUSED: ACTIVE},
    ("cancel", "cancelled"): {PAUSED: CANCELLED, SCHEDULED: CANCELLED},
    ("duplicate", "duplicated"): {status: status for status in FlowStatus if status is not ACTIVE},
}
"""Action → from → to. Whatever is not here is refused."""
LINE: dict[tuple[str, str], dict[FlowStatus, FlowStatus]] = {
    ("launch", "launched"): {DRAFT: ACTIVE, PAUSED: ACTIVE},
    ("schedule", "scheduled"): {},
    ("unschedule", "unscheduled"): {},
    ("pause", "paused"): {ACTIVE: PAUSED},
    ("stop", "stopped"): {ACTIVE: PAUSED},
    ("resume", "resumed"): {PAUSED: ACTIVE},
    ("toggle", "toggled"): {ACTIVE: PAUSED, PAUSED: ACTIVE},
    ("cancel", "cancelled"): {},
    ("duplicate", "duplicated"): {DRAFT: DRAFT, PAUSED: PAUSED},
}
TABLE = [
    (kind, states, action, done, status, moves.get(status))
    for kind, states, table in (
        (FlowKind.OUTBOUND, tuple(FlowStatus), CAMPAIGN),
        (FlowKind.INBOUND, (DRAFT, ACTIVE, PAUSED), LINE),
    )
    for (action, done), moves in table.items()
    for status in states
]


@pytest.fixture
async def api(database: Database, tmp_path: Path) -> AsyncIterator[Api]:
    async with serving_api(database, tmp_path) as api:
        yield api


async def kept(database: Database, seeded: Seeded, status: FlowStatus, **more: Any) -> Flow:
    about = {"kind": FlowKind.OUTBOUND, "agent_id": seeded.agent, **more}
    flow = a_flow(seeded.organisation, status=status, **about)
    async with database.begin(seeded.organisation) as work:
        await work.flows.add(flow)
    return flow


async def present(database: Database, flow: Flow) -> Flow:
    async with database.read(flow.organisation_id) as work:
        found = await work.flows.get(flow.id)
    assert found is not None
    return found


async def told(database: Database) -> list[tuple[str, dict[str, Any]]]:
    async with database.read() as work:
        return [(event.topic, dict(event.body)) for event in await work.outbox.waiting(10)]


@pytest.mark.either
@pytest.mark.parametrize(("kind", "states", "action", "done", "status", "to"), TABLE)
async def test_a_flow_moves_as_the_table_says_and_not_otherwise(
    api: Api,
    database: Database,
    seeded: Seeded,
    kind: FlowKind,
    states: tuple[FlowStatus, ...],
    action: str,
    done: str,
    status: FlowStatus,
    to: FlowStatus | None,
) -> None:
    topic = {"launch": "campaign.launched", "stop": "campaign.stopped"}.get(action)
    expected: list[str] = []
    for place in VOCABULARIES:
        flow = await kept(database, seeded, status, kind=kind)
        answer = await api.post(f"{place}/{flow.id}/{action}", {"start_at": START} if action == "schedule" else None)
        after = await present(database, flow)
        if to is None:
            name = "A campaign" if kind is FlowKind.OUTBOUND else "An inbound flow"
            assert (answer.status, answer.detail) == (409, f"{name} that is {status} cannot be {done}")
            assert after == flow
        else:
            assert answer.status == (201 if action == "duplicate" else 200)
            assert after.status is to
            expected += [topic] if topic is not None and kind is FlowKind.OUTBOUND else []
        assert [event for event, _ in await told(database)] == expected


VAPI = {
    "change": {status: status for status in (DRAFT, SCHEDULED, PAUSED)},
    "end": {
        SCHEDULED: CANCELLED,
        ACTIVE: CANCELLED,
        PAUSED: CANCELLED,
        COMPLETED: COMPLETED,
        CANCELLED: CANCELLED,
    },
}
"""Action of `/campaign` → from → to. What is over is ended already; a draft has not begun."""


@pytest.mark.parametrize("status", FlowStatus)
@pytest.mark.parametrize("action", VAPI)
async def test_a_campaign_in_vapis_words_moves_by_the_same_table(
    api: Api, database: Database, seeded: Seeded, action: str, status: FlowStatus
) -> None:
    flow = await kept(database, seeded, status, start_at=datetime.fromisoformat(START))
    to = VAPI[action].get(status)
    changes: dict[str, list[dict[str, Any]]] = {
        "change": [{"maxConcurrency": 3}],
        "end": [{"status": "ended"}, {"status": "cancelled"}],
    }
    for change in changes[action]:
        answer = await api.patch(f"/campaign/{flow.id}", change)
        after = await present(database, flow)
        if to is None:
            done = "changed" if action == "change" else "cancelled"
            assert (answer.status, answer.detail) == (409, f"A campaign that is {status} cannot be {done}")
            assert after == flow
        else:
            assert (answer.status, after.status) == (200, to)
    expected = ["campaign.stopped"] if (action, status) == ("end", ACTIVE) else []
    assert [event for event, _ in await told(database)] == expected


@pytest.mark.parametrize("prefix", ["/flows", "/v1/campaigns", "/campaign"])
@pytest.mark.parametrize("status", FlowStatus)
async def test_a_flow_is_deleted_from_every_state_an_active_one_after_it_was_stopped(
    api: Api, database: Database, seeded: Seeded, status: FlowStatus, prefix: str
) -> None:
    flow = await kept(database, seeded, status)
    answer = await api.delete(f"{prefix}/{flow.id}")
    assert answer.status == (200 if prefix == "/campaign" else 204)
    for path in (f"/flows/{flow.id}", f"/v1/campaigns/{flow.id}", f"/campaign/{flow.id}"):
        assert (await api.get(path)).status == 404
        assert (await api.delete(path)).status == 404
    assert [topic for topic, _ in await told(database)] == (["campaign.stopped"] if status is ACTIVE else [])


@pytest.mark.parametrize("status", FlowStatus)
async def test_who_is_called_with_what_and_when_is_changed_while_nobody_is_called(
    api: Api, database: Database, seeded: Seeded, status: FlowStatus
) -> None:
    flow = await kept(database, seeded, status, start_at=datetime.fromisoformat(START))
    path = f"/flows/{flow.id}"
    changes: list[dict[str, Any]] = [{"branches": ["A:1"]}, {"config": {"greeting": "Hi"}}, {"dedupe_hours": 1}]
    for place, change in product(VOCABULARIES, changes):
        answer = await api.patch(f"{place}/{flow.id}", change)
        if status in (DRAFT, SCHEDULED, PAUSED):
            assert answer.status == 200
        else:
            assert (answer.status, answer.detail) == (409, f"A campaign that is {status} cannot be changed")
    as_it_is = (await api.get(path)).body
    given = {name: as_it_is[name] for name in ("kind", "branches", "config", "dedupe_hours", "retry_delay_minutes")}
    answer = await api.patch(path, {**given, "name": "Better", "description": "For people"})
    assert (answer.status, answer.body["name"]) == (200, "Better")
    assert answer.body["status"] == status


async def test_an_active_line_is_changed_while_it_takes_calls(api: Api, database: Database, seeded: Seeded) -> None:
    flow = await kept(database, seeded, ACTIVE, kind=FlowKind.INBOUND)
    answer = await api.patch(f"/flows/{flow.id}", {"config": {"greeting": "Hello."}})
    assert (answer.status, answer.body["status"]) == (200, "active")


async def test_launch_and_stop_answer_in_the_documents_words(api: Api, database: Database, seeded: Seeded) -> None:
    async with database.begin(seeded.organisation) as work:
        for number in range(3):
            about: dict[str, Any] = {
                "name": "Jordan",
                "phone": f"+1415555019{number}",
                "created_at": NOW,
                "updated_at": NOW,
            }
            customer = Customer(new_id(CUSTOMER), seeded.organisation, tags=["Region:West"], **about)
            await work.customers.add(replace(customer, opted_out=number == 2))
    flow = await kept(database, seeded, DRAFT, branches=["Region:West"])
    launched = await api.post(f"/flows/{flow.id}/launch")
    assert launched.body == {"status": "launched", "flow_uuid": flow.id, "customers_queued": 2}
    stopped = await api.post(f"/flows/{flow.id}/stop")
    assert stopped.body == {"status": "stopped", "flow_uuid": flow.id}
    launched = await api.post(f"/v1/campaigns/{flow.id}/launch")
    assert launched.body == {"status": "launched", "campaign_id": flow.id, "contacts_queued": 2}
    stopped = await api.post(f"/v1/campaigns/{flow.id}/stop")
    assert stopped.body == {"status": "stopped", "campaign_id": flow.id}
    assert (
        await told(database)
        == [
            ("campaign.launched", {"flow_uuid": flow.id, "name": "Line"}),
            ("campaign.stopped", {"flow_uuid": flow.id, "name": "Line"}),
        ]
        * 2
    )


async def test_a_campaign_is_launched_with_an_agent(api: Api, database: Database, seeded: Seeded) -> None:
    flow = await kept(database, seeded, DRAFT, agent_id=None)
    for action, body in (("launch", None), ("schedule", {"start_at": START})):
        answer = await api.post(f"/flows/{flow.id}/{action}", body)
        assert (answer.status, answer.detail) == (400, f"voice_agent_id is required to {action}")
    gone = an_agent(seeded.organisation, is_active=False)
    async with database.begin(seeded.organisation) as work:
        await work.agents.add(gone)
        await work.flows.save(replace(flow, agent_id=gone.id), now=NOW)
    answer = await api.post(f"/flows/{flow.id}/launch")
    assert (answer.status, answer.detail) == (400, "voice_agent_id is of an agent that was deleted")
    assert (await present(database, flow)).status is DRAFT
    assert await told(database) == []


async def test_a_campaign_is_not_launched_at_a_list_that_is_gone(api: Api, database: Database, seeded: Seeded) -> None:
    flow = await kept(database, seeded, PAUSED, contact_list_id="lst_gone")
    for action in ("launch", "resume", "toggle"):
        answer = await api.post(f"/flows/{flow.id}/{action}")
        assert (answer.status, answer.detail) == (400, "contact_list_id is of a contact list that was deleted")


async def test_a_campaign_is_scheduled_for_a_time_to_come(api: Api, database: Database, seeded: Seeded) -> None:
    flow = await kept(database, seeded, DRAFT)
    path = f"/v1/campaigns/{flow.id}/schedule"
    past = (datetime.now(UTC) - timedelta(minutes=1)).isoformat()
    for body, sentence in (
        ({}, "start_at is required to schedule"),
        ({"start_at": past}, "start_at must be in the future"),
        ({"start_at": "soon"}, "start_at must be a time such as 2026-05-01T09:00:00Z"),
        ({"when": START}, "when is not a known field"),
    ):
        answer = await api.post(path, body)
        assert (answer.status, answer.detail.startswith(sentence)) == (400, True), answer.detail
    answer = await api.post(path, {"start_at": "2199-01-05T14:30:00+05:30"})
    assert (answer.status, answer.body["status"], answer.body["start_at"]) == (200, "scheduled", START)
    answer = await api.post(f"/flows/{flow.id}/unschedule")
    assert (answer.body["status"], answer.body["start_at"]) == ("draft", None)
    await api.patch(f"/flows/{flow.id}", {"start_at": START})
    assert (await api.post(path, {})).body["status"] == "scheduled"


async def test_a_scheduled_campaign_is_not_changed_into_one_that_never_starts(
    api: Api, database: Database, seeded: Seeded
) -> None:
    flow = await kept(database, seeded, SCHEDULED, start_at=datetime.fromisoformat(START))
    path = f"/flows/{flow.id}"
    as_it_is = (await api.get(path)).body
    past = (datetime.now(UTC) - timedelta(minutes=1)).isoformat()
    for change, sentence in (
        ({"start_at": None}, "start_at is required to schedule"),
        ({"start_at": past}, "start_at must be in the future"),
        ({"voice_agent_id": None}, "voice_agent_id is required to schedule"),
        ({"voice_agent_id": None, "status": "scheduled"}, "voice_agent_id is required to schedule"),
    ):
        answer = await api.patch(path, change)
        assert (answer.status, answer.detail) == (400, sentence)
        assert (await api.get(path)).body == as_it_is
    answer = await api.patch(path, {"start_at": None, "voice_agent_id": None, "status": "draft"})
    assert (answer.status, answer.body["status"], answer.body["start_at"]) == (200, "draft", None)


async def test_why_a_campaign_ended_is_told(api: Api, database: Database, seeded: Seeded) -> None:
    for status, reason in (
        (SCHEDULED, "campaign.scheduled.ended-by-user"),
        (PAUSED, "campaign.in-progress.ended-by-user"),
    ):
        flow = await kept(database, seeded, status)
        answer = await api.post(f"/flows/{flow.id}/cancel")
        assert (answer.body["status"], answer.body["ended_reason"]) == ("cancelled", reason)


async def test_a_duplicate_is_a_draft_of_its_own(api: Api, database: Database, seeded: Seeded) -> None:
    config = {"greeting": "Hello."}
    flow = await kept(
        database, seeded, CANCELLED, name="N" * 200, config=config, branches=["A"], ended_reason="x", start_at=NOW
    )
    copy = (await api.post(f"/v1/campaigns/{flow.id}/duplicate")).body
    original = (await api.get(f"/flows/{flow.id}")).body
    assert copy["uuid"] != flow.id
    assert copy["name"] == "N" * 193 + " (copy)"
    assert (copy["status"], copy["start_at"], copy["ended_reason"]) == ("draft", None, None)
    alike = original.keys() - {"uuid", "name", "status", "start_at", "ended_reason", "created_at", "updated_at"}
    assert {name: copy[name] for name in alike} == {name: original[name] for name in alike}
    assert (await present(database, flow)) == flow


@pytest.mark.parametrize(
    ("kind", "status", "to", "answered"),
    [
        (FlowKind.OUTBOUND, ACTIVE, "paused", 200),
        (FlowKind.OUTBOUND, PAUSED, "active", 200),
        (FlowKind.OUTBOUND, PAUSED, "cancelled", 200),
        (FlowKind.OUTBOUND, SCHEDULED, "draft", 200),
        (FlowKind.OUTBOUND, COMPLETED, "completed", 200),
        (FlowKind.OUTBOUND, DRAFT, "active", 400),
        (FlowKind.OUTBOUND, DRAFT, "scheduled", 400),
        (FlowKind.OUTBOUND, ACTIVE, "completed", 400),
        (FlowKind.OUTBOUND, DRAFT, "paused", 409),
        (FlowKind.OUTBOUND, CANCELLED, "draft", 409),
        (FlowKind.INBOUND, DRAFT, "active", 200),
        (FlowKind.INBOUND, ACTIVE, "paused", 200),
        (FlowKind.INBOUND, PAUSED, "cancelled", 409),
        (FlowKind.INBOUND, DRAFT, "scheduled", 409),
    ],
)
async def test_a_changed_status_is_the_move_that_leads_there(
    api: Api, database: Database, seeded: Seeded, kind: FlowKind, status: FlowStatus, to: str, answered: int
) -> None:
    flow = await kept(database, seeded, status, kind=kind)
    answer = await api.patch(f"/flows/{flow.id}", {"status": to, "name": "New"})
    assert answer.status == answered
    after = await present(database, flow)
    assert (after.status, after.name) == ((to, "New") if answered == 200 else (status, "Line"))


async def test_nobody_moves_anothers_flow_or_one_that_is_not(api: Api, database: Database, seeded: Seeded) -> None:
    flow = await kept(database, seeded, PAUSED)
    _, stranger = await api.stranger()
    for action, _ in CAMPAIGN:
        body = {"start_at": START} if action == "schedule" else None
        for path, token in ((f"/flows/{flow.id}/{action}", stranger), (f"/v1/campaigns/flw_none/{action}", None)):
            answer = await api.post(path, body, token=token)
            assert (answer.status, answer.detail) == (404, "Flow not found")
    assert await present(database, flow) == flow
