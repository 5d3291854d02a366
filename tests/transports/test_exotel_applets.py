from __future__ import annotations

import json
from urllib.parse import parse_qsl

import pytest

from transports.exotel.applets import AppletError, Connection, DialState, dial_state, read_fields

QUERY = "CallSid=CA1&CallFrom=09800000001&Stream%5BDisconnectedBy%5D=bot&digits=%221%22"


def test_a_query_a_form_and_json_say_the_same_in_any_case() -> None:
    pairs = parse_qsl(QUERY)
    expected = {"callsid": "CA1", "callfrom": "09800000001", "stream[disconnectedby]": "bot", "digits": "1"}
    assert read_fields(pairs, "", b"") == expected
    assert read_fields([], "application/x-www-form-urlencoded", QUERY.encode()) == expected
    assert read_fields([], "application/json", json.dumps(dict(pairs)).encode()) == expected
    assert read_fields([("callSID", "CA1")], "", b"") == {"callsid": "CA1"}


def test_what_is_no_text_is_left_out() -> None:
    assert read_fields([], "application/json", b'{"CallSid": "CA1", "Legs": [1], "Stream": {"a": 1}}') == {
        "callsid": "CA1"
    }


@pytest.mark.parametrize(
    ("kind", "body", "word"),
    [
        ("application/json", b"{", "bad_json"),
        ("application/json", b"[]", "not_an_object"),
        ("application/x-www-form-urlencoded", b"a=\xff", "bad_form"),
        ("text/plain", b"x" * 20_000, "too_long"),
    ],
)
def test_a_body_that_cannot_be_read_is_told_by_a_word(kind: str, body: bytes, word: str) -> None:
    with pytest.raises(AppletError, match=f"^{word}$"):
        read_fields([], kind, body)


@pytest.mark.parametrize(
    ("fields", "state"),
    [
        ({"dialcallstatus": "ringing"}, DialState.DIALLED),
        ({"dialcallstatus": "in-progress"}, DialState.ANSWERED),
        ({"dialcallstatus": "Completed"}, DialState.OVER),
        ({"dialcallstatus": "no_answer"}, DialState.NO_ANSWER),
        ({"dialcallstatus": "no-answer", "callstatus": "in-progress"}, DialState.NO_ANSWER),
        ({"dialcallstatus": "busy"}, DialState.BUSY),
        ({"dialcallstatus": "rejected"}, DialState.DECLINED),
        ({"dialcallstatus": "canceled"}, DialState.CALLER_LEFT),
        ({"dialcallstatus": "failed"}, DialState.FAILED),
        ({"dialcallstatus": "no-answer", "calltype": "client-hangup"}, DialState.CALLER_LEFT),
        ({"eventtype": "Dial"}, DialState.DIALLED),
        ({"eventtype": "Answered", "status": "free"}, DialState.ANSWERED),
        ({"eventtype": "Terminal", "status": "busy"}, DialState.BUSY),
        ({"dialcallstatus": "something new"}, None),
        ({}, None),
    ],
)
def test_what_became_of_a_number_is_one_of_a_few_words(fields: dict[str, str], state: DialState | None) -> None:
    assert dial_state(fields) is state


def test_a_connection_is_told_as_exotel_documents_it() -> None:
    connection = Connection(
        "+919800000003",
        "+918000000002",
        ring_seconds=45,
        talk_seconds=3600,
        is_recorded=True,
        whisper="Transferred call from the assistant.",
        events_url="https://ours/events",
        asks_again=False,
    )
    assert connection.told() == {
        "fetch_after_attempt": False,
        "destination": {"numbers": ["+919800000003"]},
        "outgoing_phone_number": "+918000000002",
        "record": True,
        "recording_channels": "dual",
        "max_ringing_duration": 45,
        "max_conversation_duration": 3600,
        "music_on_hold": {"type": "operator_tone"},
        "start_call_playback": {
            "playback_to": "callee",
            "type": "text",
            "value": "Transferred call from the assistant.",
        },
        "parallel_ringing": {"activate": False},
        "dial_passthru_event_url": "https://ours/events",
    }
    assert "+9198" not in repr(connection)
