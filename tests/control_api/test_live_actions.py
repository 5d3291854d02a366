from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from control_api.access.limits import Limits, Rules
from control_api.web.errors import RefusedError
from storage.database import Database
from storage.records import Call, CallStatus, CallType, Outcome, Scope
from storage.seed import Seeded
from tests.control_api.api import Api, serving_api
from tests.storage.customer_samples import a_customer
from tests.storage.samples import NOW, a_call

PHONE, OURS = "+919876543210", "+918040000000"
LONG = "x" * 501


@dataclass
class Calls:
    """Whoever has the calls that are on the line."""

    told: list[tuple[str, Mapping[str, Any]]] = field(default_factory=list)
    refusal: RefusedError | None = None

    async def __call__(self, call: Call, command: Mapping[str, Any]) -> Mapping[str, Any]:
        if self.refusal is not None:
            raise self.refusal
        self.told.append((call.id, command))
        return {"ok": True}


@pytest.fixture
def calls() -> Calls:
    return Calls()


@pytest.fixture
async def api(database: Database, seeded: Seeded, tmp_path: Path, calls: Calls) -> AsyncIterator[Api]:
    async with serving_api(database, tmp_path, commands=calls) as api:
        yield api


async def a_live_call(api: Api, seeded: Seeded, **about: Any) -> Call:
    given = {"status": CallStatus.IN_PROGRESS, "from_number": PHONE, "to_number": OURS, **about}
    call = a_call(seeded.organisation, **given)
    async with api.database.begin(seeded.organisation) as work:
        await work.calls.open(call)
    return call


ACTIONS: list[tuple[str, Any, dict[str, Any], str]] = [
    ("say", {"text": " Hello. "}, {"do": "say", "text": "Hello.", "interrupt": False}, "say_initiated"),
    ("say", {"text": "Hi.", "interrupt": True}, {"do": "say", "text": "Hi.", "interrupt": True}, "say_initiated"),
    ("message", {"text": "Be brief."}, {"do": "message", "text": "Be brief.", "answer": False}, "message_delivered"),
    ("mute", None, {"do": "mute"}, "muted"),
    ("unmute", None, {"do": "unmute"}, "unmuted"),
    ("dtmf", {"digits": "1w*#"}, {"do": "dtmf", "digits": "1w*#"}, "dtmf_initiated"),
]


@pytest.mark.either
@pytest.mark.parametrize("prefix", ["", "/v1"])
@pytest.mark.parametrize(("action", "body", "command", "status"), ACTIONS)
async def test_a_live_call_is_told_what_was_asked(
    api: Api, seeded: Seeded, calls: Calls, prefix: str, action: str, body: Any, command: dict[str, Any], status: str
) -> None:
    call = await a_live_call(api, seeded)
    answer = await api.post(f"{prefix}/calls/{call.id}/{action}", body)
    assert (answer.status, answer.body) == (200, {"status": status, "call_uuid": call.id})
    assert calls.told == [(call.id, command)]


@pytest.mark.parametrize("reason", ["wrong_number", "hostile_caller", "workflow_close", None])
async def test_a_live_call_is_ended_for_a_reason(api: Api, seeded: Seeded, calls: Calls, reason: str | None) -> None:
    call = await a_live_call(api, seeded)
    answer = await api.post(f"/calls/{call.id}/end", {"reason": reason} if reason else {})
    reason = reason or "workflow_close"
    assert answer.status == 200
    assert answer.body == {"status": "end_initiated", "call_uuid": call.id, "reason": reason}
    assert calls.told == [(call.id, {"do": "end", "reason": reason, "say": None})]
    async with api.database.read(seeded.organisation) as work:
        assert await work.phones.opted_out([PHONE]) == frozenset()


async def test_the_last_sentence_goes_along(api: Api, seeded: Seeded, calls: Calls) -> None:
    call = await a_live_call(api, seeded)
    await api.post(f"/v1/calls/{call.id}/end", {"reason": "hostile_caller", "say": "Goodbye."})
    assert calls.told == [(call.id, {"do": "end", "reason": "hostile_caller", "say": "Goodbye."})]


