"""What is made of a call once it is over: as far as there is a model to ask."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from control_api.assistant.analysis import AnalysisPlan, StructuredDataPlan, SuccessEvaluationPlan, SummaryPlan
from server.overrides.asked import Asked, Changes, Rule
from server.overrides.providers import reached


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
    given = schema.model_dump(mode="json", by_alias=True, exclude_unset=True)
    if schema.type is not None and len(schema.type) == 1:  # not every server knows lists of types
        given["type"] = schema.type[0]
    return {"analysis": {"extraction_schema": given}} if _data(asked).enabled else {}


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
)
