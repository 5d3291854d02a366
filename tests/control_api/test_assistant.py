from __future__ import annotations

import json
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel, ValidationError

from control_api.assistant import AssistantOverrides, checked, not_obeyed
from control_api.assistant.obedience import ANYWAY, FREE, KEPT, OFF

CAMPAIGNS = json.loads((Path(__file__).parent / "vapi_campaign.json").read_text())
"""Vapi's documented answer, with every field in place."""


def documented() -> list[dict[str, Any]]:
    """Every `assistantOverrides` in it."""
    campaign = CAMPAIGNS["results"][0]
    customers = [*campaign["customers"], *(each for dial in campaign["dialPlan"] for each in dial["customers"])]
    return [customer["assistantOverrides"] for customer in customers]


def nested(path: str, value: Any) -> dict[str, Any]:
    """`a.b` and 1 → {"a": {"b": 1}}."""
    for key in reversed(path.split(".")):
        value = {key: value}
    assert isinstance(value, dict)
    return value


def unknown_fields(value: Any, path: str = "") -> Iterator[str]:
    """What was only let through."""
    if isinstance(value, list):
        for each in value:
            yield from unknown_fields(each, path)
    elif isinstance(value, BaseModel):
        yield from (f"{path}{name}" for name in value.model_extra or {})
        for name in type(value).model_fields:
            yield from unknown_fields(getattr(value, name), f"{path}{name}.")


def places(raw: dict[str, Any]) -> list[tuple[int | str, ...]]:
    with pytest.raises(ValidationError) as refused:
        checked(raw)
    return [error["loc"] for error in refused.value.errors()]


def test_every_field_of_the_documented_campaign_is_a_field_of_ours() -> None:
    assert len(documented()) == 2
    for raw in documented():
        # Vapi's page shows the name of a JSON schema keyword among the fields of a fallback voice.
        assert list(unknown_fields(AssistantOverrides.model_validate(raw))) == ["voice.fallback_plan.voices.oneOf"]


def test_what_was_given_comes_back_whole_and_unchanged() -> None:
    raw = documented()[0]
    before = deepcopy(raw)
    assert checked(raw) == before
    assert raw == before


@pytest.mark.parametrize(
    ("raw", "place"),
    [
        ({"firstMesage": "Hi."}, ("firstMesage",)),
        ({"first_message": "Hi."}, ("first_message",)),
        ({"stopSpeakingPlan": {"words": 1}}, ("stopSpeakingPlan", "words")),
        ({"hooks": [{"on": "call.ending", "do": [], "when": 1}]}, ("hooks", 0, "when")),
        ({"model": {"tools": [{"backoffPlan": {"tries": 1}}]}}, ("model", "tools", 0, "backoffPlan", "tries")),
        ({"voice": {"chunkPlan": {"formatPlan": {"on": True}}}}, ("voice", "chunkPlan", "formatPlan", "on")),
    ],
)
def test_an_unknown_field_is_refused_by_its_place(raw: dict[str, Any], place: tuple[int | str, ...]) -> None:
    assert places(raw) == [place]


@pytest.mark.parametrize(
    "raw",
    [
        {"transcriber": {"provider": "deepgram", "smartFormat": True, "keywords": ["Aria"]}},
        {"voice": {"provider": "11labs", "voiceId": "x", "stability": 0.5}},
        {"model": {"provider": "openai", "fallbackModels": ["gpt-4o"]}},
        {"model": {"knowledgeBase": {"provider": "trieve", "topK": 5}}},
        {"credentials": [{"provider": "s3", "bucketName": "calls"}]},
        {"tools:append": [{"type": "transferCall", "destinations": [{"type": "number", "number": "+1"}]}]},
    ],
)
def test_what_differs_by_provider_is_let_through(raw: dict[str, Any]) -> None:
    assert checked(raw) == raw


RANGES = [
    ("maxDurationSeconds", 10, 43200),
    ("startSpeakingPlan.waitSeconds", 0, 5),
    ("startSpeakingPlan.transcriptionEndpointingPlan.onPunctuationSeconds", 0, 3),
    ("startSpeakingPlan.transcriptionEndpointingPlan.onNoPunctuationSeconds", 0, 3),
    ("startSpeakingPlan.transcriptionEndpointingPlan.onNumberSeconds", 0, 3),
    ("stopSpeakingPlan.numWords", 0, 10),
    ("stopSpeakingPlan.voiceSeconds", 0, 0.5),
    ("stopSpeakingPlan.backoffSeconds", 0, 10),
    ("voicemailDetection.backoffPlan.frequencySeconds", 2.5, None),
    ("voicemailDetection.backoffPlan.maxRetries", 0, 10),
    ("voicemailDetection.beepMaxAwaitSeconds", 0, 30),
    ("voicemailDetection.machineDetectionTimeout", 3, 59),
    ("analysisPlan.summaryPlan.timeoutSeconds", 1, 60),
    ("analysisPlan.structuredDataPlan.timeoutSeconds", 1, 60),
    ("analysisPlan.successEvaluationPlan.timeoutSeconds", 1, 60),
    ("analysisPlan.minMessagesThreshold", 0, None),
    ("compliancePlan.recordingConsentPlan.waitSeconds", 1, 6),
    ("keypadInputPlan.timeoutSeconds", 0, 10),
    ("voice.chunkPlan.minCharacters", 1, 80),
    ("server.timeoutSeconds", 1, 300),
    ("server.backoffPlan.maxRetries", 0, 10),
    ("server.backoffPlan.baseDelaySeconds", 0, 10),
    ("backgroundSpeechDenoisingPlan.fourierDenoisingPlan.baselinePercentile", 1, 99),
    ("transcriber.confidenceThreshold", 0, 1),
    ("model.temperature", 0, 2),
]


