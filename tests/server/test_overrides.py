from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from processors import catalogue
from server.call_plan import CallPlan
from server.overrides import OBEYED, applied, merged, obeyed, translated

CUSTOM = {"provider": "custom-llm", "url": "http://llm.example.com/v1"}
KEY = {"provider": "openai", "apiKey": "sk-theirs"}
OWN_LLM: dict[str, Any] = {
    "provider": "openai",
    "options": {"api_key": "sk-own", "base_url": "http://own.example.com/v1"},
}


def nested(path: str, value: Any) -> dict[str, Any]:
    for key in reversed(path.split(".")):
        value = {key: value}
    assert isinstance(value, dict)
    return value


def planned(overrides: dict[str, Any], config: dict[str, Any] | None = None) -> CallPlan:
    """What a call of this config does under these overrides."""
    plan = CallPlan.model_validate(config or {})
    return CallPlan.model_validate(applied(config or {}, translated(overrides, plan)))


def heeded(overrides: dict[str, Any], config: dict[str, Any] | None = None) -> frozenset[str]:
    return obeyed(overrides, CallPlan.model_validate(config or {}))


CHANGES: dict[str, tuple[dict[str, Any], Any, Any]] = {
    "firstMessage": ({}, "Hello.", "Namaste."),
    "firstMessageMode": ({"firstMessage": "Hello."}, "assistant-speaks-first", "assistant-waits-for-user"),
    "variableValues": ({}, {"name": "Asha"}, {"name": "Ravi"}),
    "model.messages": (
        {"model": CUSTOM},
        [{"role": "system", "content": "Be kind."}],
        [{"role": "system", "content": "Be brief."}],
    ),
    "model.provider": ({"model": {"url": CUSTOM["url"]}, "credentials": [KEY]}, "openai", "custom-llm"),
    "model.url": ({"model": CUSTOM}, "http://one.example.com", "http://two.example.com"),
    "model.model": ({"model": CUSTOM}, "small", "large"),
    "model.temperature": ({"model": CUSTOM}, 0.1, 0.9),
    "model.maxTokens": ({"model": CUSTOM}, 100, 200.5),
    "credentials": ({"model": {"provider": "openai"}}, [KEY], [{**KEY, "apiKey": "sk-other"}]),
    "transcriber.provider": ({}, "nextneural", "deepgram"),
    "transcriber.language": ({}, "en-GB", "en-US"),
    "voice.provider": ({}, "nextneural", "11labs"),
    "voice.voiceId": ({}, "espeak+f2", "espeak+m3"),
    "voice.speed": ({}, 0.8, 1.2),
    "startSpeakingPlan.smartEndpointingPlan.provider": ({}, "vapi", "livekit"),
    "startSpeakingPlan.smartEndpointingEnabled": ({}, True, False),
    "startSpeakingPlan.transcriptionEndpointingPlan.onPunctuationSeconds": ({}, 0.1, 0.2),
    "startSpeakingPlan.transcriptionEndpointingPlan.onNoPunctuationSeconds": ({}, 1.5, 2),
    "startSpeakingPlan.transcriptionEndpointingPlan.onNumberSeconds": ({}, 0.5, 1),
    "startSpeakingPlan.waitSeconds": ({}, 0.4, 2),
    "stopSpeakingPlan.numWords": ({}, 0, 3),
    "stopSpeakingPlan.acknowledgementPhrases": ({}, ["right"], ["right", "go ahead"]),
    "stopSpeakingPlan.interruptionPhrases": ({}, ["stop"], ["stop", "excuse me"]),
    "keypadInputPlan.enabled": ({}, True, False),
    "keypadInputPlan.timeoutSeconds": ({}, 2, 3.5),
    "keypadInputPlan.delimiters": ({}, "#", ["*"]),
    "voicemailDetection": ({}, "off", {"provider": "vapi"}),
    "voicemailDetection.provider": ({}, "vapi", "off"),
    "voicemailDetection.enabled": ({}, True, False),
    "voicemailDetection.beepMaxAwaitSeconds": ({}, 15, 25),
    "voicemailDetection.machineDetectionSpeechThreshold": ({}, 2400, 4000),
    "voicemailDetection.machineDetectionSpeechEndThreshold": ({}, 700, 1200),
    "voicemailDetection.machineDetectionSilenceTimeout": ({}, 2000, 5000),
    "voicemailMessage": ({}, "Call us.", "Call again."),
    "voice.fallbackPlan.voices": ({}, [{"provider": "nextneural"}], [{"provider": "nextneural", "speed": 1.5}]),
    "transcriber.fallbackPlan.transcribers": ({}, [{"provider": "nextneural"}], [{"provider": "nextneural"}] * 2),
    "model.fallbackModels": ({"model": CUSTOM}, ["small"], ["small", "smaller"]),
    "maxDurationSeconds": ({}, 600, 60),
    "artifactPlan.recordingEnabled": ({}, True, False),
    "analysisPlan.minMessagesThreshold": ({"model": CUSTOM}, 2, 3.5),
    "analysisPlan.summaryPlan.enabled": ({"model": CUSTOM}, True, False),
    "analysisPlan.successEvaluationPlan.enabled": ({"model": CUSTOM}, True, False),
    "analysisPlan.successEvaluationPlan.rubric": ({"model": CUSTOM}, "PassFail", "Checklist"),
    "analysisPlan.structuredDataPlan.enabled": (
        {"model": CUSTOM, "analysisPlan": {"structuredDataPlan": {"schema": {"type": "object"}}}},
        True,
        False,
    ),
    "analysisPlan.structuredDataPlan.schema": (
        {"model": CUSTOM, "analysisPlan": {"structuredDataPlan": {"enabled": True}}},
        {"type": "object", "properties": {"a": {"type": "string", "x-ours": 1}}},
        {"type": "object", "properties": {"b": {"type": "string"}}},
    ),
}
"""For each field: what stands beside it, and two values of it."""

