"""The words of Pipecat's clients, and our own."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import orjson
import pytest

from transports.webrtc.language import Asked, Json, Language
from transports.webrtc.plain import Plain
from transports.webrtc.rtvi import PEER_LEFT, Rtvi

ROWS = list(map(orjson.loads, (Path(__file__).parent / "samples" / "rtvi_session.jsonl").read_text().splitlines()))
CLIENT = [row.get("text") or orjson.dumps(row["frame"]).decode() for row in ROWS if row.get("dir") == "client"]
SERVER: dict[str, Any] = {row["frame"]["type"]: row["frame"] for row in ROWS if row.get("dir") == "server"}


def rtvi(kind: str, data: object = None) -> str:
    return orjson.dumps({"label": "rtvi-ai", "type": kind, "id": "x1", "data": data}).decode()


def kinds(messages: Sequence[Json]) -> list[str]:
    return [message["type"] for message in messages]


def test_a_recorded_client_gets_what_it_asks_for() -> None:
    language = Rtvi()
    ping, ready, text, unknown, leave = (language.asked(message) for message in CLIENT)
    assert ping == Asked(pings=True)
    (answer,) = ready.answers
    assert (answer["type"], answer["id"], answer["label"]) == ("bot-ready", "a1b2c3", "rtvi-ai")
    assert answer["data"]["version"] == SERVER["bot-ready"]["data"]["version"]
    assert text == Asked(text="typed text")
    assert [(one["type"], one["id"]) for one in unknown.answers] == [("error-response", "e5")]
    assert leave == Asked(leaves=True)
    assert [PEER_LEFT] == list(language.farewell()) == [SERVER["signalling"]]


def test_why_there_is_no_call_is_an_error_in_both_languages() -> None:
    why = {"type": "error", "error": "All lines are busy."}
    assert Plain().told(why) == (why,)
    (message,) = Rtvi().told(why)
    assert (message["type"], message["data"]) == ("error", {"error": "All lines are busy.", "fatal": True})


def test_a_conversation_has_the_shapes_of_the_recorded_one() -> None:
    language = Rtvi()
    story: list[Json] = [
        {"type": "speech", "timestamp": 1.0},
        {"type": "partial", "speaker": "customer", "text": "hel"},
        {"type": "transcript", "speaker": "customer", "text": "hello", "timestamp": 1.0},
        {"type": "partial", "speaker": "agent", "text": "Hi there."},
        {"type": "transcript", "speaker": "agent", "text": "Hi there. How are you?", "timestamp": 2.0},
    ]
    told = [message for one in story for message in language.told(one)]
    assert kinds(told) == [
        *("user-started-speaking", "user-transcription", "user-input", "user-transcription", "user-input"),
        *("user-stopped-speaking", "bot-output", "bot-output", "bot-transcription"),
    ]
    for message in told:
        if message["type"] in SERVER:
            sample = SERVER[message["type"]]
            assert message.keys() == sample.keys()
            assert message.get("data", {}).keys() == sample.get("data", {}).keys()
    assert [one["data"]["final"] for one in told if one["type"] == "user-transcription"] == [False, True]
    outputs = [one["data"] for one in told if one["type"] == "bot-output"]
    assert [one["text"] for one in outputs] == ["Hi there.", "How are you?"]
    assert outputs[0]["segment_id"] != outputs[1]["segment_id"]
    assert kinds(language.speaking(True)) == ["bot-started-speaking"]
    assert kinds(language.speaking(False)) == ["bot-stopped-speaking"]


def test_what_has_no_word_in_rtvi_goes_as_it_is_and_latencies_as_metrics_too() -> None:
    language = Rtvi()
    steps = {"vad": 0.2, "transcript": 0.25, "turn": 0.3, "first_text": 0.5, "first_audio": 0.62, "on_line": 0.64}
    for message in ({"type": "dead_air", "seconds": 4.0}, {"type": "end", "outcome": "connected"}):
        assert [one["data"] for one in language.told(message)] == [message]
    metrics, raw = language.told({"type": "latency", "reply": 1, **steps})
    assert {one["processor"]: one["value"] for one in metrics["data"]["ttfb"]} == {"stt": 0.05, "llm": 0.2, "tts": 0.12}
    assert raw["data"]["on_line"] == 0.64
    assert kinds(language.told({"type": "interrupted", "timestamp": 1})) == ["bot-interrupted", "server-message"]


def test_what_was_typed_comes_back_as_typed() -> None:
    language = Rtvi()
    language.asked(rtvi("send-text", {"content": "When?"}))
    told = language.told({"type": "transcript", "speaker": "customer", "text": "When?"})
    assert [one["data"]["input_type"] for one in told if one["type"] == "user-input"] == ["chat"]


@pytest.mark.parametrize(
    ("kind", "data", "sentence"),
    [
        ("dtmf", {"buttons": ["1", "x"]}, "buttons must be"),
        ("dtmf", {"buttons": 5}, "buttons must be"),
        ("send-text", {"content": " "}, "content must have"),
        ("send-text", {"content": "Hi", "options": {"run_immediately": False}}, "options.run_immediately"),
        ("send-text", None, "content must have"),
        ("raw-audio", {"base64Audio": "AAAA"}, "raw-audio is not supported"),
    ],
)
def test_what_cannot_be_done_is_answered_with_a_sentence(kind: str, data: object, sentence: str) -> None:
    asked = Rtvi().asked(rtvi(kind, data))
    (answer,) = asked.answers
    assert (answer["type"], answer["id"]) == ("error-response", "x1")
    assert answer["data"]["error"].startswith(sentence)
    assert (asked.digits, asked.text, asked.leaves) == ("", "", False)


def test_keys_are_pressed_in_the_new_words_and_the_old() -> None:
    assert Rtvi().asked(rtvi("dtmf", {"buttons": ["1", "2", "#"]})).digits == "12#"
    assert Rtvi().asked(rtvi("dtmf", {"button": "5"})).digits == "5"


@pytest.mark.parametrize("language", [Rtvi(), Plain()], ids=["rtvi", "plain"])
@pytest.mark.parametrize("text", ["", "{", "null", "[]", '{"type":5}', '{"label":"rtvi-ai"}', "\ud800", '"x"'])
def test_nonsense_does_nothing_but_count(language: Language, text: str) -> None:
    asked = language.asked(text)
    assert asked.trouble
    assert (asked.digits, asked.text, asked.leaves) == ("", "", False)
