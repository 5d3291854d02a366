"""Guardrails and knowledge that a plan asks for and its language model does not take. Whoever asked is told so."""

from __future__ import annotations

from processors.guardrails.names import by_sentence
from server.call_plan import CallPlan

JUDGE = "openai"
"""The language model that can fill in a form."""


def unguarded(plan: CallPlan) -> list[str]:
    """A sentence for each."""
    if plan.realtime is not None:
        unchecked = [
            "guardrails stand in the prompt alone: a realtime model's words cannot be checked before they are said"
        ]
        unread = ["knowledge is not obeyed: a realtime model looks nothing up"]
        return [*(unchecked if plan.guardrails else ()), *(unread if plan.knowledge is not None else ())]
    if plan.llm.provider == "embedded":
        return ["knowledge is not obeyed: the embedded engine looks nothing up"] if plan.knowledge is not None else []
    if by_sentence(plan.guardrails) and plan.llm.provider != JUDGE:
        return ["guardrails that are sentences stand in the prompt alone: this language model cannot judge by them"]
    return []
