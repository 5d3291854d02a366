"""Exotel's messages, in every spelling that its pages and samples use."""

import base64
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.audio import encode
from transports.exotel.wire import (
    Cleared,
    Connected,
    Dtmf,
    Event,
    Mark,
    Media,
    Start,
    Stop,
    Unknown,
    WireError,
    Writer,
    parse,
)

SAMPLES = Path(__file__).parent / "samples"
CASES = {
    row["name"]: row["frames"]
    for row in map(json.loads, (SAMPLES / "exotel_voicebot_variants.jsonl").read_text().splitlines())
    if row["kind"] == "case"
}
SESSION = [json.loads(row) for row in (SAMPLES / "exotel_voicebot_session.jsonl").read_text().splitlines()]


def read(name: str) -> list[Event]:
    return [parse(json.dumps(frame)) for frame in CASES[name]]


def test_numbers_may_be_numbers() -> None:
    start, media = read("ints_instead_of_strings")
    assert isinstance(start, Start)
    assert (start.codec, start.rate) == ("pcm16", 8000)
    assert isinstance(media, Media)
    assert (len(media.payload), media.chunk) == (320, 2)


def test_keys_may_be_in_camel_case() -> None:
    (start,) = read("camel_case_keys")
    assert start == Start(
        "MZfab0000000000000000000000000001",
        "fab0c0ffee0000000000000000000001",
        "exampleaccount1",
        "pcm16",
        16000,
        "+919800000001",
        "+918000000002",
        {"k": "v"},
    )


def test_extras_are_ignored() -> None:
    assert read("connected_with_protocol") == [Connected()]


def test_the_media_format_names_the_codec() -> None:
    start, media = read("mulaw_media_format")
    assert isinstance(start, Start)
    assert start.codec == "mulaw"
    assert isinstance(media, Media)
    assert len(media.payload) == 160


def test_all_but_the_ids_may_be_missing() -> None:
    start, media = read("missing_optional_fields")
    assert isinstance(start, Start)
    assert (start.codec, start.rate, start.from_number, dict(start.custom)) == ("pcm16", None, "", {})
    assert isinstance(media, Media)
    assert media.chunk == 0


def test_ends_and_notices_are_read() -> None:
    assert read("stop_before_start") == [Connected(), Stop("callended")]
    assert read("stop_reason_stopped") == [Stop("stopped")]
    assert read("inbound_clear_echo") == [Cleared()]
    assert read("unknown_event") == [Unknown()]


def test_the_order_of_media_is_there_to_be_checked() -> None:
    assert [media.chunk for media in read("out_of_order_media") if isinstance(media, Media)] == [8, 7]


def test_half_a_sample_is_passed_on() -> None:
    (media,) = read("odd_length_pcm")
    assert isinstance(media, Media)
    assert len(media.payload) == 3


def test_two_starts_are_two_starts() -> None:
    assert all(isinstance(start, Start) for start in read("duplicate_start"))


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        (json.dumps(CASES["bad_base64"][0]), "bad_base64"),
        ('{"event":"media","media":{"payload":7}}', "bad_base64"),
        ('{"event":"media","media":{"payload":"é"}}', "bad_base64"),
        ('{"event":"media"}', "no_media"),
        ('{"event":"media","media":{}}', "no_media"),
        ("{", "bad_json"),
        (b"\xff\xfe", "bad_json"),
        ('{"a":' * 100_000, "bad_json"),
        ("[]", "not_an_object"),
        ("{}", "no_event"),
        ('{"event":["media"]}', "no_event"),
    ],
)
def test_what_cannot_be_read_is_named(text: str | bytes, kind: str) -> None:
    with pytest.raises(WireError) as caught:
        parse(text)
    assert caught.value.kind == kind


def test_a_whole_recorded_session_is_read() -> None:
    frames = [row["frame"] for row in SESSION if row["kind"] == "frame" and row["dir"] == "exotel_to_bot"]
    events = [parse(json.dumps(frame)) for frame in frames]
    kinds = [type(event) for event in events]
    assert kinds[:3] == [Connected, Start, Media]
    assert Dtmf("5") in events
    assert Mark("utt-1-end") in events
    assert events[-1] == Stop("callended")


def test_nothing_private_is_in_a_repr() -> None:
    (start,) = read("camel_case_keys")
    assert "9800000001" not in repr(start)


ODD_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)
FIELDS = ["start", "media", "dtmf", "mark", "stop", "media_format", "custom_parameters", "payload", "chunk", "digit"]


@given(st.binary() | st.text())
def test_no_bytes_break_the_reader(text: bytes | str) -> None:
    kind_of(text)


@given(
    st.sampled_from(["connected", "start", "media", "dtmf", "mark", "stop", "clear", "?"]),
    st.dictionaries(
        st.sampled_from(FIELDS), ODD_VALUES | st.dictionaries(st.sampled_from(FIELDS), ODD_VALUES, max_size=4)
    ),
)
def test_no_shape_breaks_the_reader(event: str, message: dict[str, Any]) -> None:
    assert kind_of(json.dumps({"event": event, **message})) in {"", "bad_json", "no_media", "bad_base64"}


def kind_of(text: bytes | str) -> str:
    """What is wrong with it; whatever else may be raised fails the test."""
    try:
        parse(text)
    except WireError as error:
        return error.kind
    return ""


def test_the_extended_shape_holds_every_key_that_some_reader_wants() -> None:
    writer = Writer("MZ1", shape="extended")
    writer.media(bytes(320), 0.0)
    message = json.loads(writer.media(b"\x01\x02" * 160, 1.25))
    assert message == {
        "event": "media",
        "stream_sid": "MZ1",
        "streamSid": "MZ1",
        "sequence_number": "2",
        "media": {
            "chunk": "2",
            "timestamp": "1250",
            "sequenceNumber": "2",
            "payload": base64.b64encode(b"\x01\x02" * 160).decode(),
        },
    }
    assert json.loads(writer.clear()) == {"event": "clear", "stream_sid": "MZ1", "streamSid": "MZ1"}
    assert json.loads(writer.mark("1.0"))["mark"] == {"name": "1.0"}


def test_the_minimal_shape_is_the_documented_one() -> None:
    writer = Writer("MZ1", shape="minimal")
    assert json.loads(writer.media(bytes(4), 9.0)) == {
        "event": "media",
        "stream_sid": "MZ1",
        "media": {"payload": "AAAAAA=="},
    }
    assert json.loads(writer.clear()) == {"event": "clear", "stream_sid": "MZ1"}


def test_a_mulaw_stream_is_written_in_mulaw() -> None:
    message = json.loads(Writer("MZ1", codec="mulaw").media(bytes(640), 0.0))
    assert base64.b64decode(message["media"]["payload"]) == encode(bytes(640), "mulaw")


@given(st.text(st.characters(blacklist_categories=["Cs"])))
def test_a_streams_id_is_opaque(sid: str) -> None:
    assert json.loads(Writer(sid, shape="extended").media(bytes(2), 0.0))["stream_sid"] == sid
    assert json.loads(Writer(sid, shape="minimal").media(bytes(2), 0.0))["stream_sid"] == sid
