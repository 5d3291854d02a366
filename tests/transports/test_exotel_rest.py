"""Exotel's REST API as text: the samples, and what is not in them."""

import json
from base64 import b64encode
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.transports.exotel_dials import DIRECT, FLOW, Wanted, samples
from transports.carrier import CarrierError, CarrierState, CarrierStatus, Trouble
from transports.exotel import rest
from transports.exotel.account import ExotelAccount

EXCHANGES = samples("exotel_rest.jsonl")
STATUS_URL = "https://api.example.com/exotel/status?token=fab"
STREAM_URL = "wss://bots.example.com/ws/exotel/agent_demo?sample-rate=8000&lead=42"
SID = "fab0c0ffee0000000000000000000001"
REFUSALS = {
    "connect_401": Trouble.ACCOUNT,
    "connect_400": Trouble.INVALID_NUMBER,
    "connect_403_dnd": Trouble.REFUSED,
    "connect_429": Trouble.BUSY_LINE,
    "connect_error_xml": Trouble.ACCOUNT,
}
BY_THE_STAND_IN = {"number_metadata", "active_streams"}
"""Not asked by us; `test_exotel_exchange.py` holds the stand-in to them."""
OF_THE_SERVER = {"heartbeat_webhook_in"}
"""Exotel's own request to us, by which no call is placed or found."""


def body_of(name: str) -> bytes:
    response = EXCHANGES[name]["response"]
    text: str = response["body"] if "body" in response else json.dumps(response["json"])
    return text.encode()


def form(account: ExotelAccount, **fields: Any) -> dict[str, list[str]]:
    wanted = Wanted(**{"from_number": "08000000002", "call": "lead-42"} | fields)
    return parse_qs(rest.connect_form(account, wanted, status_url=STATUS_URL, stream_url=STREAM_URL).decode())


def details(**fields: Any) -> bytes:
    call = json.loads(body_of("call_details"))["Call"] | fields
    return json.dumps({"Call": call}).encode()


def test_every_sample_is_exercised() -> None:
    read = {"connect_flow", "connect_direct_bot", "call_details"} | set(REFUSALS)
    assert set(EXCHANGES) == read | BY_THE_STAND_IN | OF_THE_SERVER


def test_a_dial_into_a_flow_is_the_documented_form() -> None:
    sample = parse_qs(EXCHANGES["connect_flow"]["request"]["body"])
    recording = {name: sample.pop(name) for name in ("Record", "RecordingChannels")}
    assert recording  # which we make ourselves
    assert form(FLOW) == sample


def test_a_dial_to_the_bot_gives_the_socket_and_nothing_that_belongs_to_flows() -> None:
    sample = parse_qs(EXCHANGES["connect_direct_bot"]["request"]["body"])
    ours = form(DIRECT)
    assert {name: ours[name] for name in sample if name != "StatusCallbackEvents[]"} == {
        name: value for name, value in sample.items() if name != "StatusCallbackEvents[]"
    }
    assert not {"Url", "TimeOut"} & set(ours)


@pytest.mark.parametrize("name", ["connect_flow", "connect_direct_bot"])
def test_where_and_as_whom_a_dial_is_made_is_as_in_the_samples(name: str) -> None:
    request = EXCHANGES[name]["request"]
    assert f"{FLOW.root}{FLOW.calls}/connect.json" == request["url"]
    assert FLOW.authorization == request["headers"]["Authorization"]


@pytest.mark.parametrize("name", ["connect_flow", "connect_direct_bot"])
def test_an_accepted_dial_gives_the_calls_id(name: str) -> None:
    assert rest.read_placed(body_of(name)) == SID


def test_no_call_may_last_longer_than_exotel_lets_it() -> None:
    assert form(FLOW, max_seconds=20_000)["TimeLimit"] == ["14400"]


def test_a_socket_that_exotel_would_not_take_is_told_before_the_dial() -> None:
    for stream_url in ("wss://bots.example.com/" + "a" * 600, "https://bots.example.com/", ""):
        with pytest.raises(CarrierError) as caught:
            rest.connect_form(DIRECT, Wanted(), status_url=STATUS_URL, stream_url=stream_url)
        assert caught.value.trouble is Trouble.ACCOUNT
        assert "bots" not in str(caught.value)


def test_a_reference_that_does_not_fit_is_told_before_the_dial() -> None:
    with pytest.raises(CarrierError) as caught:
        form(FLOW, call="c" * 129)
    assert caught.value.trouble is Trouble.ACCOUNT
    assert form(FLOW, call="c" * 128)["CustomField"] == ["c" * 128]


