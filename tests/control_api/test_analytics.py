"""A campaign in figures, which add up."""

from __future__ import annotations

import csv
import io
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from control_api.campaigns import csv_cells
from storage.database import Database
from storage.dialing import AttemptTally, ContactState, Skip
from storage.records import Flow, FlowKind, Outcome, Scope
from storage.seed import Seeded
from tests.control_api.api import Api, serving_api
from tests.control_api.campaigns import INDIA, House

MONDAY, TUESDAY = date(2026, 3, 2), date(2026, 3, 3)
CONNECTED, VOICEMAIL, NO_ANSWER, BUSY, FAILED = Outcome
NO_OUTCOMES = dict.fromkeys(("connected", "voicemail", "no-answer", "busy", "failed"), 0)


@pytest.fixture
async def api(database: Database, tmp_path: Path) -> AsyncIterator[Api]:
    async with serving_api(database, tmp_path) as api:
        yield api


@pytest.fixture
def house(database: Database, seeded: Seeded) -> House:
    return House(database, seeded)


async def a_campaign_that_went_on(house: House) -> Flow:
    """Seven people: two connected, one after a retry; one voicemail; one waits; one rings; two are skipped."""
    await house.people(*map(INDIA.format, range(7)))
    window = {"start": "09:00", "end": "21:00", "timezone": "Asia/Kolkata"}
    flow = await house.launched(time_window=window)
    became: list[tuple[ContactState, Outcome | None, str]] = [
        (ContactState.DONE, CONNECTED, "hangup"),
        (ContactState.DONE, CONNECTED, "hangup"),
        (ContactState.DONE, VOICEMAIL, "voicemail"),
        (ContactState.RETRY, BUSY, "busy"),
        (ContactState.IN_CALL, None, ""),
        (ContactState.SKIPPED, None, Skip.OPTED_OUT),
        (ContactState.SKIPPED, None, Skip.CUSTOMER_DELETED),
    ]
    tallies = [
        (MONDAY, 9, 1, CONNECTED, 1, 60.0, 15_000),
        (MONDAY, 9, 1, BUSY, 2, 0.0, 2_000),
        (MONDAY, 20, 1, VOICEMAIL, 1, 5.0, 2_500),
        (TUESDAY, 9, 2, CONNECTED, 1, 31.0, 8_001),
    ]
    async with house.database.begin(house.organisation) as work:
        run = await work.runs.held(flow.id)
        assert run is not None
        contacts = await work.contacts.page(flow.id, 10)
        await work.contacts.save(
            [
                replace(contact, state=state, outcome=outcome, reason=reason)
                for contact, (state, outcome, reason) in zip(contacts, became, strict=True)
            ]
        )
        await work.runs.save(replace(run, pending=0, done=3, retry=1, in_call=1, skipped=2, attempted=5))
        await work.attempt_tallies.add([AttemptTally(flow.id, *tally) for tally in tallies])
    return flow


async def test_the_figures_of_a_campaign(api: Api, house: House) -> None:
    flow = await a_campaign_that_went_on(house)
    answer = await api.get(f"/flows/{flow.id}/analytics")
    shown = answer.body
    assert (answer.status, shown["flow_uuid"], shown["timezone"]) == (200, flow.id, "Asia/Kolkata")
    assert shown["funnel"] == {
        "contacts": 7,
        "skipped": 2,
        "attempted": 5,
        "reached": 3,
        "connected": 2,
        "waiting": 1,
        "in_flight": 1,
        "cancelled": 0,
    }
    assert shown["skipped"] == {**{str(skip): 0 for skip in Skip}, "opted_out": 1, "customer_deleted": 1}
    assert shown["outcomes"] == {**NO_OUTCOMES, "connected": 2, "voicemail": 1, "busy": 2}
    nine = {"attempts": 4, "connected": 2, "outcomes": {**NO_OUTCOMES, "connected": 2, "busy": 2}}
    assert [one["hour"] for one in shown["by_hour"]] == list(range(24))
    assert shown["by_hour"][9] == {"hour": 9, **nine}
    assert shown["by_hour"][10] == {"hour": 10, "attempts": 0, "connected": 0, "outcomes": NO_OUTCOMES}
    assert [(one["weekday"], one["attempts"]) for one in shown["by_weekday"]] == [
        ("mon", 4),
        ("tue", 1),
        *((day, 0) for day in ("wed", "thu", "fri", "sat", "sun")),
    ]
    assert [(one["attempt"], one["attempts"], one["connected"]) for one in shown["by_attempt"]] == [
        (1, 4, 1),
        (2, 1, 1),
    ]
    assert shown["retries"] == {"attempts": 1, "connected": 1}
    assert shown["avg_talk_seconds"] == 45.5
    assert shown["cost"] == {"total": 2.7501, "per_connected": 1.3751}
    theirs = (await api.get(f"/v1/campaigns/{flow.id}/analytics")).body
    assert theirs == {"campaign_uuid": flow.id, **{name: shown[name] for name in shown if name != "flow_uuid"}}