@pytest.mark.parametrize(
    ("call_type", "numbers"),
    [
        (CallType.INBOUND, {"from_number": PHONE, "to_number": OURS}),
        (CallType.OUTBOUND, {"from_number": OURS, "to_number": PHONE}),
    ],
)
@pytest.mark.parametrize("known", [True, False])
async def test_who_asks_not_to_be_called_is_called_by_nobody_of_the_organisation_any_more(
    api: Api, seeded: Seeded, calls: Calls, call_type: CallType, numbers: dict[str, str], known: bool
) -> None:
    customer = a_customer(seeded.organisation, phone=PHONE)
    if known:
        async with api.database.begin(seeded.organisation) as work:
            assert await work.customers.add(customer)
    call = await a_live_call(api, seeded, call_type=call_type, customer_id=customer.id if known else None, **numbers)
    answer = await api.post(f"/calls/{call.id}/end", {"reason": "dnc_request"})
    assert answer.body["reason"] == "dnc_request"
    async with api.database.read(seeded.organisation) as work:
        assert await work.phones.opted_out([PHONE, OURS]) == {PHONE}
    if known:
        assert (await api.get(f"/customers/{customer.id}")).body["opted_out"] is True
    assert len(calls.told) == 1


async def test_a_customer_who_called_from_another_phone_is_called_on_neither(api: Api, seeded: Seeded) -> None:
    customer = a_customer(seeded.organisation, phone="+919876500000")
    async with api.database.begin(seeded.organisation) as work:
        assert await work.customers.add(customer)
    call = await a_live_call(api, seeded, customer_id=customer.id)
    await api.post(f"/calls/{call.id}/end", {"reason": "dnc_request"})
    async with api.database.read(seeded.organisation) as work:
        assert await work.phones.opted_out([PHONE, customer.phone]) == {PHONE, customer.phone}


async def test_a_wish_not_to_be_called_is_kept_though_the_call_ends_meanwhile(
    api: Api, seeded: Seeded, calls: Calls
) -> None:
    calls.refusal = RefusedError(409, "Call is not currently active")
    call = await a_live_call(api, seeded)
    assert (await api.post(f"/calls/{call.id}/end", {"reason": "dnc_request"})).status == 409
    async with api.database.read(seeded.organisation) as work:
        assert await work.phones.opted_out([PHONE]) == {PHONE}


BODIES: dict[str, Any] = {
    "end": {},
    "say": {"text": "Hello."},
    "message": {"text": "Hello."},
    "mute": None,
    "unmute": None,
    "dtmf": {"digits": "1"},
}


@pytest.mark.parametrize("action", BODIES)
async def test_a_call_that_is_not_live_is_told_nothing(api: Api, seeded: Seeded, calls: Calls, action: str) -> None:
    over = await a_live_call(api, seeded)
    async with api.database.begin(seeded.organisation) as work:
        await work.calls.ended(over.id, at=NOW, outcome=Outcome.CONNECTED, reason="callended")
    answer = await api.post(f"/calls/{over.id}/{action}", BODIES[action])
    assert (answer.status, answer.detail) == (409, "Call is not currently active")
    for status in (CallStatus.QUEUED, CallStatus.DIALING, CallStatus.RINGING):
        early = await a_live_call(api, seeded, status=status, call_type=CallType.OUTBOUND)
        answer = await api.post(f"/calls/{early.id}/{action}", BODIES[action])
        assert (answer.status, answer.detail) == (409, "The call has not been answered yet")
    answer = await api.post(f"/calls/cal_nobodys/{action}", BODIES[action])
    assert (answer.status, answer.detail) == (404, "Call not found")
    _, stranger = await api.stranger()
    live = await a_live_call(api, seeded)
    assert (await api.post(f"/calls/{live.id}/{action}", BODIES[action], token=stranger)).status == 404
    reader = await api.key(*(set(Scope) - {Scope.CALLS_WRITE}))
    assert (await api.post(f"/calls/{live.id}/{action}", BODIES[action], token=reader)).status == 403
    assert calls.told == []
    for refusal in (RefusedError(409, "Call is not currently active"), RefusedError(503, "Its process is away")):
        calls.refusal = refusal
        answer = await api.post(f"/calls/{live.id}/{action}", BODIES[action])
        assert (answer.status, answer.detail) == (refusal.status, refusal.detail)


