"""A campaign is followed event by event, and who comes back has missed nothing."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientResponse

from control_api.campaigns import progress, progress_stream
from dialer import moves
from dialer.ledger import Ledger
from storage.database import Database
from storage.dialing import ContactState, ProgressKind
from storage.records import Flow, FlowKind, FlowStatus, Scope
from storage.seed import Seeded
from tests.control_api.api import Api, serving_api
from tests.control_api.campaigns import INDIA, House

DUE = datetime(2199, 1, 4, 22, 0, tzinfo=UTC)
"""Half past three in the morning in India."""
OPENS = "2199-01-05T03:30:00Z"
NONE = dict.fromkeys(("pending", "dialing", "in_call", "retry", "done", "skipped", "cancelled"), 0)


@dataclass(frozen=True, slots=True)
class Event:
    id: int
    event: str
    data: dict[str, Any]


@dataclass(slots=True)
class Reader:
    answer: ClientResponse
    comments: list[str] = field(default_factory=list)

    async def next(self) -> Event | None:
        """None: the stream has ended."""
        fields: dict[str, str] = {}
        async for raw in self.answer.content:
            line = raw.decode().rstrip("\n")
            name, _, value = line.partition(": ")
            if line.startswith(":"):
                self.comments.append(line)
            elif line:
                fields[name] = value
            elif "event" in fields:
                return Event(int(fields["id"]), fields["event"], json.loads(fields["data"]))
        return None

    async def rest(self) -> list[Event]:
        found = []
        while (event := await self.next()) is not None:
            found.append(event)
        return found


@pytest.fixture
async def api(database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Api]:
    monkeypatch.setattr(progress, "POLL_SECONDS", 0.01)
    async with serving_api(database, tmp_path, longest_stream=60.0) as api:
        yield api


@pytest.fixture
def house(database: Database, seeded: Seeded) -> House:
    return House(database, seeded)


@asynccontextmanager
async def followed(api: Api, flow: Flow, *, at: str = "/api/voice/flows", **more: Any) -> AsyncIterator[Reader]:
    headers = {"Authorization": f"Bearer {api.token}", **more.pop("headers", {})}
    async with (
        asyncio.timeout(20),
        api.http.get(f"{api.url}{at}/{flow.id}/progress", headers=headers, **more) as answer,
    ):
        assert answer.status == 200
        yield Reader(answer)


async def happens(house: House, flow: Flow, *statuses: str, **body: Any) -> None:
    """Calls change, one after the other."""
    async with house.database.begin(house.organisation) as work:
        run = await work.runs.held(flow.id)
        assert run is not None
        ledger = Ledger(run)
        for status in statuses:
            about = {"call_uuid": "cal_1", "customer_uuid": "cst_1", "attempt": 1, "status": status, **body}
            ledger.note(datetime.now(UTC), ProgressKind.CALL, **about)
        await ledger.write(work)


async def are_due(house: House, flow: Flow, at: datetime) -> None:
    async with house.database.begin(house.organisation) as work:
        everybody = await work.contacts.page(flow.id, 1000)
        await work.contacts.save([replace(one, due_at=at) for one in everybody])


async def told_to_wait(api: Api, flow: Flow) -> tuple[str | None, ...]:
    async with followed(api, flow) as reader:
        first = await reader.next()
    assert first is not None
    return tuple(first.data[name] for name in ("waits_until", "waits_for", "timezone"))


async def is_done(house: House, flow: Flow, status: FlowStatus = FlowStatus.COMPLETED) -> None:
    """Everybody has been called."""
    async with house.database.begin(house.organisation) as work:
        run = await work.runs.held(flow.id)
        assert run is not None
        done = await work.contacts.give_up(flow.id, now=datetime.now(UTC), to=ContactState.DONE, reason="", limit=1000)
        ledger = Ledger(run)
        ledger.counted(done, ContactState.DONE)
        await ledger.write(work)
        await moves.complete(work, await house.flow(flow), datetime.now(UTC))


async def test_it_begins_with_the_present_and_tells_each_change(api: Api, house: House) -> None:
    await house.people(INDIA.format(1), INDIA.format(2))
    flow = await house.launched()
    await are_due(house, flow, DUE)
    start = (await house.run(flow)).sequence
    async with followed(api, flow) as reader:
        assert reader.answer.headers["Content-Type"] == "text/event-stream; charset=utf-8"
        assert reader.answer.headers["Cache-Control"] == "no-cache, no-transform"
        assert reader.answer.headers["X-Accel-Buffering"] == "no"
        assert await reader.next() == Event(
            start,
            "progress",
            {
                "flow_uuid": flow.id,
                "status": "active",
                "pause_reason": "",
                "counts": {**NONE, "pending": 2},
                "total": 2,
                "attempted": 0,
                "in_flight": 0,
                "is_taking_in": False,
                "waits_until": OPENS,
                "waits_for": "calling_hours",
                "timezone": "Asia/Kolkata",
            },
        )
        await happens(house, flow, "dialing")
        assert await reader.next() == Event(
            start + 1,
            "call",
            {
                "call_uuid": "cal_1",
                "customer_uuid": "cst_1",
                "attempt": 1,
                "status": "dialing",
                "outcome": None,
                "reason": None,
                "talk_seconds": None,
                "next_attempt_at": None,
            },
        )
        assert (await api.post(f"/flows/{flow.id}/pause")).status == 200
        assert await reader.next() == Event(start + 2, "status", {"status": "paused", "reason": ""})
        present = await reader.next()
        assert present is not None
        assert (present.id, present.event, present.data["status"]) == (start + 2, "progress", "paused")


async def test_it_tells_what_the_next_call_waits_for(api: Api, house: House) -> None:
    await house.people(INDIA.format(1), INDIA.format(2))
    flow = await house.launched()
    waits = []
    for due in (DUE, DUE + timedelta(hours=8)):
        await are_due(house, flow, due)
        waits.append(await told_to_wait(api, flow))
    assert waits == [(OPENS, "calling_hours", "Asia/Kolkata"), ("2199-01-05T06:00:00Z", "retry", "Asia/Kolkata")]
    await api.post(f"/flows/{flow.id}/pause")
    assert await told_to_wait(api, flow) == (None, None, None)
    later = await house.campaign(FlowStatus.SCHEDULED, start_at=DUE)
    assert await told_to_wait(api, later) == ("2199-01-04T22:00:00Z", "start", "UTC")


async def test_the_developers_words_are_theirs(api: Api, house: House) -> None:
    await house.people(INDIA.format(1))
    flow = await house.launched()
    async with followed(api, flow, at="/v1/campaigns") as reader:
        first = await reader.next()
        assert first is not None
        assert first.data["campaign_uuid"] == flow.id
        await happens(house, flow, "ended", outcome="busy", reason="busy", talk_seconds=0.0)
        second = await reader.next()
        assert second is not None
        assert (second.data["contact_uuid"], second.data["outcome"]) == ("cst_1", "busy")


@pytest.mark.parametrize("where", ["header", "query"])
async def test_who_comes_back_has_missed_nothing(api: Api, house: House, where: str) -> None:
    await house.people(INDIA.format(1))
    flow = await house.launched()
    async with followed(api, flow) as reader:
        seen = await reader.next()
    assert seen is not None
    many = progress.EVENTS * 2 + 7
    await happens(house, flow, *["ringing"] * many)
    more: dict[str, Any] = {"headers": {"Last-Event-ID": str(seen.id)}}
    async with followed(
        api, flow, **(more if where == "header" else {"params": {"last_event_id": str(seen.id)}})
    ) as reader:
        told = [await reader.next() for _ in range(many + 1)]
    assert [(one.id, one.event) for one in told if one is not None] == [
        *((seen.id + number, "call") for number in range(1, many + 1)),
        (seen.id + many, "progress"),
    ]


async def test_what_is_no_longer_kept_is_a_reset(api: Api, house: House) -> None:
    await house.people(INDIA.format(1))
    flow = await house.launched()
    await happens(house, flow, "dialing", "ringing", "in_progress")
    last = (await house.run(flow)).sequence
    async with house.database.begin(house.organisation) as work:
        await work.runs.forget(datetime.now(UTC) + timedelta(hours=1), 1000)
    for known in (0, last - 1, last + 1):
        async with followed(api, flow, headers={"Last-Event-ID": str(known)}) as reader:
            assert await reader.next() == Event(last, "reset", {"flow_uuid": flow.id})
            present = await reader.next()
            assert present is not None
            assert (present.id, present.event) == (last, "progress")
    async with followed(api, flow, headers={"Last-Event-ID": str(last)}) as reader:
        present = await reader.next()
        assert present is not None
        assert present.event == "progress"


async def test_it_ends_with_the_campaign_and_is_not_come_back_to(api: Api, house: House) -> None:
    await house.people(INDIA.format(1))
    flow = await house.launched()
    async with followed(api, flow) as reader:
        first = await reader.next()
        await is_done(house, flow)
        status, last = await reader.rest()
    assert first is not None
    assert (status.event, status.data) == ("status", {"status": "completed", "reason": ""})
    assert (last.event, last.data["counts"]) == ("progress", {**NONE, "done": 1})
    headers = {"Last-Event-ID": str(last.id)}
    assert (await api.get(f"/flows/{flow.id}/progress", headers=headers)).status == 204
    async with followed(api, flow, headers={"Last-Event-ID": str(first.id)}) as reader:
        assert await reader.rest() == [status, last]
    async with followed(api, flow) as reader:
        assert await reader.rest() == [last]


async def test_a_draft_is_followed_into_its_launch(api: Api, house: House) -> None:
    await house.people(INDIA.format(1))
    flow = await house.campaign()
    async with followed(api, flow) as reader:
        first = await reader.next()
        assert first is not None
        assert (first.id, first.data["status"], first.data["counts"]) == (0, "draft", NONE)
        assert (await api.post(f"/flows/{flow.id}/launch")).status == 200
        assert await reader.next() == Event(1, "status", {"status": "active", "reason": ""})


async def test_a_deleted_campaign_is_told_to_nobody_any_more(api: Api, house: House) -> None:
    flow = await house.campaign()
    async with followed(api, flow) as reader:
        assert await reader.next() is not None
        assert (await api.delete(f"/flows/{flow.id}")).status == 204
        assert await reader.rest() == []
    assert (await api.get(f"/flows/{flow.id}/progress")).status == 404


async def test_while_nothing_happens_there_are_signs_of_life(
    api: Api, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(progress_stream, "PING_SECONDS", 0.02)
    flow = await house.launched()
    async with followed(api, flow) as reader:
        await reader.next()
        async for raw in reader.answer.content:
            if raw == b": ping\n":
                break
        else:
            raise AssertionError("the stream has ended")


async def test_a_stream_ends_after_its_time_and_its_reader_comes_again(
    database: Database, house: House, tmp_path: Path
) -> None:
    flow = await house.launched()
    async with serving_api(database, tmp_path, longest_stream=0.0) as api, followed(api, flow) as reader:
        (only,) = await reader.rest()
        assert only.event == "progress"


async def test_who_does_not_read_is_dropped(api: Api, house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress_stream, "SEND_SECONDS", 0.05)
    await house.people(INDIA.format(1))
    flow = await house.launched()
    gone = asyncio.Event()
    write = progress_stream.ProgressStream._write

    async def noted(stream: progress_stream.ProgressStream, text: str) -> None:
        try:
            await write(stream, text)
        except progress_stream.ReaderGoneError:
            gone.set()
            raise

    monkeypatch.setattr(progress_stream.ProgressStream, "_write", noted)
    _, writer = await asyncio.open_connection("127.0.0.1", int(api.url.rpartition(":")[2]), limit=1024)
    writer.write(
        f"GET /api/voice/flows/{flow.id}/progress?last_event_id=0 HTTP/1.1\r\nHost: x\r\n"
        f"Authorization: Bearer {api.token}\r\n\r\n".encode()
    )
    async with asyncio.timeout(20):
        while not gone.is_set():
            await happens(house, flow, *["ringing"] * 500, reason="x" * 2000)
    writer.close()
    async with followed(api, flow) as other:
        assert await other.next() is not None


async def test_who_may_not_follow(api: Api, house: House) -> None:
    flow = await house.campaign()
    line = await house.campaign(kind=FlowKind.INBOUND)
    path = f"/flows/{flow.id}/progress"
    _, stranger = await api.stranger()
    for token in (stranger,):
        answer = await api.get(path, token=token)
        assert (answer.status, answer.detail) == (404, "Flow not found")
    assert (await api.get("/v1/campaigns/flw_none/progress")).status == 404
    assert (await api.get(path, token=await api.key(Scope.CALLS_READ))).status == 403
    answer = await api.get(f"/flows/{line.id}/progress")
    assert (answer.status, answer.detail) == (400, "kind is inbound: such a flow calls nobody")
    for wrong in ("soon", "-1", "9" * 30):
        answer = await api.get(path, headers={"Last-Event-ID": wrong})
        assert (answer.status, answer.detail.startswith("Last-Event-Id must be ")) == (400, True), answer.detail
        answer = await api.get(path, params={"last_event_id": wrong})
        assert (answer.status, answer.detail.startswith("last_event_id must be ")) == (400, True), answer.detail
    by_query = replace(api, token="nobody")
    async with followed(by_query, flow, params={"token": api.token}, headers={"Authorization": ""}) as reader:
        assert await reader.next() is not None