UNLIKE: dict[str, dict[str, Any]] = {
    "transcriber.provider": {"stt": {"provider": "scripted", "options": {"lines": ["hello"]}}},
    "voice.provider": {"tts": {"provider": "scripted", "options": {}}},
    "startSpeakingPlan.smartEndpointingPlan.provider": {"smart_turn": False},
}
"""Configs over which those values make a difference; over any other field's none is needed."""


def test_every_obeyed_field_is_held_to_it() -> None:
    assert set(CHANGES) == OBEYED


@pytest.mark.parametrize("path", sorted(OBEYED))
def test_another_value_of_an_obeyed_field_makes_another_plan(path: str) -> None:
    beside, one, another = CHANGES[path]
    config = UNLIKE.get(path)
    first, second = merged(beside, nested(path, one)), merged(beside, nested(path, another))
    assert path in heeded(first, config)
    assert planned(first, config) != planned(second, config)


def test_nothing_said_changes_nothing() -> None:
    silent: tuple[dict[str, Any], ...] = ({}, {"voice": {}, "firstMessage": None, "hooks": []})
    for overrides in silent:
        assert translated(overrides, CallPlan()) == {}
        assert heeded(overrides) == frozenset()


def test_what_cannot_be_is_refused() -> None:
    with pytest.raises(ValidationError):
        translated({"firstMesage": "Hi."}, CallPlan())


def test_objects_merge_and_all_else_is_replaced() -> None:
    campaign = {"voice": {"voiceId": "x", "chunkPlan": {"enabled": True}}, "endCallPhrases": ["bye"], "name": "A"}
    customer = {"voice": {"chunkPlan": {"minCharacters": 10}}, "endCallPhrases": ["ciao"]}
    assert merged(campaign, None, customer) == {
        "voice": {"voiceId": "x", "chunkPlan": {"enabled": True, "minCharacters": 10}},
        "endCallPhrases": ["ciao"],
        "name": "A",
    }
    assert campaign["voice"] == {"voiceId": "x", "chunkPlan": {"enabled": True}}, "the layers are left as they were"


def test_a_null_clears() -> None:
    cleared = merged({"voice": {"speed": 1.2, "voiceId": "x"}, "name": "A"}, {"voice": {"speed": None}})
    assert cleared == {"voice": {"speed": None, "voiceId": "x"}, "name": "A"}
    assert merged({"voice": {"speed": 1.2}}, {"voice": None}, {"voice": {"voiceId": "x"}}) == {
        "voice": {"voiceId": "x"}
    }


def test_an_assistant_that_waits_says_no_first_message() -> None:
    waiting = {"firstMessage": "Hello.", "firstMessageMode": "assistant-waits-for-user"}
    assert planned(waiting, {"greeting": "Good day."}).greeting == ""
    assert {"firstMessage", "firstMessageMode"} <= heeded(waiting)


def test_a_first_message_that_is_a_sound_is_not_read_out() -> None:
    sound = {"firstMessage": "https://example.com/hello.mp3"}
    assert planned(sound, {"greeting": "Good day."}).greeting == "Good day."
    assert heeded(sound) == frozenset()


def test_a_first_message_of_the_models_own_is_not_made_yet() -> None:
    made = {"firstMessageMode": "assistant-speaks-first-with-model-generated-message"}
    assert heeded(made) == frozenset()