@pytest.mark.parametrize(("name", "trouble"), REFUSALS.items())
def test_the_refusals_of_the_samples(name: str, trouble: Trouble) -> None:
    response = EXCHANGES[name]["response"]
    error = rest.refusal(response["status"], response.get("headers", {}), body_of(name))
    assert error.trouble is trouble
    assert error.retry_after == (30 if trouble is Trouble.BUSY_LINE else None)


@pytest.mark.parametrize(
    ("status", "message", "trouble"),
    [
        (400, "Invalid From: not a phone number", Trouble.INVALID_NUMBER),
        (400, "", Trouble.INVALID_NUMBER),
        (422, "Unallocated number", Trouble.INVALID_NUMBER),
        (400, "Invalid CallerId", Trouble.ACCOUNT),
        (400, "Unknown caller id +918000000002", Trouble.ACCOUNT),
        (400, "The Url is no flow of yours", Trouble.ACCOUNT),
        (400, "StreamUrl too long", Trouble.ACCOUNT),
        (400, "bad StatusCallback", Trouble.ACCOUNT),
        (402, "Insufficient balance", Trouble.BALANCE),
        (403, "The customer is on DND", Trouble.REFUSED),
        (403, "Calls to this number are blocked by regulation", Trouble.REFUSED),
        (403, "Account suspended", Trouble.ACCOUNT),
        (403, "Voice AI is not enabled", Trouble.ACCOUNT),
        (404, "Unknown account", Trouble.ACCOUNT),
        (405, "", Trouble.ACCOUNT),
        (408, "", Trouble.DOUBT),
        (409, "Conflict", Trouble.DOUBT),
        (307, "", Trouble.DOUBT),
        (500, "Oops", Trouble.DOUBT),
        (502, "", Trouble.DOUBT),
        (503, "", Trouble.DOUBT),
    ],
)
@pytest.mark.parametrize("shape", ["json", "xml", "text"])
def test_a_refusal_means_the_same_in_every_shape(status: int, message: str, trouble: Trouble, shape: str) -> None:
    body = {
        "json": json.dumps({"RestException": {"Status": status, "Message": message, "Code": 34001}}),
        "xml": f"<TwilioResponse><RestException><Message>{message}</Message><Code>34001</Code></RestException>",
        "text": message,
    }[shape]
    error = rest.refusal(status, {}, body.encode())
    assert error.trouble is trouble
    assert not message or message not in str(error)
    assert ("34001" in str(error)) is (shape != "text")


@given(st.integers(300, 599), st.binary(max_size=300))
def test_no_body_of_a_refusal_can_do_harm(status: int, body: bytes) -> None:
    error = rest.refusal(status, {}, body)
    assert (error.trouble is Trouble.DOUBT) is (status in (408, 409) or not 400 <= status < 500)


@pytest.mark.parametrize(
    ("told", "seconds"),
    [
        ("30", 30),
        (" 7 ", 7),
        ("0", 1),
        ("86400", 300),
        *[(bad, 60) for bad in (None, "", "soon", "-5", "1e9", "nan", "٣٠", "9" * 40, "Wed, 21 Oct 2026 07:28:00 GMT")],
    ],
)
def test_how_long_to_wait_is_always_a_number_to_be_believed(told: str | None, seconds: float) -> None:
    assert rest.retry_after({} if told is None else {"Retry-After": told}) == seconds


def test_call_details_tell_how_long_was_talked() -> None:
    status = rest.read_details(body_of("call_details"))
    recording = "https://recordings.exotel.com/fabricated/rec1.mp3"
    assert status == CarrierStatus(SID, CarrierState.COMPLETED, talk_seconds=118, recording=recording)


@pytest.mark.parametrize(
    ("fields", "state"),
    [
        ({"Status": "queued"}, CarrierState.QUEUED),
        ({"Status": "ringing"}, CarrierState.RINGING),
        ({"Status": "failed"}, CarrierState.FAILED),
        ({"Status": "busy"}, CarrierState.BUSY),
        ({"Status": "no-answer"}, CarrierState.NO_ANSWER),
        ({"Status": "canceled"}, CarrierState.CANCELED),
        ({"Status": "in-progress", "Details": None}, CarrierState.QUEUED),
        ({"Status": "in-progress", "Details": {"Leg1Status": None, "Legs": []}}, CarrierState.QUEUED),
        ({"Status": "in-progress", "Details": {"Leg1Status": "ringing", "Legs": []}}, CarrierState.QUEUED),
        ({"Status": "in-progress", "Details": {"Leg1Status": "in-progress"}}, CarrierState.IN_PROGRESS),
        ({"Status": "in-progress", "Details": {"Legs": [{"Leg": {"OnCallDuration": 3}}]}}, CarrierState.IN_PROGRESS),
        ({"Status": "in-progress", "AnsweredBy": "Human", "Details": {}}, CarrierState.IN_PROGRESS),
    ],
)
def test_in_progress_alone_means_no_more_than_accepted(fields: dict[str, Any], state: CarrierState) -> None:
    assert rest.read_details(details(**fields)).state is state


