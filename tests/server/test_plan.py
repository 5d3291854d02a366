from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from server import demo
from server.call_plan import CallPlan
from server.overrides import left_out
from server.plan import call_plan, unknown_placeholders, unobeyed
from tests.storage.samples import a_flow, an_agent

BY_ID = f": {left_out.BY_ID}"


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


def test_an_agent_speaks_with_its_voice_unless_its_config_names_another() -> None:
    voice = {"provider": "nextneural", "speaker": "espeak+f2", "language_code": "ta-IN"}
    flow = a_flow("org_1")
    made = call_plan(an_agent("org_1", voice_config=voice), flow, {})
    assert (made.tts.provider, made.tts.options, made.language) == ("embedded", {"voice": "espeak+f2"}, "ta-IN")
    config = {"tts": {"provider": "embedded", "options": {"voice": "espeak"}}, "language": "hi-IN"}
    made = call_plan(an_agent("org_1", config=config, voice_config=voice), flow, {})
    assert (made.tts.options, made.language) == ({"voice": "espeak"}, "hi-IN")
    for other in ({"provider": "azure", "speaker": "neerja"}, {"provider": "nextneural", "speaker": "aria-custom"}):
        assert call_plan(an_agent("org_1", config={}, voice_config=other), flow, {}).tts.options == {}
    hosted = {"provider": "sarvam", "speaker": "anushka", "model": "bulbul:v2", "language_code": "hi-IN"}
    made = call_plan(an_agent("org_1", config={}, voice_config=hosted), flow, {})
    assert (made.tts.provider, made.language) == ("sarvam", "hi-IN")
    assert made.tts.options == {"speaker": "anushka", "model": "bulbul:v2"}
    assert [behind.provider for behind in made.tts.fallbacks] == ["embedded"]


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


def test_a_disclosure_is_no_part_of_the_greeting() -> None:
    made = plan({"greeting": "Hello."}, {"recording_disclosure": "{{shop}} records this call."}, shop="Lakeside")
    assert (made.disclosure, made.greeting) == ("Lakeside records this call.", "Hello.")


@pytest.mark.parametrize("word", ["hipaaEnabled", "pciEnabled"])
def test_a_call_of_which_nothing_is_kept_is_not_recorded_whatever_a_config_above_speaks_of(word: str) -> None:
    agent = an_agent("org_1", config={"keeping": {"redact": ["cards"]}})
    below = {"compliancePlan": {word: True}}
    made = call_plan(agent, a_flow("org_1"), {}, organisation=below)
    assert (made.record, made.keeping.nothing, made.keeping.redact) == (False, True, ("cards",))


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


def greeted(
    *,
    organisation: dict[str, Any] | None = None,
    agent: dict[str, Any] | None = None,
    agent_overrides: dict[str, Any] | None = None,
    flow: dict[str, Any] | None = None,
    flow_overrides: dict[str, Any] | None = None,
    customer: dict[str, Any] | None = None,
) -> str:
    return call_plan(
        an_agent("org_1", config=agent or {}, assistant_overrides=agent_overrides or {}),
        a_flow("org_1", config=flow or {}, assistant_overrides=flow_overrides or {}),
        {},
        organisation=organisation,
        customer=customer,
    ).greeting


LEVELS: list[tuple[str, dict[str, Any]]] = [
    ("organisation", {"firstMessage": "0"}),
    ("agent", {"greeting": "1"}),
    ("agent_overrides", {"firstMessage": "2"}),
    ("flow", {"greeting": "3"}),
    ("flow_overrides", {"firstMessage": "4"}),
    ("customer", {"firstMessage": "5"}),
]
"""Lowest first."""


@pytest.mark.parametrize("top", range(len(LEVELS)))
def test_each_level_stands_above_those_below_it(top: int) -> None:
    assert greeted(**dict(LEVELS[: top + 1])) == str(top)
    assert greeted(**dict([LEVELS[top]])) == str(top)
    for below in range(top):
        assert greeted(**dict([LEVELS[below], LEVELS[top]])) == str(top)


def test_a_null_gives_the_word_back_to_what_our_own_records_say() -> None:
    assert (
        greeted(agent={"greeting": "1"}, flow_overrides={"firstMessage": "4"}, customer={"firstMessage": None}) == "1"
    )
    assert greeted(flow_overrides={"firstMessage": "4"}, customer={"firstMessage": None}) == ""