@pytest.mark.parametrize(("path", "least", "most"), RANGES)
def test_a_number_has_its_range(path: str, least: float, most: float | None) -> None:
    checked(nested(path, least))
    assert places(nested(path, least - 0.1)) == [tuple(path.split("."))]
    if most is not None:
        checked(nested(path, most))
        assert places(nested(path, most + 0.1)) == [tuple(path.split("."))]


def test_numbers_in_lists_have_ranges_too() -> None:
    rule = {"type": "customer", "regex": "yes", "timeoutSeconds": 15}
    checked({"startSpeakingPlan": {"customEndpointingRules": [rule]}})
    late = {"startSpeakingPlan": {"customEndpointingRules": [{**rule, "timeoutSeconds": 15.1}]}}
    assert places(late) == [("startSpeakingPlan", "customEndpointingRules", 0, "timeoutSeconds")]
    twilio = {"provider": "twilio", "timeout": 601}
    assert places({"transportConfigurations": [twilio]}) == [("transportConfigurations", 0, "timeout")]


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("firstMessage", 5),
        ("firstMessage", {}),
        ("firstMessageMode", "assistant-sings"),
        ("maxDurationSeconds", "600"),
        ("maxDurationSeconds", True),
        ("maxDurationSeconds", float("nan")),
        ("maxDurationSeconds", float("inf")),
        ("backgroundSound", "jungle"),
        ("artifactPlan.recordingEnabled", "yes"),
        ("artifactPlan.recordingFormat", "flac"),
        ("analysisPlan.successEvaluationPlan.rubric", "Stars"),
        ("startSpeakingPlan.smartEndpointingPlan.provider", "ours"),
        ("compliancePlan.securityFilterPlan.mode", "ignore"),
        ("keypadInputPlan.enabled", 1),
        ("variableValues", ["name"]),
        ("model.url", "file:///etc/passwd"),
    ],
)
def test_a_value_of_the_wrong_kind_is_refused(path: str, value: Any) -> None:
    assert places(nested(path, value)) == [tuple(path.split("."))]


@pytest.mark.parametrize(
    ("path", "one"),
    [
        ("clientMessages", "transcript"),
        ("serverMessages", "hang"),
        ("keypadInputPlan.delimiters", "#"),
        ("voice.chunkPlan.punctuationBoundaries", "।"),
        ("voice.chunkPlan.formatPlan.formattersEnabled", "markdown"),
    ],
)
def test_one_thing_may_stand_for_a_list_of_it(path: str, one: str) -> None:
    for value in (one, [one], [], None):
        assert checked(nested(path, value)) == nested(path, value)
    assert places(nested(path, [5])) == [(*path.split("."), 0)]


def test_voicemail_detection_is_off_or_a_plan() -> None:
    checked({"voicemailDetection": "off"})
    checked({"voicemailDetection": {"provider": "vapi", "type": "transcript"}})
    assert places({"voicemailDetection": "on"}) == [("voicemailDetection", "provider")]


def test_pci_is_a_plan_or_a_word() -> None:
    checked({"compliancePlan": {"pciEnabled": True}})
    checked({"compliancePlan": {"pciEnabled": {"pciEnabled": True}}})
    assert places({"compliancePlan": {"pciEnabled": "yes"}}) == [("compliancePlan", "pciEnabled")]


def test_a_rule_needs_the_patterns_of_its_sides() -> None:
    both = {"type": "both", "assistantRegex": "number", "customerRegex": "[0-9]", "timeoutSeconds": 3}
    checked({"startSpeakingPlan": {"customEndpointingRules": [both]}})
    for rule in ({"type": "both", "regex": "x", "timeoutSeconds": 3}, {"type": "assistant", "timeoutSeconds": 3}):
        place = places({"startSpeakingPlan": {"customEndpointingRules": [rule]}})
        assert place == [("startSpeakingPlan", "customEndpointingRules", 0)]


