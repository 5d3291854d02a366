"""Who listens, thinks and speaks: as far as it is somebody we can reach."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pydantic import ValidationError

from processors.tts.embedded import Options
from server.overrides import hosted, messages, realtime
from server.overrides.asked import Asked, Changes, Rule
from server.overrides.hosted import OURS


def _ours(named: str | None, planned: str) -> bool:
    return named in OURS or (named is None and planned == "embedded")


def _moved(stage: str, named: str | None, planned: str) -> Changes | None:
    """To this server's own provider, if it is named."""
    if named not in OURS:
        return None
    return {} if planned == "embedded" else {stage: {"provider": "embedded"}}


def _key(asked: Asked) -> str:
    """The first that was given for the model's provider."""
    return hosted.key(asked, asked.model.provider)


def reached(asked: Asked) -> Changes | None:
    """The model that is asked for, if it speaks OpenAI's chat completions and nothing is missing to reach it.

    The plan's own key goes to nobody else.
    """
    match asked.model.provider:
        case "openai" if (key := _key(asked)) and not realtime.is_realtime(asked.model.model):
            return {"llm": {"provider": "openai", "options": {"api_key": key}}}
        case "custom-llm" if url := asked.model.url:
            options = {"base_url": url, "api_key": _key(asked), "token_param": "max_tokens"}
            return {"llm": {"provider": "openai", "options": options}}
    return None


def follows_instructions(asked: Asked) -> bool:
    """There is a model, and no script."""
    planned = asked.plan.llm.provider != "embedded" or asked.plan.realtime is not None
    return planned or _thinks(asked) is not None


def _thinks(asked: Asked) -> Changes | None:
    """The model that is asked for, in the place of what the plan has: in that of all three stages, or of one."""
    if changes := realtime.hears_and_speaks(asked, _key(asked)):
        return changes
    changes = reached(asked)
    return changes and {**changes, "realtime": None}


def _speaks_itself(asked: Asked) -> bool:
    """One model hears, thinks and speaks."""
    planned = asked.model.provider is None and asked.plan.realtime is not None
    return planned or realtime.hears_and_speaks(asked, _key(asked)) is not None


def _llm_option(option: str, value: Callable[[Asked], Any]) -> Callable[[Asked], Changes | None]:
    def change(asked: Asked) -> Changes | None:
        given = value(asked)
        if given is not None and _speaks_itself(asked):
            return realtime.option(asked, _key(asked), {option: given})
        planned = asked.model.provider is None and asked.plan.llm.provider == "openai"
        if given is None or not (planned or reached(asked)):
            return None
        return {"llm": {"options": {option: given}}}

    return change


def _url(asked: Asked) -> Changes | None:
    return None if asked.model.url is None or asked.model.provider != "custom-llm" else {}


def _credentials(asked: Asked) -> Changes | None:
    return {} if _used(asked) else None


def _used(asked: Asked) -> int:
    """How many of them: a key for each who hears, thinks or speaks, and one to tell Langfuse by."""
    named = {asked.model.provider} if _key(asked) and _thinks(asked) else set()
    for one, change in ((asked.voice, _voice), (asked.transcriber, _transcriber)):
        if hosted.key(asked, one.provider) and change(asked):
            named.add(one.provider)
    return len(named) + (messages.traced(asked) is not None)


def _all_are_used(asked: Asked) -> bool:
    return len(asked.overrides.credentials or ()) == _used(asked)


def _max_tokens(asked: Asked) -> int | None:
    return None if asked.model.max_tokens is None else int(asked.model.max_tokens)


def _language(asked: Asked) -> Changes | None:
    """The embedded recogniser understands English alone."""
    language = asked.transcriber.language
    if language is None or not _ours(asked.transcriber.provider, asked.plan.stt.provider):
        return hosted.language(asked)
    return {"language": language} if language.lower().partition("-")[0] == "en" else None


_FIELDS = {"voice": "voice_id", "speed": "speed"}


def _voice_option(option: str, value: Callable[[Asked], Any]) -> Callable[[Asked], Changes | None]:
    def change(asked: Asked) -> Changes | None:
        given = value(asked)
        if given is not None and _speaks_itself(asked):
            return realtime.voice(asked, _key(asked)) if option == "voice" else _sounding(asked, {option: given})
        if given is None or not _ours(asked.voice.provider, asked.plan.tts.provider):
            return hosted.option("tts", _FIELDS[option])(asked)
        try:
            Options.model_validate({option: given})
        except ValidationError:  # another provider's voice, or too fast
            return None
        return {"tts": {"options": {option: given}}}

    return change


def _transcriber(asked: Asked) -> Changes | None:
    ours = _moved("stt", asked.transcriber.provider, asked.plan.stt.provider)
    return hosted.moved("stt")(asked) if ours is None else ours


def _sounding(asked: Asked, given: dict[str, Any]) -> Changes | None:
    of_openai = asked.voice.provider in (None, "openai")
    return realtime.option(asked, _key(asked), given) if of_openai else None


def _voice(asked: Asked) -> Changes | None:
    if _speaks_itself(asked):
        return {} if asked.voice.provider == "openai" else None
    ours = _moved("tts", asked.voice.provider, asked.plan.tts.provider)
    return hosted.moved("tts")(asked) if ours is None else ours


def _kept(asked: Asked) -> Changes | None:
    kept = asked.voice.caching_enabled
    return None if kept is None else {"voice_cache": kept}


RULES = (
    Rule("model.provider", ("llm", "realtime"), _thinks),
    Rule("model.url", ("llm",), _url),
    Rule("model.model", ("llm", "realtime"), _llm_option("model", lambda asked: asked.model.model)),
    Rule("model.temperature", ("llm",), _llm_option("temperature", lambda asked: asked.model.temperature)),
    Rule("model.maxTokens", ("llm", "realtime"), _llm_option("max_tokens", _max_tokens)),
    Rule("credentials", (), _credentials, whole=_all_are_used),
    Rule("transcriber.provider", ("stt",), _transcriber),
    Rule("transcriber.language", ("language", "stt"), _language),
    Rule("voice.provider", ("tts", "realtime"), _voice),
    Rule("voice.voiceId", ("tts", "realtime"), _voice_option("voice", lambda asked: asked.voice.voice_id)),
    Rule("voice.cachingEnabled", ("voice_cache",), _kept),
    Rule("voice.speed", ("tts", "realtime"), _voice_option("speed", lambda asked: asked.voice.speed)),
)