def test_overrides_of_several_levels_are_read_together() -> None:
    waits = {"firstMessageMode": "assistant-waits-for-user"}
    assert greeted(flow_overrides=waits, customer={"firstMessage": "5"}) == ""
    assert greeted(agent_overrides=waits, flow={"greeting": "3"}) == "3"
    assert greeted(agent_overrides=waits, flow={"greeting": "3"}, flow_overrides={"firstMessage": "4"}) == "4"


def test_a_customers_part_of_an_object_leaves_the_rest() -> None:
    flow = a_flow(
        "org_1",
        assistant_overrides={"model": {"provider": "custom-llm", "url": "http://llm.example.com", "temperature": 0.1}},
    )
    llm = call_plan(None, flow, {}, customer={"model": {"temperature": 0.9}}).llm
    assert (llm.options["base_url"], llm.options["temperature"]) == ("http://llm.example.com", 0.9)


def test_the_agents_own_words_stand_above_all_that_the_organisation_says_of_the_same() -> None:
    organisation = {
        "model": {"provider": "custom-llm", "url": "http://llm.example.com"},
        "startSpeakingPlan": {"transcriptionEndpointingPlan": {"onNumberSeconds": 2}},
        "artifactPlan": {"recordingEnabled": False},
    }
    agent = an_agent("org_1", config={"llm": {"provider": "embedded"}, "smart_turn": True})
    made = call_plan(agent, a_flow("org_1"), {}, organisation=organisation)
    assert (made.llm.provider, made.smart_turn, made.record) == ("embedded", True, False)
    assert call_plan(None, a_flow("org_1"), {}, organisation=organisation).llm.provider == "openai"


def test_the_flows_language_stands_above_its_agents_transcriber() -> None:
    agent = an_agent("org_1", assistant_overrides={"transcriber": {"language": "en-GB"}})
    assert call_plan(agent, a_flow("org_1"), {}).language == "en-GB"
    assert call_plan(agent, a_flow("org_1", language_code="ta-IN"), {}).language == "ta-IN"


def test_variables_are_gathered_name_by_name() -> None:
    agent = an_agent(
        "org_1",
        config={"greeting": "{{a}} {{b}} {{c}} {{d}} {{e}}", "variables": {"a": 1, "b": 1, "c": 1, "d": 1, "e": 1}},
        assistant_overrides={"variableValues": {"b": 2, "c": 2, "d": 2, "e": 2}},
    )
    flow = a_flow("org_1", assistant_overrides={"variableValues": {"c": 3, "d": 3, "e": 3}})
    organisation = {"variableValues": {"a": 0}}
    made = call_plan(agent, flow, {"d": 4, "e": 4}, organisation=organisation, customer={"variableValues": {"e": 5}})
    assert made.greeting == "1 2 3 4 5"


def test_overrides_speak_in_placeholders_too() -> None:
    flow = a_flow(
        "org_1",
        assistant_overrides={
            "firstMessage": "Hello {{name}}.",
            "model": {"messages": [{"role": "system", "content": "You talk to {{name}}."}]},
        },
    )
    made = call_plan(None, flow, {"name": "Asha"})
    assert (made.greeting, made.prompt) == ("Hello Asha.", "You talk to Asha.")


def test_overrides_that_cannot_be_are_refused() -> None:
    with pytest.raises(ValidationError):
        call_plan(None, a_flow("org_1", assistant_overrides={"firstMesage": "Hi."}), {})


def test_what_a_call_will_not_obey_is_told_of_the_topmost_level() -> None:
    agent = an_agent("org_1", assistant_overrides={"monitorPlan": {"monitorIds": ["m_1"]}})
    flow = a_flow("org_1", assistant_overrides={"model": {"toolIds": ["t_1"]}, "firstMessage": "Hi."})
    customer = {"transcriber": {"fallbackPlan": {"transcribers": [{"provider": "deepgram"}]}}}
    told = ["assistantOverrides.transcriber.fallbackPlan.transcribers is not obeyed yet"]
    assert unobeyed(agent, None) == ["assistantOverrides.monitorPlan.monitorIds is not obeyed yet" + BY_ID]
    assert unobeyed(agent, flow) == ["assistantOverrides.model.toolIds is not obeyed yet" + BY_ID]
    assert unobeyed(agent, flow, customer=customer) == told
    assert unobeyed(None, None, organisation=customer) == told


