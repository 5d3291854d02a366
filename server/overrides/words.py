"""What the assistant says, and what it knows."""

from __future__ import annotations

from pydantic import ValidationError

from control_api.assistant.overrides import SPEAKS_FIRST, WAITS
from server.call_plan import CallPlan
from server.overrides.asked import Asked, Changes, Rule
from server.overrides.providers import follows_instructions


def _first_message(asked: Asked) -> Changes | None:
    """Words, or the URL of a sound."""
    text = asked.overrides.first_message
    if text is None:
        return None
    return {} if asked.overrides.first_message_mode == WAITS else {"greeting": text}


def _first_message_mode(asked: Asked) -> Changes | None:
    match asked.overrides.first_message_mode:
        case None:
            return None
        case mode if mode == WAITS:
            return {"greeting": "", "opening": {"generated": False}}
        case mode:
            return {"opening": {"generated": mode != SPEAKS_FIRST}}


def _interruptions(asked: Asked) -> Changes | None:
    enabled = asked.overrides.first_message_interruptions_enabled
    return None if enabled is None else {"opening": {"protected": not enabled}}


def _end_phrases(asked: Asked) -> Changes | None:
    phrases = asked.overrides.end_call_phrases
    if phrases is None:
        return None
    try:
        CallPlan.model_validate({"end_phrases": phrases})
    except ValidationError:
        return None
    return {"end_phrases": phrases}


def _messages(asked: Asked) -> Changes | None:
    told = [message.content or "" for message in asked.model.messages or () if message.role == "system"]
    return {"prompt": "\n\n".join(filter(None, told))} if told else None


def _all_are_instructions(asked: Asked) -> bool:
    """And somebody follows them: a chat begins empty, and a script follows nobody."""
    return follows_instructions(asked) and all(message.role == "system" for message in asked.model.messages or ())


def _variable_values(asked: Asked) -> Changes | None:
    values = asked.overrides.variable_values
    return None if values is None else {"variables": values}


RULES = (
    Rule("firstMessage", ("greeting",), _first_message),
    Rule("firstMessageMode", ("greeting", "opening"), _first_message_mode),
    Rule("firstMessageInterruptionsEnabled", ("opening",), _interruptions),
    Rule("endCallPhrases", ("end_phrases",), _end_phrases),
    Rule("model.messages", ("prompt",), _messages, whole=_all_are_instructions),
    Rule("variableValues", ("variables",), _variable_values),
)
