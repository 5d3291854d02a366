"""Whose turn it is, keys as turns, and how long a call lasts and what stays of it."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from server.overrides.asked import Asked, Changes, Rule


def _judged(asked: Asked) -> bool | None:
    """Whether a model is asked if the customer has finished. None: nothing that we can do is said of it."""
    smart = asked.start.smart_endpointing_plan
    if smart is not None and smart.provider is not None:
        return True if smart.provider == "vapi" else None
    enabled = asked.start.smart_endpointing_enabled
    return enabled if isinstance(enabled, bool) else None


def _smart_plan(asked: Asked) -> Changes | None:
    smart = asked.start.smart_endpointing_plan
    return {"smart_turn": True} if smart is not None and smart.provider == "vapi" else None


def _smart_enabled(asked: Asked) -> Changes | None:
    if not isinstance(asked.start.smart_endpointing_enabled, bool):
        return None
    judged = _judged(asked)
    return {} if judged is None else {"smart_turn": judged}


def _waits(asked: Asked) -> dict[str, float]:
    """Seconds by how a text ends. They count unless a model is asked."""
    if _judged(asked):
        return {}
    waits = {
        "after_sentence": asked.endpointing.on_punctuation_seconds,
        "after_open": asked.endpointing.on_no_punctuation_seconds,
        "after_number": asked.endpointing.on_number_seconds,
    }
    return {option: seconds for option, seconds in waits.items() if seconds is not None}


def _wait(option: str, value: Callable[[Asked], float | None]) -> Callable[[Asked], Changes | None]:
    def change(asked: Asked) -> Changes | None:
        if value(asked) is None:
            return None
        waits = _waits(asked)
        return {"smart_turn": False, "turns": {option: waits[option]}} if option in waits else {}

    return change


def _floor(asked: Asked) -> Changes | None:
    """Whatever decides that the customer has finished, it is not said sooner."""
    floor = asked.start.wait_seconds
    if floor is None:
        return None
    waits = {**asked.plan.turns.model_dump(include={"after_sentence", "after_open", "after_number"}), **_waits(asked)}
    return {"turns": {option: max(floor, seconds) for option, seconds in waits.items()}}


def _words(asked: Asked) -> Changes | None:
    words = asked.stop.num_words
    return None if words is None else {"turns": {"interrupt_words": math.ceil(words)}}


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


def _delimiter(asked: Asked) -> str | None:
    """The one that was given, or none; a choice of two is more than can be done."""
    delimiters = asked.keypad.delimiters
    distinct = set(delimiters or ()) - {""}
    return None if delimiters is None or len(distinct) > 1 else "".join(distinct)


def _longest(asked: Asked) -> Changes | None:
    seconds = asked.overrides.max_duration_seconds
    return None if seconds is None else {"max_seconds": seconds}


def _recorded(asked: Asked) -> Changes | None:
    artifacts = asked.overrides.artifact_plan
    recorded = None if artifacts is None else artifacts.recording_enabled
    return None if recorded is None else {"record": recorded}


_TEXT = "startSpeakingPlan.transcriptionEndpointingPlan"

RULES = (
    Rule("startSpeakingPlan.smartEndpointingPlan.provider", ("smart_turn",), _smart_plan),
    Rule("startSpeakingPlan.smartEndpointingEnabled", ("smart_turn",), _smart_enabled),
    Rule(
        f"{_TEXT}.onPunctuationSeconds",
        ("turns", "smart_turn"),
        _wait("after_sentence", lambda asked: asked.endpointing.on_punctuation_seconds),
    ),
    Rule(
        f"{_TEXT}.onNoPunctuationSeconds",
        ("turns", "smart_turn"),
        _wait("after_open", lambda asked: asked.endpointing.on_no_punctuation_seconds),
    ),
    Rule(
        f"{_TEXT}.onNumberSeconds",
        ("turns", "smart_turn"),
        _wait("after_number", lambda asked: asked.endpointing.on_number_seconds),
    ),
    Rule("startSpeakingPlan.waitSeconds", ("turns",), _floor),
    Rule("stopSpeakingPlan.numWords", ("turns",), _words),
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
    Rule("keypadInputPlan.delimiters", ("keypad",), _key_option("delimiter", _delimiter)),
    Rule("maxDurationSeconds", ("max_seconds",), _longest),
    Rule("artifactPlan.recordingEnabled", ("record",), _recorded),
)
