"""What is done when something happens in a call."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import ValidationError

from control_api.assistant.hooks import Hook, HookAction
from control_api.assistant.tools import Tool
from processors.end_phrases import END_PHRASE
from processors.hook_options import MOST, Event
from processors.hook_options import Hook as OurHook
from processors.idle import SILENT
from server.overrides import tools
from server.overrides.asked import Asked, Changes, Rule

OFTEN = 100
"""How often a hook is acted on that Vapi does not count."""
SECONDS = {Event.CUSTOMER_SILENT: 7.5, Event.MODEL_LATE: 5.0}
TIMES = {Event.CUSTOMER_SILENT: 3, Event.ELAPSED: 1, Event.CREATED: 1, Event.ENDING: 1}
SILENT_CALL = {"idle": {"seconds": 60.0, "hangup_after": 0}}
"""Where a hook speaks to a silent customer, nobody else does; yet no line stays open for ever."""
REASONS = {
    "customer-ended-call": ("callended", "closed"),
    "assistant-ended-call": ("goodbye", "assistant_ended_call"),
    "assistant-said-end-call-phrase": (END_PHRASE,),
    "assistant-forwarded-call": ("transfer",),
    "exceeded-max-duration": ("max_duration",),
    "silence-timed-out": (SILENT, "silent"),
    "voicemail": ("voicemail",),
}
"""Vapi's reasons why a call ends, and ours for the same. Any other is taken for one of ours."""
_PROPERTY = re.compile(r"^([\w.]+)(?:\[\s*(\w+)\s*=\s*(\d+(?:\.\d+)?)\s*\])?$")
_SECONDS = ("timeoutSeconds", "timeout", "seconds")
_NEVER, _AFTER_SPEECH = "never", "onUserSpeech"


class _UnheededError(Exception):
    """Something of the hook cannot be done."""


def _hooks(asked: Asked) -> Changes | None:
    given = asked.overrides.hooks
    if not given:
        return None
    ours = [hook for one in given if (hook := _possible(one, asked)) is not None][:MOST]
    if not ours:
        return None
    waits = any(hook["on"] is Event.CUSTOMER_SILENT for hook in ours)
    return {"hooks": ours, **(SILENT_CALL if waits else {})}


def _all_are_possible(asked: Asked) -> bool:
    given = asked.overrides.hooks or ()
    return len(given) <= MOST and all(_possible(one, asked) is not None for one in given)


def _possible(hook: Hook, asked: Asked) -> dict[str, Any] | None:
    try:
        ours = _hook(hook, asked)
        OurHook.model_validate(ours)
    except (_UnheededError, ValidationError):
        return None
    return ours


def _hook(hook: Hook, asked: Asked) -> dict[str, Any]:
    """Raises _UnheededError."""
    found = _PROPERTY.match(hook.on)
    if found is None or found[1] not in list(Event):
        raise _UnheededError
    event = Event(found[1])
    options: dict[str, Any] = {**(hook.options or {}), **({found[2]: float(found[3])} if found[2] else {})}
    ours: dict[str, Any] = {"on": event, "times": TIMES.get(event, OFTEN)}
    if event in (Event.CUSTOMER_SILENT, Event.MODEL_LATE, Event.ELAPSED):
        ours["seconds"] = next((options.pop(name) for name in _SECONDS if name in options), SECONDS.get(event))
    if event is Event.CUSTOMER_SILENT:
        ours["times"] = options.pop("triggerMaxCount", ours["times"])
        reset = options.pop("triggerResetMode", _NEVER)
        if reset not in (_NEVER, _AFTER_SPEECH):
            raise _UnheededError
        ours["again"] = reset == _AFTER_SPEECH
    if options:
        raise _UnheededError
    return {**ours, "reasons": _reasons(hook, event), "do": [_action(one, event, asked) for one in hook.do]}


def _reasons(hook: Hook, event: Event) -> list[str]:
    reasons: list[str] = []
    for one in hook.filters or ():
        if event is not Event.ENDING or one.key not in (None, "call.endedReason") or not one.one_of or reasons:
            raise _UnheededError
        reasons = [ours for theirs in one.one_of for ours in REASONS.get(theirs, (theirs,))]
    return reasons


def _action(action: HookAction, event: Event, asked: Asked) -> dict[str, Any]:
    given = action.model_extra or {}
    match action.type:
        case "say":
            exact = given.get("exact", given.get("random"))
            if texts := [exact] if isinstance(exact, str) else exact:
                return {"kind": "say", "texts": texts}
            return {"kind": "prompt", "text": _prompt(given.get("prompt"))}
        case "message.add" if event is not Event.ENDING:  # nobody reads it any more
            message = given.get("message")
            message = message if isinstance(message, Mapping) else {}
            answer = given.get("triggerResponseEnabled", True)
            return {"kind": "message", "role": message.get("role"), "text": message.get("content"), "answer": answer}
        case "tool" if action.tool is not None:
            return _tool(action.tool, event, asked)
    raise _UnheededError


def _prompt(prompt: Any) -> str:
    """A text, or messages that make up one."""
    if isinstance(prompt, str):
        return prompt
    if not isinstance(prompt, Sequence):
        raise _UnheededError
    texts = [one.get("content") for one in prompt if isinstance(one, Mapping)]
    return "\n\n".join(text for text in texts if isinstance(text, str))


def _tool(tool: Tool, event: Event, asked: Asked) -> dict[str, Any]:
    if tool.type == "endCall" and event is not Event.ENDING:
        return {"kind": "hangup"}
    reading = tools.read(tool, asked.overrides.server)
    if not reading.plan or reading.unheeded or reading.plan["kind"] == "mcp":
        raise _UnheededError
    arguments = {one.key: one.value for one in tool.parameters or () if one.key}
    return {"kind": "tool", "tool": reading.plan, "arguments": {} if reading.plan["kind"] == "http" else arguments}


RULES = (Rule("hooks", ("hooks",), _hooks, whole=_all_are_possible),)
