"""Who listens, thinks and speaks: as far as it is somebody we can reach."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pydantic import ValidationError

from processors.tts.embedded import Options
from server.overrides.asked import Asked, Changes, Rule

OURS = ("nextneural", "embedded")
"""Names under which this server's own recogniser and voices are asked for."""


def _ours(named: str | None, planned: str) -> bool:
    return named in OURS or (named is None and planned == "embedded")


def _moved(stage: str, named: str | None, planned: str) -> Changes | None:
    """To this server's own provider, if it is named."""
    if named not in OURS:
        return None
    return {} if planned == "embedded" else {stage: {"provider": "embedded"}}


def _key(asked: Asked) -> str:
    """The first that was given for the model's provider."""
    credentials = asked.overrides.credentials or ()
    return next((each.api_key for each in credentials if each.api_key and each.provider == asked.model.provider), "")


def reached(asked: Asked) -> Changes | None:
    """The model that is asked for, if it speaks OpenAI's chat completions and nothing is missing to reach it.

    The plan's own key goes to nobody else.
    """
    match asked.model.provider:
        case "openai" if key := _key(asked):
            return {"llm": {"provider": "openai", "options": {"api_key": key}}}
        case "custom-llm" if url := asked.model.url:
            options = {"base_url": url, "api_key": _key(asked), "token_param": "max_tokens"}
            return {"llm": {"provider": "openai", "options": options}}
    return None


def _llm_option(option: str, value: Callable[[Asked], Any]) -> Callable[[Asked], Changes | None]:
    def change(asked: Asked) -> Changes | None:
        given = value(asked)
        planned = asked.model.provider is None and asked.plan.llm.provider == "openai"
        if given is None or not (planned or reached(asked)):
            return None
        return {"llm": {"options": {option: given}}}

    return change


def _url(asked: Asked) -> Changes | None:
    return None if asked.model.url is None or asked.model.provider != "custom-llm" else {}


def _credentials(asked: Asked) -> Changes | None:
    return {} if _key(asked) and reached(asked) else None


def _one_is_enough(asked: Asked) -> bool:
    return len(asked.overrides.credentials or ()) == 1


def _max_tokens(asked: Asked) -> int | None:
    return None if asked.model.max_tokens is None else int(asked.model.max_tokens)


def _language(asked: Asked) -> Changes | None:
    """English only: the embedded recogniser understands nothing else."""
    language = asked.transcriber.language
    if language is None or not _ours(asked.transcriber.provider, asked.plan.stt.provider):
        return None
    return {"language": language} if language.lower().partition("-")[0] == "en" else None


def _voice_option(option: str, value: Callable[[Asked], Any]) -> Callable[[Asked], Changes | None]:
    def change(asked: Asked) -> Changes | None:
        given = value(asked)
        if given is None or not _ours(asked.voice.provider, asked.plan.tts.provider):
            return None
        try:
            Options.model_validate({option: given})
        except ValidationError:  # another provider's voice, or too fast
            return None
        return {"tts": {"options": {option: given}}}

    return change


def _transcriber(asked: Asked) -> Changes | None:
    return _moved("stt", asked.transcriber.provider, asked.plan.stt.provider)


def _voice(asked: Asked) -> Changes | None:
    return _moved("tts", asked.voice.provider, asked.plan.tts.provider)


RULES = (
    Rule("model.provider", ("llm",), reached),
    Rule("model.url", ("llm",), _url),
    Rule("model.model", ("llm",), _llm_option("model", lambda asked: asked.model.model)),
    Rule("model.temperature", ("llm",), _llm_option("temperature", lambda asked: asked.model.temperature)),
    Rule("model.maxTokens", ("llm",), _llm_option("max_tokens", _max_tokens)),
    Rule("credentials", (), _credentials, whole=_one_is_enough),
    Rule("transcriber.provider", ("stt",), _transcriber),
    Rule("transcriber.language", ("language",), _language),
    Rule("voice.provider", ("tts",), _voice),
    Rule("voice.voiceId", ("tts",), _voice_option("voice", lambda asked: asked.voice.voice_id)),
    Rule("voice.speed", ("tts",), _voice_option("speed", lambda asked: asked.voice.speed)),
)
