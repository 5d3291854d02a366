from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from server import demo
from server.plan import CallPlan, call_plan
from tests.storage.samples import a_flow, an_agent


def plan(agent: dict[str, Any] | None = None, flow: dict[str, Any] | None = None, **variables: Any) -> CallPlan:
    """Of an agent's config and a flow's, and what the call itself brings."""
    about = {"config": flow or {}}
    return call_plan(None if agent is None else an_agent("org_1", config=agent), a_flow("org_1", **about), variables)


def test_without_an_agent_everything_has_a_default_that_needs_no_key() -> None:
    made = plan()
    assert (made.stt.provider, made.llm.provider, made.tts.provider) == ("embedded", "embedded", "embedded")
    assert (made.language, made.greeting, made.record, made.smart_turn) == ("en-IN", "", True, True)


def test_the_flow_stands_above_its_agent() -> None:
    agent = {"greeting": "I am the agent's.", "prompt": "Be kind.", "language": "hi-IN"}
    made = plan(agent, {"greeting": "I am the flow's.", "persona_prompt": "Be brief.", "color": "red"})
    assert (made.greeting, made.prompt, made.language) == ("I am the flow's.", "Be brief.", "hi-IN")


def test_an_empty_word_of_the_flow_leaves_the_agents() -> None:
    assert plan({"greeting": "Hello."}, {"greeting": "", "persona_prompt": None}).greeting == "Hello."


def test_the_flows_language_stands_above_its_agents() -> None:
    flow = a_flow("org_1", language_code="ta-IN")
    assert call_plan(an_agent("org_1"), flow, {}).language == "ta-IN"
    assert call_plan(an_agent("org_1", config={"language": "hi-IN"}), flow, {}).language == "ta-IN"
    assert plan({"language": "hi-IN"}).language == "hi-IN"


def test_placeholders_take_the_calls_own_values_first() -> None:
    agent = {
        "greeting": "Hello {{name|there}}, this is {{shop}}.",
        "prompt": "You work at {{shop}} in {{city}}.",
        "variables": {"shop": "Lakeside", "city": "Pune"},
    }
    made = plan(agent, name="Asha", city="Delhi")
    assert made.greeting == "Hello Asha, this is Lakeside."
    assert made.prompt == "You work at Lakeside in Delhi."
    assert made.variables == {"shop": "Lakeside", "city": "Delhi", "name": "Asha"}
    assert plan(agent).greeting == "Hello there, this is Lakeside."


def test_braces_in_a_callers_value_are_text() -> None:
    assert plan({"greeting": "Hello {{name}}.", "variables": {"key": "secret"}}, name="{{key}}").greeting == (
        "Hello {{key}}."
    )


def test_a_disclosure_is_said_after_the_greeting_and_alone_without_one() -> None:
    flow = {"recording_disclosure": "{{shop}} records this call."}
    assert plan({"greeting": "Hello."}, flow, shop="Lakeside").greeting == "Hello. Lakeside records this call."
    assert plan({}, flow, shop="Lakeside").greeting == "Lakeside records this call."


@pytest.mark.parametrize(
    "config",
    [
        {"greetings": "Hello."},
        {"stt": {"provider": "embedded", "key": "x"}},
        {"vad": {"kind": "magic"}},
        {"vad": {"threshold": 2}},
        {"turns": {"after_open": -1}},
        {"keypad": {"delimiter": "##"}},
        {"max_seconds": 0},
        {"record": "perhaps"},
    ],
)
def test_a_plan_that_cannot_be_obeyed_is_refused(config: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        plan(config)


def test_what_is_wrong_with_a_plan_is_told_without_its_words() -> None:
    with pytest.raises(ValidationError) as refused:
        plan({"prompt": ["canary"], "llm": {"api_key": "canary"}})
    assert "prompt" in str(refused.value)
    assert "canary" not in str(refused.value)


def test_the_demo_is_a_plan() -> None:
    made = plan(demo.plan())
    assert "{{" not in made.greeting
    assert "Lakeside Clinic" in made.greeting
