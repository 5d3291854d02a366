"""A model that hears and speaks itself. It is asked for as any other of OpenAI's, by its name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from processors.realtime.openai import Options
from server.overrides.asked import Asked, Changes

VOICES = frozenset(("alloy", "ash", "ballad", "cedar", "coral", "echo", "marin", "sage", "shimmer", "verse"))
"""That such a model speaks with: another provider's voice cannot be had with it."""


def is_realtime(model: str | None) -> bool:
    return model is not None and "realtime" in model


def hears_and_speaks(asked: Asked, key: str) -> Changes | None:
    """The model that is asked for, if it is one, and nothing is missing to reach it."""
    if asked.model.provider != "openai" or not is_realtime(asked.model.model) or not key:
        return None
    return {"realtime": {"provider": "openai", "options": {"api_key": key}}}


def option(asked: Asked, key: str, given: Mapping[str, Any]) -> Changes | None:
    """What it is told beside, if it can be told that."""
    planned = asked.model.provider is None and asked.plan.realtime is not None
    if not planned and hears_and_speaks(asked, key) is None:
        return None
    try:
        Options.model_validate(given)
    except ValidationError:
        return None
    return {"realtime": {"options": dict(given)}}


def voice(asked: Asked, key: str) -> Changes | None:
    """Vapi's voice is the model's own there, and nobody else speaks."""
    named = asked.voice.voice_id
    ours = asked.voice.provider in (None, "openai") and named in VOICES
    return option(asked, key, {"voice": named}) if ours else None
