"""The ledger of a campaign as a file."""

from __future__ import annotations

import csv
import io
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from control_api.campaigns import attempts
from storage.database import Database
from storage.records import Flow, FlowKind, Outcome, Scope
from storage.seed import Seeded
from tests.control_api.api import Api, serving_api
from tests.control_api.campaigns import INDIA, House
from tests.storage.samples import NOW


@pytest.fixture
async def api(database: Database, tmp_path: Path) -> AsyncIterator[Api]:
    async with serving_api(database, tmp_path) as api:
        yield api


@pytest.fixture
def house(database: Database, seeded: Seeded) -> House:
    return House(database, seeded)


async def rows(api: Api, flow: Flow, *, at: str = "/flows", **more: Any) -> list[list[str]]:
    answer = await api.get(f"{at}/{flow.id}/attempts.csv", **more)
    assert answer.status == 200, answer
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert answer.headers["Content-Disposition"] == f'attachment; filename="{flow.id}-attempts.csv"'
    return list(csv.reader(io.StringIO(answer.raw.decode())))


async def test_each_attempt_that_is_over_is_a_row(api: Api, house: House) -> None:
    await house.people(INDIA.format(1))
    flow = await house.launched()
    (contact,) = await house.contacts(flow)
    second = await house.attempted(
        contact, number=2, outcome=Outcome.CONNECTED, reason="hangup", talk_seconds=12.34, cost=25_001,
        ended_at=NOW + timedelta(hours=1),
    )  # fmt: skip
    first = await house.attempted(contact, number=1, outcome=Outcome.FAILED, reason="=HYPERLINK(1)")
    await house.attempted(contact, number=3, ended_at=None)
    head, *found = await rows(api, flow)
    assert head == [
        "customer_uuid",
        "phone",
        "attempt",
        "decided_at",
        "ended_at",
        "outcome",
        "reason",
        "talk_seconds",
        "cost",
        "call_uuid",
    ]
    who, at = [contact.customer_id, contact.phone], "2026-03-01T09:30:00Z"
    assert found == [
        [*who, "1", at, "2026-03-01T09:31:00Z", "failed", "'=HYPERLINK(1)", "0.0", "0.0", first.id],
        [*who, "2", at, "2026-03-01T10:30:00Z", "connected", "hangup", "12.3", "2.5001", second.id],
    ]
    theirs = await rows(api, flow, at="/v1/campaigns")
    assert (theirs[0], theirs[1:]) == (["contact_uuid", *head[1:]], found)


async def test_slices_leave_nobody_out(api: Api, house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attempts, "SLICE", 2)
    await house.people(INDIA.format(1))
    flow = await house.launched()
    (contact,) = await house.contacts(flow)
    made = [
        await house.attempted(contact, outcome=Outcome.BUSY, ended_at=NOW + timedelta(seconds=second))
        for second in (3, 1, 1, 1, 2)
    ]
    _, *found = await rows(api, flow)
    in_order = sorted(made, key=lambda one: (one.ended_at, one.id))
    assert [row[-1] for row in found] == [one.id for one in in_order]


async def test_phones_are_for_those_who_may_see_customers(api: Api, house: House) -> None:
    await house.people(INDIA.format(1))
    flow = await house.launched()
    (contact,) = await house.contacts(flow)
    await house.attempted(contact, outcome=Outcome.BUSY)
    head, row = await rows(api, flow, token=await api.key(Scope.CAMPAIGNS_READ))
    assert "phone" not in head
    assert len(row) == len(head) == 9
    assert contact.phone not in row


async def test_who_may_not_have_it(api: Api, house: House) -> None:
    flow, line = await house.campaign(), await house.campaign(kind=FlowKind.INBOUND)
    assert len(await rows(api, flow)) == 1
    _, stranger = await api.stranger()
    for path, token, status, detail in (
        (f"/flows/{flow.id}/attempts.csv", stranger, 404, "Flow not found"),
        ("/v1/campaigns/flw_none/attempts.csv", None, 404, "Flow not found"),
        (f"/flows/{line.id}/attempts.csv", None, 400, "kind is inbound: such a flow calls nobody"),
        (
            f"/flows/{flow.id}/attempts.csv",
            await api.key(Scope.CALLS_READ),
            403,
            "Insufficient permissions. Required scopes: voice:campaigns:read",
        ),
    ):
        answer = await api.get(path, token=token)
        assert (answer.status, answer.detail) == (status, detail)
