"""What is known of a call for certain, and what is laid beneath what others wrote."""

from __future__ import annotations

from typing import Any

import pytest

from server.analysis.details import laid_beneath
from server.analysis.facts import facts
from server.analysis.options import mistake, of_flow
from server.plan import call_plan, unobeyed
from storage.records import Speaker
from tests.storage.samples import a_call, a_flow, a_turn

CALL = a_call("org_1", duration=20.0, language="en-IN", reason="goodbye")


def told(*turns: tuple[Speaker, str, float, float]) -> dict[str, Any]:
    return facts(
        CALL,
        [
            a_turn(CALL.id, place, speaker=speaker, text=text, at=at, seconds=seconds, interrupted=place == 0)
            for place, (speaker, text, at, seconds) in enumerate(turns)
        ],
        (),
    )


def test_times_are_of_each_side_and_of_neither() -> None:
    agent, customer = Speaker.AGENT, Speaker.CUSTOMER
    found = told((agent, "Hello.", 1.0, 4.0), (customer, "Hi.", 4.0, 3.0), (agent, "Yes?", 12.0, 2.0))
    assert found["talk_seconds"] == {"agent": 6.0, "customer": 3.0}
    assert found["silence_share"] == 0.6, "1 before, 5 between and 6 after, of 20"
    assert found["dead_air"] == {"times": 2, "seconds": 11.0, "longest": 6.0}
    assert (found["interruptions"], found["ended_reason"], found["language"]) == (1, "goodbye", "en-IN")
    assert found["answer_latency_ms"] == {"p50": None, "p95": None}


def test_a_call_without_a_word_is_all_silence() -> None:
    found = told()
    assert (found["silence_share"], found["turns"]) == (1.0, {"agent": 0, "customer": 0})
    assert facts(a_call("org_1"), (), ())["silence_share"] is None


@pytest.mark.parametrize(
    ("text", "asks"),
    [
        ("Please don't call me again", True),
        ("STOP CALLING", True),
        ("take me off your list", True),
        ("never ever call this number", True),
        ("mujhe call mat karo", True),
        ("मुझे फोन मत करो", True),
        ("I will call you later, don't worry", False),
        ("stop, I am calling a taxi", False),
    ],
)
def test_an_opt_out_is_heard_word_for_word_from_the_customer_alone(text: str, asks: bool) -> None:
    assert told((Speaker.CUSTOMER, text, 1.0, 1.0))["opt_out_asked"] is asks
    assert told((Speaker.AGENT, text, 1.0, 1.0))["opt_out_asked"] is False


def test_what_others_wrote_stays_and_what_we_wrote_changes() -> None:
    laid = laid_beneath
    assert laid({}, {"a": {"b": 1}}, {}) == {"a": {"b": 1}}
    assert laid({"a": {"b": 2}}, {"a": {"b": 1, "c": 3}}, {}) == {"a": {"b": 2, "c": 3}}
    assert laid({"a": "theirs"}, {"a": {"b": 1}}, {}) == {"a": "theirs"}
    assert laid({"a": None}, {"a": 1}, {}) == {"a": None}, "a null that somebody wrote is a word too"
    assert laid({"a": 1, "x": 0}, {"a": 2}, {"a": 1}) == {"a": 2, "x": 0}
    assert laid({"a": 5}, {"a": 2}, {"a": 1}) == {"a": 5}
    assert laid({"a": {"b": 1, "c": 9}}, {"a": None}, {"a": {"b": 1}}) == {"a": {"b": 1, "c": 9}}
    assert laid({"a": {"b": 1, "c": 1}}, {"a": {"c": 2}}, {"a": {"b": 1, "c": 1}}) == {"a": {"c": 2}}
    assert laid({"a": 1, "b": 2}, {}, {"a": 1, "b": 3}) == {"b": 2}


def test_a_flow_says_what_is_made_of_its_calls() -> None:
    config = {"success_rubric": "They agreed.", "extraction_schema": {"type": "object"}, "qms_scores": ["opening"]}
    analysis = call_plan(None, a_flow("org_1", config=config), {}).analysis
    assert (analysis.criteria, analysis.rubric, analysis.scores) == ("They agreed.", "PassFail", ("opening",))
    assert analysis.extraction_schema == {"type": "object"}
    assert of_flow({"success_rubric": "Checklist"}) == {"rubric": "Checklist"}


@pytest.mark.parametrize(
    ("config", "says"),
    [
        ({"extraction_schema": "product"}, "config.extraction_schema must be a JSON object"),
        ({"extraction_schema": {"description": "x" * 20_000}}, "config.extraction_schema must come to at most"),
        ({"qms_scores": {"opening": 3}}, "config.qms_scores must be a valid tuple"),
        ({"qms_scores": ["<b>"]}, "config.qms_scores.0 is wrong"),
        ({"success_rubric": 5}, "config.success_rubric must be a valid string"),
    ],
)
def test_what_cannot_be_understood_costs_no_call_and_is_told(config: dict[str, Any], says: str) -> None:
    flow = a_flow("org_1", config=config)
    assert str(mistake(config)).startswith(says)
    assert call_plan(None, flow, {}).analysis.extraction_schema is None
    (warning,) = unobeyed(None, flow)
    assert warning.startswith(says)
