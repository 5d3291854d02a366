"""The providers and voices of the media path → what the control API shows and checks of them."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from functools import cache
from itertools import product
from pathlib import Path
from typing import Any, get_args

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from control_api.catalogue import OWN, VOICE_PROVIDERS, Catalogue, Provider, Stage, Voice, language_name
from control_api.web.errors import sentence
from processors import catalogue as modules
from processors.tts.embedded import VoiceName
from processors.voices import pico
from processors.voices.espeak import LANGUAGES
from server.call_plan import CallPlan
from server.voices.voice_samples import VoiceSamples

MODEL = "embedded"
"""Of the server's own voices."""
CODES = ("en-IN", "en-GB", "en-US", *(f"{language}-IN" for language in LANGUAGES if language != "en"))
FREE_WORDS = frozenset({"value_error", "assertion_error", "union_tag_invalid"})
"""Kinds of errors whose text may hold what was given."""

FILES = frozenset({"chatterbox"})
"""Providers whose options are paths on this machine: a plan names none itself."""
BY_SPEAKER = "provider of that name has the voices of your speakers: name one by `speaker`"


def catalogue(data: Path) -> Catalogue:
    """Imports no provider's module until it is asked about one. `data` is where samples of the voices are kept."""
    voices = _voices()
    return Catalogue(
        voices=voices,
        voice_providers=tuple(dict.fromkeys((*VOICE_PROVIDERS, *modules.names("tts")))),
        providers=_providers,
        check_plan=check_plan,
        secrets=secrets,
        sample=VoiceSamples(data).file,
    )


def check(stage: Stage, name: str, options: Mapping[str, Any]) -> str | None:
    """What is wrong with a provider's name or options, in one sentence without their values; None: nothing."""
    if name not in modules.names(stage):
        return f"provider must be one of {', '.join(modules.names(stage))}"
    try:
        modules.load(stage, name).Options.model_validate(dict(options))
    except ValidationError as error:
        return _told(error, "options")
    return None


def check_plan(config: Mapping[str, Any]) -> str | None:
    """What is wrong with a call plan; None: a call can be made with it."""
    try:
        plan = CallPlan.model_validate(config)
    except ValidationError as error:
        return _told(error, "")
    choices: dict[Stage, Any] = {"stt": plan.stt, "llm": plan.llm, "tts": plan.tts}
    if plan.realtime is not None:
        choices["realtime"] = plan.realtime
    for stage, choice in choices.items():
        for place, one in enumerate((choice, *choice.fallbacks)):
            wrong = BY_SPEAKER if one.provider in FILES else check(stage, one.provider, one.options)
            if wrong is not None:
                return f"{stage}.{wrong}" if place == 0 else f"{stage}.fallbacks.{place - 1}.{wrong}"
    return None


def secrets(stage: Stage, name: str) -> frozenset[str]:
    """The options that are secret; none of a provider that there is not."""
    return _secrets(stage, name) if name in modules.names(stage) else frozenset()


@cache
def _secrets(stage: Stage, name: str) -> frozenset[str]:
    properties = _schema(stage, name).get("properties", {})
    return frozenset(option for option, about in properties.items() if about.get("writeOnly"))


@cache
def _providers() -> tuple[Provider, ...]:
    return tuple(
        Provider(stage, name, _schema(stage, name), needs_key=bool(secrets(stage, name)))
        for stage in modules.STAGES
        for name in modules.names(stage)
        if name not in FILES
    )


@cache
def _schema(stage: Stage, name: str) -> Mapping[str, Any]:
    """As pydantic makes it, with an optional secret marked like any other."""
    schema = modules.schema(stage, name)
    for about in schema.get("properties", {}).values():
        if any(choice.get("writeOnly") for choice in about.get("anyOf", ())):
            about["writeOnly"] = True
    return schema


def _told(error: ValidationError, where: str) -> str:
    """The first thing wrong, its field below `where`. Keys and prompts may be among what was given: none is shown."""
    first = error.errors(include_url=False)[0]
    place = ".".join(filter(None, (where, *map(str, first["loc"]))))
    if first["type"] in FREE_WORDS:
        reason = first["msg"].partition(", ")[2] or first["msg"]
        return f"{place} will not do" + ("" if _quotes(first) else f": {reason}")
    what = sentence(error, "")
    return place + what[len(".".join(map(str, first["loc"]))) :]


def _quotes(wrong: ErrorDetails) -> bool:
    return any(text in wrong["msg"] for text in _texts(wrong["input"]))


def _texts(value: Any) -> list[str]:
    match value:
        case str():
            return [value] if value else []
        case Mapping():
            return [text for inner in (*value, *value.values()) for text in _texts(inner)]
        case list():
            return [text for inner in value for text in _texts(inner)]
    return []


def _voices() -> tuple[Voice, ...]:
    """Every voice in every language that it speaks. Pico speaks English, where it is installed."""
    return tuple(
        _voice(speaker, code)
        for speaker, code in product(get_args(VoiceName), CODES)
        if speaker != "pico" or (pico.INSTALLED and code.startswith("en-"))
    )


def _voice(speaker: str, code: str) -> Voice:
    about = hashlib.sha256("\n".join((OWN, MODEL, speaker, code)).encode()).digest()
    voice_id = "vs_" + base64.b32encode(about).decode().lower()[:26]
    return Voice(voice_id, OWN, MODEL, speaker, code, language_name(code))