@pytest.mark.either
@pytest.mark.parametrize(
    ("action", "body", "field"),
    [
        ("end", {"reason": "boredom"}, "reason"),
        ("end", {"say": LONG}, "say"),
        ("end", {"say": "  "}, "say"),
        ("end", {"reason": "dnc_request", "hangup": True}, "hangup"),
        ("say", {}, "text"),
        ("say", {"text": ""}, "text"),
        ("say", {"text": LONG}, "text"),
        ("say", {"text": "Hello.", "interrupt": "perhaps"}, "interrupt"),
        ("message", {"text": "x" * 2001}, "text"),
        ("message", {"text": "Hello.", "answer": None}, "answer"),
        ("dtmf", {"digits": ""}, "digits"),
        ("dtmf", {"digits": "12a"}, "digits"),
        ("dtmf", {"digits": "1" * 33}, "digits"),
        ("dtmf", {"digits": "\u0661"}, "digits"),
    ],
)
async def test_bad_input_names_its_field_and_tells_the_call_nothing(
    api: Api, seeded: Seeded, calls: Calls, action: str, body: Any, field: str
) -> None:
    call = await a_live_call(api, seeded)
    answer = await api.post(f"/calls/{call.id}/{action}", body)
    assert (answer.status, answer.detail.split()[0]) == (400, field)
    assert calls.told == []
    async with api.database.read(seeded.organisation) as work:
        assert await work.phones.opted_out([PHONE]) == frozenset()


async def test_a_call_is_ended_ten_times_a_minute_at_most(
    database: Database, seeded: Seeded, tmp_path: Path, calls: Calls
) -> None:
    async with serving_api(database, tmp_path, commands=calls, limits=Limits(None, Rules.parse("on"))) as api:
        call = await a_live_call(api, seeded)
        answers = [await api.post(f"/calls/{call.id}/end", {}) for _ in range(11)]
    assert [answer.status for answer in answers] == [200] * 10 + [429]
    assert answers[-1].detail == "Rate limit exceeded: 10/minute"


async def test_a_server_that_has_no_calls_says_so(database: Database, seeded: Seeded, tmp_path: Path) -> None:
    async with serving_api(database, tmp_path) as api:
        call = await a_live_call(api, seeded)
        answer = await api.post(f"/calls/{call.id}/mute")
    assert (answer.status, answer.detail) == (409, "Call is not currently active")


async def test_live_calls_are_told_with_where_they_are_and_since_when(api: Api, seeded: Seeded) -> None:
    inbound = await a_live_call(api, seeded, answered_at=NOW, node="two")
    outbound = await a_live_call(api, seeded, call_type=CallType.OUTBOUND, status=CallStatus.RINGING)
    over = replace(inbound, id=f"{inbound.id}x")
    async with api.database.begin(seeded.organisation) as work:
        await work.calls.open(over)
        await work.calls.ended(over.id, at=NOW, outcome=Outcome.CONNECTED, reason="callended")
    shown = (await api.get("/calls/live")).body
    assert [(call["uuid"], call["node"], call["status"]) for call in shown["calls"]] == [
        (inbound.id, "two", "in_progress")
    ]
    assert shown["calls"][0]["since"] == NOW.strftime("%Y-%m-%dT%H:%M:%SZ")
    for wanted, found in (("outbound", {outbound.id}), ("all", {inbound.id, outbound.id}), ("browser", set())):
        page = (await api.get(f"/v1/calls/live?call_type={wanted}")).body
        assert ({call["uuid"] for call in page["calls"]}, page["total"]) == (found, len(found))
    assert (await api.get("/calls/live?call_type=fax")).status == 400
