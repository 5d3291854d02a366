"""Whether the conversation so far stands against a tool."""

from __future__ import annotations

from collections.abc import Sequence

from processors.ports import Message
from processors.tools.options import Rejection
from processors.wording.patterns import compiled


def is_rejected(conditions: Sequence[Rejection], chat: Sequence[Message]) -> bool:
    """All of them hold. Without any it is not."""
    return bool(conditions) and all(_holds(condition, chat) for condition in conditions)


def _holds(condition: Rejection, chat: Sequence[Message]) -> bool:
    if condition.all_of:
        return all(_holds(each, chat) for each in condition.all_of)
    if condition.any_of:
        return any(_holds(each, chat) for each in condition.any_of)
    said = [message.text for message in chat if message.role == condition.role and message.text]
    if not -len(said) <= condition.position < len(said):
        return condition.negate
    pattern = compiled(
        condition.pattern,
        ignore_case=condition.ignore_case,
        whole_word=condition.whole_word,
        multi_line=condition.multi_line,
    )
    return bool(pattern.search(said[condition.position])) is not condition.negate
