"""Who takes the place of whom: Vapi's fallback plans, as far as somebody we can reach is named in them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import ValidationError

from control_api.assistant.transcriber import Transcriber
from control_api.assistant.voice import Voice
from processors import catalogue
from server.overrides.asked import Asked, Changes, Rule
from server.overrides.hosted import KEYED, OURS, TRANSCRIBER_OPTIONS, VOICE_OPTIONS
from server.overrides.providers import reached

MOST = 3
"""Fallbacks of a stage, as of a call plan."""


def _voices(asked: Asked) -> Sequence[Voice]:
    plan = asked.voice.fallback_plan
    return [] if plan is None else plan.voices or []


def _transcribers(asked: Asked) -> Sequence[Transcriber]:
    plan = asked.transcriber.fallback_plan
    return [] if plan is None else plan.transcribers or []


def _models(asked: Asked) -> Sequence[str]:
    return asked.model.fallback_models or []


def _choice(
    asked: Asked, stage: catalogue.Stage, known: Mapping[str, Mapping[str, str]], one: Voice | Transcriber
) -> dict[str, Any] | None:
    """Of a call plan; None if it is nobody we can reach, or something else is asked of them than they can do."""
    provider = "embedded" if one.provider in OURS else KEYED.get(one.provider or "", "")
    asks = one.model_dump(exclude={"provider"}, exclude_none=True)
    if provider not in known or not asks.keys() <= known[provider].keys():
        return None
    options = {known[provider][field]: value for field, value in asks.items()}
    if provider != "embedded":
        credentials = asked.overrides.credentials or ()
        options["api_key"] = next((each.api_key for each in credentials if each.provider == one.provider), None)
    try:
        catalogue.load(stage, provider).Options.model_validate(options)
    except ValidationError:
        return None
    return {"provider": provider, "options": options}


def _chosen_voices(asked: Asked) -> list[dict[str, Any]]:
    choices = (_choice(asked, "tts", VOICE_OPTIONS, each) for each in _voices(asked))
    return [choice for choice in choices if choice is not None][:MOST]


def _chosen_transcribers(asked: Asked) -> list[dict[str, Any]]:
    choices = (_choice(asked, "stt", TRANSCRIBER_OPTIONS, each) for each in _transcribers(asked))
    return [choice for choice in choices if choice is not None][:MOST]


def _voice_plan(asked: Asked) -> Changes | None:
    chosen = _chosen_voices(asked)
    return {"tts": {"fallbacks": chosen}} if chosen else None


def _transcriber_plan(asked: Asked) -> Changes | None:
    chosen = _chosen_transcribers(asked)
    return {"stt": {"fallbacks": chosen}} if chosen else None


def _model_plan(asked: Asked) -> Changes | None:
    """Other models at the same place, under the same key."""
    own = reached(asked)
    planned = asked.plan.llm.options if asked.model.provider is None and asked.plan.llm.provider == "openai" else None
    options = planned if own is None else own["llm"]["options"]
    if options is None or not _models(asked):
        return None
    given = {"temperature": asked.model.temperature, "max_tokens": asked.model.max_tokens}
    more = {option: value for option, value in given.items() if value is not None}
    return {
        "llm": {
            "fallbacks": [
                {"provider": "openai", "options": {**options, **more, "model": model}}
                for model in _models(asked)[:MOST]
            ]
        }
    }


RULES = (
    Rule(
        "voice.fallbackPlan.voices",
        ("tts",),
        _voice_plan,
        whole=lambda asked: len(_chosen_voices(asked)) == len(_voices(asked)),
    ),
    Rule(
        "transcriber.fallbackPlan.transcribers",
        ("stt",),
        _transcriber_plan,
        whole=lambda asked: len(_chosen_transcribers(asked)) == len(_transcribers(asked)),
    ),
    Rule(
        "model.fallbackModels",
        ("llm",),
        _model_plan,
        whole=lambda asked: len(_models(asked)) <= MOST,
    ),
)
