"""What the applets of an Exotel flow are answered, and what happens where they say nothing."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest
from aiohttp import ClientSession, web
from aiohttp.test_utils import TestServer
from yarl import URL

from control_api.links.flow_urls import FlowUrls
from dialer import hand_over
from server.desks import InboundDesk
from server.exotel_flow import ExotelFlow
from server.transfers import TransferDesk
from storage.assets import Customer
from storage.bus import MemoryBus, Message
from storage.database import Database
from storage.ids import CUSTOMER, MEMBER, QUEUE, new_id
from storage.moment_records import Moment, MomentKind
from storage.records import Call, CallStatus, Outcome
from storage.seed import Seeded
from storage.transfer_records import Member, Queue, Transfer, TransferState
from tests.server.house import SEAL
from tests.storage.samples import NOW, a_call

FIRST, SECOND = "+919800000001", "+919800000003"


class Told(MemoryBus):
    """Remembers."""

    def __init__(self) -> None:
        super().__init__()
        self.messages: list[Message] = []

    async def publish(self, topic: str, message: Message) -> None:
        self.messages.append(message)
        await super().publish(topic, message)


@dataclass
class Flow:
    """A server's end of a flow, whose clock a test moves."""

    database: Database
    organisation: str
    http: ClientSession
    bus: Told = field(default_factory=Told)
    now: datetime = NOW
    base: str = ""

    def __post_init__(self) -> None:
        self.urls = FlowUrls.of("", SEAL)
        desk = InboundDesk()
        self.desk = TransferDesk(self.database, self.bus, inbound=desk, outbound=desk, clock=lambda: self.now)
        self.flow = ExotelFlow(self.database, self.urls, self.desk, clock=lambda: self.now)

    async def handed_over(self, *phones: str, parked: bool = True, obeyed: bool = True, **more: Any) -> Call:
        """A call whose bot has put the line down."""
        queue = Queue(new_id(QUEUE), self.organisation, "sales", NOW, NOW)
        about = {
            "status": CallStatus.IN_PROGRESS,
            "answered_at": NOW,
            "carrier_call": "CA1",
            "to_number": "+918000000002",
        }
        call = a_call(self.organisation, **{**about, **more})
        async with self.database.begin(self.organisation) as work:
            await work.queues.add(queue)
            for phone in phones:
                await work.members.add(Member(new_id(MEMBER), self.organisation, queue.id, "Asha", phone, NOW, NOW))
            await work.calls.open(call)
            begun = await hand_over.begin(work, call, hand_over.Wish("sales", "Wants a desk.", "api"), self.now)
            if obeyed:
                await hand_over.obeyed(work, begun.id, self.now)
            if parked:
                await work.calls.parked(call.id)
        return call

    async def passthru(self, method: str = "GET", sid: str = "CA1", **more: Any) -> int:
        url = URL(self.base + self.urls.passthru(self.organisation))
        more = more or {"params": {"CallSid": sid}}
        if "params" in more:
            url = url.update_query(more.pop("params"))
        async with self.http.request(method, url, allow_redirects=False, **more) as answer:
            return answer.status

    async def connect(self, sid: str = "CA1") -> dict[str, Any]:
        url = URL(self.base + self.urls.connect(self.organisation)).update_query({"CallSid": sid})
        async with self.http.get(url) as answer:
            body: dict[str, Any] = await answer.json()
            return body

    async def event(self, url: str, **form: str) -> int:
        async with self.http.post(self.base + url, data=form) as answer:
            return answer.status

    async def call(self, call: Call) -> Call:
        async with self.database.read() as work:
            found = await work.calls.get(call.id)
        assert found is not None
        return found

    async def transfer(self, call: Call) -> Transfer:
        async with self.database.read() as work:
            found = await work.transfers.latest(call.id)
        assert found is not None
        return found


@pytest.fixture
async def flow(database: Database, seeded: Seeded) -> AsyncIterator[Flow]:
    async with ClientSession() as http:
        flow = Flow(database, seeded.organisation, http)
        app = web.Application()
        app.add_routes(flow.flow.routes())
        async with TestServer(app) as server:
            flow.base = str(server.make_url("")).rstrip("/")
            yield flow


@pytest.mark.parametrize(
    ("method", "more"),
    [
        ("GET", {"params": {"CallSid": "CA1"}}),
        ("GET", {"params": {"callsid": "CA1"}}),
        ("POST", {"data": {"CallSid": "CA1"}}),
        ("POST", {"json": {"CallSid": "CA1", "EventType": "stream-start"}}),
    ],
)
async def test_the_flow_goes_on_for_a_call_that_is_handed_over(
    flow: Flow, method: str, more: Mapping[str, Any]
) -> None:
    assert await flow.passthru(method, **more) == 302
    await flow.handed_over(FIRST)
    assert [await flow.passthru(method, **more) for _ in range(2)] == [200, 200]
    assert await flow.passthru(sid="CA2") == 302


