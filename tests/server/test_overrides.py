from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from processors import catalogue
from processors.wait_function import DEFAULT
from server.call_plan import CallPlan
from server.overrides import OBEYED, applied, merged, obeyed, translated

CUSTOM = {"provider": "custom-llm", "url": "http://llm.example.com/v1"}
KEY = {"provider": "openai", "apiKey": "sk-theirs"}
KNOWS = {"url": "https://know.example.com/ask"}
KNOWLEDGE = {"provider": "custom-knowledge-base", "server": KNOWS}
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


OWN_READER: dict[str, Any] = {
    "startSpeakingPlan": {
        "smartEndpointingPlan": {"provider": "custom-endpointing-model", "server": {"url": "https://a.example.com"}}
    }
}
DENOISING = "backgroundSpeechDenoisingPlan"
TOLD = {"url": "https://crm.example.com/told"}
LANGFUSE = {"provider": "langfuse", "publicKey": "pk", "apiKey": "sk-lf"}
TRACED: dict[str, Any] = {"credentials": [LANGFUSE], "observabilityPlan": {"provider": "langfuse"}}


def asking(text: str) -> dict[str, str]:
    return {"role": "system", "content": text}


FILTERS, CONSENT = "compliancePlan.securityFilterPlan", "compliancePlan.recordingConsentPlan"
FILTERED: dict[str, Any] = {"compliancePlan": {"securityFilterPlan": {"enabled": True}}}
ASKED: dict[str, Any] = {"compliancePlan": {"recordingConsentPlan": {"type": "verbal", "message": "May we?"}}}

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
    "model.knowledgeBase.provider": (
        {"model": {"knowledgeBase": {"server": KNOWS}}},
        "custom-knowledge-base",
        "trieve",
    ),
    "model.knowledgeBase.server.url": (
        {"model": {**CUSTOM, "knowledgeBase": {"provider": "custom-knowledge-base"}}},
        "https://one.example.com/know",
        "https://two.example.com/know",
    ),
    "model.knowledgeBase.server.headers": ({"model": {"knowledgeBase": KNOWLEDGE}}, {"X-Key": "1"}, {"X-Key": "2"}),
    "model.knowledgeBase.server.timeoutSeconds": ({"model": {"knowledgeBase": KNOWLEDGE}}, 1, 1.25),
    "credentials": ({"model": {"provider": "openai"}}, [KEY], [{**KEY, "apiKey": "sk-other"}]),
    "transcriber.provider": ({}, "nextneural", "deepgram"),
    "transcriber.language": ({}, "en-GB", "en-US"),
    "voice.provider": ({}, "nextneural", "11labs"),
    "voice.voiceId": ({}, "espeak+f2", "espeak+m3"),
    "voice.speed": ({}, 0.8, 1.2),
    "voice.model": ({"voice": {"provider": "11labs", "voiceId": "abc"}}, "eleven_flash_v2_5", "eleven_turbo_v2_5"),
    "voice.language": ({"voice": {"provider": "sarvam"}}, "hi-IN", "ta-IN"),
    "transcriber.model": ({"transcriber": {"provider": "sarvam"}}, "saaras:v3", "saaras:v4"),
    "voice.cachingEnabled": ({}, True, False),
    "startSpeakingPlan.smartEndpointingPlan.provider": ({}, "vapi", "livekit"),
    "startSpeakingPlan.smartEndpointingEnabled": ({}, True, False),
    "startSpeakingPlan.transcriptionEndpointingPlan.onPunctuationSeconds": ({}, 0.1, 0.2),
    "startSpeakingPlan.transcriptionEndpointingPlan.onNoPunctuationSeconds": ({}, 1.5, 2),
    "startSpeakingPlan.transcriptionEndpointingPlan.onNumberSeconds": ({}, 0.5, 1),
    "startSpeakingPlan.waitSeconds": ({}, 0.4, 2),
    "startSpeakingPlan.smartEndpointingPlan.waitFunction": (
        {"startSpeakingPlan": {"smartEndpointingPlan": {"provider": "livekit"}}},
        "100 * x",
        "200 * x",
    ),
    "startSpeakingPlan.smartEndpointingPlan.server.url": (OWN_READER, "https://a.example.com", "https://b.example.com"),
    "startSpeakingPlan.smartEndpointingPlan.server.headers": (OWN_READER, {"X-Key": "1"}, {"X-Key": "2"}),
    "startSpeakingPlan.smartEndpointingPlan.server.timeoutSeconds": (OWN_READER, 1, 3),
    "startSpeakingPlan.customEndpointingRules": (
        {},
        [{"type": "customer", "regex": "um", "timeoutSeconds": 3}],
        [{"type": "assistant", "regex": "um", "timeoutSeconds": 3}],
    ),
    "stopSpeakingPlan.voiceSeconds": ({}, 0.2, 0.4),
    "stopSpeakingPlan.backoffSeconds": ({}, 1, 2),
    "firstMessageInterruptionsEnabled": ({}, True, False),
    "endCallPhrases": ({}, ["goodbye"], ["farewell"]),
    "hooks": (
        {},
        [{"on": "session.created", "do": [{"type": "say", "exact": "Hi."}]}],
        [{"on": "session.created", "do": [{"type": "say", "exact": "Ho."}]}],
    ),
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
    "backgroundSound": ({}, "off", "office"),
    "voice.chunkPlan.enabled": ({}, True, False),
    "voice.chunkPlan.minCharacters": ({}, 10, 20),
    "voice.chunkPlan.punctuationBoundaries": ({}, ["."], [",", "."]),
    "voice.chunkPlan.formatPlan.enabled": ({}, True, False),
    "voice.chunkPlan.formatPlan.numberToDigitsCutoff": ({}, 100, 2025),
    "voice.chunkPlan.formatPlan.formattersEnabled": ({}, ["number"], ["number", "date"]),
    "voice.chunkPlan.formatPlan.replacements": ({}, [{"type": "exact", "key": "a", "value": "b"}], []),
    f"{DENOISING}.smartDenoisingPlan.enabled": ({}, False, True),
    f"{DENOISING}.fourierDenoisingPlan.enabled": ({}, True, False),
    f"{DENOISING}.fourierDenoisingPlan.mediaDetectionEnabled": ({}, True, False),
    f"{DENOISING}.fourierDenoisingPlan.staticThreshold": ({}, -35, -40),
    f"{DENOISING}.fourierDenoisingPlan.baselineOffsetDb": ({}, -15, -10),
    f"{DENOISING}.fourierDenoisingPlan.windowSizeMs": ({}, 3000, 1000),
    f"{DENOISING}.fourierDenoisingPlan.baselinePercentile": ({}, 85, 50),
    "voice.fallbackPlan.voices": ({}, [{"provider": "nextneural"}], [{"provider": "nextneural", "speed": 1.5}]),
    "transcriber.fallbackPlan.transcribers": ({}, [{"provider": "nextneural"}], [{"provider": "nextneural"}] * 2),
    "model.fallbackModels": ({"model": CUSTOM}, ["small"], ["small", "smaller"]),
    "model.tools": ({}, [{"type": "dtmf"}], [{"type": "apiRequest", "name": "ask", "url": "https://a.example.com"}]),
    "tools:append": ({}, [{"type": "dtmf"}], [{"type": "dtmf", "name": "dial"}]),
    "endCallMessage": ({}, "Goodbye.", "So long."),
    "maxDurationSeconds": ({}, 600, 60),
    "artifactPlan.recordingEnabled": ({}, True, False),
    "artifactPlan.transcriptPlan.enabled": ({}, True, False),
    "artifactPlan.loggingEnabled": ({}, True, False),
    "compliancePlan.hipaaEnabled": ({}, True, False),
    "compliancePlan.pciEnabled": ({}, True, {"pciEnabled": False}),
    f"{FILTERS}.enabled": ({}, True, False),
    f"{FILTERS}.filters": (FILTERED, [{"type": "xss"}], [{"type": "regex", "regex": "abc"}]),
    f"{FILTERS}.mode": (FILTERED, "sanitize", "reject"),
    f"{FILTERS}.replacementText": (FILTERED, "[FILTERED]", "[GONE]"),
    f"{CONSENT}.type": (nested(f"{CONSENT}.message", "May we?"), "verbal", "stay-on-line"),
    f"{CONSENT}.message": (nested(f"{CONSENT}.type", "verbal"), "May we record?", "Can we record?"),
    f"{CONSENT}.waitSeconds": (ASKED, 2, 5),
    f"{CONSENT}.declineTool": (ASKED, {"type": "endCall"}, {"type": "dtmf"}),
    "monitorPlan.listenEnabled": ({}, True, False),
    "monitorPlan.controlEnabled": ({}, True, False),
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
    "analysisPlan.summaryPlan.messages": ({"model": CUSTOM}, [asking("Be short.")], [asking("Be long.")]),
    "analysisPlan.successEvaluationPlan.messages": ({"model": CUSTOM}, [asking("Be kind.")], [asking("Be strict.")]),
    "analysisPlan.structuredDataPlan.messages": ({"model": CUSTOM}, [asking("Names.")], [asking("Places.")]),
    "analysisPlan.summaryPlan.timeoutSeconds": ({"model": CUSTOM}, 5, 10),
    "analysisPlan.successEvaluationPlan.timeoutSeconds": ({"model": CUSTOM}, 5, 10),
    "analysisPlan.structuredDataPlan.timeoutSeconds": ({"model": CUSTOM}, 5, 10),
    "analysisPlan.structuredDataMultiPlan": (
        {"model": CUSTOM},
        [{"key": "a", "plan": {"schema": {"type": "string"}}}],
        [{"key": "b", "plan": {"schema": {"type": "string"}}}],
    ),
    "server.url": ({}, "https://one.example.com", "https://two.example.com"),
    "server.headers": ({"server": TOLD}, {"X-Vapi-Secret": "1"}, {"X-Vapi-Secret": "2"}),
    "server.timeoutSeconds": ({"server": TOLD}, 5, 20.5),
    "server.backoffPlan": ({"server": TOLD}, {"maxRetries": 1}, {"type": "exponential", "maxRetries": 1}),
    "serverMessages": ({"server": TOLD}, ["status-update"], "end-of-call-report"),
    "clientMessages": ({}, ["transcript"], ["transcript", "hang"]),
    "observabilityPlan.provider": ({"credentials": [LANGFUSE]}, "langfuse", None),
    "observabilityPlan.traceName": (TRACED, "a", "b"),
    "observabilityPlan.tags": (TRACED, ["a"], ["b"]),
    "observabilityPlan.metadata": (TRACED, {"a": 1}, {"a": 2}),
    "observabilityPlan.promptName": (TRACED, "a", "b"),
    "observabilityPlan.promptVersion": (TRACED, 1, 2.0),
    "artifactPlan.transcriptPlan.assistantName": ({}, "Asha", "Ravi"),
    "artifactPlan.transcriptPlan.userName": ({}, "Caller", "Guest"),
    "name": ({}, "Asha", "Ravi"),
    "metadata": ({}, {"lead": 1}, {"lead": 2}),
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


