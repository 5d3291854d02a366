"""Exotel's status reports: the samples, the three encodings, and what is none."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.transports.exotel_dials import samples
from tests.transports.exotel_exchange import ExotelExchange
from tests.transports.exotel_subscribers import Encoding, Manner, encoded
from tests.transports.exotel_visits import Reports, reports
from transports.carrier import CarrierState, CarrierStatus
from transports.exotel.callbacks import LONGEST_REPORT, Event, ReportError, read_report

DELIVERIES = samples("exotel_status_callbacks.jsonl")
SID = "fab0c0ffee0000000000000000000001"
RECORDING = "https://recordings.exotel.com/fabricated/rec1.mp3"
COMPLETED = CarrierStatus(SID, CarrierState.COMPLETED, talk_seconds=118, recording=RECORDING)
EXPECTED = {
    "answered_json": (Event.ANSWERED, CarrierStatus(SID, CarrierState.IN_PROGRESS), "lead-42"),
    "terminal_completed_json": (Event.TERMINAL, COMPLETED, "lead-42"),
    "terminal_no_answer_json": (Event.TERMINAL, CarrierStatus(SID, CarrierState.NO_ANSWER, talk_seconds=0), "lead-42"),
    "terminal_busy_json": (Event.TERMINAL, CarrierStatus(SID, CarrierState.BUSY, talk_seconds=0), "lead-42"),
    "terminal_failed_json": (Event.TERMINAL, CarrierStatus(SID, CarrierState.FAILED, talk_seconds=0), "lead-42"),
    "terminal_machine_json": (
        Event.TERMINAL,
        CarrierStatus(SID, CarrierState.COMPLETED, machine=True, talk_seconds=118, recording=RECORDING),
        "lead-42",
    ),
    "default_minimal_form": (Event.TERMINAL, CarrierStatus(SID, CarrierState.COMPLETED, recording=RECORDING), ""),
    "default_minimal_multipart": (Event.TERMINAL, CarrierStatus(SID, CarrierState.COMPLETED), ""),
    "terminal_form_bracketed": (Event.TERMINAL, COMPLETED, "lead-42"),
    "duplicate_delivery_json": (Event.TERMINAL, COMPLETED, "lead-42"),
    "late_answered_after_terminal_json": (
        Event.ANSWERED,
        CarrierStatus(SID, CarrierState.IN_PROGRESS, recording=RECORDING),
        "lead-42",
    ),
    "v3_terminal_json": (Event.TERMINAL, CarrierStatus(SID, CarrierState.NO_ANSWER, talk_seconds=0), "lead-42"),
}
ENCODINGS: list[Encoding] = ["json", "form", "multipart"]


def delivered(name: str) -> tuple[str, bytes]:
    request = DELIVERIES[name]["request"]
    body = request["body"] if "body" in request else json.dumps(request["json"])
    return request["headers"]["Content-Type"], body.encode()


def json_report(**fields: Any) -> bytes:
    return json.dumps({"CallSid": SID, "Status": "completed"} | fields).encode()


def test_every_sample_is_exercised() -> None:
    assert set(DELIVERIES) == set(EXPECTED)


@pytest.mark.parametrize("name", EXPECTED)
def test_the_samples(name: str) -> None:
    report = read_report(*delivered(name))
    assert (report.event, report.status, report.custom) == EXPECTED[name]
    assert report.carrier_call == SID


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("name", [name for name in EXPECTED if name.endswith("_json") and name != "v3_terminal_json"])
def test_a_report_means_the_same_in_every_encoding(name: str, encoding: Encoding) -> None:
    report = DELIVERIES[name]["request"]["json"]
    assert read_report(*encoded(report, encoding)) == read_report(*delivered(name))


@pytest.mark.parametrize("content_type", ["application/json; charset=utf-8", "text/plain", ""])
def test_json_is_known_by_its_look(content_type: str) -> None:
    assert read_report(content_type, b" " + json_report()).status.state is CarrierState.COMPLETED


def test_a_boundary_may_be_quoted_and_followed_by_more() -> None:
    content_type, body = delivered("default_minimal_multipart")
    quoted = content_type.replace("----fabboundary", '"----fabboundary"; charset=utf-8')
    assert quoted != content_type
    assert read_report(quoted, body) == read_report(content_type, body)


@pytest.mark.parametrize("spelling", ["Machine", "MACHINE", "machine"])
def test_a_machine_is_one_however_it_is_spelt(spelling: str) -> None:
    assert read_report("application/json", json_report(Legs=[{"AnsweredBy": spelling}])).status.machine


@pytest.mark.parametrize("status", ["completed", "busy", "no-answer", "failed", "canceled"])
def test_an_event_that_is_not_named_is_told_by_the_status(status: str) -> None:
    assert read_report("", json_report(Status=status)).event is Event.TERMINAL
    assert read_report("", json_report(Status="ringing")).event is Event.RINGING


def test_in_progress_is_an_answer_only_if_it_is_called_one() -> None:
    assert read_report("", json_report(Status="in-progress")).status.state is CarrierState.QUEUED
    answered = read_report("", json_report(Status="in-progress", EventType="ANSWERED"))
    assert answered.status.state is CarrierState.IN_PROGRESS


@pytest.mark.parametrize(
    ("details", "state", "reason"),
    [
        ({"state": "active", "status": None}, CarrierState.RINGING, ""),
        ({"state": "terminal", "status": "completed"}, CarrierState.COMPLETED, ""),
        ({"state": "terminal", "status": "from_leg_unanswered"}, CarrierState.NO_ANSWER, ""),
        ({"state": "terminal", "status": "from_leg_cancelled"}, CarrierState.CANCELED, ""),
        ({"state": "terminal", "status": "to_leg_no_dial"}, CarrierState.FAILED, "no_dial"),
        ({"state": "terminal", "status": "from_leg_no_dial"}, CarrierState.FAILED, "no_dial"),
    ],
)
def test_the_states_of_version_3(details: dict[str, Any], state: CarrierState, reason: str) -> None:
    body = json.dumps({"response": {"call_details": {"sid": SID} | details}}).encode()
    status = read_report("application/json", body).status
    assert (status.state, status.reason) == (state, reason)


@pytest.mark.parametrize(
    ("content_type", "body", "kind"),
    [
        ("application/json", b"{", "bad_json"),
        ("application/json", b"[]", "not_an_object"),
        ("application/json", b"{}", "no_call_sid"),
        ("application/json", json_report(CallSid="../../x"), "no_call_sid"),
        ("application/json", json_report(CallSid=["a"]), "no_call_sid"),
        ("application/json", json_report(Status="risen"), "bad_status"),
        ("application/json", json_report(Status=None), "bad_status"),
        ("application/json", json_report(Status="in-progress", EventType="terminal"), "not_terminal"),
        ("application/json", b'{"call_details": {"sid": "a", "state": "gone"}}', "bad_status"),
        ("application/json", b"x" * (LONGEST_REPORT + 1), "too_long"),
        ("application/x-www-form-urlencoded", b"\xff\xfe", "bad_form"),
        ("application/x-www-form-urlencoded", b"a=1&" * 200, "bad_form"),
        ("application/x-www-form-urlencoded", b"", "no_call_sid"),
        ("multipart/form-data", b"--x\r\n", "bad_multipart"),
        ("multipart/form-data; boundary=x", b"", "bad_multipart"),
        ("multipart/form-data; boundary=x", b'--x\r\nContent-Disposition: form-data; name="Ca', "bad_multipart"),
        ("multipart/form-data; boundary=x", b"\r\n--x" * 200, "bad_multipart"),
        ("multipart/form-data; boundary=x\r\nA: b", b"nothing", "bad_multipart"),
    ],
)
def test_what_is_no_report_is_named(content_type: str, body: bytes, kind: str) -> None:
    with pytest.raises(ReportError) as caught:
        read_report(content_type, body)
    assert caught.value.kind == kind


@given(
    st.sampled_from(["application/json", "application/x-www-form-urlencoded", "multipart/form-data; boundary=b", "é"]),
    st.binary(max_size=200) | st.recursive(st.none() | st.text(), st.lists).map(json.dumps).map(str.encode),
)
def test_nothing_that_comes_in_is_worse_than_no_report(content_type: str, body: bytes) -> None:
    with pytest.raises(ReportError):
        read_report(content_type, body)


@given(
    st.dictionaries(
        st.sampled_from(["Legs", "ConversationDuration", "EventType", "CustomField", "AnsweredBy", "Details"]),
        st.recursive(
            st.none() | st.booleans() | st.floats(allow_nan=False, allow_infinity=False) | st.integers() | st.text(),
            lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3),
            max_leaves=8,
        ),
    ),
)
def test_strange_fields_do_not_hide_the_end_of_a_call(fields: dict[str, Any]) -> None:
    body = json.dumps({"CallSid": SID, "Status": "busy"} | fields).encode()
    assert read_report("application/json", body).status.state is CarrierState.BUSY


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("extended", [True, False])
async def test_a_whole_call_is_told_over_the_wire(encoding: Encoding, extended: bool) -> None:
    told = await reports("0001", Manner(callbacks=encoding, extended=extended))
    states = [report.status.state for report in told.read]
    ended = [CarrierState.COMPLETED]
    assert states == ([CarrierState.IN_PROGRESS, *ended] if extended else ended)
    assert {report.carrier_call for report in told.read} == {told.call.sid}


@pytest.mark.parametrize(
    ("digits", "state", "machine"),
    [
        ("0002", CarrierState.NO_ANSWER, False),
        ("0003", CarrierState.BUSY, False),
        ("0004", CarrierState.COMPLETED, True),
        ("0005", CarrierState.FAILED, False),
    ],
)
async def test_every_end_of_a_call_is_told_over_the_wire(digits: str, state: CarrierState, machine: bool) -> None:
    told = await reports(digits, Manner(ring=0, talk=0))
    last = told.read[-1]
    assert (last.event, last.status.state, last.status.machine) == (Event.TERMINAL, state, machine)
    assert last.custom == "cal_1"


async def test_copies_come_as_often_as_they_are_sent() -> None:
    told = await reports("0001", Manner(ring=0, talk=0, copies=3))
    assert [report.event for report in told.read] == [Event.ANSWERED] * 3 + [Event.TERMINAL] * 3


async def test_shuffled_reports_are_all_told_in_another_order() -> None:
    told = await reports("0001", Manner(ring=0, talk=0, copies=3, shuffled=True, seed=4))
    events = [report.event for report in told.read]
    assert sorted(events) == [Event.ANSWERED] * 3 + [Event.TERMINAL] * 3
    assert events != sorted(events)


async def test_missing_reports_do_not_come() -> None:
    assert (await reports("0001", Manner(ring=0, talk=0, missing=1.0))).read == []
    assert (await reports("0001", Manner(ring=0, talk=0, callbacks="none"))).read == []


async def test_a_report_that_is_not_taken_is_sent_three_times() -> None:
    told = await reports("0002", Manner(ring=0), status=500)
    assert len(told.read) == 3


async def test_a_forged_report_is_only_as_good_as_its_token() -> None:
    """What the stand-in offers to those who must refuse one: any body, to any URL."""
    async with ExotelExchange() as exchange, Reports() as server:
        forged = {"CallSid": "f" * 32, "Status": "completed"}
        assert await exchange.tell(forged, server.url.replace("token=fab", "token=wrong")) == 200
        assert [request.query["token"] for request in server.requests] == ["wrong"]
        assert server.read[0].carrier_call == "f" * 32
        assert await exchange.tell(forged, "http://127.0.0.1:1/") == 0