async def test_a_flow_without_the_secret_is_told_nothing(flow: Flow) -> None:
    await flow.handed_over(FIRST)
    for name in ("passthru", "connect"):
        for token in ("", "guessed", f"{flow.organisation}.guessed"):
            url = f"{flow.base}/webhooks/exotel/{name}?CallSid=CA1&token={token}"
            async with flow.http.get(url, allow_redirects=False) as answer:
                assert answer.status == 403
    assert await flow.event("/webhooks/exotel/dial-events?transfer=x&number=1&token=x", DialCallStatus="busy") == 403


async def test_the_secret_of_another_organisation_opens_no_call_of_this_one(flow: Flow) -> None:
    await flow.handed_over(FIRST)
    other = FlowUrls.of("", SEAL).passthru("org_other")
    async with flow.http.get(f"{flow.base}{other}&CallSid=CA1", allow_redirects=False) as answer:
        assert answer.status == 302


async def test_the_connect_applet_is_told_whom_to_dial(flow: Flow) -> None:
    await flow.handed_over(FIRST, recording="recordings/x.wav")
    answer = await flow.connect()
    assert answer["destination"] == {"numbers": [FIRST]}
    assert (answer["outgoing_phone_number"], answer["record"], answer["fetch_after_attempt"]) == (
        "+918000000002",
        True,
        False,
    )
    assert answer["start_call_playback"]["value"] == "Wants a desk."


async def test_who_does_not_want_to_be_recorded_is_not_recorded_there(flow: Flow) -> None:
    await flow.handed_over(FIRST)
    assert (await flow.connect())["record"] is False


@pytest.mark.parametrize("kind", [MomentKind.CONSENT_ASKED, MomentKind.CONSENT_GIVEN])
async def test_who_was_asked_for_a_consent_is_recorded_there_if_it_was_given(flow: Flow, kind: MomentKind) -> None:
    call = await flow.handed_over(FIRST, recording="recordings/x.wav")
    async with flow.database.begin(call.organisation_id) as work:
        for at, noticed in enumerate({MomentKind.CONSENT_ASKED, kind}):
            await work.moments.add([Moment(call.id, noticed, float(at), 0.0, noticed_at=NOW)])
    assert (await flow.connect())["record"] is (kind is MomentKind.CONSENT_GIVEN)


async def test_who_opted_out_in_mid_call_is_not_recorded_there(flow: Flow) -> None:
    call = await flow.handed_over(FIRST, recording="recordings/x.wav", from_number="+919812345678")
    refusing = Customer(
        new_id(CUSTOMER), call.organisation_id, "Priya", "+919812345678", NOW, NOW, recording_opt_out=True
    )
    async with flow.database.begin(call.organisation_id) as work:
        await work.customers.append([refusing])
    assert (await flow.connect())["record"] is False


async def test_a_conversation_ends_the_call_once(flow: Flow) -> None:
    call = await flow.handed_over(FIRST)
    url = (await flow.connect())["dial_passthru_event_url"]
    assert await flow.event(url, DialCallStatus="ringing") == 200
    assert await flow.event(url, DialCallStatus="in-progress") == 200
    assert (await flow.call(call)).status is CallStatus.TRANSFERRING
    assert await flow.passthru() == 302
    flow.now += timedelta(minutes=3)
    for _ in range(3):
        assert await flow.event(url, DialCallStatus="completed") == 200
    ended = await flow.call(call)
    assert (ended.outcome, ended.reason, ended.duration) == (Outcome.CONNECTED, "transferred", 180.0)
    assert flow.bus.messages == [{"type": "end", "outcome": "warm_transfer", "duration_seconds": 180.0}]
    async with flow.database.read() as work:
        topics = [event.topic for event in await work.outbox.waiting(10)]
    assert topics == ["call.transferred", "call.ended"]


async def test_the_secret_of_one_try_is_good_for_no_other(flow: Flow) -> None:
    call = await flow.handed_over(FIRST, SECOND)
    url = URL((await flow.connect())["dial_passthru_event_url"])
    assert await flow.event(str(url.update_query(number="2")), DialCallStatus="completed") == 403
    assert await flow.event(str(url), DialCallStatus="busy") == 200
    assert (await flow.transfer(call)).number == 2
    assert await flow.event(str(url), DialCallStatus="completed") == 200
    assert (await flow.transfer(call)).state is TransferState.INITIATED