def test_a_machine_is_one_however_it_is_spelt() -> None:
    for spelling in ("Machine", "MACHINE", "machine"):
        leg = {"Leg": {"Id": 1, "OnCallDuration": 20, "AnsweredBy": spelling}}
        assert rest.read_details(details(Details={"Legs": [leg]})).machine
    assert not rest.read_details(details(AnsweredBy="NotSure")).machine


def test_a_call_of_one_leg_was_talked_in_as_long_as_the_leg_was_up() -> None:
    one = {"ConversationDuration": 0, "Legs": [{"Leg": {"Id": 1, "OnCallDuration": "21"}}]}
    assert rest.read_details(details(Details=one)).talk_seconds == 21
    assert rest.read_details(details(Details=one, Status="no-answer")).talk_seconds == 0
    assert rest.read_details(details(Details=None)).talk_seconds is None


@pytest.mark.parametrize("value", [True, "abc", "-1", "nan", "inf", 1e9, [], {}])
def test_an_unbelievable_duration_is_none(value: object) -> None:
    assert rest.read_details(details(Details={"ConversationDuration": value})).talk_seconds is None


@pytest.mark.parametrize(
    "body",
    [b"", b"null", b"[]", b"{}", b'{"Call": 1}', b'{"Call": {"Sid": ""}}', b'{"Call": {"Sid": "../x"}}', b"<html>"],
)
def test_what_is_no_call_is_unreadable(body: bytes) -> None:
    for read in (rest.read_placed, rest.read_details):
        with pytest.raises(rest.UnreadableError):
            read(body)


def test_a_status_that_exotel_does_not_have_is_unreadable() -> None:
    with pytest.raises(rest.UnreadableError):
        rest.read_details(details(Status="transcended"))


@pytest.mark.parametrize(
    "page",
    [
        {},
        {"Calls": []},
        {"Metadata": {}},
        {"Calls": None, "Metadata": {}},
        {"Calls": [{}], "Metadata": {}},
        {"Calls": [7], "Metadata": {}},
        {"Calls": [], "Metadata": {"NextPageUri": 2}},
    ],
)
def test_what_is_no_list_is_unreadable_and_never_an_empty_one(page: dict[str, Any]) -> None:
    with pytest.raises(rest.UnreadableError):
        rest.read_page(json.dumps(page).encode())


def test_times_are_indian() -> None:
    at = datetime(2026, 11, 21, 5, 30, 0, tzinfo=UTC)
    assert rest.read_time("2026-11-21 11:00:00") == at
    assert rest.between(at, at) == "gte:2026-11-21 11:00:00;lte:2026-11-21 11:00:00"
    for none in ("1970-01-01 05:30:00", "", None, 5, "2026-11-21T11:00:00", "2026-13-01 00:00:00"):
        assert rest.read_time(none) is None


@pytest.mark.parametrize("spelling", ["+919800000001", "09800000001", "919800000001", "9800000001", "+91 98000 00001"])
def test_a_number_is_known_in_every_spelling(spelling: str) -> None:
    assert rest.same_number(spelling, "+919800000001")
    assert not rest.same_number(spelling, "+919800000002")


def test_an_empty_number_is_nobodys() -> None:
    assert not rest.same_number("", "+919800000001")
    assert not rest.same_number("01", "+919800000001")


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"sid": "../x"}, "sid"),
        ({"api_key": ""}, "api_key"),
        ({"api_key": "a:b"}, "api_key"),
        ({"api_token": ""}, "api_token"),
        ({"subdomain": "evil.example.com"}, "subdomain"),
        ({"app_id": ""}, "app_id"),
        ({"base_url": "ftp://x"}, "base_url"),
    ],
)
def test_an_account_that_cannot_be_names_its_field(fields: dict[str, Any], named: str) -> None:
    good: dict[str, Any] = {"sid": "s", "api_key": "k", "api_token": "t", "app_id": "1"}
    assert ExotelAccount(**good).authorization == "Basic " + b64encode(b"k:t").decode()
    with pytest.raises(ValueError, match=f"^{named} "):
        ExotelAccount(**good | fields)


def test_an_account_does_not_show_its_token() -> None:
    assert FLOW.api_token not in repr(FLOW)
