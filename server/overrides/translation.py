"""Overrides → what they change in the config of a call plan."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from control_api.assistant import AssistantOverrides
from server.call_plan import CallPlan
from server.overrides import (
    analysis,
    artifacts,
    compliance,
    endpointing,
    fallbacks,
    hooks,
    hosted,
    knowledge,
    machines,
    messages,
    providers,
    sounds,
    speech,
    tools,
    turns,
    words,
)
from server.overrides.asked import Asked, Changes
from server.overrides.layers import merged

RULES = (
    *words.RULES,
    *providers.RULES,
    *hosted.RULES,
    *fallbacks.RULES,
    *endpointing.RULES,
    *turns.RULES,
    *hooks.RULES,
    *analysis.RULES,
    *machines.RULES,
    *messages.RULES,
    *speech.RULES,
    *sounds.RULES,
    *knowledge.RULES,
    *tools.RULES,
    *artifacts.RULES,
    *compliance.RULES,
)
OBEYED = frozenset(rule.path for rule in RULES)
"""Every field that some call obeys; `obeyed` says which of them this one does."""


def translated(overrides: Mapping[str, Any], plan: CallPlan) -> Changes:
    """What to change in `plan`, which is what the call would do without the overrides: for `applied`.

    Raises pydantic's ValidationError.
    """
    asked = _asked(overrides, plan)
    return merged(*(rule.change(asked) for rule in RULES))


def obeyed(overrides: Mapping[str, Any], plan: CallPlan) -> frozenset[str]:
    """Paths of the fields that are obeyed in all that they ask for. Raises pydantic's ValidationError."""
    asked = _asked(overrides, plan)
    return frozenset(rule.path for rule in RULES if rule.change(asked) is not None and rule.whole(asked))


def applied(config: Mapping[str, Any], changes: Changes) -> dict[str, Any]:
    """The config, changed. Another provider comes without the options of the one before."""
    named = {key for key, change in changes.items() if isinstance(change, Mapping) and "provider" in change}
    return merged({key: value for key, value in config.items() if key not in named}, changes)


def yielded(overrides: Mapping[str, Any], config: Mapping[str, Any]) -> dict[str, Any]:
    """The overrides, less what a config above them says itself in a call plan's own words."""
    left = merged(overrides)
    for rule in RULES:
        if rule.keys == ("variables",):  # name by name
            for name in config.get("variables") or ():
                _drop(left, (rule.path, name))
        elif any(key in config for key in rule.keys):
            _drop(left, rule.path.split("."))
    return left


def _asked(overrides: Mapping[str, Any], plan: CallPlan) -> Asked:
    return Asked(AssistantOverrides.model_validate(dict(overrides)), plan)


def _drop(tree: dict[str, Any], path: Sequence[str]) -> None:
    *above, last = path
    for key in above:
        below = tree.get(key)
        if not isinstance(below, dict):
            return
        tree = below
    tree.pop(last, None)