async def test_an_event_that_is_not_understood_changes_nothing(flow: Flow) -> None:
    call = await flow.handed_over(FIRST)
    url = (await flow.connect())["dial_passthru_event_url"]
    before = await flow.transfer(call)
    assert await flow.event(url, DialCallStatus="singing") == 400
    assert await flow.transfer(call) == before


async def test_when_everybody_was_tried_nobody_is_left_to_dial(flow: Flow) -> None:
    call = await flow.handed_over(FIRST, SECOND)
    first = await flow.connect()
    assert first["fetch_after_attempt"]
    await flow.event(first["dial_passthru_event_url"], DialCallStatus="busy")
    second = await flow.connect()
    assert (second["destination"]["numbers"], second["fetch_after_attempt"]) == ([SECOND], False)
    await flow.event(second["dial_passthru_event_url"], DialCallStatus="no-answer")
    assert (await flow.connect())["destination"] == {"numbers": []}
    over = await flow.transfer(call)
    assert (over.state, [tried["outcome"] for tried in over.tries]) == (TransferState.NO_ANSWER, ["busy"])


async def test_a_call_that_its_carrier_forgets_is_ended_in_time(flow: Flow) -> None:
    call = await flow.handed_over(FIRST)
    await flow.connect()
    flow.now += timedelta(hours=1)
    assert await flow.desk.sweep() == 0
    flow.now += timedelta(minutes=5)
    assert await flow.desk.sweep() == 1
    ended = await flow.call(call)
    assert (ended.outcome, ended.reason) == (Outcome.CONNECTED, "transferred")
    assert (await flow.transfer(call)).ended_at == flow.now
    assert await flow.desk.sweep() == 0


async def test_a_caller_whom_nobody_brings_back_is_given_up(flow: Flow) -> None:
    call = await flow.handed_over(FIRST)
    url = (await flow.connect())["dial_passthru_event_url"]
    await flow.event(url, DialCallStatus="busy")
    assert (await flow.call(call)).status is CallStatus.TRANSFERRING
    flow.now += hand_over.PICKING_UP
    await flow.desk.sweep()
    assert (await flow.call(call)).reason == "not_picked_up"
    assert (await flow.transfer(call)).state is TransferState.BUSY


async def test_a_flow_that_never_asks_has_failed(flow: Flow) -> None:
    call = await flow.handed_over(FIRST)
    flow.now += hand_over.TELLING
    await flow.desk.sweep()
    assert (await flow.call(call)).reason == "transfer_failed"
    assert (await flow.transfer(call)).state is TransferState.FAILED


async def test_a_call_whose_bot_still_speaks_is_not_given_up(flow: Flow) -> None:
    call = await flow.handed_over(FIRST, parked=False)
    flow.now += hand_over.TELLING
    await flow.desk.sweep()
    assert (await flow.call(call)).status is CallStatus.TRANSFERRING
    assert (await flow.transfer(call)).state is TransferState.INITIATED


async def test_a_transfer_that_its_call_was_never_told_of_fails_within_a_minute_and_the_call_goes_on(
    flow: Flow,
) -> None:
    call = await flow.handed_over(FIRST, parked=False, obeyed=False)
    flow.now += timedelta(minutes=1)
    assert await flow.desk.sweep() == 1
    assert (await flow.call(call)).status is CallStatus.IN_PROGRESS
    async with flow.database.begin(flow.organisation) as work:
        (failed,) = await work.transfers.of(call.id)
        again = await hand_over.begin(work, call, hand_over.Wish("sales", "Wants a desk.", "api"), flow.now)
    assert (failed.state, failed.ended_at, failed.look_at) == (TransferState.FAILED, flow.now, None)
    assert again.phone == FIRST


async def test_a_place_is_free_again_though_the_call_crashed(flow: Flow) -> None:
    call = await flow.handed_over(FIRST, parked=False)
    async with flow.database.begin() as work:
        await work.calls.abandoned("one", at=NOW)
    flow.now += hand_over.TELLING
    await flow.desk.sweep()
    async with flow.database.read() as work:
        assert not await work.transfers.places_taken([FIRST])
    assert (await flow.call(call)).reason == "server stopped"


async def test_a_restart_leaves_a_call_alone_that_is_with_a_human_agent(flow: Flow) -> None:
    call = await flow.handed_over(FIRST)
    async with flow.database.begin() as work:
        assert await work.calls.abandoned("one", at=NOW) == []
    assert (await flow.call(call)).status is CallStatus.TRANSFERRING


async def test_a_carrier_that_says_the_call_is_over_ends_its_transfer(flow: Flow) -> None:
    call = await flow.handed_over(FIRST)
    await flow.connect()
    await flow.desk.carrier_over(flow.organisation, call.id)
    assert (await flow.call(call)).reason == "caller_left"
    assert (await flow.transfer(call)).state is TransferState.CALLER_LEFT
