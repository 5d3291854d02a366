"""What the assistant says, and what it knows."""

from __future__ import annotations

from control_api.assistant.overrides import SPEAKS_FIRST, WAITS
from server.overrides.asked import Asked, Changes, Rule
from server.overrides.providers import reached


def _first_message(asked: Asked) -> Changes | None:
    text = asked.overrides.first_message
    if text is None or text.lower().startswith(("http://", "https://")):  # a sound, to be fetched
        return None
    return {} if asked.overrides.first_message_mode == WAITS else {"greeting": text}


def _first_message_mode(asked: Asked) -> Changes | None:
    return {WAITS: {"greeting": ""}, SPEAKS_FIRST: {}}.get(asked.overrides.first_message_mode or "")


def _messages(asked: Asked) -> Changes | None:
    told = [message.content or "" for message in asked.model.messages or () if message.role == "system"]
    return {"prompt": "\n\n".join(filter(None, told))} if told else None


def _all_are_instructions(asked: Asked) -> bool:
    """And somebody follows them: a chat begins empty, and a script follows nobody."""
    follows = asked.plan.llm.provider != "embedded" or reached(asked) is not None
    return follows and all(message.role == "system" for message in asked.model.messages or ())


def _variable_values(asked: Asked) -> Changes | None:
    values = asked.overrides.variable_values
    return None if values is None else {"variables": values}


RULES = (
    Rule("firstMessage", ("greeting",), _first_message),
    Rule("firstMessageMode", ("greeting",), _first_message_mode),
    Rule("model.messages", ("prompt",), _messages, whole=_all_are_instructions),
    Rule("variableValues", ("variables",), _variable_values),
)
