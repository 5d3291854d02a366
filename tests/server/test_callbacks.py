"""Status reports of a carrier: repeated, shuffled, forged, early and late."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from dialer.news import answered
from dialer.ports import CarrierState, CarrierStatus
from dialer.timing import Prices, Timing
from server.callbacks import Callbacks
from storage.database import Database
from storage.dialing import AttemptState, ContactState
from storage.records import CallStatus, Flow, Outcome
from storage.seed import Seeded
from tests.dialer.campaign import Office, PretendCarriers, an_office, phones

IST = "2026-03-02 12:00:00"
RINGING = {"Status": "ringing"}
ANSWERED = {"Status": "in-progress", "EventType": "answered"}
COMPLETED = {"Status": "completed", "EventType": "terminal"}
BUSY = {"Status": "busy", "EventType": "terminal"}


class Switch:
    """Reports over HTTP of the one call of a campaign, which is on no line of ours unless it is said to be."""

    def __init__(self, office: Office, flow: Flow, client: TestClient[Any, Any], live: set[str]) -> None:
        self.office, self.flow, self._client, self.live = office, flow, client, live
        self.hung_up: list[tuple[str, str]] = []

    @property
    def dial(self) -> Any:
        return self.office.line.asked[-1]

    async def tell(
        self, report: dict[str, Any], *, sid: str = "sid1", token: str | None = None, call: str | None = None
    ) -> int:
        query = {"call": call or self.dial.call, "token": self.dial.token if token is None else token}
        body = {"CallSid": sid, "DateUpdated": IST, "RecordingUrl": "", **report}
        async with self._client.post("/webhooks/exotel/status", params=query, json=body) as answer:
            return answer.status


@pytest.fixture
async def switch(database: Database, seeded: Seeded) -> AsyncIterator[Switch]:
    office = an_office(database, seeded)
    await office.people(*phones(1))
    flow = await office.campaign(retry_attempts=0)
    live: set[str] = set()
    hung_up: list[tuple[str, str]] = []

    async def hang_up(call: str, reason: str) -> None:
        hung_up.append((call, reason))

    callbacks = Callbacks(
        database,
        PretendCarriers(office.line),
        timing=Timing(),
        prices=Prices(),
        clock=office.clock,
        is_live=live.__contains__,
        hang_up=hang_up,
        told=office.dialer.told,
    )
    app = web.Application()
    app.add_routes(callbacks.routes())
    async with TestClient(TestServer(app)) as client:
        switch = Switch(office, flow, client, live)
        switch.hung_up = hung_up
        await office.rounds()
        yield switch


async def ends(office: Office) -> Sequence[str]:
    return [topic for topic in await office.events() if topic.startswith("call.")]


ORDERS = list(itertools.permutations([RINGING, ANSWERED, BUSY, COMPLETED]))


@pytest.mark.parametrize("order", ORDERS, ids=lambda order: ">".join(report["Status"] for report in order))
async def test_in_whatever_order_and_however_often_one_end_stands_and_is_told_once(
    switch: Switch, order: Sequence[dict[str, Any]]
) -> None:
    for report in order:
        for _ in range(3):
            assert await switch.tell(report) == 200
    (attempt,) = await switch.office.attempts(switch.flow)
    terminal = next(report for report in order if report in (BUSY, COMPLETED))
    expected = Outcome.BUSY if terminal is BUSY else Outcome.FAILED
    assert (attempt.state, attempt.outcome) == (AttemptState.ENDED, expected)
    assert await ends(switch.office) == ["call.ended"]
    (contact,) = await switch.office.contacts(switch.flow)
    assert (contact.state, contact.attempts) == (ContactState.DONE, 1)
    async with switch.office.database.read() as work:
        call = await work.calls.get(attempt.id)
    assert call is not None
    assert (call.status, call.outcome) == (CallStatus.ENDED, expected)


@pytest.mark.parametrize(
    ("forged", "status"),
    [
        ({"token": "guessed"}, 403),
        ({"token": ""}, 403),
        ({"sid": "another"}, 403),
        ({"call": "cal_unknown"}, 404),
    ],
    ids=["token", "no token", "sid", "call"],
)
async def test_a_forged_report_is_refused_and_changes_nothing(
    switch: Switch, forged: dict[str, str], status: int
) -> None:
    before = await switch.office.attempts(switch.flow)
    assert await switch.tell(BUSY, **forged) == status
    assert await switch.office.attempts(switch.flow) == before
    assert await ends(switch.office) == []


async def test_a_report_that_cannot_be_read_is_refused(switch: Switch) -> None:
    assert await switch.tell({"Status": "somehow"}) == 400


async def test_before_its_acceptance_is_known_a_call_is_what_the_carrier_says_when_asked(switch: Switch) -> None:
    (attempt,) = await switch.office.attempts(switch.flow)
    async with switch.office.database.begin(switch.office.organisation) as work:
        await work.attempts.save([replace(attempt, state=AttemptState.INTENDED, carrier_call="")])
    switch.office.line.known[attempt.id] = CarrierStatus("sid1", CarrierState.NO_ANSWER)
    assert await switch.tell(COMPLETED) == 200
    (attempt,) = await switch.office.attempts(switch.flow)
    assert (attempt.outcome, attempt.carrier_call) == (Outcome.NO_ANSWER, "sid1")


async def test_what_cannot_be_confirmed_is_asked_for_again(switch: Switch) -> None:
    (attempt,) = await switch.office.attempts(switch.flow)
    async with switch.office.database.begin(switch.office.organisation) as work:
        await work.attempts.save([replace(attempt, state=AttemptState.INTENDED, carrier_call="")])
    switch.office.line.cannot_tell = True
    assert await switch.tell(COMPLETED) == 503
    switch.office.line.cannot_tell = False
    switch.office.line.known[attempt.id] = CarrierStatus("other", CarrierState.COMPLETED)
    assert await switch.tell(COMPLETED) == 403


async def on_the_line(switch: Switch) -> str:
    (attempt,) = await switch.office.attempts(switch.flow)
    async with switch.office.database.begin(switch.office.organisation) as work:
        assert await answered(work, attempt.id, at=switch.office.clock(), timing=Timing())
        assert not await answered(work, attempt.id, at=switch.office.clock(), timing=Timing())
    return attempt.id


async def test_a_call_that_is_on_our_line_tells_of_its_own_end(switch: Switch) -> None:
    await on_the_line(switch)
    assert await switch.tell(COMPLETED) == 200
    (attempt,) = await switch.office.attempts(switch.flow)
    assert attempt.state is AttemptState.ANSWERED
    assert (await switch.office.run_of(switch.flow)).in_call == 1


async def test_whoever_had_the_call_and_never_told_is_not_waited_for_for_ever(switch: Switch) -> None:
    call = await on_the_line(switch)
    switch.office.line.known[call] = CarrierStatus("sid1", CarrierState.COMPLETED, talk_seconds=12.0)
    switch.office.clock.goes_on(minutes=11)
    await switch.office.dialer.look()
    await switch.office.dialer.settled()
    (attempt,) = await switch.office.attempts(switch.flow)
    assert (attempt.outcome, attempt.talk_seconds) == (Outcome.CONNECTED, 12.0)


async def test_a_machine_that_answers_is_put_down_and_counts_as_voicemail(switch: Switch) -> None:
    call = await on_the_line(switch)
    switch.live.add(call)
    legs = [{"OnCallDuration": 3, "Status": "completed", "AnsweredBy": "Machine"}]
    assert await switch.tell({**ANSWERED, "Legs": legs}) == 200
    assert switch.hung_up == [(call, "voicemail")]
    await switch.office.end(Outcome.CONNECTED, call, talk=4.0)
    (attempt,) = await switch.office.attempts(switch.flow)
    assert attempt.outcome is Outcome.VOICEMAIL
    assert await ends(switch.office) == ["call.ended", "call.voicemail"]


async def test_where_the_carrier_has_a_recording_is_kept_also_when_it_tells_so_after_the_end(switch: Switch) -> None:
    async def known() -> str | None:
        async with switch.office.database.read() as work:
            call = await work.calls.get(switch.dial.call)
        return None if call is None else call.carrier_recording

    first, second = (f"https://recordings.exotel.com/{number}.mp3" for number in (1, 2))
    assert await switch.tell(COMPLETED) == 200
    assert await known() is None
    assert await switch.tell({**COMPLETED, "RecordingUrl": second}, token="guessed") == 403
    assert await known() is None
    assert await switch.tell({**COMPLETED, "RecordingUrl": first}) == 200
    assert await switch.tell({**COMPLETED, "RecordingUrl": second}) == 200
    assert await known() == first
