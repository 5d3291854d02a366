"""How far the analysis of a call is, and that it can be asked for again."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from storage.analysis_records import AnalysisStatus
from storage.database import Database
from storage.records import Call, CallStatus, Outcome, Scope
from storage.seed import Seeded
from tests.control_api.api import Api, serving_api
from tests.storage.samples import LATER, a_call


@pytest.fixture
async def api(database: Database, tmp_path: Path) -> AsyncIterator[Api]:
    async with serving_api(database, tmp_path) as api:
        yield api


async def a_call_of(api: Api, organisation: str, outcome: Outcome | None) -> Call:
    """Without an outcome it goes on."""
    call = a_call(organisation, status=CallStatus.IN_PROGRESS)
    async with api.database.begin(organisation) as work:
        await work.calls.open(call)
        if outcome is not None:
            await work.calls.ended(call.id, at=LATER, outcome=outcome, reason="done")
    return call


async def finish(api: Api, call: Call, status: AnalysisStatus, reason: str) -> None:
    async with api.database.begin() as work:
        (taken,) = await work.analyses.take(9, now=LATER, until=LATER + timedelta(minutes=1), lease="a")
        assert await work.analyses.finish(taken, status, reason=reason, at=LATER, written={})


async def test_a_call_says_how_far_its_analysis_is(api: Api, seeded: Seeded) -> None:
    call = await a_call_of(api, seeded.organisation, Outcome.CONNECTED)
    pending = {"status": "pending", "reason": None, "at": None}
    assert (await api.get(f"/calls/{call.id}")).body["analysis"] == pending
    assert (await api.get(f"/v1/calls/{call.id}")).body["analysis"] == pending
    await finish(api, call, AnalysisStatus.UNAVAILABLE, "the embedded engine cannot judge")
    assert (await api.get(f"/calls/{call.id}")).body["analysis"] == {
        "status": "unavailable",
        "reason": "the embedded engine cannot judge",
        "at": LATER.isoformat().replace("+00:00", "Z"),
    }


async def test_it_can_be_asked_for_again(api: Api, seeded: Seeded) -> None:
    call = await a_call_of(api, seeded.organisation, Outcome.CONNECTED)
    await finish(api, call, AnalysisStatus.FAILED, "openai: answered 500")
    asked = await api.post(f"/calls/{call.id}/analyse")
    pending = {"status": "pending", "reason": None, "at": None}
    assert (asked.status, asked.body) == (202, {"uuid": call.id, **pending})
    assert (await api.get(f"/calls/{call.id}")).body["analysis"] == pending
    again = await api.post(f"/v1/calls/{call.id}/analyse")
    assert (again.status, again.body) == (202, asked.body), "it is pending anyway"


async def test_a_call_that_was_not_connected_has_none_until_it_is_asked_for(api: Api, seeded: Seeded) -> None:
    call = await a_call_of(api, seeded.organisation, Outcome.VOICEMAIL)
    assert (await api.get(f"/calls/{call.id}")).body["analysis"] is None
    assert (await api.post(f"/calls/{call.id}/analyse")).status == 202
    assert (await api.get(f"/calls/{call.id}")).body["analysis"]["status"] == "pending"


async def test_a_call_that_goes_on_is_not_analysed(api: Api, seeded: Seeded) -> None:
    call = await a_call_of(api, seeded.organisation, None)
    answer = await api.post(f"/calls/{call.id}/analyse")
    assert (answer.status, answer.detail) == (409, "Call is not over yet")
    assert (await api.get(f"/calls/{call.id}")).body["analysis"] is None


async def test_only_who_may_write_calls_asks_for_one_and_only_for_its_own(api: Api, seeded: Seeded) -> None:
    call = await a_call_of(api, seeded.organisation, Outcome.CONNECTED)
    reader = await api.key(Scope.CALLS_READ)
    assert (await api.post(f"/calls/{call.id}/analyse", token=reader)).status == 403
    _, stranger = await api.stranger()
    answer = await api.post(f"/calls/{call.id}/analyse", token=stranger)
    assert (answer.status, answer.detail) == (404, "Call not found")
