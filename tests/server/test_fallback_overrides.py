from __future__ import annotations

from typing import Any

import pytest

from server.call_plan import CallPlan
from server.overrides import applied, obeyed, translated
from server.plan import unobeyed
from tests.storage.samples import a_flow

KEY = {"provider": "11labs", "apiKey": "xi-1"}
VOICES, EARS, MODELS = "voice.fallbackPlan.voices", "transcriber.fallbackPlan.transcribers", "model.fallbackModels"


def planned(overrides: dict[str, Any], config: dict[str, Any] | None = None) -> CallPlan:
    unasked = CallPlan.model_validate(config or {})
    return CallPlan.model_validate(applied(config or {}, translated(overrides, unasked)))


def voices(*entries: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"voice": {"fallbackPlan": {"voices": list(entries)}}, **more}


def test_fallback_voices_take_their_turn_in_order_with_the_keys_that_came_along() -> None:
    overrides = voices(
        {"provider": "11labs", "voiceId": "abc", "speed": 1.1},
        {"provider": "nextneural", "voiceId": "espeak"},
        credentials=[KEY],
    )
    assert planned(overrides).tts.model_dump() == {
        "provider": "embedded",
        "options": {},
        "fallbacks": (
            {"provider": "elevenlabs", "options": {"voice": "abc", "speed": 1.1, "api_key": "xi-1"}},
            {"provider": "embedded", "options": {"voice": "espeak"}},
        ),
    }
    assert VOICES in obeyed(overrides, CallPlan())


@pytest.mark.parametrize(
    "entry",
    [
        {"provider": "11labs", "voiceId": "abc"},
        {"provider": "azure", "voiceId": "x"},
        {"provider": "nextneural", "stability": 0.5},
        {"provider": "nextneural", "speed": 9},
        {"voiceId": "espeak"},
    ],
)
def test_a_fallback_voice_that_cannot_be_had_is_left_out_and_that_is_told(entry: dict[str, Any]) -> None:
    overrides = voices(entry, {"provider": "nextneural"})
    assert [one.provider for one in planned(overrides).tts.fallbacks] == ["embedded"]
    told = unobeyed(None, a_flow("org_1", assistant_overrides=overrides))
    assert told == [f"assistantOverrides.{VOICES} is not obeyed yet"]


def test_fallback_recognisers_are_those_that_can_be_reached() -> None:
    entry = {"provider": "11labs", "language": "hi-IN", "model": "scribe_v2_realtime"}
    overrides = {"transcriber": {"fallbackPlan": {"transcribers": [entry]}}, "credentials": [KEY]}
    (chosen,) = planned(overrides).stt.fallbacks
    assert (chosen.provider, chosen.options["language"]) == ("elevenlabs", "hi-IN")
    assert EARS in obeyed(overrides, CallPlan())
    assert EARS not in obeyed({"transcriber": overrides["transcriber"]}, CallPlan())


def test_fallback_models_are_reached_as_the_first_one_is() -> None:
    config = {"llm": {"provider": "openai", "options": {"api_key": "sk-1", "model": "big"}}}
    overrides = {"model": {"fallbackModels": ["small"], "temperature": 0.2}}
    plan = planned(overrides, config)
    assert plan.llm.options == {"api_key": "sk-1", "model": "big", "temperature": 0.2}
    assert plan.llm.fallbacks[0].options == {"api_key": "sk-1", "model": "small", "temperature": 0.2}
    assert MODELS not in obeyed(overrides, CallPlan())


def test_no_more_than_three_take_the_place_of_one() -> None:
    overrides = voices(*[{"provider": "nextneural"}] * 4)
    assert len(planned(overrides).tts.fallbacks) == 3
    assert VOICES not in obeyed(overrides, CallPlan())
    with pytest.raises(ValueError, match="fallbacks"):
        CallPlan.model_validate({"tts": {"fallbacks": [{"provider": "embedded"}] * 4}})