async def test_the_parts_add_up(api: Api, house: House) -> None:
    shown = (await api.get(f"/flows/{(await a_campaign_that_went_on(house)).id}/analytics")).body
    attempts = sum(shown["outcomes"].values())
    for section in ("by_hour", "by_weekday", "by_attempt"):
        assert sum(one["attempts"] for one in shown[section]) == attempts
    assert sum(shown["skipped"].values()) == shown["funnel"]["skipped"]


async def test_a_campaign_that_called_nobody_has_figures_too(api: Api, house: House) -> None:
    shown = (await api.get(f"/flows/{(await house.campaign()).id}/analytics")).body
    assert set(shown["funnel"].values()) == {0}
    assert (shown["outcomes"], shown["by_attempt"], shown["timezone"]) == (NO_OUTCOMES, [], "UTC")
    assert shown["cost"] == {"total": 0.0, "per_connected": None}


async def test_the_same_as_csv(api: Api, house: House) -> None:
    flow = await a_campaign_that_went_on(house)
    shown = (await api.get(f"/v1/campaigns/{flow.id}/analytics")).body
    answer = await api.get(f"/v1/campaigns/{flow.id}/analytics.csv")
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert answer.headers["Content-Disposition"] == f'attachment; filename="{flow.id}-analytics.csv"'
    head, *rows = csv.reader(io.StringIO(answer.raw.decode()))
    assert head == ["section", "key", "outcome", "value"]
    values: dict[tuple[str, str, str], str] = {(section, key, of): value for section, key, of, value in rows}
    assert len(values) == len(rows)
    for section in ("funnel", "skipped"):
        assert {key: int(value) for (of, key, _), value in values.items() if of == section} == shown[section]
    assert {one: int(values["outcomes", "", one]) for one in shown["outcomes"]} == shown["outcomes"]
    for section, key in (("by_hour", "hour"), ("by_weekday", "weekday"), ("by_attempt", "attempt")):
        for share in shown[section]:
            told = {one: int(values[section, str(share[key]), one]) for one in share["outcomes"]}
            assert told == share["outcomes"]
    assert values["retries", "attempts", ""] == "1"
    assert values["talk", "avg_seconds", "connected"] == "45.5"
    assert values["cost", "total", ""] == "2.7501"
    assert values["cost", "per_connected", "connected"] == "1.3751"


@pytest.mark.parametrize("what", ["analytics", "analytics.csv"])
async def test_who_may_not_see_them(api: Api, house: House, what: str) -> None:
    flow, line = await house.campaign(), await house.campaign(kind=FlowKind.INBOUND)
    _, stranger = await api.stranger()
    for path, token, status, detail in (
        (f"/flows/{flow.id}/{what}", stranger, 404, "Flow not found"),
        (f"/v1/campaigns/flw_none/{what}", None, 404, "Flow not found"),
        (f"/flows/{line.id}/{what}", None, 400, "kind is inbound: such a flow calls nobody"),
        (
            f"/flows/{flow.id}/{what}",
            await api.key(Scope.CALLS_READ),
            403,
            "Insufficient permissions. Required scopes: voice:campaigns:read",
        ),
    ):
        answer = await api.get(path, token=token)
        assert (answer.status, answer.detail) == (status, detail)


@pytest.mark.parametrize(
    ("value", "cell"),
    [
        ("=1+1", "'=1+1"),
        ("+1-800-FLOWERS", "'+1-800-FLOWERS"),
        ("-x", "'-x"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("\tx", "'\tx"),
        ("+14155550192", "+14155550192"),
        ("busy", "busy"),
        (-1.5, "-1.5"),
        (None, ""),
    ],
)
def test_no_cell_is_a_formula(value: Any, cell: str) -> None:
    assert next(csv.reader(io.StringIO(csv_cells.written([["a", value]])))) == ["a", cell]