@pytest.mark.parametrize(
    "on",
    [
        "call.ending",
        "call.timeElapsed[seconds=60]",
        "session.created",
        "assistant.speech.interrupted",
        "customer.speech.interrupted",
        "customer.speech.timeout",
        "customer.speech.timeout[timeout=7.5]",
        "model.response.timeout",
    ],
)
def test_a_hook_hangs_on_an_event(on: str) -> None:
    checked({"hooks": [{"on": on, "do": [{"type": "tool", "toolId": "x"}, {"type": "message.add"}]}]})
    assert places({"hooks": [{"on": f"{on}x.y", "do": []}]}) == [("hooks", 0, "on")]


def test_nothing_can_be_said_any_more_when_a_call_ends() -> None:
    say = [{"type": "say", "exact": "Bye."}]
    checked({"hooks": [{"on": "session.created", "do": say}]})
    assert places({"hooks": [{"on": "call.ending", "do": say}]}) == [("hooks", 0)]


def test_what_is_wrong_is_told_without_the_words() -> None:
    with pytest.raises(ValidationError) as refused:
        checked({"firstMessage": ["canary"], "credentials": [{"apiKey": "canary"}]})
    assert "firstMessage" in str(refused.value)
    assert "canary" not in str(refused.value)
    assert "canary" not in repr(
        AssistantOverrides.model_validate({"credentials": [{"provider": "x", "apiKey": "canary"}]})
    )


def test_only_fields_with_a_value_are_warned_of() -> None:
    raw = {
        "firstMessage": "Hi.",
        "voice": {"voiceId": "x", "speed": None, "chunkPlan": {"enabled": False}},
        "hooks": [{"on": "call.ending", "do": []}],
        "endCallPhrases": [],
        "metadata": {},
        "variableValues": {"name": "Asha", "address": {"city": "Pune"}},
        "server": None,
    }
    assert not_obeyed(raw, frozenset()) == [
        f"assistantOverrides.{path} is not obeyed yet"
        for path in ("firstMessage", "voice.voiceId", "voice.chunkPlan.enabled", "hooks", "variableValues")
    ]


def test_each_field_that_is_not_obeyed_is_named() -> None:
    raw = {"firstMessage": "Hi.", "backgroundSound": "office", "voice": {"voiceId": "x", "speed": 1.2}}
    assert not_obeyed(raw, frozenset({"firstMessage", "voice.speed"})) == [
        "assistantOverrides.backgroundSound is not obeyed yet",
        "assistantOverrides.voice.voiceId is not obeyed yet",
    ]
    assert not_obeyed(raw, frozenset({"firstMessage", "voice", "backgroundSound"})) == []


def test_a_prefix_is_of_whole_names() -> None:
    assert not_obeyed({"firstMessageMode": "assistant-waits-for-user"}, frozenset({"firstMessage"})) == [
        "assistantOverrides.firstMessageMode is not obeyed yet"
    ]


def leaves(raw: dict[str, Any], above: str = "") -> Iterator[str]:
    """Dotted paths of what has a value."""
    for key, value in raw.items():
        if isinstance(value, dict) and key not in FREE:
            yield from leaves(value, f"{above}{key}.")
        elif value is not None and value != {}:
            yield f"{above}{key}"


def test_no_field_of_the_documented_campaign_is_dropped_in_silence() -> None:
    raw = documented()[0]
    warned = {sentence.removeprefix("assistantOverrides.").split(" ")[0] for sentence in not_obeyed(raw, frozenset())}
    silent = set(leaves(raw)) - warned
    excused = {path for path in silent if path in ANYWAY or path in KEPT or path.rpartition(".")[0] in OFF}
    assert silent == excused
    assert {"firstMessage", "model.messages", "hooks", "tools:append", "server.url"} <= warned


@pytest.mark.parametrize(("path", "value"), [(path, value) for path, values in ANYWAY.items() for value in values])
def test_what_happens_anyway_needs_no_warning(path: str, value: Any) -> None:
    raw = nested(path, value)
    assert list(unknown_fields(AssistantOverrides.model_validate(raw))) == []
    assert not_obeyed(raw, frozenset()) == []


def test_the_opposite_of_what_happens_anyway_is_warned_of() -> None:
    for path, values in ANYWAY.items():
        if isinstance(values[0], bool):
            assert not_obeyed(nested(path, not values[0]), frozenset()) == [
                f"assistantOverrides.{path} is not obeyed yet"
            ]


@pytest.mark.parametrize("plan", sorted(OFF))
def test_there_is_nothing_to_say_of_the_details_of_a_plan_that_is_off(plan: str) -> None:
    assert list(unknown_fields(AssistantOverrides.model_validate(nested(f"{plan}.enabled", False)))) == []
    assert not_obeyed(nested(plan, {"enabled": False, "mode": "reject"}), frozenset()) == []
    assert not_obeyed(nested(plan, {"enabled": True}), frozenset()) == [
        f"assistantOverrides.{plan}.enabled is not obeyed yet"
    ]


def test_labels_are_obeyed_by_being_kept() -> None:
    assert not_obeyed({"name": "Aria", "metadata": {"crm": "7"}}, frozenset()) == []