def test_a_first_message_may_be_a_sound_or_of_the_models_own() -> None:
    sound = {"firstMessage": "https://example.com/hello.mp3"}
    assert planned(sound, {"greeting": "Good day."}).greeting == "https://example.com/hello.mp3"
    made = {"firstMessageMode": "assistant-speaks-first-with-model-generated-message"}
    assert planned(made).opening.generated
    assert heeded({**sound, **made}) == {"firstMessage", "firstMessageMode"}


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
    livekit = {"provider": "livekit", "waitFunction": "500"}
    assert speaking(smartEndpointingPlan=livekit).turns.wait_function == "500"
    assert speaking(smartEndpointingEnabled="livekit").turns.wait_function == DEFAULT
    both = speaking(smartEndpointingPlan={"provider": "vapi"}, smartEndpointingEnabled="livekit")
    assert both.turns.wait_function == ""


def test_what_cannot_be_reckoned_or_matched_is_named() -> None:
    smart = {"provider": "livekit", "waitFunction": "open('x')"}
    looks_around = {"type": "customer", "regex": "(?=a)", "timeoutSeconds": 1}
    rule = {"type": "assistant", "regex": "name", "regexOptions": [{"type": "ignore-case", "enabled": True}]}
    plan = {"smartEndpointingPlan": smart, "customEndpointingRules": [looks_around, {**rule, "timeoutSeconds": 2}]}
    (kept,) = speaking(**plan).turns.rules
    assert kept.asked is not None
    assert (kept.asked.pattern, kept.asked.ignore_case, kept.said, kept.seconds) == ("name", True, None, 2)
    assert heeded({"startSpeakingPlan": plan}) == {"startSpeakingPlan.smartEndpointingPlan.provider"}


