"""When the assistant begins to speak."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pydantic import ValidationError

from control_api.assistant.server import Server
from control_api.assistant.speaking import EndpointingRule, SmartEndpointingPlan
from control_api.assistant.wire import RegexOption
from processors.turn_options import EndpointingRule as OurRule
from processors.turn_options import TurnOptions
from processors.turn_reader import ReaderOptions
from processors.wait_function import DEFAULT
from server.overrides.asked import Asked, Changes, Rule

LONGEST_READING = 5.0
"""Seconds that a server may be given: a caller waits for it."""


def _smart(asked: Asked) -> SmartEndpointingPlan:
    """The older way to say it stands below the newer."""
    smart = asked.start.smart_endpointing_plan or SmartEndpointingPlan()
    older = asked.start.smart_endpointing_enabled == "livekit"
    return SmartEndpointingPlan(provider="livekit") if smart.provider is None and older else smart


def _judged(asked: Asked) -> bool | None:
    """Whether a model is asked if the customer has finished. None: nothing that we can do is said of it."""
    smart = _smart(asked)
    if smart.provider is not None:
        return None if smart.provider == "custom-endpointing-model" else True
    enabled = asked.start.smart_endpointing_enabled
    return enabled if isinstance(enabled, bool) else None


def _smart_plan(asked: Asked) -> Changes | None:
    smart = asked.start.smart_endpointing_plan
    match smart and smart.provider:
        case "vapi":
            return {"smart_turn": True}
        case "livekit":
            return {"smart_turn": True, "turns": {"wait_function": _formula(asked) or DEFAULT}}
        case "custom-endpointing-model":
            reader = _reader(asked)
            return None if reader is None else {"turns": {"reader": reader}}
    return None


def _smart_enabled(asked: Asked) -> Changes | None:
    enabled = asked.start.smart_endpointing_enabled
    if enabled == "livekit":
        newer = asked.start.smart_endpointing_plan
        stands = newer is None or newer.provider is None
        return {"smart_turn": True, "turns": {"wait_function": DEFAULT}} if stands else {}
    if enabled is None:
        return None
    judged = _judged(asked)
    return {} if judged is None else {"smart_turn": judged}


def _formula(asked: Asked) -> str | None:
    formula = _smart(asked).wait_function
    return formula if formula and _is_valid({"wait_function": formula}) else None


def _wait_function(asked: Asked) -> Changes | None:
    return {} if _smart(asked).provider == "livekit" and _formula(asked) is not None else None


def _reader(asked: Asked) -> dict[str, Any] | None:
    """None: there is no such server, or its address will not do."""
    smart = _smart(asked)
    server = smart.server
    if smart.provider != "custom-endpointing-model" or server is None or server.url is None:
        return None
    headers = {name: str(value) for name, value in (server.headers or {}).items()}
    reader: dict[str, Any] = {"url": server.url, "headers": headers}
    if server.timeout_seconds is not None:
        reader["timeout"] = min(server.timeout_seconds, LONGEST_READING)
    try:
        ReaderOptions.model_validate(reader)
    except ValidationError:
        return None
    return reader


def _of_reader(value: Callable[[Server], Any]) -> Callable[[Asked], Changes | None]:
    def change(asked: Asked) -> Changes | None:
        server = _smart(asked).server
        return {} if server is not None and value(server) is not None and _reader(asked) is not None else None

    return change


def _is_in_time(asked: Asked) -> bool:
    server = _smart(asked).server
    return server is None or server.timeout_seconds is None or server.timeout_seconds <= LONGEST_READING


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
    return None if floor is None else {"turns": {"at_least": floor}}


def _rules(asked: Asked) -> Changes | None:
    rules = asked.start.custom_endpointing_rules
    if rules is None:
        return None
    ours = [rule for given in rules if (rule := _rule(given)) is not None]
    return {"turns": {"rules": ours}} if ours and _is_valid({"rules": ours}) else None


def _all_are_possible(asked: Asked) -> bool:
    return all(_rule(rule) is not None for rule in asked.start.custom_endpointing_rules or ())


def _rule(given: EndpointingRule) -> dict[str, Any] | None:
    """None: its pattern cannot be matched here."""
    rule: dict[str, Any] = {"seconds": given.timeout_seconds}
    if given.type == "both":
        rule["asked"] = _expression(given.assistant_regex, given.assistant_regex_options)
        rule["said"] = _expression(given.customer_regex, given.customer_regex_options)
    else:
        rule["asked" if given.type == "assistant" else "said"] = _expression(given.regex, given.regex_options)
    try:
        OurRule.model_validate(rule)
    except ValidationError:
        return None
    return rule


def _expression(pattern: str | None, options: list[RegexOption] | None) -> dict[str, Any]:
    enabled = {option.type.replace("-", "_"): True for option in options or () if option.enabled}
    return {"pattern": pattern or "", **enabled}


def _is_valid(options: dict[str, Any]) -> bool:
    try:
        TurnOptions.model_validate(options)
    except ValidationError:
        return False
    return True


_SMART = "startSpeakingPlan.smartEndpointingPlan"
_TEXT = "startSpeakingPlan.transcriptionEndpointingPlan"
_KEYS = ("turns", "smart_turn")

RULES = (
    Rule(f"{_SMART}.provider", _KEYS, _smart_plan),
    Rule(f"{_SMART}.waitFunction", _KEYS, _wait_function),
    Rule(f"{_SMART}.server.url", _KEYS, _of_reader(lambda server: server.url)),
    Rule(f"{_SMART}.server.headers", _KEYS, _of_reader(lambda server: server.headers)),
    Rule(
        f"{_SMART}.server.timeoutSeconds",
        _KEYS,
        _of_reader(lambda server: server.timeout_seconds),
        whole=_is_in_time,
    ),
    Rule("startSpeakingPlan.smartEndpointingEnabled", _KEYS, _smart_enabled),
    Rule("startSpeakingPlan.customEndpointingRules", ("turns",), _rules, whole=_all_are_possible),
    Rule(
        f"{_TEXT}.onPunctuationSeconds",
        _KEYS,
        _wait("after_sentence", lambda asked: asked.endpointing.on_punctuation_seconds),
    ),
    Rule(
        f"{_TEXT}.onNoPunctuationSeconds",
        _KEYS,
        _wait("after_open", lambda asked: asked.endpointing.on_no_punctuation_seconds),
    ),
    Rule(
        f"{_TEXT}.onNumberSeconds",
        _KEYS,
        _wait("after_number", lambda asked: asked.endpointing.on_number_seconds),
    ),
    Rule("startSpeakingPlan.waitSeconds", ("turns",), _floor),
)
