"""Recognisers and voices of other companies, by Vapi's names: what of them can be asked of ours."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from pydantic import BaseModel, ValidationError

from control_api.assistant.transcriber import Transcriber
from control_api.assistant.voice import Voice
from processors import catalogue
from processors.language_codes import DETECTED, NAMES, tongue
from server.call_plan import Choice
from server.overrides.asked import Asked, Changes, Rule

OURS = ("nextneural", "embedded")
"""Names under which this server's own recogniser and voices are asked for."""
KEYED = {"11labs": "elevenlabs", "elevenlabs": "elevenlabs", "openai": "openai", "sarvam": "sarvam"}
"""Vapi's names of providers → ours, who need a key: the one that came along, or the organisation's own."""
VOICE_OPTIONS: Mapping[str, Mapping[str, str]] = {
    "embedded": {"voice_id": "voice", "speed": "speed", "language": "language"},
    "elevenlabs": {"voice_id": "voice", "model": "model", "speed": "speed", "language": "language"},
    "openai": {"voice_id": "voice", "model": "model", "speed": "speed"},
    "sarvam": {"voice_id": "speaker", "model": "model", "speed": "pace", "language": "language"},
}
"""Fields → options, by provider. What is not named here cannot be asked of it."""
TRANSCRIBER_OPTIONS: Mapping[str, Mapping[str, str]] = {
    "embedded": {},
    "elevenlabs": {"language": "language", "model": "model"},
    "openai": {"language": "language", "model": "model"},
    "sarvam": {"language": "language", "model": "model"},
}
ANY_LANGUAGE = ("multi", *DETECTED)
"""What is asked of a recogniser that is to find the language out."""


def key(asked: Asked, named: str | None) -> str:
    """The first that was given for a provider."""
    credentials = asked.overrides.credentials or ()
    return next((each.api_key for each in credentials if each.api_key and each.provider == named), "")


def told(one: Voice | Transcriber, field: str) -> Any:
    """What a field says, be it one that this kind of provider alone has."""
    return getattr(one, field, None) if field in type(one).model_fields else (one.model_extra or {}).get(field)


def reached(asked: Asked, stage: catalogue.Stage) -> tuple[str, dict[str, Any]] | None:
    """Who is asked for, or planned where nobody is named, and what of the fields they take: their options.

    None: it is nobody whom we reach in this way, or what they need is missing.
    """
    one, planned, known = _asked(asked, stage)
    provider = KEYED.get(one.provider, "") if one.provider else planned.provider
    if provider not in KEYED.values():
        return None
    options: type[BaseModel] = catalogue.load(stage, provider).Options
    base = {"api_key": key(asked, one.provider)} if one.provider else dict(planned.options)
    given: dict[str, Any] = {}
    for field, option in known[provider].items():
        value = _language_option(stage, options, told(one, field)) if field == "language" else told(one, field)
        if value is not None and not _mistaken(options, {**base, **given, option: value}, option):
            given[option] = value
    return None if _mistaken(options, {**base, **given}, "") else (provider, given)


def moved(stage: catalogue.Stage) -> Callable[[Asked], Changes | None]:
    """To the provider that is named.

    Without a key of its own, the one that was planned takes its place should the organisation have none either.
    """

    def change(asked: Asked) -> Changes | None:
        one, planned, _ = _asked(asked, stage)
        target = reached(asked, stage) if one.provider else None
        if target is None:
            return None
        given = key(asked, one.provider)
        instead = {"provider": planned.provider, "options": dict(planned.options)}
        behind: dict[str, Any] = {} if given or planned.provider == target[0] else {"fallbacks": [instead]}
        return {stage: {"provider": target[0], "options": {"api_key": given} if given else {}, **behind}}

    return change


def option(stage: catalogue.Stage, field: str) -> Callable[[Asked], Changes | None]:
    def change(asked: Asked) -> Changes | None:
        one, _, known = _asked(asked, stage)
        target = reached(asked, stage)
        if target is None or told(one, field) is None:
            return None
        name = known[target[0]].get(field)
        return {stage: {"options": {name: target[1][name]}}} if name in target[1] else None

    return change


def language(asked: Asked) -> Changes | None:
    """The recogniser's is the call's, unless it is to find out."""
    changes = option("stt", "language")(asked)
    named = asked.transcriber.language
    if changes is None or named is None or named in ANY_LANGUAGE or tongue(named) not in NAMES:
        return changes
    return {**changes, "language": named}


def of_agent(voice: Mapping[str, Any]) -> dict[str, Any]:
    """An agent's `voice_config` that names another company → what a plan says of it; nothing where it will not do."""
    provider = KEYED.get(str(voice.get("provider")), "")
    if not provider:
        return {}
    fields = {"voice_id": voice.get("speaker"), "model": voice.get("model")}
    given = {VOICE_OPTIONS[provider][field]: value for field, value in fields.items() if value}
    if _mistaken(catalogue.load("tts", provider).Options, given, ""):
        return {}
    return {"tts": {"provider": provider, "options": given, "fallbacks": [{"provider": "embedded"}]}}


def _asked(asked: Asked, stage: catalogue.Stage) -> tuple[Any, Choice, Mapping[str, Mapping[str, str]]]:
    if stage == "tts":
        return asked.voice, asked.plan.tts, VOICE_OPTIONS
    return asked.transcriber, asked.plan.stt, TRANSCRIBER_OPTIONS


def _language_option(stage: catalogue.Stage, options: type[BaseModel], named: Any) -> Any:
    """What stands for any language is the provider's own word for it: that which it has unasked."""
    return options.model_fields["language"].default if stage == "stt" and named in ANY_LANGUAGE else named


def _mistaken(options: type[BaseModel], given: Mapping[str, Any], name: str) -> bool:
    """Whether that option is wrong, or all of them together; empty: whether anything is."""
    try:
        options.model_validate(dict(given))
    except ValidationError as error:
        places = [wrong["loc"] for wrong in error.errors(include_url=False, include_input=False)]
        return not name or any(place in ((), (name,)) for place in places)
    return False


RULES = (
    Rule("voice.model", ("tts",), option("tts", "model")),
    Rule("voice.language", ("tts",), option("tts", "language")),
    Rule("transcriber.model", ("stt",), option("stt", "model")),
)
