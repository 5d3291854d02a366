"""When the assistant stops to speak, keys as turns, and how long a call lasts and what stays of it."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from server.overrides.asked import Asked, Changes, Rule


def _words(asked: Asked) -> Changes | None:
    words = asked.stop.num_words
    return None if words is None else {"turns": {"interrupt_words": math.ceil(words)}}


def _voice(asked: Asked) -> Changes | None:
    """How long a voice must be heard, where the voice detector decides. Where words do, it does not matter."""
    seconds, words = asked.stop.voice_seconds, asked.stop.num_words
    if seconds is None:
        return None
    decides = (asked.plan.turns.interrupt_words if words is None else words) == 0
    return {"vad": {"start_seconds": seconds}} if decides else {}


def _backoff(asked: Asked) -> Changes | None:
    seconds = asked.stop.backoff_seconds
    return None if seconds is None else {"turns": {"backoff": seconds}}


def _phrases(option: str, value: Callable[[Asked], list[str] | None]) -> Callable[[Asked], Changes | None]:
    """They come beside those that are known: a list can add to them, and an empty one cannot take them away."""

    def change(asked: Asked) -> Changes | None:
        phrases = value(asked)
        return {"turns": {option: phrases}} if phrases else None

    return change


def _keys(asked: Asked) -> Changes | None:
    match asked.keypad.enabled:
        case True:
            return {"keypad": {}}
        case False:
            return {"keypad": None}
    return None


def _key_option(option: str, value: Callable[[Asked], Any]) -> Callable[[Asked], Changes | None]:
    def change(asked: Asked) -> Changes | None:
        given = value(asked)
        if given is None:
            return None
        enabled = asked.keypad.enabled
        listened = asked.plan.keypad is not None if enabled is None else enabled
        return {"keypad": {option: given}} if listened else {}

    return change


def _delimiters(asked: Asked) -> str | None:
    """Each of them ends the input."""
    delimiters = asked.keypad.delimiters
    return None if delimiters is None else "".join(dict.fromkeys(delimiters))


def _longest(asked: Asked) -> Changes | None:
    seconds = asked.overrides.max_duration_seconds
    return None if seconds is None else {"max_seconds": seconds}


def _recorded(asked: Asked) -> Changes | None:
    artifacts = asked.overrides.artifact_plan
    recorded = None if artifacts is None else artifacts.recording_enabled
    return None if recorded is None else {"record": recorded}


RULES = (
    Rule("stopSpeakingPlan.numWords", ("turns",), _words),
    Rule("stopSpeakingPlan.voiceSeconds", ("vad",), _voice),
    Rule("stopSpeakingPlan.backoffSeconds", ("turns",), _backoff),
    Rule(
        "stopSpeakingPlan.acknowledgementPhrases",
        ("turns",),
        _phrases("acknowledgements", lambda asked: asked.stop.acknowledgement_phrases),
    ),
    Rule(
        "stopSpeakingPlan.interruptionPhrases",
        ("turns",),
        _phrases("interruptions", lambda asked: asked.stop.interruption_phrases),
    ),
    Rule("keypadInputPlan.enabled", ("keypad",), _keys),
    Rule(
        "keypadInputPlan.timeoutSeconds",
        ("keypad",),
        _key_option("timeout", lambda asked: asked.keypad.timeout_seconds),
    ),
    Rule("keypadInputPlan.delimiters", ("keypad",), _key_option("delimiter", _delimiters)),
    Rule("maxDurationSeconds", ("max_seconds",), _longest),
    Rule("artifactPlan.recordingEnabled", ("record",), _recorded),
)
