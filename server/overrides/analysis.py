"""What is made of a call once it is over: as far as there is a model to ask."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from pydantic import ValidationError

from control_api.assistant.analysis import AnalysisPlan, StructuredDataPlan, SuccessEvaluationPlan, SummaryPlan
from control_api.assistant.wire import JsonSchema
from server.analysis.options import AnalysisOptions
from server.overrides.asked import Asked, Changes, Rule
from server.overrides.providers import reached

LONGEST = 4000
"""Characters of what a part's own messages ask for."""
PLACES = {
    "transcript": "(see the record)",
    "messages": "(see the record)",
    "systemPrompt": "(see the first line of the record)",
    "schema": "(see the schema of this part)",
    "rubric": "(see the rubric of this part)",
}
"""What stands in the place of Vapi's own variables."""


def _plan(asked: Asked) -> AnalysisPlan:
    return asked.overrides.analysis_plan or AnalysisPlan()


def _option(option: str, value: Callable[[AnalysisPlan], Any]) -> Callable[[Asked], Changes | None]:
    def change(asked: Asked) -> Changes | None:
        given = value(_plan(asked))
        return None if given is None or not _is_judged(asked) else {"analysis": {option: given}}

    return change


def _is_judged(asked: Asked) -> bool:
    """A script has no judgement."""
    return reached(asked) is not None or (asked.model.provider is None and asked.plan.llm.provider == "openai")


def _least(plan: AnalysisPlan) -> int | None:
    least = plan.min_messages_threshold
    return None if least is None else math.ceil(least)


def _summary(plan: AnalysisPlan) -> SummaryPlan:
    return plan.summary_plan or SummaryPlan()


def _success(plan: AnalysisPlan) -> SuccessEvaluationPlan:
    return plan.success_evaluation_plan or SuccessEvaluationPlan()


def _data(asked: Asked) -> StructuredDataPlan:
    return _plan(asked).structured_data_plan or StructuredDataPlan()


_PLACES = re.compile(r"\{\{\s*(" + "|".join(PLACES) + r")\s*\}\}")


def _prompt(messages: Sequence[Mapping[str, Any]] | None) -> str | None:
    """What they ask for, in one text. The transcript and the like our request has in a record of its own."""
    if messages is None:
        return None
    texts = [text for one in messages if isinstance(text := one.get("content"), str)]
    return _PLACES.sub(lambda place: PLACES[place[1]], "\n".join(texts))[:LONGEST]


def _fits(value: Callable[[AnalysisPlan], Sequence[Mapping[str, Any]] | None]) -> Callable[[Asked], bool]:
    """Whether all of them were taken."""

    def fits(asked: Asked) -> bool:
        messages = value(_plan(asked)) or ()
        texts = [one.get("content") for one in messages]
        return all(isinstance(text, str) for text in texts) and len("\n".join(map(str, texts))) <= LONGEST

    return fits


def _seconds(value: Callable[[AnalysisPlan], float | None]) -> Callable[[Asked], Changes | None]:
    """It is one request: it has as long as the part that is given most."""

    def change(asked: Asked) -> Changes | None:
        plan = _plan(asked)
        if value(plan) is None or not _is_judged(asked):
            return None
        given = (_summary(plan).timeout_seconds, _success(plan).timeout_seconds, _data(asked).timeout_seconds)
        return {"analysis": {"seconds": max(one for one in given if one is not None)}}

    return change


def _several(asked: Asked) -> Changes | None:
    plans = _plan(asked).structured_data_multi_plan
    if plans is None or not _is_judged(asked):
        return None
    wanted = [
        {"key": one.key, "form": _given(one.plan.schema_), "prompt": _prompt(one.plan.messages) or ""}
        for one in plans
        if one.plan is not None and one.plan.schema_ is not None and one.plan.enabled is not False
    ]
    try:
        AnalysisOptions.model_validate({"extractions": wanted})
    except ValidationError:
        return None
    return {"analysis": {"extractions": wanted}}


def _all_have_a_schema(asked: Asked) -> bool:
    plans = _plan(asked).structured_data_multi_plan or ()
    return all(
        one.plan is not None and (one.plan.enabled is False or one.plan.schema_ is not None) for one in plans
    ) and all(one.plan is None or one.plan.timeout_seconds is None for one in plans)


def _extracts(asked: Asked) -> Changes | None:
    """That it is to be done says nothing of what is looked for."""
    enabled = _data(asked).enabled
    if enabled is None or not _is_judged(asked):
        return None
    return {} if enabled else {"analysis": {"extraction_schema": None}}


def _schema(asked: Asked) -> Changes | None:
    """Unless it is switched on, nothing is looked for by it."""
    schema = _data(asked).schema_
    if schema is None or not _is_judged(asked):
        return None
    return {"analysis": {"extraction_schema": _given(schema)}} if _data(asked).enabled else {}


def _given(schema: JsonSchema) -> dict[str, Any]:
    given = schema.model_dump(mode="json", by_alias=True, exclude_unset=True)
    if schema.type is not None and len(schema.type) == 1:  # not every server knows lists of types
        given["type"] = schema.type[0]
    return given


def _summary_messages(plan: AnalysisPlan) -> Sequence[Mapping[str, Any]] | None:
    return _summary(plan).messages


def _success_messages(plan: AnalysisPlan) -> Sequence[Mapping[str, Any]] | None:
    return _success(plan).messages


def _data_messages(plan: AnalysisPlan) -> Sequence[Mapping[str, Any]] | None:
    return (plan.structured_data_plan or StructuredDataPlan()).messages


def _asking(path: str, option: str, messages: Callable[[AnalysisPlan], Sequence[Mapping[str, Any]] | None]) -> Rule:
    change = _option(option, lambda plan: _prompt(messages(plan)))
    return Rule(f"analysisPlan.{path}.messages", ("analysis",), change, whole=_fits(messages))


RULES = (
    Rule("analysisPlan.minMessagesThreshold", ("analysis",), _option("min_messages", _least)),
    Rule("analysisPlan.summaryPlan.enabled", ("analysis",), _option("summary", lambda plan: _summary(plan).enabled)),
    Rule(
        "analysisPlan.successEvaluationPlan.enabled",
        ("analysis",),
        _option("success", lambda plan: _success(plan).enabled),
    ),
    Rule(
        "analysisPlan.successEvaluationPlan.rubric",
        ("analysis",),
        _option("rubric", lambda plan: _success(plan).rubric),
    ),
    Rule("analysisPlan.structuredDataPlan.enabled", ("analysis",), _extracts),
    Rule("analysisPlan.structuredDataPlan.schema", ("analysis",), _schema),
    _asking("summaryPlan", "summary_prompt", _summary_messages),
    _asking("successEvaluationPlan", "success_prompt", _success_messages),
    _asking("structuredDataPlan", "extraction_prompt", _data_messages),
    Rule(
        "analysisPlan.summaryPlan.timeoutSeconds",
        ("analysis",),
        _seconds(lambda plan: _summary(plan).timeout_seconds),
    ),
    Rule(
        "analysisPlan.successEvaluationPlan.timeoutSeconds",
        ("analysis",),
        _seconds(lambda plan: _success(plan).timeout_seconds),
    ),
    Rule(
        "analysisPlan.structuredDataPlan.timeoutSeconds",
        ("analysis",),
        _seconds(lambda plan: (plan.structured_data_plan or StructuredDataPlan()).timeout_seconds),
    ),
    Rule("analysisPlan.structuredDataMultiPlan", ("analysis",), _several, whole=_all_have_a_schema),
)