def test_what_is_obeyed_depends_on_the_levels_below() -> None:
    warm = {"model": {"temperature": 0.5}}
    flow = a_flow("org_1", assistant_overrides=warm)
    own = an_agent("org_1", config={"llm": {"provider": "openai", "options": {"api_key": "sk"}}})
    assert unobeyed(None, flow) == ["assistantOverrides.model.temperature is not obeyed yet"]
    assert unobeyed(own, flow) == []


def test_placeholders_that_nothing_is_known_of_are_found() -> None:
    agent = an_agent("org_1", config={"greeting": "Hello {{name}} of {{shop}}.", "variables": {"shop": "Lakeside"}})
    flow = a_flow(
        "org_1",
        config={"recording_disclosure": "{{company}} records."},
        assistant_overrides={
            "model": {"messages": [{"role": "system", "content": "Order {{order_id}} of {{nam}}, {{order_id|none}}."}]},
            "variableValues": {"day": "Monday"},
        },
    )
    assert unknown_placeholders(agent, flow, ["name", "order_id"]) == ["company", "nam"]
    assert unknown_placeholders(agent, flow, ()) == ["name", "company", "order_id", "nam"]


def test_a_placeholder_into_a_known_object_is_looked_up() -> None:
    agent = an_agent(
        "org_1",
        config={"greeting": "{{shop.name}} {{shop.city}} {{customer.name}}", "variables": {"shop": {"name": "L"}}},
    )
    assert unknown_placeholders(agent, a_flow("org_1"), {"customer.name"}) == ["shop.city"]


UNHEEDED = "the embedded engine follows a script and takes no instructions: "
A_MODEL = {"llm": {"provider": "openai", "options": {"api_key": "k"}}}


@pytest.mark.parametrize(
    ("config", "told"),
    [
        ({"prompt": "Be brief."}, [f"{UNHEEDED}give it a script or choose a language model"]),
        (
            {"prompt": "Be brief.", "llm": {"provider": "embedded", "options": {"script": "front_desk"}}},
            [f"{UNHEEDED}choose a language model"],
        ),
        ({"prompt": "Be brief.", **A_MODEL}, []),
        ({"greeting": "Hello."}, []),
    ],
)
def test_instructions_to_a_script_are_warned_of(config: dict[str, Any], told: list[str]) -> None:
    agent = an_agent("org_1", config=config)
    assert unobeyed(agent, None) == unobeyed(agent, a_flow("org_1")) == told
    assert unobeyed(None, None, organisation={}) == []
    by_flow = a_flow("org_1", config={"persona_prompt": "Be kind."})
    assert bool(unobeyed(agent, by_flow)) == ("llm" not in config or bool(told))


def test_a_flows_guardrails_stand_above_its_agents() -> None:
    agent = {"guardrails": ["Be kind."]}
    assert plan(agent).guardrails == ("Be kind.",)
    assert plan(agent, {"guardrails": ["no_price_fabrication", " Never swear. "]}).guardrails == (
        "no_price_fabrication",
        "Never swear.",
    )
    assert plan(agent, {"guardrails": "no_stock_fabrication"}).guardrails == ("no_stock_fabrication",)
    with pytest.raises(ValidationError):
        plan(agent, {"guardrails": [3]})


@pytest.mark.parametrize(
    ("config", "names"),
    [
        ({"guardrails": ["no_price_fabrication"], "llm": {"provider": "openai"}}, ()),
        ({"guardrails": ["Be kind."], "llm": {"provider": "openai"}}, ()),
        ({"guardrails": ["Be kind."], "llm": {"provider": "scripted"}}, ("guardrails",)),
        ({"guardrails": ["Be kind."], "knowledge": {"folder": "a"}, "realtime": {}}, ("guardrails", "knowledge")),
        ({"knowledge": {"folder": "a"}}, ("knowledge",)),
    ],
)
def test_what_a_model_does_not_take_is_told(config: dict[str, Any], names: tuple[str, ...]) -> None:
    warnings = unobeyed(an_agent("org_1", config=config), None)
    assert tuple(warning.split()[0] for warning in warnings) == names


@pytest.mark.parametrize("knowledge", [{}, {"folder": "../x"}, {"folder": "a", "server": {"url": "https://x.example"}}])
def test_knowledge_is_a_folder_or_a_server(knowledge: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        plan({"knowledge": knowledge})
