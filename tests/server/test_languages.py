from __future__ import annotations

from typing import Any

import pytest

from pipeline.frames import Frame, LanguageSwitched, Transcript
from server.call_plan import CallPlan
from server.languages import for_contact, told, unreached
from server.overrides import applied, obeyed, translated
from server.spoken import Spoken
from server.tools.switch_language import SwitchDeed
from tests.server.house import House
from tests.server.test_tools import called, steps, use

HOSTED: dict[str, Any] = {
    "language": "en-IN",
    "stt": {"provider": "sarvam"},
    "llm": {"provider": "openai"},
    "tts": {"provider": "sarvam", "fallbacks": [{"provider": "elevenlabs", "options": {"voice": "abc"}}, {}]},
}


def a_plan(**config: Any) -> CallPlan:
    return CallPlan.model_validate({**HOSTED, **config})


def test_a_contact_is_spoken_to_in_the_language_that_they_prefer() -> None:
    plan = for_contact(a_plan(prompt="Be kind.", greeting="Hello.", greetings={"ta": "வணக்கம்."}), "ta")
    assert (plan.language, plan.greeting) == ("ta-IN", "வணக்கம்.")
    assert plan.prompt == "Be kind.\n\nSpeak Tamil with this caller, whatever language your instructions are in."
    assert for_contact(a_plan(greeting="Hello."), "hi-en").language == "hi-en"
    assert for_contact(a_plan(languages=["hi-IN", "ta-IN"]), "ta").languages == ("en-IN", "hi-IN")


@pytest.mark.parametrize(
    "config",
    [
        {"stt": {}},
        {"tts": {"provider": "elevenlabs", "options": {"voice": "abc"}}},
        {"tts": {"provider": "sarvam", "options": {"language": "hi-IN"}}},
        {"stt": {"provider": "sarvam", "options": {"language": "en-IN"}}},
        {"llm": {}},
    ],
)
def test_what_the_providers_cannot_do_leaves_the_agents_own_language(config: dict[str, Any]) -> None:
    plan = a_plan(**config)
    assert for_contact(plan, "te") == plan
    assert for_contact(plan, None) == plan


def test_every_provider_that_takes_a_language_is_told_the_calls() -> None:
    plan = a_plan(language="kn-IN")
    voice = told(plan, "tts", plan.tts)
    assert [one.options.get("language") for one in (voice, *voice.fallbacks)] == ["kn-IN", None, "kn-IN"]
    assert told(plan, "stt", plan.stt).options == {"language": "kn-IN"}
    own = {"provider": "sarvam", "options": {"language": "ta-IN"}}
    assert told(a_plan(stt=own), "stt", a_plan(stt=own).stt).options == {"language": "ta-IN"}


def test_a_recogniser_finds_the_language_out_where_it_may_change_or_nobody_gave_one() -> None:
    assert told(a_plan(languages=["hi-IN"]), "stt", a_plan().stt).options == {}
    nobody = CallPlan.model_validate({name: HOSTED[name] for name in ("stt", "llm", "tts")})
    assert told(nobody, "stt", nobody.stt).options == {}
    assert told(nobody, "tts", nobody.tts).options == {"language": "en-IN"}


def test_a_language_out_of_reach_is_told_when_it_is_saved() -> None:
    assert unreached(a_plan(languages=["hi-IN"])) == []
    assert unreached(a_plan(languages=["hi-IN"], stt={})) == [
        "languages: hi-IN is not understood by stt provider embedded as it is set"
    ]


async def test_the_model_may_change_the_language_to_one_that_is_allowed() -> None:
    sent: list[Frame] = []
    deed = SwitchDeed(("en-IN", "hi-IN"), sent.append)
    assert deed.tool.parameters["properties"]["language"]["enum"] == ["en-IN", "hi-IN"]
    done = await deed.do({"language": "hi-IN"}, lambda text: None)
    assert done.ok
    assert sent == [LanguageSwitched("hi-IN", by_model=True)]


def test_the_record_has_the_language_in_which_the_caller_said_most() -> None:
    spoken = Spoken("en-IN")
    spoken.emit = lambda frame: None
    assert spoken.detected == "en-IN"
    spoken.process(Transcript("yes please", True, "en"))
    assert spoken.detected == "en-IN"
    spoken.process(Transcript("मुझे कल का समय चाहिए", True, "hi-IN"))
    assert (spoken.now, spoken.detected) == ("en-IN", "hi-IN")
    spoken.process(LanguageSwitched("ta-IN"))
    assert spoken.now == "ta-IN"


def planned(overrides: dict[str, Any], **config: Any) -> CallPlan:
    return CallPlan.model_validate(applied(config, translated(overrides, CallPlan.model_validate(config))))


def test_voices_and_recognisers_of_others_are_asked_by_their_own_names() -> None:
    overrides: dict[str, Any] = {
        "voice": {"provider": "11labs", "voiceId": "abc", "model": "eleven_turbo_v2_5", "speed": 1.1, "language": "hi"},
        "transcriber": {"provider": "sarvam", "language": "hi-IN", "model": "saaras:v3"},
        "credentials": [{"provider": "11labs", "apiKey": "xi-1"}],
    }
    plan = planned(overrides)
    voice = {"voice": "abc", "model": "eleven_turbo_v2_5", "speed": 1.1, "language": "hi", "api_key": "xi-1"}
    assert (plan.tts.provider, plan.tts.options, plan.tts.fallbacks) == ("elevenlabs", voice, ())
    assert (plan.stt.provider, plan.stt.options) == ("sarvam", {"language": "hi-IN", "model": "saaras:v3"})
    assert [one.provider for one in plan.stt.fallbacks] == ["embedded"], "should there be no account with Sarvam"
    assert plan.language == "hi-IN"
    fields = {f"voice.{name}" for name in ("provider", "voiceId", "model", "speed", "language")}
    assert obeyed(overrides, CallPlan()) >= {*fields, *(f"transcriber.{n}" for n in ("provider", "language", "model"))}
    assert "credentials" in obeyed(overrides, CallPlan())


def test_what_a_voice_cannot_do_is_left_out_and_what_it_needs_makes_it_another() -> None:
    fast = {"voice": {"provider": "sarvam", "speed": 9}}
    assert planned(fast).tts.options == {}
    assert "voice.speed" not in obeyed(fast, CallPlan())
    nobody = {"voice": {"provider": "11labs"}}
    assert planned(nobody).tts.provider == "embedded"
    assert "voice.provider" not in obeyed(nobody, CallPlan())


def test_a_recogniser_may_be_asked_to_find_the_language_out() -> None:
    plan = planned({"transcriber": {"provider": "sarvam", "language": "multi"}})
    assert (plan.stt.options, plan.language) == ({"language": "unknown"}, "en-IN")


def test_the_planned_providers_are_asked_where_none_is_named() -> None:
    config = {"tts": {"provider": "sarvam", "options": {"api_key": "k", "speaker": "a"}}}
    assert planned({"voice": {"voiceId": "b", "speed": 1.5}}, **config).tts.options == {
        "api_key": "k",
        "speaker": "b",
        "pace": 1.5,
    }


async def test_a_call_that_goes_over_to_another_language_is_recorded_in_it(house: House) -> None:
    config = steps(use("switch_language", language="hi-IN"), "नमस्ते, मैं सुन रही हूँ।", languages=["hi-IN"])
    row, _ = await called(house, config)
    assert row.language == "hi-IN"
    told = [message for message in await house.story(row.id) if message["type"] == "tool"]
    assert [(tool["name"], tool["ok"]) for tool in told] == [("switch_language", True)]
