"""A realtime model, asked for in Vapi's words."""

from __future__ import annotations

from typing import Any

import pytest

from server.call_plan import CallPlan
from tests.server.test_overrides import KEY, heeded, planned

MODEL = {"provider": "openai", "model": "gpt-realtime-2.1"}
OWN = {"realtime": {"options": {"api_key": "sk-own"}}}


def options(plan: CallPlan) -> dict[str, Any]:
    assert plan.realtime is not None
    return plan.realtime.options


def test_it_takes_the_place_of_all_three_stages() -> None:
    asked = {
        "model": {**MODEL, "maxTokens": 300, "messages": [{"role": "system", "content": "Be kind."}]},
        "voice": {"provider": "openai", "voiceId": "cedar", "speed": 1.2},
        "credentials": [KEY],
    }
    plan = planned(asked)
    given = {"api_key": "sk-theirs", "model": "gpt-realtime-2.1", "max_tokens": 300, "voice": "cedar", "speed": 1.2}
    assert (options(plan), plan.prompt) == (given, "Be kind.")
    assert plan.llm.provider == "embedded"
    assert heeded(asked) == {
        "model.provider",
        "model.model",
        "model.maxTokens",
        "model.messages",
        "voice.provider",
        "voice.voiceId",
        "voice.speed",
        "credentials",
    }


@pytest.mark.parametrize(
    ("asked", "path"),
    [
        ({"voice": {"provider": "11labs", "voiceId": "marin"}}, "voice.provider"),
        ({"voice": {"provider": "11labs", "voiceId": "marin"}}, "voice.voiceId"),
        ({"voice": {"provider": "openai", "voiceId": "nova"}}, "voice.voiceId"),
        ({"voice": {"provider": "openai", "speed": 1.9}}, "voice.speed"),
        ({"model": {**MODEL, "temperature": 0.3}}, "model.temperature"),
        ({"model": {**MODEL, "maxTokens": 9000}}, "model.maxTokens"),
    ],
)
def test_what_it_cannot_do_is_not_obeyed(asked: dict[str, Any], path: str) -> None:
    asked = {"model": MODEL, "credentials": [KEY], **asked}
    assert path not in heeded(asked)
    assert options(planned(asked))["model"] == "gpt-realtime-2.1"


def test_without_a_key_the_call_is_made_as_the_plan_says() -> None:
    assert planned({"model": MODEL}).realtime is None
    assert "model.provider" not in heeded({"model": MODEL})


def test_a_plan_s_own_may_be_told_more() -> None:
    plan = planned({"voice": {"voiceId": "cedar"}, "model": {"maxTokens": 200}}, OWN)
    assert options(plan) == {"api_key": "sk-own", "voice": "cedar", "max_tokens": 200}


def test_another_model_takes_its_place() -> None:
    plan = planned({"model": {"provider": "openai", "model": "gpt-4.1"}, "credentials": [KEY]}, OWN)
    assert plan.realtime is None
    assert (plan.llm.provider, plan.llm.options["model"]) == ("openai", "gpt-4.1")