def test_system_messages_are_the_prompt_and_others_are_not_obeyed() -> None:
    told = [{"role": "system", "content": "Be kind."}, {"role": "system", "content": "Be brief."}]
    overrides: dict[str, Any] = {"model": {**CUSTOM, "messages": told}}
    assert planned(overrides).prompt == "Be kind.\n\nBe brief."
    overrides["model"]["messages"] = [*told, {"role": "user", "content": "Hi."}]
    assert planned(overrides).prompt == "Be kind.\n\nBe brief."
    assert "model.messages" not in heeded(overrides)


def test_a_script_follows_no_instructions_and_that_is_told() -> None:
    overrides = {"model": {"messages": [{"role": "system", "content": "Be kind."}]}}
    assert "model.messages" not in heeded(overrides)
    assert "model.messages" in heeded(overrides, {"llm": OWN_LLM})


def test_a_custom_model_is_reached_by_its_url() -> None:
    overrides = {"model": {**CUSTOM, "model": "llama", "temperature": 0.3, "maxTokens": 250}}
    llm = planned(overrides, {"llm": {"provider": "embedded", "options": {"script": "front_desk"}}}).llm
    assert llm.provider == "openai"
    options = catalogue.load("llm", llm.provider).Options.model_validate(llm.options).model_dump()
    assert (options["base_url"], options["model"]) == (CUSTOM["url"], "llama")
    assert (options["temperature"], options["max_tokens"], options["token_param"]) == (0.3, 250, "max_tokens")


def test_the_agents_own_key_goes_to_nobody_else() -> None:
    llm = planned({"model": CUSTOM}, {"llm": OWN_LLM}).llm
    assert llm.options["base_url"] == CUSTOM["url"]
    assert llm.options["api_key"] == ""
    theirs = planned({"model": {"provider": "openai"}, "credentials": [KEY]}, {"llm": OWN_LLM}).llm
    assert theirs.options == {"api_key": "sk-theirs"}


@pytest.mark.parametrize(
    "model",
    [
        {"provider": "openai", "model": "gpt-4.1"},
        {"provider": "anthropic", "model": "claude", "temperature": 1},
        {"provider": "custom-llm", "model": "llama"},
        {"temperature": 0.5, "maxTokens": 100},
    ],
)
def test_a_model_that_cannot_be_reached_is_not_obeyed(model: dict[str, Any]) -> None:
    assert translated({"model": model}, CallPlan()) == {}
    assert heeded({"model": model}) == frozenset()
    foreign = {"model": model, "credentials": [{"provider": "groq", "apiKey": "k"}]}
    assert heeded(foreign) == frozenset()


def test_the_models_options_hold_for_the_agents_own_model() -> None:
    overrides = {"model": {"model": "mini", "temperature": 0.5}}
    llm = planned(overrides, {"llm": OWN_LLM}).llm
    assert llm.options == {**OWN_LLM["options"], "model": "mini", "temperature": 0.5}
    assert heeded(overrides, {"llm": OWN_LLM}) == {"model.model", "model.temperature"}


def test_keys_that_nobody_needs_are_not_obeyed() -> None:
    two = {"model": {"provider": "openai"}, "credentials": [KEY, {"provider": "s3"}]}
    assert planned(two).llm.provider == "openai"
    assert heeded(two) == {"model.provider"}


@pytest.mark.parametrize(
    "voice",
    [
        {"provider": "azure", "voiceId": "andrew", "speed": 1.1},
        {"voiceId": "andrew"},
        {"provider": "nextneural", "voiceId": "andrew"},
        {"speed": 3},
    ],
)
def test_a_voice_that_we_do_not_have_leaves_the_one_that_we_have(voice: dict[str, Any]) -> None:
    assert translated({"voice": voice}, CallPlan()) == {}
    assert heeded({"voice": voice}) <= {"voice.provider"}


def test_a_voice_keeps_the_options_that_nothing_is_said_of() -> None:
    own = {"tts": {"provider": "embedded", "options": {"language": "hi-IN", "voice": "auto"}}}
    assert planned({"voice": {"voiceId": "espeak", "speed": 1.2}}, own).tts.options == {
        "language": "hi-IN",
        "voice": "espeak",
        "speed": 1.2,
    }


def test_another_provider_comes_without_the_options_of_the_one_before() -> None:
    own = {"tts": {"provider": "scripted", "options": {"rate": 16000}}}
    tts = planned({"voice": {"provider": "nextneural", "speed": 1.2}}, own).tts
    assert (tts.provider, tts.options) == ("embedded", {"speed": 1.2})