def test_a_wait_is_a_floor_under_every_other() -> None:
    assert speaking(waitSeconds=1).turns.at_least == 1
    assert speaking(waitSeconds=0) == CallPlan()


def test_phrases_are_added_and_cannot_be_taken_away() -> None:
    turns = planned({"stopSpeakingPlan": {"interruptionPhrases": ["excuse me"], "numWords": 1.1}}).turns
    assert (turns.interruptions, turns.interrupt_words) == (("excuse me",), 2)
    assert heeded({"stopSpeakingPlan": {"interruptionPhrases": [], "acknowledgementPhrases": []}}) == frozenset()


def test_how_long_a_voice_must_last_counts_where_the_voice_detector_decides() -> None:
    assert planned({"stopSpeakingPlan": {"voiceSeconds": 0.4}}).vad.start_seconds == 0.4
    assert planned({"stopSpeakingPlan": {"voiceSeconds": 0.4, "numWords": 2}}).vad == CallPlan().vad


def keys(config: dict[str, Any] | None = None, **keypad: Any) -> Any:
    return planned({"keypadInputPlan": keypad}, config).keypad


def test_keys_are_heard_where_they_are_asked_for() -> None:
    assert keys(enabled=False, timeoutSeconds=3) is None
    assert keys({"keypad": None}, timeoutSeconds=3) is None
    assert keys({"keypad": None}, enabled=True, timeoutSeconds=3).timeout == 3
    assert keys({"keypad": {"delimiter": "*"}}, enabled=True).delimiter == "*"


def test_each_delimiter_ends_the_input() -> None:
    assert keys(delimiters="*").delimiter == "*"
    assert keys(delimiters=["#"]).delimiter == "#"
    assert keys(delimiters="").delimiter == keys(delimiters=[]).delimiter == ""
    assert keys(delimiters=["#", "*"]).delimiter == "#*"


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