@pytest.mark.parametrize(
    "transcriber", [{"language": "hi"}, {"language": "multi"}, {"provider": "deepgram", "language": "en"}]
)
def test_the_embedded_recogniser_is_asked_for_english_only(transcriber: dict[str, Any]) -> None:
    assert heeded({"transcriber": transcriber}) == frozenset()
    assert planned({"transcriber": transcriber}, {"language": "en-IN"}).language == "en-IN"


def speaking(**start: Any) -> CallPlan:
    return planned({"startSpeakingPlan": start})


def test_waits_by_the_texts_end_count_only_where_no_model_judges() -> None:
    waits = {"onPunctuationSeconds": 0.1, "onNoPunctuationSeconds": 1.5, "onNumberSeconds": 0.5}
    by_text = speaking(transcriptionEndpointingPlan=waits)
    assert (by_text.turns.after_sentence, by_text.turns.after_open, by_text.turns.after_number) == (0.1, 1.5, 0.5)
    assert not by_text.smart_turn
    judged = speaking(transcriptionEndpointingPlan=waits, smartEndpointingPlan={"provider": "vapi"})
    assert judged == CallPlan()


def test_the_smart_plan_stands_above_the_older_switch() -> None:
    assert speaking(smartEndpointingPlan={"provider": "vapi"}, smartEndpointingEnabled=False).smart_turn
    assert not speaking(smartEndpointingEnabled=False).smart_turn
    livekit = {"smartEndpointingPlan": {"provider": "livekit", "waitFunction": "500"}}
    assert heeded({"startSpeakingPlan": livekit}) == frozenset()


def test_a_wait_is_a_floor_under_every_other() -> None:
    turns = speaking(waitSeconds=1, transcriptionEndpointingPlan={"onPunctuationSeconds": 0.1}).turns
    assert (turns.after_sentence, turns.after_number, turns.after_open) == (1, 1, 1.2)
    assert speaking(waitSeconds=0) == CallPlan()


def test_phrases_are_added_and_cannot_be_taken_away() -> None:
    turns = planned({"stopSpeakingPlan": {"interruptionPhrases": ["excuse me"], "numWords": 1.1}}).turns
    assert (turns.interruptions, turns.interrupt_words) == (("excuse me",), 2)
    assert heeded({"stopSpeakingPlan": {"interruptionPhrases": [], "acknowledgementPhrases": []}}) == frozenset()


def test_how_long_a_voice_must_last_is_not_obeyed_yet() -> None:
    assert heeded({"stopSpeakingPlan": {"voiceSeconds": 0.4, "backoffSeconds": 2}}) == frozenset()


def keys(config: dict[str, Any] | None = None, **keypad: Any) -> Any:
    return planned({"keypadInputPlan": keypad}, config).keypad


def test_keys_are_heard_where_they_are_asked_for() -> None:
    assert keys(enabled=False, timeoutSeconds=3) is None
    assert keys({"keypad": None}, timeoutSeconds=3) is None
    assert keys({"keypad": None}, enabled=True, timeoutSeconds=3).timeout == 3
    assert keys({"keypad": {"delimiter": "*"}}, enabled=True).delimiter == "*"


def test_a_delimiter_is_one_key_or_none() -> None:
    assert keys(delimiters="*").delimiter == "*"
    assert keys(delimiters=["#"]).delimiter == "#"
    assert keys(delimiters="").delimiter == keys(delimiters=[]).delimiter == ""
    assert heeded({"keypadInputPlan": {"delimiters": ["#", "*"]}}) == frozenset()


def test_an_analysis_is_asked_of_nobody_where_a_script_answers() -> None:
    asked = {"analysisPlan": {"summaryPlan": {"enabled": True}, "structuredDataPlan": {"schema": {"type": "object"}}}}
    assert translated(asked, CallPlan()) == {}
    assert heeded(asked) == frozenset()
    assert heeded(asked, {"llm": OWN_LLM}) == {
        "analysisPlan.summaryPlan.enabled",
        "analysisPlan.structuredDataPlan.schema",
    }


def test_data_is_extracted_only_where_it_is_switched_on() -> None:
    schema = {"type": "object", "properties": {"a": {"type": "string"}}}
    asked: dict[str, Any] = {"analysisPlan": {"structuredDataPlan": {"schema": schema}}}
    assert planned(asked, {"llm": OWN_LLM}).analysis.extraction_schema is None
    asked["analysisPlan"]["structuredDataPlan"]["enabled"] = True
    assert planned(asked, {"llm": OWN_LLM}).analysis.extraction_schema == schema
